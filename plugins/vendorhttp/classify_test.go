package vendorhttp_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

func TestStatusKinds(t *testing.T) {
	want := map[int]plugins.Kind{
		301: plugins.Invalid, 400: plugins.Invalid, 401: plugins.Auth, 402: plugins.Auth, 403: plugins.Auth, 404: plugins.NotFound,
		407: plugins.Auth, 408: plugins.Transient, 409: plugins.Invalid, 410: plugins.Gone, 413: plugins.Invalid,
		422: plugins.Invalid, 423: plugins.Transient, 425: plugins.Transient, 429: plugins.RateLimited,
		500: plugins.Unknown, 502: plugins.Unknown, 503: plugins.Unknown, 504: plugins.Unknown, 599: plugins.Unknown,
	}
	for status, kind := range want {
		if got := vendorhttp.StatusKind(status, vendorhttp.Creates); got != kind {
			t.Errorf("%d: %s, want %s", status, got, kind)
		}
	}
	if got := vendorhttp.StatusKind(503, vendorhttp.Repeatable); got != plugins.Transient {
		t.Errorf("503 of an update: %s", got)
	}
}

func TestFailureOfAnAnswer(t *testing.T) {
	if err := vendorhttp.Failure("posting", vendorhttp.Creates, &http.Response{StatusCode: 204}, nil); err != nil {
		t.Error(err)
	}
	limited := &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"12"}}}
	typed, ok := errors.AsType[*plugins.Error](vendorhttp.Failure("posting", vendorhttp.Creates, limited, nil))
	if !ok || typed.Kind != plugins.RateLimited || typed.RetryAfter != 12*time.Second || typed.Op != "posting" {
		t.Errorf("%+v", typed)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 5 * time.Second, "soon": 5 * time.Second, "-3": 5 * time.Second, "NaN": 5 * time.Second, "0": 0, "1.5": 1500 * time.Millisecond,
		"30": 30 * time.Second, "999999": time.Hour, "+Inf": time.Hour,
		"Fri, 20 Nov 2026 12:00:40 GMT": 40 * time.Second, "Fri, 20 Nov 2026 11:00:00 GMT": 0, "Fri, 20 Nov 2099 11:00:00 GMT": time.Hour,
	} {
		if got := vendorhttp.RetryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestRedact(t *testing.T) {
	const canary = "s3cr3t-canary-of-this-test"
	for _, text := range []string{
		`Post "https://hooks.example.com/services/` + canary + `": EOF`,
		`Get "https://api.example.com?token=` + canary + `": timeout`,
		`dial https://bot:` + canary + `@chat.example.com:8443/api failed`,
		`wss://wss.example.com/link/?ticket=` + canary,
		`Authorization: Bearer ` + canary, `header "Authorization": "Bearer ` + canary + `" refused`,
		`invalid token: ` + canary, `{"access_token":"` + canary + `"}`, `api_key=` + canary, `signature = ` + canary,
		`xoxb-` + canary + ` was revoked`, `bad token xapp-` + canary,
	} {
		secrettest.AssertAbsent(t, vendorhttp.Redact(text), canary)
	}
	for _, text := range []string{
		"bot is not a member of #access-requests", "token expired yesterday; make a new one", "dial tcp 127.0.0.1:4190: connection refused",
		`Post "https://chat.example.com": EOF`, "the bot cannot post", "a basic misunderstanding",
	} {
		if got := vendorhttp.Redact(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("https://a/b", "hook")
	f.Fuzz(func(t *testing.T, before, after string) {
		const canary = "canary0123456789canary"
		secrettest.AssertAbsent(t, vendorhttp.Redact(before+" https://hooks.example.com/x/"+canary+" "+after), canary)
	})
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("1e400")
	f.Fuzz(func(t *testing.T, text string) {
		if got := vendorhttp.RetryAfter(http.Header{"Retry-After": {text}}, time.Now()); got < 0 || got > time.Hour {
			t.Errorf("%q: %s", text, got)
		}
	})
}
