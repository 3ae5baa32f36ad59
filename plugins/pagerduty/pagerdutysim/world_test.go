package pagerdutysim_test

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

	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a stand-in that listens, a receiver of its webhooks, and a client without any library.
type world struct {
	t     *testing.T
	sim   *pagerdutysim.Sim
	url   string
	hooks *receiver
	mu    sync.Mutex
	ahead time.Duration
}

// receiver takes webhooks.
type receiver struct {
	mu     sync.Mutex
	status int
	got    []*http.Request
	bodies []string
}

// ServeHTTP keeps what came and answers as it was told.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got, r.bodies = append(r.got, request), append(r.bodies, string(body))
	w.WriteHeader(r.status)
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
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

func newWorld(t *testing.T, account pagerdutysim.Config) *world {
	t.Helper()
	w := &world{t: t, hooks: &receiver{status: http.StatusAccepted}}
	callbacks := httptest.NewServer(w.hooks)
	sim, err := pagerdutysim.New(account, standin.Options{Seed: 1, CallbackURL: callbacks.URL, Clock: w.now})
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

const (
	asKey  = "Token token=" + pagerdutysim.DemoKey
	sender = "accede@example.com"
)

// ask sends a request with the demo's key and its user, and returns the status and the answer.
func (w *world) ask(method, path, body string, change ...func(*http.Request)) (int, object) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", asKey)
	r.Header.Set("From", sender)
	for _, do := range change {
		do(r)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	answer, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var got object
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(text, &got); err != nil {
			w.t.Fatalf("%s %s: %v", method, path, err)
		}
	} else {
		got = object{"text": string(text), "reset": answer.Header.Get("Ratelimit-Reset")}
	}
	if reset := answer.Header.Get("Ratelimit-Reset"); reset != "" {
		got["reset"] = reset
	}
	return answer.StatusCode, got
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
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

const newIncident = `{"incident":{"type":"incident","title":"Access","priority":null,"service":{"id":"PSVCREQ","type":"service_reference"},
	"urgency":"low","incident_key":"key-1","body":{"type":"incident_body","details":"see https://accede.example.com/r"}}}`

func (w *world) open(body string) string {
	w.t.Helper()
	status, got := w.ask(http.MethodPost, "/incidents", body)
	id, ok := dig(got, "incident", "id").(string)
	if status != http.StatusCreated || !ok {
		w.t.Fatalf("opening answers %d %v", status, got)
	}
	return id
}
