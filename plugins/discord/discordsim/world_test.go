package discordsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	access   = discordsim.DemoAccess
	patience = 10 * time.Second
	alice    = "1000000000000000001"
)

// world is a stand-in that listens, and an HTTP client.
type world struct {
	t     *testing.T
	sim   *discordsim.Sim
	url   string
	clock *clock.Shifted
	http  *http.Client
}

type change func(*discordsim.Config, *standin.Options)

func callbackTo(address string) change {
	return func(_ *discordsim.Config, o *standin.Options) { o.CallbackURL = address }
}

func newWorld(t *testing.T, changes ...change) *world {
	t.Helper()
	w := &world{t: t, clock: &clock.Shifted{}}
	cfg, opts := discordsim.Demo(), standin.Options{Clock: w.clock.Now, Seed: 7}
	for _, c := range changes {
		c(&cfg, &opts)
	}
	sim, err := discordsim.New(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/discord/", http.StripPrefix("/discord", sim))
	server := httptest.NewServer(mux)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(func() {
		_ = sim.Close()
		transport.CloseIdleConnections()
		server.Close()
	})
	w.sim, w.url, w.http = sim, server.URL+"/discord", &http.Client{Transport: transport}
	return w
}

// answered is an HTTP answer, read to its end.
type answered struct {
	status int
	header http.Header
	body   string
}

func (a answered) code(t *testing.T) int {
	t.Helper()
	var said struct {
		Code int `json:"code"`
	}
	if err := json.Unmarshal([]byte(a.body), &said); err != nil {
		t.Fatalf("%d %q: %v", a.status, a.body, err)
	}
	return said.Code
}

func (a answered) id(t *testing.T) string {
	t.Helper()
	var said struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(a.body), &said); err != nil || said.ID == "" {
		t.Fatalf("%d %q: %v", a.status, a.body, err)
	}
	return said.ID
}

// call makes an API call as the bot.
func (w *world) call(method, path, body string) answered {
	w.t.Helper()
	return w.raw(method, "/api/v10/"+path, http.Header{"Authorization": {"Bot " + discordsim.DemoBotToken}}, body)
}

func (w *world) raw(method, path string, header http.Header, body string) answered {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answered{resp.StatusCode, resp.Header, string(out)}
}

const card = `{"content":"Access request","embeds":[{"title":"dba","color":15774258,"fields":[{"name":"Roles","value":"**dba**","inline":true}],"footer":{"text":"r1"}}],` +
	`"components":[{"type":1,"components":[{"type":2,"style":3,"label":"Approve","custom_id":"ok.AZqgsQAAcACAAAAAAAAAAQ"},{"type":2,"style":4,"label":"Deny","custom_id":"no"},` +
	`{"type":2,"style":5,"label":"Open","url":"https://example.com/r1"},{"type":2,"style":2,"label":"Gone","custom_id":"gone","disabled":true}]}],"allowed_mentions":{"parse":[]}}`

// postCard puts a card into the channel and returns its id.
func (w *world) postCard() string {
	w.t.Helper()
	return w.call(http.MethodPost, "channels/"+access+"/messages", card).id(w.t)
}

func (w *world) fault(f standin.Faults) {
	w.t.Helper()
	if err := w.sim.Faults().Set(f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) form(path string, values url.Values) answered {
	w.t.Helper()
	return w.raw(http.MethodPost, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, values.Encode())
}

func wait(t *testing.T, what string, condition func() bool) {
	t.Helper()
	eventually.True(t, patience, what, condition)
}
