package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

const (
	tries      = 4
	retryWait  = 200 * time.Millisecond
	maxWait    = 10 * time.Second
	tryTimeout = 35 * time.Second
	maxAnswer  = 64 << 20
)

// call is one call of the API.
type call struct {
	method, path string
	query        url.Values
	// in is encoded as the body; out takes the decoded answer. Both may be nil.
	in, out any
}

// do calls, with retries where they are safe, and returns the status of the success.
func (c *Client) do(ctx context.Context, what call) (int, error) {
	body, err := encode(what.in)
	if err != nil {
		return 0, err
	}
	key := ""
	if what.method == http.MethodPost {
		key = rand.Text()
	}
	wait := c.options.RetryWait
	for try := 1; ; try++ {
		status, err := c.try(ctx, what, body, key)
		again, after := retryable(what.method, err)
		if !again || try == tries || !pause(ctx, max(wait, after)) {
			return status, plain(err)
		}
		wait *= 2
	}
}

func encode(in any) ([]byte, error) {
	if in == nil {
		return nil, nil
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encoding call: %w", err)
	}
	return body, nil
}

func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// busyError is a 503 that says when to come back.
type busyError struct {
	*v1.Problem
	after time.Duration
}

// Unwrap returns the problem.
func (e *busyError) Unwrap() error { return e.Problem }

// plain is what callers get to see of an error.
func plain(err error) error {
	if busy, ok := errors.AsType[*busyError](err); ok {
		return busy.Problem
	}
	return err
}

// retryable says whether a call may be made again and how long to wait at least. A POST carries an idempotency key and
// a PATCH sets values, so both are as safe to repeat as a GET. PUT and DELETE would be refused as done already, so they
// are only repeated when the connection could not even be made.
func retryable(method string, err error) (again bool, after time.Duration) {
	safe := method != http.MethodPut && method != http.MethodDelete
	if busy, ok := errors.AsType[*busyError](err); ok {
		return safe && busy.after <= maxWait, busy.after
	}
	if _, ok := errors.AsType[*UnreachableError](err); !ok {
		return false, 0
	}
	dial, ok := errors.AsType[*net.OpError](err)
	return safe || ok && dial.Op == "dial", 0
}

func (c *Client) try(ctx context.Context, what call, body []byte, key string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	request, err := c.request(ctx, what, body)
	if err != nil {
		return 0, err
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := c.send(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, &UnreachableError{c.Address(), err}
	}
	if response.StatusCode/100 != 2 {
		return response.StatusCode, c.refusal(response, answer)
	}
	if what.out == nil || len(answer) == 0 {
		return response.StatusCode, nil
	}
	if err := json.Unmarshal(answer, what.out); err != nil {
		return 0, c.foreign(response, "the answer is not what Accede sends")
	}
	return response.StatusCode, nil
}

func (c *Client) request(ctx context.Context, what call, body []byte) (*http.Request, error) {
	target := c.base.JoinPath(what.path)
	target.RawQuery = what.query.Encode()
	request, err := http.NewRequestWithContext(ctx, what.method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making call: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.options.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.options.Token)
	}
	if c.options.Name != "" {
		request.Header.Set("Accede-Client", c.options.Name)
	}
	return request, nil
}

// send makes the call; an error is the context's or says that no answer came.
func (c *Client) send(request *http.Request) (*http.Response, error) {
	response, err := c.http.Do(request)
	if err == nil {
		return response, nil
	}
	if ctxErr := request.Context().Err(); errors.Is(ctxErr, context.Canceled) {
		return nil, ctxErr
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("it took longer than %s", tryTimeout)
	}
	return nil, &UnreachableError{c.Address(), err}
}

// refusal turns an answer that is no success into an error.
func (c *Client) refusal(response *http.Response, body []byte) error {
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	var problem v1.Problem
	if err != nil || kind != "application/problem+json" || json.Unmarshal(body, &problem) != nil || problem.Code == "" {
		return c.foreign(response, "the answer is not from Accede")
	}
	if response.StatusCode == http.StatusServiceUnavailable {
		return &busyError{&problem, retryAfter(response)}
	}
	return &problem
}

// foreign describes an answer that something other than the core gave.
func (c *Client) foreign(response *http.Response, why string) error {
	detail := fmt.Sprintf("%s answered %q, but %s. Check that this is the right address.", c.Address(), response.Status, why)
	if target := response.Header.Get("Location"); target != "" {
		detail = fmt.Sprintf("%s sends callers on to %s. Use that server's address.", c.Address(), target)
	}
	problem := &v1.Problem{Status: response.StatusCode, Title: http.StatusText(response.StatusCode), Detail: detail, Code: v1.CodeInvalid}
	if response.StatusCode < http.StatusInternalServerError {
		return problem
	}
	problem.Code = v1.CodeUnavailable // a gateway in front of the core
	return &busyError{problem, retryAfter(response)}
}

func retryAfter(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// listOf is the body of lists that are not paged.
type listOf[T any] struct {
	Items []T `json:"items"`
}

// get and its like keep the methods of the API to a line each.
func get[T any](ctx context.Context, c *Client, query url.Values, path ...string) (T, error) {
	var out T
	_, err := c.do(ctx, call{method: http.MethodGet, path: join(path), query: query, out: &out})
	return out, err
}

func list[T any](ctx context.Context, c *Client, query url.Values, path ...string) ([]T, error) {
	page, err := get[listOf[T]](ctx, c, query, path...)
	return page.Items, err
}

func write[T any](ctx context.Context, c *Client, method string, in any, path ...string) (T, error) {
	var out T
	_, err := c.do(ctx, call{method: method, path: join(path), in: in, out: &out})
	return out, err
}

func (c *Client) remove(ctx context.Context, path ...string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: join(path)})
	return err
}

// join makes a path below /v1 of segments that may hold anything. Dots are escaped too, lest a segment of two lead
// somewhere else.
func join(segments []string) string {
	path := "/v1"
	for _, segment := range segments {
		path += "/" + strings.ReplaceAll(url.PathEscape(segment), ".", "%2E")
	}
	return path
}
