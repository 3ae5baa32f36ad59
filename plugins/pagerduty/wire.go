package pagerduty

import (
	"context"
	"fmt"
	"net/http"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	// perSecond and burst stay below PagerDuty's 960 requests per minute and credential, which all replicas share:
	// https://developer.pagerduty.com/docs/72d3b724589e3-rest-api-rate-limits.
	perSecond = 8
	burst     = 40

	tokenPath = "/oauth/token"
)

// newPatient returns the client that all calls of this credential go through.
func newPatient(client *http.Client) *http.Client {
	return vendorhttp.Patient(client, vendorhttp.Patience{
		Reads: func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Path == tokenPath },
		Asked: vendorhttp.RateLimitReset, PerSecond: perSecond, Burst: burst,
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
		seen.status, seen.header = response.StatusCode, response.Header
	}
	return response, err
}

func (w *wire) send(r *http.Request) (*http.Response, error) {
	if w.tokens == nil {
		r.Header.Set("Authorization", "Token token="+w.key.Reveal())
		return w.http.Do(r)
	}
	response, err := w.authorized(r)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	return w.renewed(r, response)
}

// renewed sends a request once more that was refused before anything was done, with a new token.
func (w *wire) renewed(r *http.Request, refused *http.Response) (*http.Response, error) {
	w.tokens.forget(r.Header.Get("Authorization"))
	again := r.Clone(r.Context())
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return refused, nil //nolint:nilerr // the refusal is what the caller has to know
		}
		again.Body = body
	}
	_ = refused.Body.Close() // its answer is no longer needed
	return w.authorized(again)
}

func (w *wire) authorized(r *http.Request) (*http.Response, error) {
	token, err := w.tokens.get(r.Context())
	if err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	r.Header.Set("Authorization", token)
	return w.http.Do(r)
}
