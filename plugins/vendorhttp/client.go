package vendorhttp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Options bounds a client. Zero fields take the defaults.
type Options struct {
	// Dial (3s), TLS (3s) and Headers (8s) bound the phases of a request, Total (10s) all of it, the body included.
	Dial, TLS, Headers, Total time.Duration
	// MaxBody (4 MiB) bounds the body of an answer, in bytes.
	MaxBody int64
	// Observe, if set, is told of every request when its answer's headers are there or it has failed.
	Observe func(Observation)
}

// Observation is what became of one request.
type Observation struct {
	Method, Host string
	// Status is zero when there was no answer.
	Status int
	Took   time.Duration
	Err    error
}

func (o Options) withDefaults() Options {
	for _, field := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&o.Dial, 3 * time.Second}, {&o.TLS, 3 * time.Second}, {&o.Headers, 8 * time.Second}, {&o.Total, 10 * time.Second},
	} {
		if *field.value <= 0 {
			*field.value = field.standard
		}
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 4 << 20
	}
	return o
}

const (
	maxRedirects = 3
	// pingAfter and pingWait find connections that died without a word.
	pingAfter, pingWait = 10 * time.Second, 5 * time.Second
	idleAfter           = time.Minute
	maxHeaders          = 64 << 10
)

// New returns a client. It may be shared and needs no closing; call CloseIdleConnections when done.
func New(options Options) *http.Client {
	o := options.withDefaults()
	return &http.Client{
		Transport:     &transport{options: o, next: newTransport(o)},
		CheckRedirect: sameHostOnly,
		Timeout:       o.Total,
	}
}

func newTransport(o Options) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: o.Dial, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:    o.TLS,
		ResponseHeaderTimeout:  o.Headers,
		ExpectContinueTimeout:  time.Second,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingWait},
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        idleAfter,
		MaxResponseHeaderBytes: maxHeaders,
	}
}

// ErrRedirect is a redirect that is not followed: to another host, off https, of a request that is no GET, or one too
// many.
var ErrRedirect = errors.New("redirect not followed")

func sameHostOnly(next *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("%w: more than %d in a row", ErrRedirect, maxRedirects)
	case first.Method != http.MethodGet && first.Method != http.MethodHead:
		return fmt.Errorf("%w: %s was redirected; check the configured address", ErrRedirect, first.Method)
	case next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme:
		return fmt.Errorf("%w: %s leads to %s; check the configured address", ErrRedirect, first.URL.Host, next.URL.Host)
	}
	return nil
}
