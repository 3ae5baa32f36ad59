package opsgeniesim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
	"github.com/accede/accede/plugins/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a stand-in that listens, a receiver of its webhooks, and a client without any library.
type world struct {
	t     *testing.T
	sim   *opsgeniesim.Sim
	url   string
	hooks *receiver
	mu    sync.Mutex
	ahead time.Duration
}

// receiver takes webhooks.
type receiver struct {
	mu      sync.Mutex
	headers []http.Header
	bodies  []string
}

// ServeHTTP keeps what came.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers, r.bodies = append(r.headers, request.Header), append(r.bodies, string(body))
	w.WriteHeader(http.StatusAccepted)
}

func (r *receiver) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.bodies...)
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

func newWorld(t *testing.T, account opsgeniesim.Config) *world {
	t.Helper()
	w := &world{t: t, hooks: &receiver{}}
	callbacks := httptest.NewServer(w.hooks)
	sim, err := opsgeniesim.New(account, standin.Options{Seed: 1, CallbackURL: callbacks.URL, Clock: w.now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	w.sim, w.url = sim, server.URL
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
		callbacks.Close()
	})
	return w
}

type object = map[string]any

const operations = "/jsm/ops/api/" + opsgeniesim.DemoCloudID + "/v1"

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   object
	text   string
}

// ask sends a request with the credential of the interface that the path belongs to.
func (w *world) ask(method, path, body string, change ...func(*http.Request)) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if strings.HasPrefix(path, "/v2/") {
		r.Header.Set("Authorization", "GenieKey "+opsgeniesim.DemoKey)
	} else {
		r.SetBasicAuth(opsgeniesim.DemoEmail, opsgeniesim.DemoToken)
	}
	for _, do := range change {
		do(r)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	got, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	out := answer{status: got.StatusCode, header: got.Header, text: string(text)}
	if strings.HasPrefix(got.Header.Get("Content-Type"), "application/json") && len(text) > 0 && text[0] == '{' {
		if err := json.Unmarshal(text, &out.body); err != nil {
			w.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return out
}

func withKey(key string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "GenieKey "+key) }
}

func withToken(email, token string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(email, token) }
}

// dig follows names and indexes into an answer.
func dig(value any, path ...any) any {
	for _, step := range path {
		switch typed := value.(type) {
		case map[string]any:
			name, _ := step.(string)
			value = typed[name]
		case []any:
			at, ok := step.(int)
			if !ok || at >= len(typed) {
				return nil
			}
			value = typed[at]
		default:
			return nil
		}
	}
	return value
}

func count(value any, path ...any) int {
	list, _ := dig(value, path...).([]any)
	return len(list)
}

func text(value any, path ...any) string {
	found, _ := dig(value, path...).(string)
	return found
}

// outcome asks what became of a request until it is known.
func (w *world) outcome(root, request string) object {
	w.t.Helper()
	for range 10 {
		got := w.ask(http.MethodGet, root+"/alerts/requests/"+request, "")
		if got.status == http.StatusOK {
			if root == "/v2" {
				data, _ := got.body["data"].(object)
				return data
			}
			return got.body
		}
	}
	w.t.Fatalf("the outcome of %s is never known", request)
	return nil
}

// change sends a change and returns its outcome.
func (w *world) change(method, root, path, body string) object {
	w.t.Helper()
	got := w.ask(method, root+path, body)
	if got.status != http.StatusAccepted {
		w.t.Fatalf("%s %s%s: %d %s", method, root, path, got.status, got.text)
	}
	return w.outcome(root, text(got.body, "requestId"))
}

const newAlert = `{"message":"Access","alias":"key-1","description":"see https://accede.example.com/r","priority":"P5","tags":["accede"],
	"actions":["approve","deny"],"responders":[{"type":"team","id":"` + opsgeniesim.DemoTeam + `"}]}`

// open makes an alert and returns its id.
func (w *world) open(root, body string) string {
	w.t.Helper()
	done := w.change(http.MethodPost, root, "/alerts", body)
	id := text(done, "alertId")
	if done["isSuccess"] != true || id == "" {
		w.t.Fatalf("creating ends with %v", done)
	}
	return id
}

func roots() []string { return []string{"/v2", operations} }
