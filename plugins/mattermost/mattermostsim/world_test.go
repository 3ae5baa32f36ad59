package mattermostsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const access = "accessrequests000000000000"

// world is a stand-in that listens.
type world struct {
	t     testing.TB
	sim   *mattermostsim.Sim
	url   string
	clock *clock.Shifted
	http  *http.Client
}

type change func(*mattermostsim.Config, *standin.Options)

func callbackTo(address string) change {
	return func(_ *mattermostsim.Config, o *standin.Options) { o.CallbackURL = address }
}

func server(adjust func(*mattermostsim.Server)) change {
	return func(c *mattermostsim.Config, _ *standin.Options) { adjust(&c.Server) }
}

func newWorld(t testing.TB, changes ...change) *world {
	t.Helper()
	w := &world{t: t, clock: &clock.Shifted{}}
	cfg, opts := mattermostsim.Demo(), standin.Options{Clock: w.clock.Now, Seed: 7}
	for _, c := range changes {
		c(&cfg, &opts)
	}
	sim, err := mattermostsim.New(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/mattermost/", http.StripPrefix("/mattermost", sim))
	listener := httptest.NewServer(mux)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(func() {
		_ = sim.Close()
		transport.CloseIdleConnections()
		listener.Close()
	})
	w.sim, w.url, w.http = sim, listener.URL+"/mattermost", &http.Client{Transport: transport}
	return w
}

// app stands for the plugin: it answers callbacks and keeps them.
type app struct {
	*httptest.Server
	answer atomic.Value
	status atomic.Int64
	mu     sync.Mutex
	got    []string
}

func newApp(t testing.TB) *app {
	t.Helper()
	a := &app{}
	a.answer.Store("")
	a.status.Store(http.StatusOK)
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		a.got = append(a.got, r.URL.Path+" "+string(body))
		a.mu.Unlock()
		w.WriteHeader(int(a.status.Load()))
		_, _ = io.WriteString(w, a.answer.Load().(string)) //nolint:errcheck // only strings are stored
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *app) calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.got...)
}

// answered is an HTTP answer, read to its end.
type answered struct {
	status int
	header http.Header
	body   string
}

// id is the error's id.
func (a answered) id() string {
	var out struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal([]byte(a.body), &out) // what is no JSON has no id
	return out.ID
}

func (w *world) raw(verb, path, token, body string) answered {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), verb, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if strings.HasPrefix(path, "/page/") || path == "/sandbox/faults" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answered{status: resp.StatusCode, header: resp.Header, body: string(text)}
}

// api calls the REST API as the bot.
func (w *world) api(verb, path, body string) answered {
	w.t.Helper()
	return w.raw(verb, "/api/v4"+path, mattermostsim.DemoToken, body)
}

// card posts a message with two buttons and returns its id.
func (w *world) card(action string) string {
	w.t.Helper()
	return w.post(`{"channel_id":"` + access + `","message":"asks","props":{"accede_delivery":"k1","attachments":[{"color":"#e0a000","text":"**Waiting**",` +
		`"fields":[{"title":"Roles","value":"` + "`dba`" + `"}],"footer":"Request 1","actions":[` +
		`{"id":"approve","type":"button","name":"Approve","style":"good","integration":{"url":"` + action + `/action","context":{"secret":"s3"}}},` +
		`{"id":"deny","type":"button","name":"Deny","style":"danger","integration":{"url":"` + action + `/action","context":{}}}]}]}}`)
}

func (w *world) post(body string) string {
	w.t.Helper()
	got := w.api(http.MethodPost, "/posts", body)
	var out struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(got.body), &out); err != nil || got.status != http.StatusCreated {
		w.t.Fatalf("posting answered %d %s, %v", got.status, got.body, err)
	}
	return out.ID
}

// click presses a button as ivan.
func (w *world) click(post, action string) mattermostsim.Result {
	w.t.Helper()
	result, err := w.sim.Click(w.t.Context(), mattermostsim.Click{User: "ivan", Post: post, Action: action})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}
