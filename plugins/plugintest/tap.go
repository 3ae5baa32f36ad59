package plugintest

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/accede/accede/internal/obs/obstest"
)

// fault is what the tap does to requests that create something.
type fault func(request *http.Request, forward func() (*http.Response, error)) (*http.Response, error)

// tap sits between the plugin and the vendor. It counts what is opened and closed, and lets faults strike.
type tap struct {
	next    http.RoundTripper
	creates func(*http.Request) bool

	mu    sync.Mutex
	open  int
	fault fault
	left  int
	hits  int
}

var errDropped = errors.New("connection reset by the tap")

// set puts a fault in the way of the next creating requests; times below zero means all of them.
func (t *tap) set(f fault, times int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fault, t.left, t.hits = f, times, 0
}

// struck says how many requests the fault has met.
func (t *tap) struck() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hits
}

func (t *tap) unclosed() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open
}

func (t *tap) draw(request *http.Request) fault {
	if t.creates == nil || !t.creates(request) {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fault == nil || t.left == 0 {
		return nil
	}
	t.left--
	t.hits++
	return t.fault
}

// RoundTrip passes a request on, unless a fault strikes.
func (t *tap) RoundTrip(request *http.Request) (*http.Response, error) {
	forward := func() (*http.Response, error) { return t.next.RoundTrip(request) }
	strike := t.draw(request)
	if strike == nil {
		return t.watch(forward())
	}
	return t.watch(strike(request, forward))
}

func (t *tap) watch(response *http.Response, err error) (*http.Response, error) {
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open++
	if _, upgraded := response.Body.(io.Writer); upgraded {
		t.open-- // a socket lives on
		return response, nil
	}
	response.Body = &watched{ReadCloser: response.Body, tap: t}
	return response, nil
}

// watched is a body that tells when it is closed.
type watched struct {
	io.ReadCloser
	tap  *tap
	once sync.Once
}

// Close closes the body.
func (w *watched) Close() error {
	w.once.Do(func() {
		w.tap.mu.Lock()
		defer w.tap.mu.Unlock()
		w.tap.open--
	})
	return w.ReadCloser.Close()
}

// answering refuses with a status, without letting the request through.
func answering(status int, header http.Header) fault {
	return func(request *http.Request, _ func() (*http.Response, error)) (*http.Response, error) {
		if request.Body != nil {
			_ = request.Body.Close() // a transport has to
		}
		if header == nil {
			header = http.Header{}
		}
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: header.Clone(), Body: io.NopCloser(strings.NewReader("the tap refuses")), Request: request, ContentLength: -1,
		}, nil
	}
}

// dropping lets the request through and loses the answer.
func dropping() fault {
	return func(_ *http.Request, forward func() (*http.Response, error)) (*http.Response, error) {
		response, err := forward()
		if err != nil {
			return nil, err
		}
		_ = response.Body.Close() // the answer is lost anyway
		return nil, errDropped
	}
}

// silence never answers.
func silence() fault {
	return func(request *http.Request, _ func() (*http.Response, error)) (*http.Response, error) {
		<-request.Context().Done()
		return nil, request.Context().Err()
	}
}

func newLogger(log *obstest.Log) *slog.Logger {
	return slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
