package standin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/accede/accede/plugins/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDiceRepeat(t *testing.T) {
	a, b, c := standin.NewDice(1), standin.NewDice(1), standin.NewDice(2)
	same := true
	for range 100 {
		x := a.Uint64()
		if x != b.Uint64() {
			t.Fatal("the same seed gave different rolls")
		}
		same = same && x == c.Uint64()
	}
	if same {
		t.Error("another seed gave the same rolls")
	}
}

func TestDiceAreFair(t *testing.T) {
	d := standin.NewDice(3)
	hits, faces := 0, make([]int, 3)
	for range 30_000 {
		if d.Hit(0.05) {
			hits++
		}
		faces[d.Intn(3)]++
	}
	if hits < 1300 || hits > 1700 {
		t.Errorf("a chance of 5%% hit %d of 30000 times", hits)
	}
	for face, n := range faces {
		if n < 9500 || n > 10_500 {
			t.Errorf("face %d came %d times", face, n)
		}
	}
	if d.Hit(0) || !d.Hit(1) || d.Intn(1) != 0 {
		t.Error("never, always or the only face went wrong")
	}
}

func TestChanceIsANumberOrABoolean(t *testing.T) {
	var f standin.Faults
	if err := json.Unmarshal([]byte(`{"fail_before":true,"fail_after":false,"drop_after":0.03}`), &f); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(standin.Faults{FailBefore: 1, DropAfter: 0.03}, f); diff != "" {
		t.Error(diff)
	}
}

func TestNextCountsDown(t *testing.T) {
	s := standin.NewSwitches(standin.NewDice(1))
	if err := s.Set(standin.Faults{FailBefore: 1, Next: 2, Only: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	var hits []bool
	for _, op := range []string{"b", "a", "a", "a"} {
		hits = append(hits, s.Draw(op).FailBefore)
	}
	if diff := cmp.Diff([]bool{false, true, true, false}, hits); diff != "" {
		t.Error(diff)
	}
}

func TestValidateNamesEverything(t *testing.T) {
	err := standin.Faults{FailBefore: 2, DelayMS: -1}.Validate()
	want := "delay_ms must be between 0 and 600000, not -1\nfail_before must be between 0 and 1, not 2"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// gated is a server whose only operation counts its calls.
func gated(t *testing.T, faults standin.Faults) (address string, done *atomic.Int64) {
	t.Helper()
	done = new(atomic.Int64)
	s := standin.NewSwitches(standin.NewDice(1))
	if err := s.Set(faults); err != nil {
		t.Fatal(err)
	}
	gate := standin.Gate{Switches: s, Operation: func(*http.Request) string { return "op" }}
	server := httptest.NewServer(gate.Around(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		done.Add(1)
		w.Header().Set("X-Vendor", "yes")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "0123456789")
	})))
	t.Cleanup(server.Close)
	return server.URL, done
}

func get(t *testing.T, address string) (status int, body string, header http.Header, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), resp.Header, err
}

func TestGate(t *testing.T) {
	tests := []struct {
		name         string
		faults       standin.Faults
		status, done int
		body         string
		dropped      bool
	}{
		{"healthy", standin.Faults{}, 201, 1, "0123456789", false},
		{"fail before", standin.Faults{FailBefore: 1}, 500, 0, "Internal Server Error\n", false},
		{"fail after", standin.Faults{FailAfter: 1}, 500, 1, "Internal Server Error\n", false},
		{"drop after", standin.Faults{DropAfter: 1}, 0, 1, "", true},
		{"half", standin.Faults{TruncateJSON: 1}, 201, 1, "01234", false},
		{"limit", standin.Faults{RateLimit: 1, RetryAfter: 3}, 429, 0, "Too Many Requests\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address, done := gated(t, tt.faults)
			status, body, header, err := get(t, address)
			if status != tt.status || body != tt.body || int(done.Load()) != tt.done || (err != nil) != tt.dropped {
				t.Errorf("%d %q %v, done %d", status, body, err, done.Load())
			}
			if status == 429 && header.Get("Retry-After") != "3" || status == 201 && header.Get("X-Vendor") != "yes" {
				t.Errorf("headers %v", header)
			}
		})
	}
}

func TestLimiter(t *testing.T) {
	now := time.Unix(1000, 0)
	l := standin.NewLimiter(time.Second, 2, func() time.Time { return now })
	for range 2 {
		if l.Take("a") != 0 {
			t.Fatal("a burst of two was refused")
		}
	}
	if wait := l.Take("a"); wait != time.Second {
		t.Errorf("wait %s", wait)
	}
	if l.Take("b") != 0 {
		t.Error("another key was refused")
	}
	now = now.Add(time.Second)
	if l.Take("a") != 0 || l.Take("a") == 0 {
		t.Error("one per second does not hold")
	}
	if got := standin.WholeSeconds(1200 * time.Millisecond); got != 2 {
		t.Errorf("1.2 s became %d", got)
	}
}

