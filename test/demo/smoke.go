package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/accede/accede/internal/process"
	"github.com/accede/accede/test/stack"
)

const (
	channel     = "C0ACCESS"
	smokeWithin = 5 * time.Minute
	stepWithin  = 45 * time.Second
)

// smoke is one play of the main job.
type smoke struct {
	stack *stack.Stack
	slack stack.Slack
	out   io.Writer
	id    string
	card  stack.Message
}

type step struct {
	what string
	do   func(*smoke, context.Context) error
}

// playSmoke starts everything on free ports in a directory of its own and plays the main job.
func playSmoke(ctx context.Context, env process.Env, _, bin string) error {
	ctx, cancel := context.WithTimeout(ctx, smokeWithin)
	defer cancel()
	dir, err := os.MkdirTemp("", "accede-smoke-")
	if err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	s, err := lay(ctx, dir, bin, stack.Options{PluginNames: stack.Every(), PluginSettings: "vendor_poll: 500ms\n"})
	if err != nil {
		return err
	}
	defer s.Kill()
	play := &smoke{stack: s, slack: s.SlackSim(), out: env.Stdout}
	for _, step := range append(steps(), tour(s)...) {
		if err := play.step(ctx, step); err != nil {
			return fmt.Errorf("%s: %w\nlogs and data are in %s", step.what, err, dir)
		}
	}
	_, _ = fmt.Fprintln(env.Stdout, "smoke: everything worked")
	return os.RemoveAll(dir)
}

func steps() []step {
	return []step{
		{"core, sandbox and every plugin start", (*smoke).start},
		{"alice asks for dba by command line", (*smoke).ask},
		{"the card stands in #access-requests with both buttons", (*smoke).seeCard},
		{"a click with a forged signature is refused", (*smoke).forge},
		{"carol, not linked, clicks and is privately asked to connect", (*smoke).stranger},
		{"ivan approves by a signed click and is told privately", (*smoke).firstApproval},
		{"the card shows 1 of 2", (*smoke).progress},
		{"bob approves by a signed click", (*smoke).secondApproval},
		{"the request is APPROVED with an end to the access", (*smoke).approved},
		{"the card has no buttons any more", (*smoke).settled},
		{"alice is told in a direct message", (*smoke).requesterTold},
	}
}

func (p *smoke) step(ctx context.Context, step step) error {
	ctx, cancel := context.WithTimeout(ctx, smokeWithin)
	defer cancel()
	begun := time.Now()
	if err := step.do(p, ctx); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(p.out, "ok   %-62s %6.0f ms\n", step.what, float64(time.Since(begun).Microseconds())/1000)
	return nil
}

func (p *smoke) start(ctx context.Context) error {
	if err := p.stack.Start(ctx); err != nil {
		return err
	}
	return p.stack.SignIn(ctx, "alice")
}

func (p *smoke) ask(ctx context.Context) error {
	output, err := p.stack.As(ctx, "alice", "request", "create", "--roles=dba",
		"--reviewers=ivan@example.com,bob@example.com", "--reason=ticket #123", "--nowait", "-o", "json")
	if err != nil {
		return err
	}
	var request struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}
	if err := json.Unmarshal([]byte(output), &request); err != nil {
		return fmt.Errorf("reading %q: %w", output, err)
	}
	if request.State != "PENDING" {
		return fmt.Errorf("the new request is %s, not PENDING", request.State)
	}
	p.id = request.ID
	return nil
}

func (p *smoke) await(ctx context.Context, channel, what string, is func(stack.Message) bool) (stack.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	return p.slack.Await(ctx, channel, what, is)
}

func (p *smoke) seeCard(ctx context.Context) (err error) {
	p.card, err = p.await(ctx, channel, "the card", func(m stack.Message) bool { return m.Shows("ticket #123") })
	if err != nil {
		return err
	}
	if n := len(p.card.Buttons()); n != 2 {
		return fmt.Errorf("the card has %d buttons, not 2", n)
	}
	return nil
}

