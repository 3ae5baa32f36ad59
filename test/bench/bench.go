package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accede/accede/test/stack"
)

// cardWithin is how long a card or an update may take before it counts as an error.
const cardWithin = 10 * time.Second

// policy lets the benchmark's people ask, and one reviewer decide. The asker has no Slack account.
const policy = `
kind: role
version: v1
metadata: {name: bench-asker}
spec: {allow: {request: {roles: [bench]}}}
---
kind: role
version: v1
metadata: {name: bench-reviewer}
spec: {allow: {review_requests: {roles: [bench]}}}
---
kind: role
version: v1
metadata: {name: bench}
spec: {}
---
kind: user
version: v1
metadata: {name: asker}
spec: {roles: [bench-asker]}
---
kind: user
version: v1
metadata: {name: judge}
spec: {roles: [bench-reviewer]}
`

type bench struct {
	out    io.Writer
	each   time.Duration
	stored int
	bin    string

	dir    string
	stack  *stack.Stack
	vendor *vendor
	http   *http.Client
	token  string
	serial atomic.Int64
	fsync  float64
}

func (b *bench) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "accede-bench-")
	if err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b.dir = dir
	b.http = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	defer b.stack.Kill()
	defer b.vendor.close()
	b.row("measurement", "result", "goal", "")
	b.row("---", "---", "---", "---")
	for _, measure := range []func(context.Context) error{b.disk, b.idle, b.cycles, b.cards, b.creates, b.startUp} {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) row(cells ...string) {
	_, _ = fmt.Fprintf(b.out, "| %-46s | %-34s | %-24s | %s |\n", cells[0], cells[1], cells[2], cells[3])
}

func (b *bench) prepare(ctx context.Context) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	bin, err := filepath.Abs(b.bin)
	if err != nil {
		return err
	}
	// The vendor needs the plugin's address and the plugin the vendor's, so lay out first with a vendor to come.
	probe, err := stack.New(ctx, stack.Options{Dir: filepath.Join(b.dir, "run"), Bin: bin, Root: root})
	if err != nil {
		return err
	}
	if b.vendor, err = newVendor(ctx, probe.Plugin("slack").URLs[0]+"/callback"); err != nil {
		return err
	}
	if b.stack, err = probe.WithVendors(b.vendor.address); err != nil {
		return err
	}
	if err := b.stack.StartCore(ctx); err != nil {
		return err
	}
	return b.settle(ctx)
}

// settle applies the benchmark's roles and gets its asker a token.
func (b *bench) settle(ctx context.Context) error {
	file := filepath.Join(b.dir, "bench.yaml")
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		return err
	}
	if _, err := b.stack.Admin(ctx, "apply", "-f", file); err != nil {
		return err
	}
	if _, err := b.stack.Admin(ctx, "admin", "link", "add", "slack", b.stack.Plugin("slack").Demo.Tenant, "U0CAROL", "--person", "judge"); err != nil {
		return err
	}
	output, err := b.stack.Admin(ctx, "admin", "token", "create", "--person", "asker", "--title", "bench", "-o", "json")
	if err != nil {
		return err
	}
	var token struct {
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal([]byte(output), &token); err != nil {
		return err
	}
	b.token = token.Secret
	return nil
}

func (b *bench) disk(context.Context) (err error) {
	b.fsync, err = fsyncRate(b.dir, 3*time.Second)
	b.row("fdatasync of this disk", fmt.Sprintf("%.0f/s", b.fsync), "", "the yardstick")
	return err
}

// create asks for access once; its card bears the mark.
func (b *bench) create(ctx context.Context, mark string) error {
	_, err := b.createOne(ctx, mark)
	return err
}

// createOne does so and returns the request's id.
func (b *bench) createOne(ctx context.Context, mark string) (id string, err error) {
	ask, err := json.Marshal(map[string]any{"roles": []string{"bench"}, "reason": mark})
	if err != nil {
		return "", err
	}
	answer, err := b.call(ctx, http.MethodPost, "/v1/requests", ask, http.StatusCreated)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	return made.ID, json.Unmarshal(answer, &made)
}

func (b *bench) call(ctx context.Context, method, path string, body []byte, want int) (answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, b.stack.CoreURL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+b.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := b.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	if err == nil && response.StatusCode != want {
		err = fmt.Errorf("%s answers %s: %.200s", path, response.Status, answer)
	}
	return answer, err
}

func (b *bench) mark() string { return fmt.Sprintf("bench-%d-", b.serial.Add(1)) }

// creates measures durable creation alone: no plugin runs.
func (b *bench) creates(ctx context.Context) error {
	b.stack.Slack()[0].Kill()
	for _, test := range []struct {
		clients int
		goal    float64
	}{{1, 0.5}, {32, 2}} {
		rate, took := during(b.each, test.clients, func(int) error { return b.create(ctx, b.mark()) })
		if took.first != nil {
			return took.first
		}
		b.row(fmt.Sprintf("durable creates, %d clients", test.clients),
			fmt.Sprintf("%.0f/s, %.2f × fsync rate", rate, rate/b.fsync), fmt.Sprintf("%.1f × fsync rate", test.goal),
			fmt.Sprintf("p50 %s, p99 %s", millis(took.at(0.5)), millis(took.at(0.99))))
	}
	return nil
}

// idle starts the plugin and measures what core and plugin keep in memory with nothing to do.
func (b *bench) idle(ctx context.Context) error {
	if err := b.stack.StartPlugins(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(3 * time.Second):
	}
	for _, process := range []*stack.Process{b.stack.Core, b.stack.Slack()[0]} {
		memory, err := residentMiB(process.PID())
		if err != nil {
			return err
		}
		b.row("memory of "+process.Name+" at rest", fmt.Sprintf("%.0f MiB", memory), "", "resident")
	}
	return nil
}

