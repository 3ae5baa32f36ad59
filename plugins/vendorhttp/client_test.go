package vendorhttp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func client(t *testing.T, options vendorhttp.Options) *http.Client {
	t.Helper()
	c := vendorhttp.New(options)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// do sends a request and reads its whole answer.
func do(t *testing.T, c *http.Client, method, url string, header http.Header) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := c.Do(request)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(response.Body)
	return string(body), errors.Join(err, response.Body.Close(), response.Body.Close())
}

func TestAnswersAreBounded(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 100)) })
	if body, err := do(t, client(t, vendorhttp.Options{MaxBody: 100}), http.MethodGet, url, nil); err != nil || len(body) != 100 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	body, err := do(t, client(t, vendorhttp.Options{MaxBody: 99}), http.MethodGet, url, nil)
	if !errors.Is(err, vendorhttp.ErrTooLarge) || !strings.Contains(err.Error(), "99 bytes") {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestAnUnreadAnswerLeavesTheConnectionUsable(t *testing.T) {
	var mu sync.Mutex
	connections := map[string]bool{}
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		connections[r.RemoteAddr] = true
		mu.Unlock()
		_, _ = io.WriteString(w, strings.Repeat("x", 64<<10))
	})
	c := client(t, vendorhttp.Options{})
	for range 5 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := c.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(connections) != 1 {
		t.Errorf("%d connections for 5 requests in a row", len(connections))
	}
}

func TestAPostIsNeverSentTwice(t *testing.T) {
	var posts atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Drop") == "" {
			return
		}
		posts.Add(1)
		if r.Header.Get("Idempotency-Key") != "k" {
			t.Error("the idempotency key did not arrive")
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	})
	c := client(t, vendorhttp.Options{})
	header := http.Header{"X-Drop": {"1"}, "Idempotency-Key": {"k"}}
	for range 3 {
		// A connection that was used before is what net/http would repeat on.
		if _, err := do(t, c, http.MethodGet, url, nil); err != nil {
			t.Fatal(err)
		}
		before := posts.Load()
		_, err := do(t, c, http.MethodPost, url, header)
		if err == nil || posts.Load() != before+1 {
			t.Errorf("%d posts arrived, error %v", posts.Load()-before, err)
		}
		if kind := vendorhttp.ErrorKind(err, vendorhttp.Creates); kind != plugins.Unknown {
			t.Errorf("kind %s: the vendor may have done it", kind)
		}
	}
}

func TestAnEmptyPostArrives(t *testing.T) {
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) != 0 || len(r.TransferEncoding) != 0 {
			t.Errorf("body %q, encoding %v, %v", body, r.TransferEncoding, err)
		}
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client(t, vendorhttp.Options{}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestRedirects(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("followed to another host") })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/same":
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/away":
			http.Redirect(w, r, elsewhere+"/secret-path-of-the-webhook", http.StatusTemporaryRedirect)
		case "/end":
			_, _ = io.WriteString(w, "end")
		}
	})
	c := client(t, vendorhttp.Options{})
	if body, err := do(t, c, http.MethodGet, url+"/same", nil); err != nil || body != "end" {
		t.Errorf("%q, %v", body, err)
	}
	for _, one := range []struct{ method, path string }{{"GET", "/loop"}, {"GET", "/away"}, {"POST", "/away"}, {"POST", "/same"}} {
		_, err := do(t, c, one.method, url+one.path, nil)
		if !errors.Is(err, vendorhttp.ErrRedirect) || vendorhttp.ErrorKind(err, vendorhttp.Creates) != plugins.Invalid {
			t.Errorf("%s %s: %v", one.method, one.path, err)
		}
	}
}

func TestASilentVendorIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	start := time.Now()
	_, err := do(t, client(t, vendorhttp.Options{Headers: 50 * time.Millisecond}), http.MethodPost, url, nil)
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
	if kind := vendorhttp.ErrorKind(err, vendorhttp.Creates); kind != plugins.Unknown {
		t.Errorf("kind %s", kind)
	}
}

func TestWhatNeverLeftIsTransient(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = do(t, client(t, vendorhttp.Options{}), http.MethodPost, address+"/hook/secret-path", nil)
	failure := vendorhttp.Failure("posting message", vendorhttp.Creates, nil, err)
	if plugins.KindOf(failure) != plugins.Transient || strings.Contains(failure.Error(), "secret-path") {
		t.Errorf("%s: %v", plugins.KindOf(failure), failure)
	}
}

func TestRequestsAreObserved(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	var seen []vendorhttp.Observation
	c := client(t, vendorhttp.Options{Observe: func(o vendorhttp.Observation) { seen = append(seen, o) }})
	if _, err := do(t, c, http.MethodPost, url, nil); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	request, err := http.NewRequestWithContext(ended, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := c.Do(request); err == nil {
		_ = response.Body.Close()
		t.Error("a request went out after its context had ended")
	}
	if len(seen) == 0 || seen[0].Status != http.StatusTeapot || seen[0].Method != http.MethodPost {
		t.Errorf("observed %+v", seen)
	}
}
