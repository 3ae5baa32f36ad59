package standin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Courier posts a vendor's callbacks. It follows no redirect and reads at most a megabyte of the answer.
type Courier struct {
	client *http.Client
}

const maxCallbackAnswer = 1 << 20

// NewCourier makes a courier with connections of its own; CloseIdle ends them.
func NewCourier() *Courier {
	return &Courier{client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 30 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// CloseIdle closes the connections that are not in use.
func (c *Courier) CloseIdle() { c.client.CloseIdleConnections() }

// Answer is what came back from a callback.
type Answer struct {
	// Status is 0 when there was no answer; Err then says why.
	Status  int
	Body    []byte
	Latency time.Duration
	Err     error
}

// ErrNoAnswer is wrapped when the receiver did not answer within the deadline.
var ErrNoAnswer = errors.New("no answer within the deadline")

// Send posts the request and waits for its answer, at most until the deadline has passed.
func (c *Courier) Send(ctx context.Context, deadline time.Duration, req *http.Request) Answer {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	started := time.Now()
	resp, err := c.client.Do(req.WithContext(ctx)) //nolint:gosec // the address is the configured callback URL
	if err != nil {
		return Answer{Latency: time.Since(started), Err: explain(ctx, err)}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxCallbackAnswer))
	if err != nil {
		return Answer{Latency: time.Since(started), Err: explain(ctx, err)}
	}
	return Answer{Status: resp.StatusCode, Body: body, Latency: time.Since(started)}
}

func explain(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("posting the callback: %w", ErrNoAnswer)
	}
	return fmt.Errorf("posting the callback: %w", err)
}
