package vendorhttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// drainLimit bounds, in bytes, what is read of an unread answer so that its connection can be used again.
const drainLimit = 256 << 10

// transport observes requests and bounds answers. It keeps net/http from sending a request again by itself.
type transport struct {
	options Options
	next    *http.Transport
}

// RoundTrip sends one request, once.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	start := time.Now()
	response, err := t.next.RoundTrip(onceOnly(request))
	if t.options.Observe != nil {
		t.options.Observe(observation(request, response, err, time.Since(start)))
	}
	if err != nil {
		return nil, err
	}
	response.Body = &boundedBody{inner: response.Body, left: t.options.MaxBody, limit: t.options.MaxBody}
	return response, nil
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach the connections.
func (t *transport) CloseIdleConnections() { t.next.CloseIdleConnections() }

// onceOnly hides what makes net/http send a request again by itself: a POST on a broken connection counts as repeatable
// when it carries an idempotency key. Names of headers have no case on the wire, but net/http looks for this spelling.
func onceOnly(request *http.Request) *http.Request {
	names := []string{"Idempotency-Key", "X-Idempotency-Key"}
	if !slices.ContainsFunc(names, func(name string) bool { return request.Header[name] != nil }) {
		return request
	}
	clone := request.Clone(request.Context())
	for _, name := range names {
		if values := clone.Header[name]; values != nil {
			delete(clone.Header, name)
			clone.Header[strings.ToLower(name)] = values
		}
	}
	return clone
}

func observation(request *http.Request, response *http.Response, err error, took time.Duration) Observation {
	o := Observation{Method: request.Method, Host: request.URL.Host, Took: took, Err: err}
	if response != nil {
		o.Status = response.StatusCode
	}
	return o
}

// ErrTooLarge is an answer beyond the limit.
var ErrTooLarge = errors.New("the vendor's answer is too large")

// boundedBody refuses to read past its limit, and drains before it closes.
type boundedBody struct {
	inner io.ReadCloser
	left  int64
	limit int64
	once  sync.Once
	err   error
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return b.probe()
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.inner.Read(p)
	b.left -= int64(n)
	return n, err
}

// probe tells an answer that ends at the limit from one that goes on.
func (b *boundedBody) probe() (int, error) {
	var one [1]byte
	n, err := b.inner.Read(one[:])
	if n > 0 {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, b.limit)
	}
	return 0, err
}

// Close drains what is left, within bounds, and closes. It may be called more than once.
func (b *boundedBody) Close() error {
	b.once.Do(func() {
		_, _ = io.CopyN(io.Discard, b.inner, drainLimit) // only to keep the connection usable
		b.err = b.inner.Close()
	})
	return b.err
}