// cards measures from sending the create to the card's arrival at the vendor, at a steady rate.
func (b *bench) cards(ctx context.Context) error {
	for _, rate := range []int{50, 500} {
		took := &latencies{}
		var group sync.WaitGroup
		begun := time.Now()
		total := int(b.each.Seconds()) * rate
		for i := range total {
			due := begun.Add(time.Duration(i) * time.Second / time.Duration(rate))
			if err := waitUntil(ctx, due); err != nil {
				return err
			}
			group.Go(func() { took.add(b.card(ctx, due)) })
		}
		group.Wait()
		goal := ""
		if rate == 500 {
			goal = "p99 under 10 ms"
		}
		b.row(fmt.Sprintf("create → card at the vendor, %d/s", rate),
			fmt.Sprintf("p50 %s, p99 %s", millis(took.at(0.5)), millis(took.at(0.99))), goal, failures(took))
	}
	return nil
}

func failures(took *latencies) string {
	if took.errors == 0 {
		return fmt.Sprintf("%d done, no error", took.count())
	}
	return fmt.Sprintf("%d done, %d errors, first: %v", took.count(), took.errors, took.first)
}

func waitUntil(ctx context.Context, due time.Time) error {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (b *bench) card(ctx context.Context, due time.Time) (time.Duration, error) {
	mark := b.mark()
	cards, done := b.vendor.expect(mark)
	defer done()
	if err := b.create(ctx, mark); err != nil {
		return 0, err
	}
	card, err := next(ctx, cards, true)
	return card.at.Sub(due), err
}

var errNoCard = errors.New("no card came")

// next waits for a card with or without buttons.
func next(ctx context.Context, cards <-chan seen, buttons bool) (seen, error) {
	timer := time.NewTimer(cardWithin)
	defer timer.Stop()
	for {
		select {
		case card := <-cards:
			if card.buttons == buttons {
				return card, nil
			}
		case <-timer.C:
			return seen{}, errNoCard
		case <-ctx.Done():
			return seen{}, ctx.Err()
		}
	}
}

// cycles measures everything a request goes through: create, card, signed click, approved, card updated.
func (b *bench) cycles(ctx context.Context) error {
	for _, clients := range []int{1, 4, 16, 64} {
		rate, took := during(b.each, clients, func(int) error { return b.cycle(ctx) })
		goal := map[int]string{1: "p50 under 15 ms", 64: "500/s, no error"}[clients]
		b.row(fmt.Sprintf("full cycle, %d clients", clients),
			fmt.Sprintf("%.0f/s, p50 %s, p99 %s", rate, millis(took.at(0.5)), millis(took.at(0.99))), goal, failures(took))
	}
	return nil
}

func (b *bench) cycle(ctx context.Context) error {
	mark := b.mark()
	cards, done := b.vendor.expect(mark)
	defer done()
	if err := b.create(ctx, mark); err != nil {
		return err
	}
	card, err := next(ctx, cards, true)
	if err != nil {
		return err
	}
	if err := b.vendor.click(ctx, "U0CAROL", card, approveAction); err != nil {
		return err
	}
	_, err = next(ctx, cards, false)
	return err
}

// approveAction is the action id of the Slack card's Approve button.
const approveAction = "approve"

// startUp fills the store, starts the core anew and measures how soon it is ready and how fast it lists.
func (b *bench) startUp(ctx context.Context) error {
	missing := int64(b.stored) - b.serial.Load()
	var left atomic.Int64
	left.Store(missing)
	var group sync.WaitGroup
	took := &latencies{}
	for range 32 {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				took.add(0, b.store(ctx))
			}
		})
	}
	group.Wait()
	if took.first != nil {
		return took.first
	}
	if err := b.stack.Core.Stop(); err != nil {
		return err
	}
	begun := time.Now()
	if err := b.stack.Core.Start(ctx); err != nil {
		return err
	}
	stored := fmt.Sprintf("%d stored requests", max(b.serial.Load(), int64(b.stored)))
	b.row("start until ready, "+stored, millis(time.Since(begun)), "", "polled every 20 ms")
	if err := b.listing(ctx, stored); err != nil {
		return err
	}
	return b.pages(ctx, stored)
}

// openOfStored is how many of the stored requests there are for each that is still open.
const openOfStored = 10

// store makes a request that is there to be stored. Most are taken back, as most are over in a store that has grown.
func (b *bench) store(ctx context.Context) error {
	id, err := b.createOne(ctx, b.mark())
	if err != nil || b.serial.Load()%openOfStored == 0 {
		return err
	}
	_, err = b.call(ctx, http.MethodPost, "/v1/requests/"+id+"/withdrawal", []byte("{}"), http.StatusOK)
	return err
}

func (b *bench) listing(ctx context.Context, stored string) error {
	_, took := during(b.each/2, 1, func(int) error {
		_, err := b.call(ctx, http.MethodGet, "/v1/requests?limit=50", nil, http.StatusOK)
		return err
	})
	b.row("list the newest 50, "+stored, fmt.Sprintf("p50 %s, p99 %s", millis(took.at(0.5)), millis(took.at(0.99))), "", failures(took))
	memory, err := residentMiB(b.stack.Core.PID())
	b.row("memory of acceded, "+stored, fmt.Sprintf("%.0f MiB", memory), "", strings.TrimSpace("resident"))
	return err
}