func (p *smoke) button(verdict string) (string, error) {
	for action := range p.card.Buttons() {
		if strings.Contains(strings.ToLower(action), verdict) {
			return action, nil
		}
	}
	return "", fmt.Errorf("the card has no button to %s: %v", verdict, p.card.Buttons())
}

func (p *smoke) click(ctx context.Context, user, verdict string) error {
	action, err := p.button(verdict)
	if err != nil {
		return err
	}
	result, err := p.slack.Click(ctx, user, p.card, action)
	if err != nil {
		return err
	}
	if !result.OK {
		return fmt.Errorf("the click shows %q (HTTP %d)", result.ShownError, result.Status)
	}
	return nil
}

func (p *smoke) forge(ctx context.Context) error {
	// There must be something to forge: a signed click of somebody who cannot decide.
	if err := p.click(ctx, "U0CAROL", "approve"); err != nil {
		return err
	}
	for _, kind := range []string{"bad_signature", "missing_signature", "stale", "tampered"} {
		result, err := p.slack.Forge(ctx, kind)
		if err != nil {
			return err
		}
		if result.OK || result.Status != 401 {
			return fmt.Errorf("a callback with %s was answered %d, not 401", kind, result.Status)
		}
	}
	return nil
}

func (p *smoke) private(ctx context.Context, user, text string) error {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	_, err := p.slack.AwaitPrivate(ctx, user, fmt.Sprintf("a private message with %q", text),
		func(m stack.Message) bool { return m.Shows(text) })
	return err
}

func (p *smoke) stranger(ctx context.Context) error {
	if err := p.private(ctx, "U0CAROL", "accede link slack"); err != nil {
		return err
	}
	return p.wantState(ctx, "PENDING")
}

func (p *smoke) firstApproval(ctx context.Context) error {
	if err := p.click(ctx, "U0IVAN", "approve"); err != nil {
		return err
	}
	return p.private(ctx, "U0IVAN", "recorded")
}

func (p *smoke) progress(ctx context.Context) error {
	card, err := p.await(ctx, channel, "the card with progress", func(m stack.Message) bool {
		return m.TS == p.card.TS && m.Shows("1 of 2")
	})
	p.card = card
	return err
}

func (p *smoke) secondApproval(ctx context.Context) error { return p.click(ctx, "U0BOB", "approve") }

func (p *smoke) wantState(ctx context.Context, want string) error {
	return p.until(ctx, p.id, want, func(r shown) bool {
		return r.State == want && (want != "APPROVED" || r.Access != nil && !r.Access.Expires.IsZero())
	})
}

func (p *smoke) look(ctx context.Context, id string) (now shown, err error) {
	output, err := p.stack.As(ctx, "alice", "request", "show", id, "-o", "json")
	if err != nil {
		return now, err
	}
	if err := json.Unmarshal([]byte(output), &now); err != nil {
		return now, fmt.Errorf("reading %q: %w", output, err)
	}
	return now, nil
}

// until waits until the request is as a step wants it.
func (p *smoke) until(ctx context.Context, id, what string, is func(shown) bool) error {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	for {
		now, err := p.look(ctx, id)
		if err == nil && is(now) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waiting for %s: the request is %+v", what, now), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p *smoke) approved(ctx context.Context) error { return p.wantState(ctx, "APPROVED") }

func (p *smoke) settled(ctx context.Context) error {
	_, err := p.await(ctx, channel, "the settled card", func(m stack.Message) bool {
		return m.TS == p.card.TS && len(m.Buttons()) == 0
	})
	return err
}

func (p *smoke) requesterTold(ctx context.Context) error {
	_, err := p.await(ctx, "", "the message to alice", func(m stack.Message) bool {
		return strings.HasPrefix(m.Channel, "D") && m.Shows("approved")
	})
	return err
}

func (p *smoke) stop(context.Context) error { return p.stack.Stop() }
