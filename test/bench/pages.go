package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/accede/accede/test/stack"
)

const (
	// pageGoal is how fast 99 of 100 pages should answer, and firstLoadGoal how many kB a first visit may load.
	pageGoal      = 50 * time.Millisecond
	firstLoadGoal = 100
)

// pages measures how fast the pages answer with everything stored, and what a first visit loads.
func (b *bench) pages(ctx context.Context, stored string) error {
	for _, person := range []string{"asker", "judge"} {
		browser, err := b.stack.Browse(ctx, person)
		if err != nil {
			return err
		}
		list, err := browser.Open(ctx, "/requests")
		if err != nil {
			return err
		}
		addresses := []string{"/", "/requests", "/requests?state=PENDING", "/ask"}
		if found := regexp.MustCompile(`/requests/[0-9a-f-]{36}`).FindString(list); found != "" {
			addresses = append(addresses, found)
		}
		for _, address := range addresses {
			b.page(ctx, browser, person, address, stored)
		}
	}
	return b.firstLoad(ctx)
}

func (b *bench) page(ctx context.Context, browser *stack.Browser, person, address, stored string) {
	_, took := during(b.each/4, 1, func(int) error {
		_, err := browser.Open(ctx, address)
		return err
	})
	if len(address) > len("/requests/")+36-1 {
		address = "/requests/ID"
	}
	b.row(fmt.Sprintf("page %s as %s, %s", address, person, stored),
		fmt.Sprintf("p50 %s, p99 %s", millis(took.at(0.5)), millis(took.at(0.99))), "p99 "+millis(pageGoal), failures(took))
}

// firstLoad counts the bytes that a browser which knows nothing yet loads for the sign-in page, as they travel.
func (b *bench) firstLoad(ctx context.Context) error {
	page, size, err := b.fetch(ctx, "/sign-in")
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		if seen[found[1]] {
			continue
		}
		seen[found[1]] = true
		_, more, err := b.fetch(ctx, found[1])
		if err != nil {
			return err
		}
		size += more
	}
	b.row("first load of a page", fmt.Sprintf("%d kB in %d answers", size/1000, len(seen)+1), fmt.Sprintf("under %d kB", firstLoadGoal), "")
	return nil
}

// fetch returns a page and how many bytes of it travelled; the page is only readable if it was not compressed.
func (b *bench) fetch(ctx context.Context, path string) (page string, size int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.stack.CoreURL+path, nil)
	if err != nil {
		return "", 0, err
	}
	if path != "/sign-in" {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	response, err := b.http.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), len(body), err
}
