package pagerduty

import (
	"context"
	"fmt"
	"net/http"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	// standardCalls stays below PagerDuty's 960 requests per minute and credential, which all replicas share:
	// https://developer.pagerduty.com/docs/72d3b724589e3-rest-api-rate-limits.
	standardCalls = 480
	maxCalls      = 960
	burst         = 40

	tokenPath = "/oauth/token" //nolint:gosec // a path
)

// newPatient returns the client that all calls of this credential go through.
func newPatient(client *http.Client, callsPerMinute int) *http.Client {
	return vendorhttp.Patient(client, vendorhttp.Patience{
		Reads: func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Path == tokenPath },
		Asked: vendorhttp.RateLimitReset, PerSecond: float64(callsPerMinute) / 60, Burst: burst,
	})
}

// wire carries the client library's calls: it signs them in, and keeps what the library throws away of a failure.
type wire struct {
	http *http.Client
	key  secret.String
	// tokens gives scoped tokens; nil with a key.
	tokens *tokens
}

// outcome is what became of a call, as the library does not tell: it drops headers and the causes of errors.
type outcome struct {
	status int
	header http.Header
	err    error
	// outdated says that the token was refused and will be replaced.
	outdated bool
}

type outcomeKey struct{}

func withOutcome(ctx context.Context) (context.Context, *outcome) {
	seen := &outcome{}
	return context.WithValue(ctx, outcomeKey{}, seen), seen
}

// Do sends a request of the library.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	response, err := w.send(r)
	seen, noted := r.Context().Value(outcomeKey{}).(*outcome)
	if noted {
		seen.err = err
	}
	if noted && err == nil {
		seen.status, seen.header, seen.outdated = response.StatusCode, response.Header, w.outdated(r, response)
	}
	return response, err
}

func (w *wire) send(r *http.Request) (*http.Response, error) {
	header := "Token token=" + w.key.Reveal()
	if w.tokens != nil {
		var err error
		if header, err = w.tokens.get(r.Context()); err != nil {
			return nil, fmt.Errorf("signing in: %w", err)
		}
	}
	r.Header.Set("Authorization", header)
	return w.http.Do(r) //nolint:gosec // to the configured address only
}

// outdated drops a token that PagerDuty refused, and says whether a new one may help: one that was given long ago may have
// been taken back.
func (w *wire) outdated(r *http.Request, response *http.Response) bool {
	return w.tokens != nil && response.StatusCode == http.StatusUnauthorized && w.tokens.refused(r.Header.Get("Authorization"))
}
