package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/term"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

// wait shows how far a request is until it is decided, and ends with the exit code of the decision.
func (a *app) wait(ctx context.Context, c *client.Client, request v1.Request) error {
	display := newDisplay(a.env.Stderr)
	decided, err := follow(ctx, c, request, display)
	display.end()
	if err != nil {
		if errors.Is(err, context.Canceled) {
			a.note("Your request is still pending. Come back with: accede request watch %s", shortID(request.ID))
			return &outcome{exitInterrupted}
		}
		return err
	}
	if err := a.print(decided, func(w io.Writer) {
		_, _ = fmt.Fprintln(w, summary(decided)) // errors come with the flush
	}); err != nil {
		return err
	}
	return decisionOutcome(decided.State)
}

func decisionOutcome(state v1.State) error {
	switch state {
	case v1.StateApproved, v1.StatePromoted:
		return nil
	case v1.StateDenied:
		return &outcome{exitDenied}
	default:
		return &outcome{exitOver}
	}
}

// update is what the watching goroutine hands on.
type update struct {
	request v1.Request
	err     error
}

// follow shows each version of a request, and the time that is left, until it is decided.
func follow(ctx context.Context, c *client.Client, request v1.Request, display *display) (v1.Request, error) {
	ctx, cancel := context.WithCancel(ctx)
	updates, stopped := make(chan update), make(chan struct{})
	defer func() { cancel(); <-stopped }()
	go func() {
		defer close(stopped)
		for seen, err := range c.Watch(ctx, request.ID) {
			select {
			case updates <- update{seen, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for !request.State.Resolved() {
		display.show(request)
		select {
		case <-ctx.Done():
			return request, ctx.Err()
		case <-tick.C:
		case got := <-updates:
			if got.err != nil {
				return request, got.err
			}
			request = got.request
		}
	}
	return request, nil
}

// display is one line that changes on a terminal, and a line per change elsewhere.
type display struct {
	w     io.Writer
	width func() int
	live  bool
	last  string
}

func newDisplay(w io.Writer) *display {
	fd, live := terminal(w)
	width := func() int {
		columns, _, err := term.GetSize(fd)
		if err != nil || columns <= 0 {
			return 80
		}
		return columns
	}
	return &display{w: w, live: live, width: width}
}

// show writes where a request stands, if that is news.
func (d *display) show(request v1.Request) {
	if !d.live {
		d.showChange(request)
		return
	}
	text := short(waiting(request, time.Now()), d.width()-1) // a line that wraps could not be written over
	if text != d.last {
		d.last = text
		_, _ = fmt.Fprint(d.w, "\r\x1b[K"+text) // nobody could be told that telling failed
	}
}

// showChange leaves the time that passes out of what counts as news.
func (d *display) showChange(request v1.Request) {
	if news := fmt.Sprint(request.Version); news != d.last {
		d.last = news
		_, _ = fmt.Fprintln(d.w, waiting(request, time.Now())) // as above
	}
}

// end leaves the terminal with an empty line.
func (d *display) end() {
	if d.live && d.last != "" {
		_, _ = fmt.Fprint(d.w, "\r\x1b[K") // as above
	}
}