func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := standin.NewChanges()
		got := make(chan uint64, 1)
		go func() { got <- c.Wait(t.Context(), 0) }()
		synctest.Wait()
		c.Touch()
		if v := <-got; v != 1 || c.Version() != 1 {
			t.Errorf("version %d", v)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if v := c.Wait(ctx, 1); v != 1 {
			t.Errorf("version %d without a change", v)
		}
	})
}

func TestPauseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if standin.Pause(ctx, time.Hour) {
			t.Error("an hour passed within a second")
		}
		if !standin.Pause(t.Context(), time.Hour) || standin.Pause(ctx, 0) {
			t.Error("a pause misjudged its context")
		}
	})
}

func TestExternal(t *testing.T) {
	var got string
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = standin.Options{}.External(r) })
	mux := http.NewServeMux()
	mux.Handle("/slack/", http.StripPrefix("/slack", handler))
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, path := range []string{"/slack/api/x?y=1", "/slack/api/a%3Bb%2Fc:d", "/slack/"} {
		_, _, _, _ = get(t, server.URL+path)
		if want := server.URL + "/slack"; got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	o := standin.Options{BaseURL: "http://sandbox:4190/slack/"}.WithDefaults()
	if got := o.External(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)); got != "http://sandbox:4190/slack" {
		t.Errorf("got %q", got)
	}
}

func TestCourier(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			<-release
		case "/elsewhere":
			http.Redirect(w, r, "/", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "fine")
		}
	}))
	defer server.Close()
	defer close(release)
	courier := standin.NewCourier()
	defer courier.CloseIdle()
	send := func(path string) standin.Answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return courier.Send(t.Context(), 50*time.Millisecond, req)
	}
	if a := send("/"); a.Status != 200 || string(a.Body) != "fine" || a.Err != nil {
		t.Errorf("%+v", a)
	}
	if a := send("/slow"); !errors.Is(a.Err, standin.ErrNoAnswer) || a.Status != 0 {
		t.Errorf("%+v", a)
	}
	if a := send("/elsewhere"); a.Status != http.StatusFound {
		t.Errorf("a redirect was followed: %+v", a)
	}
}

func TestBackToStaysHere(t *testing.T) {
	for back, want := range map[string]string{
		"?as=bob": "../?as=bob", "": "../?", "https://evil.example": "../?", "//evil.example": "../?",
	} {
		if got := standin.BackTo(url.Values{"back": {back}}); got != want {
			t.Errorf("%q leads to %q", back, got)
		}
	}
}

func TestFrame(t *testing.T) {
	frame, err := standin.NewFrame(`{{define "content"}}<p>{{.}}</p>{{end}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	page := standin.Page{
		Title: "Vendor", Subtitle: "here", Follow: "version", Version: 7, Content: "<b>",
		People: []standin.Person{{ID: "1", Name: "Bob", Selected: true}}, Faults: &standin.Faults{DropAfter: 0.5},
	}
	if err := frame.Render(rec, http.StatusOK, page); err != nil {
		t.Fatal(err)
	}
	body := rec.Body.String()
	for _, want := range []string{
		"<p>&lt;b&gt;</p>", `data-follow="version"`, `data-version="7"`, "selected>Bob", `value="0.5"`, `<noscript><meta`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, bad := range []string{"http://", "https://", "ZgotmplZ"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page contains %s", bad)
		}
	}
	if _, err := standin.NewFrame(`{{broken`, nil); err == nil {
		t.Error("a broken template was accepted")
	}
	broken, err := standin.NewFrame(`{{define "content"}}{{.Nope}}{{end}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec = httptest.NewRecorder()
	if err := broken.Render(rec, http.StatusOK, page); err == nil || rec.Code != http.StatusInternalServerError {
		t.Errorf("%v %d", err, rec.Code)
	}
}

func FuzzFaults(f *testing.F) {
	f.Add(`{"drop_after":0.5,"only":["x"]}`)
	f.Fuzz(func(t *testing.T, body string) {
		s := standin.NewSwitches(standin.NewDice(1))
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/", strings.NewReader(body)))
		if err := s.Get().Validate(); err != nil {
			t.Errorf("%q was taken: %v", body, err)
		}
	})
}

func TestAPageMayLoadOnlyTheStandInsOwnFiles(t *testing.T) {
	frame, err := standin.NewFrame(`{{define "content"}}{{end}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for own, page := range map[bool]standin.Page{false: {}, true: {Style: "assets/board.css", Script: "assets/board.js"}} {
		rec := httptest.NewRecorder()
		if err := frame.Render(rec, http.StatusOK, page); err != nil {
			t.Fatal(err)
		}
		policy, body := rec.Header().Get("Content-Security-Policy"), rec.Body.String()
		if allowed := strings.Contains(policy, "script-src 'self' 'sha256-"); allowed != own {
			t.Errorf("with own files %t the policy is %s", own, policy)
		}
		if linked := strings.Contains(body, `src="assets/board.js"`) && strings.Contains(body, `href="assets/board.css"`); linked != own {
			t.Errorf("with own files %t the page is %s", own, body)
		}
	}
}
