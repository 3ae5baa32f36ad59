package vendorhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// turn is what a scripted vendor does with one request.
type turn struct {
	status int
	header http.Header
	// err fails the request: before a connection if unsent is set, after it was written otherwise.
	err    error
	unsent bool
}

// scripted is a vendor that plays turns; the last one repeats.
type scripted struct {
	mu     sync.Mutex
	turns  []turn
	bodies []string
	at     []time.Time
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.turns[min(len(s.at), len(s.turns)-1)]
	s.at = append(s.at, time.Now())
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GetConn("vendor.example")
	if now.unsent {
		return nil, now.err
	}
	trace.GotConn(httptrace.GotConnInfo{})
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.bodies = append(s.bodies, string(body))
	if now.err != nil {
		return nil, now.err
	}
	return &http.Response{
		StatusCode: now.status, Header: now.header, Body: io.NopCloser(strings.NewReader("the vendor's words")), Request: r,
	}, nil
}

func header(name, value string) http.Header {
	h := http.Header{}
	h.Set(name, value)
	return h
}

func send(ctx context.Context, c *http.Client, method string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, "https://vendor.example/tickets", strings.NewReader("hello"))
	if err != nil {
		return 0, "", err
	}
	response, err := c.Do(request)
	if err != nil {
		return 0, "", err
	}
	read, err := io.ReadAll(response.Body)
	return response.StatusCode, string(read), errors.Join(err, response.Body.Close())
}

func TestWhatIsSentAgain(t *testing.T) {
	refused := turn{err: syscall.ECONNREFUSED, unsent: true}
	unreachable := turn{err: errors.New("TLS handshake timeout"), unsent: true}
	dropped := turn{err: io.ErrUnexpectedEOF}
	redirected := turn{err: vendorhttp.ErrRedirect}
	answer := func(status int) turn { return turn{status: status} }
	tests := []struct {
		name   string
		method string
		first  turn
		sent   int
		status int
		kind   plugins.Kind
	}{
		{"a create that was refused a connection", http.MethodPost, refused, 2, 200, ""},
		{"a create that found nobody", http.MethodPost, unreachable, 2, 200, ""},
		{"a create that was dropped", http.MethodPost, dropped, 1, 0, plugins.Unknown},
		{"a create that failed inside", http.MethodPost, answer(500), 1, 500, plugins.Unknown},
		{"a create while the vendor is away", http.MethodPost, answer(503), 1, 503, plugins.Unknown},
		{"a create that came too often", http.MethodPost, answer(429), 2, 200, ""},
		{"a create that is invalid", http.MethodPost, answer(400), 1, 400, plugins.Invalid},
		{"a create without credentials", http.MethodPost, answer(401), 1, 401, plugins.Auth},
		{"a state change that was dropped", http.MethodPatch, dropped, 1, 0, plugins.Unknown},
		{"a state change that failed inside", http.MethodDelete, answer(502), 1, 502, plugins.Unknown},
		{"a value that was dropped", http.MethodPut, dropped, 2, 200, ""},
		{"a read that was dropped", http.MethodGet, dropped, 2, 200, ""},
		{"a read that failed inside", http.MethodGet, answer(500), 2, 200, ""},
		{"a read that is not implemented", http.MethodGet, answer(501), 1, 501, plugins.Unknown},
		{"a read of nothing", http.MethodGet, answer(404), 1, 404, plugins.NotFound},
		{"a read that is led elsewhere", http.MethodGet, redirected, 1, 0, plugins.Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				vendor := &scripted{turns: []turn{tt.first, answer(200)}}
				c := vendorhttp.Patient(&http.Client{Transport: vendor}, vendorhttp.Patience{})
				status, body, err := send(t.Context(), c, tt.method)
				if len(vendor.at) != tt.sent || status != tt.status {
					t.Errorf("sent %d times, status %d, %v; want %d times, %d", len(vendor.at), status, err, tt.sent, tt.status)
				}
				if err == nil && body != "the vendor's words" {
					t.Errorf("the answer's body is %q", body)
				}
				if tt.kind == "" {
					return
				}
				failure := vendorhttp.Failure("posting", vendorhttp.Creates, &http.Response{StatusCode: status}, err)
				if plugins.KindOf(failure) != tt.kind {
					t.Errorf("kind %s of %v, want %s", plugins.KindOf(failure), failure, tt.kind)
				}
			})
		})
	}
}

func TestEveryTryCarriesTheWholeBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &scripted{turns: []turn{{status: 429}, {status: 429}, {status: 201}}}
		c := vendorhttp.Patient(&http.Client{Transport: vendor}, vendorhttp.Patience{})
		if status, _, err := send(t.Context(), c, http.MethodPost); status != 201 || err != nil {
			t.Errorf("status %d, %v", status, err)
		}
		if strings.Join(vendor.bodies, " ") != "hello hello hello" {
			t.Errorf("bodies %q", vendor.bodies)
		}
	})
}

func TestWaits(t *testing.T) {
	tests := []struct {
		name     string
		patience vendorhttp.Patience
		header   http.Header
		sent     int
		min, max time.Duration
		after    time.Duration
	}{
		{"as long as asked", vendorhttp.Patience{}, header("Retry-After", "2"), 3, 4 * time.Second, 5 * time.Second, 2 * time.Second},
		{"not a day", vendorhttp.Patience{}, header("Retry-After", "86400"), 1, 0, 0, time.Hour},
		{"not longer than configured", vendorhttp.Patience{Longest: time.Second}, header("Retry-After", "2"), 1, 0, 0, 2 * time.Second},
		{"by itself, when nothing is asked", vendorhttp.Patience{}, http.Header{}, 3, 750 * time.Millisecond, time.Second, 5 * time.Second},
		{"by itself, when no time is asked", vendorhttp.Patience{}, header("Retry-After", "0"), 3, 750 * time.Millisecond, time.Second, 0},
		{
			"by the reset",
			vendorhttp.Patience{Asked: vendorhttp.RateLimitReset},
			header("ratelimit-reset", "1"),
			3, 2 * time.Second, 3 * time.Second, time.Second,
		},
		{
			"not for a far reset",
			vendorhttp.Patience{Asked: vendorhttp.RateLimitReset},
			header("ratelimit-reset", "40"),
			1, 0, 0, 40 * time.Second,
		},
		{
			"without a reset by Retry-After",
			vendorhttp.Patience{Asked: vendorhttp.RateLimitReset},
			header("Retry-After", "1"),
			3, 2 * time.Second, 3 * time.Second, time.Second,
		},
		{"as often as configured", vendorhttp.Patience{Tries: 5}, header("Retry-After", "1"), 5, 4 * time.Second, 5 * time.Second, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				vendor := &scripted{turns: []turn{{status: 429, header: tt.header}}}
				c := vendorhttp.Patient(&http.Client{Transport: vendor}, tt.patience)
				start := time.Now()
				status, body, err := send(t.Context(), c, http.MethodPost)
				took := time.Since(start)
				if len(vendor.at) != tt.sent || took < tt.min || took > tt.max {
					t.Errorf("sent %d times in %s, want %d times in %s to %s", len(vendor.at), took, tt.sent, tt.min, tt.max)
				}
				if status != 429 || body != "the vendor's words" || err != nil {
					t.Errorf("the last answer came back as %d %q, %v", status, body, err)
				}
				failure, ok := errors.AsType[*plugins.Error](vendorhttp.Failure("posting", vendorhttp.Creates,
					&http.Response{StatusCode: status, Header: tt.header}, err))
				if !ok || failure.Kind != plugins.RateLimited || failure.RetryAfter != tt.after {
					t.Errorf("failure %+v, want a wait of %s", failure, tt.after)
				}
			})
		})
	}
}

func TestAWaitThatOutlivesItsContextIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &scripted{turns: []turn{{status: 429, header: header("Retry-After", "3")}}}
		c := vendorhttp.Patient(&http.Client{Transport: vendor}, vendorhttp.Patience{})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		status, _, err := send(ctx, c, http.MethodPost)
		if status != 429 || err != nil || time.Since(start) != 0 {
			t.Errorf("status %d, %v after %s", status, err, time.Since(start))
		}
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &scripted{turns: []turn{{status: 429, header: header("Retry-After", "3")}}}
		c := vendorhttp.Patient(&http.Client{Transport: vendor}, vendorhttp.Patience{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, _, err := send(ctx, c, http.MethodPost)
		if !errors.Is(err, context.Canceled) || time.Since(start) != time.Second || len(vendor.at) != 1 {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if kind := vendorhttp.ErrorKind(err, vendorhttp.Creates); kind != plugins.Transient {
			t.Errorf("kind %s, although the vendor had declined", kind)
		}
	})
}

func TestReadsByPostAreRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &scripted{turns: []turn{{status: 502}, {status: 200}}}
		c := vendorhttp.Patient(&http.Client{Transport: vendor}, vendorhttp.Patience{
			Reads: func(r *http.Request) bool { return r.URL.Path == "/tickets" },
		})
		if status, _, err := send(t.Context(), c, http.MethodPost); status != 200 || err != nil {
			t.Errorf("status %d, %v", status, err)
		}
	})
}

func TestCreatesAreWhatTheVendorSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &scripted{turns: []turn{{status: 502}, {status: 200}}}
		c := vendorhttp.Patient(&http.Client{Transport: vendor}, vendorhttp.Patience{
			Creates: func(r *http.Request) bool { return r.Method == http.MethodPut },
		})
		if status, _, _ := send(t.Context(), c, http.MethodPut); status != 502 || len(vendor.at) != 1 {
			t.Errorf("status %d after %d tries", status, len(vendor.at))
		}
	})
}

func TestOneCredentialHasOneLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &scripted{turns: []turn{{status: 429}, {status: 200}}}
		c := vendorhttp.Patient(&http.Client{Transport: vendor}, vendorhttp.Patience{PerSecond: 2, Burst: 2})
		start := time.Now()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if status, _, err := send(t.Context(), c, http.MethodGet); status != 200 || err != nil {
					t.Errorf("status %d, %v", status, err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); len(vendor.at) != 6 || took < 1900*time.Millisecond || took > 3*time.Second {
			t.Errorf("%d requests in %s; a repetition counts as well", len(vendor.at), took)
		}
	})
}

func TestARequestTheLimitHoldsBackWasNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &scripted{turns: []turn{{status: 200}}}
		c := vendorhttp.Patient(&http.Client{Transport: vendor}, vendorhttp.Patience{PerSecond: 0.1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := send(ctx, c, http.MethodPost); err != nil {
			t.Fatal(err)
		}
		_, _, err := send(ctx, c, http.MethodPost)
		if vendorhttp.ErrorKind(err, vendorhttp.Creates) != plugins.Transient || len(vendor.at) != 1 {
			t.Errorf("%v", err)
		}
	})
}

func TestAnAcceptedPostThatIsDroppedArrivesOnce(t *testing.T) {
	var posts atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			return
		}
		posts.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	})
	c := vendorhttp.Patient(client(t, vendorhttp.Options{}), vendorhttp.Patience{})
	if _, err := do(t, c, http.MethodGet, url, nil); err != nil {
		t.Fatal(err)
	}
	_, err := do(t, c, http.MethodPost, url+"/secret-path", nil)
	if err == nil || posts.Load() != 1 {
		t.Errorf("%d posts arrived, error %v", posts.Load(), err)
	}
	failure := vendorhttp.Failure("posting", vendorhttp.Creates, nil, err)
	if plugins.KindOf(failure) != plugins.Unknown || strings.Contains(failure.Error(), "secret-path") {
		t.Errorf("%s: %v", plugins.KindOf(failure), failure)
	}
}

func TestWhereATransportSaysNothingARequestMayHaveArrived(t *testing.T) {
	var sent int
	silent := roundTrip(func(r *http.Request) (*http.Response, error) {
		sent++
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	c := vendorhttp.Patient(&http.Client{Transport: silent}, vendorhttp.Patience{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, _, err := send(ctx, c, http.MethodPost)
	if vendorhttp.ErrorKind(err, vendorhttp.Creates) != plugins.Unknown || sent != 1 {
		t.Errorf("%v after %d requests", err, sent)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRedirectsOfAPatientClient(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.invalid/login", http.StatusFound)
	})
	c := vendorhttp.Patient(client(t, vendorhttp.Options{}), vendorhttp.Patience{})
	_, err := do(t, c, http.MethodGet, url, nil)
	if !errors.Is(err, vendorhttp.ErrRedirect) || vendorhttp.ErrorKind(err, vendorhttp.Repeatable) != plugins.Invalid {
		t.Errorf("%v", err)
	}
}
