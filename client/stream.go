package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

const (
	// silence is how long a stream may say nothing; the core gives a sign of life every 15 seconds.
	silence = 45 * time.Second
	// outage is how long a lost stream is looked for before it is given up.
	outage       = 10 * time.Minute
	maxReconnect = 10 * time.Second
	maxLine      = 1 << 20
)

// Watch yields a request as it is and then each newer version, for as long as the caller goes on. Lost connections are
// made anew; an error ends it.
func (c *Client) Watch(ctx context.Context, id string) iter.Seq2[v1.Request, error] {
	return follow[v1.Request](ctx, c, call{method: http.MethodGet, path: join([]string{"requests", id, "watch"})}, "")
}

// Events yields events as they happen, in the order of commits: after the one with an id, or from now on if after is
// empty; only of one request if requestID is not empty. Lost connections are made anew without gap or repeat; an error
// ends it.
func (c *Client) Events(ctx context.Context, after, requestID string) iter.Seq2[v1.Event, error] {
	query := url.Values{}
	if requestID != "" {
		query.Set("request", requestID)
	}
	return follow[v1.Event](ctx, c, call{method: http.MethodGet, path: "/v1/events", query: query}, after)
}

// errDone ends a stream because the caller has seen enough.
var errDone = errors.New("done")

func follow[T any](ctx context.Context, c *Client, what call, last string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		err := c.stream(ctx, what, last, func(data []byte) error {
			var value T
			if err := json.Unmarshal(data, &value); err != nil {
				return fmt.Errorf("reading event: %w", err)
			}
			if !yield(value, nil) {
				return errDone
			}
			return nil
		})
		if !errors.Is(err, errDone) {
			var none T
			yield(none, err)
		}
	}
}

// stream reads a stream and opens it again where it broke off, until take returns an error or the core refuses.
func (c *Client) stream(ctx context.Context, what call, last string, take func(data []byte) error) error {
	wait, alive, opened := c.options.RetryWait, time.Now(), false
	for try := 1; ; try++ {
		before := last
		err := c.read(ctx, what, &last, take)
		if err == nil || last != before {
			wait, alive, opened = c.options.RetryWait, time.Now(), true
		}
		hopeless := time.Since(alive) > outage || !opened && try == tries
		if err != nil && (hopeless || !lost(err)) {
			return plain(err)
		}
		if !pause(ctx, wait) {
			return ctx.Err()
		}
		wait = min(2*wait, maxReconnect)
	}
}

// lost says whether a stream's end is one to recover from.
func lost(err error) bool {
	if problem, ok := errors.AsType[*v1.Problem](err); ok {
		return problem.Code == v1.CodeUnavailable || problem.Code == v1.CodeInternal || problem.Code == v1.CodeRateLimited
	}
	_, ok := errors.AsType[*UnreachableError](err)
	return ok
}

// read opens the stream once and reads it to its end, which is no error.
func (c *Client) read(ctx context.Context, what call, last *string, take func(data []byte) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := c.request(ctx, what, nil)
	if err != nil {
		return err
	}
	if *last != "" {
		request.Header.Set("Last-Event-ID", *last)
	}
	response, err := c.send(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, err := io.ReadAll(io.LimitReader(response.Body, maxLine))
		if err != nil {
			return &UnreachableError{c.Address(), err}
		}
		return c.refusal(response, body)
	}
	watchdog := time.AfterFunc(silence, cancel)
	defer watchdog.Stop()
	body := &noticing{response.Body, func() { watchdog.Reset(silence) }}
	return readEvents(body, last, take)
}

// noticing tells when something was read.
type noticing struct {
	io.Reader
	noticed func()
}

// Read reads.
func (n *noticing) Read(into []byte) (int, error) {
	count, err := n.Reader.Read(into)
	if count > 0 {
		n.noticed()
	}
	return count, err
}

// readEvents parses server-sent events, hands the data of each to take and keeps the id of the last one. That the
// connection ends or breaks is no error: what was not finished is sent again.
func readEvents(from io.Reader, last *string, take func(data []byte) error) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 4<<10), maxLine)
	var event struct{ id, kind, data string }
	for lines.Scan() {
		if lines.Text() != "" {
			name, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch name {
			case "id":
				event.id = value
			case "event":
				event.kind = value
			case "data":
				event.data += value
			}
			continue
		}
		if err := dispatch(event.kind, event.data, take); err != nil {
			return err
		}
		if event.id != "" {
			*last = event.id
		}
		event.id, event.kind, event.data = "", "", ""
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("reading events: %w", lines.Err())
	}
	return nil
}

func dispatch(kind, data string, take func(data []byte) error) error {
	if data == "" {
		return nil
	}
	if kind != "problem" {
		return take([]byte(data))
	}
	var problem v1.Problem
	if err := json.Unmarshal([]byte(data), &problem); err != nil {
		return fmt.Errorf("reading problem: %w", err)
	}
	return &problem
}
