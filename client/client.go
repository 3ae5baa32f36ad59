package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options is how a [Client] calls. The zero value calls without a token.
type Options struct {
	// Token is the secret of a session or an API token.
	Token string
	// Name says which program calls; "cli" is for the command line.
	Name string
	// Transport carries the calls; nil is a transport of the client's own.
	Transport http.RoundTripper
	// RetryWait is the wait before the first retry, which doubles with every further one; zero is 200 ms.
	RetryWait time.Duration
}

// Client calls the API of one core. It is safe for concurrent use.
//
// Methods return a [*v1.Problem] when the core refuses and an [*UnreachableError] when no answer comes. What may be
// repeated without harm is tried up to four times before that.
type Client struct {
	base    *url.URL
	options Options
	http    *http.Client
}

// New makes a client of the core at an address such as https://accede.example.com.
func New(address string, options Options) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a server; write it like https://accede.example.com", address)
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("the server's address %s must have no user, query or fragment", base.Redacted())
	}
	if options.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // that is its type
		transport.ResponseHeaderTimeout = tryTimeout
		options.Transport = transport
	}
	if options.RetryWait == 0 {
		options.RetryWait = retryWait
	}
	return &Client{base: base, options: options, http: &http.Client{
		Transport: options.Transport,
		// A redirected call would lose its method or its token; who runs the server should give its real address.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Address is the core's address.
func (c *Client) Address() string { return c.base.String() }

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// UnreachableError says that a server gave no answer.
type UnreachableError struct {
	Address string
	Err     error
}

// Error says which server and why.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no answer from %s: %v", e.Address, rootOf(e.Err))
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// rootOf leaves out what net/http and net put around the reason.
func rootOf(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
