package slacksim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"go.uber.org/goleak"

	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/plugins/slack/slacksim"
	"github.com/accede/accede/plugins/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const access = "C0ACCESS"

// world is a stand-in that listens, and slack-go as its client.
type world struct {
	t     testing.TB
	sim   *slacksim.Sim
	api   *slack.Client
	url   string
	clock *clock.Shifted
	http  *http.Client
}

type change func(*slacksim.Config, *standin.Options)

func callbackTo(address string) change {
	return func(_ *slacksim.Config, o *standin.Options) { o.CallbackURL = address }
}

func botScopes(scopes ...string) change {
	return func(c *slacksim.Config, _ *standin.Options) { c.Tokens[0].Scopes = scopes }
}

func newWorld(t testing.TB, changes ...change) *world {
	t.Helper()
	w := &world{t: t, clock: &clock.Shifted{}}
	cfg, opts := slacksim.Demo(), standin.Options{Clock: w.clock.Now, Seed: 7}
	for _, c := range changes {
		c(&cfg, &opts)
	}
	sim, err := slacksim.New(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/slack/", http.StripPrefix("/slack", sim))
	server := httptest.NewServer(mux)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(func() {
		_ = sim.Close()
		transport.CloseIdleConnections()
		server.Close()
	})
	w.sim, w.url, w.http = sim, server.URL+"/slack", &http.Client{Transport: transport}
	w.api = slack.New(slacksim.DemoBotToken, slack.OptionAPIURL(w.url+"/api/"), slack.OptionHTTPClient(w.http),
		slack.OptionAppLevelToken(slacksim.DemoAppToken))
	return w
}

// answered is an HTTP answer, read to its end.
type answered struct {
	status int
	header http.Header
	body   string
}

// call posts to the API by hand and returns the status and the answer.
func (w *world) call(method, contentType, token, body string) (int, map[string]any) {
	w.t.Helper()
	return w.do(http.MethodPost, "/api/"+method, contentType, token, body)
}

func (w *world) do(verb, path, contentType, token, body string) (int, map[string]any) {
	w.t.Helper()
	got := w.raw(verb, path, contentType, token, body)
	var out map[string]any
	if err := json.Unmarshal([]byte(got.body), &out); err != nil {
		w.t.Fatalf("%s %s answered %d %q: %v", verb, path, got.status, got.body, err)
	}
	return got.status, out
}

func (w *world) raw(verb, path, contentType, token, body string) answered {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), verb, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
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

// form calls a method with form fields given as name, value, name, value.
func (w *world) form(method string, fields ...string) map[string]any {
	w.t.Helper()
	form := url.Values{}
	for pair := range slices.Chunk(fields, 2) {
		form.Set(pair[0], pair[1])
	}
	_, out := w.call(method, "application/x-www-form-urlencoded", slacksim.DemoBotToken, form.Encode())
	return out
}

// ok is form, for calls that must succeed.
func (w *world) ok(method string, fields ...string) map[string]any {
	w.t.Helper()
	out := w.form(method, fields...)
	if out["ok"] != true {
		w.t.Fatalf("%s %v: %v", method, fields, out)
	}
	return out
}

func text(t testing.TB, from map[string]any, path ...string) string {
	t.Helper()
	for _, p := range path[:len(path)-1] {
		next, ok := from[p].(map[string]any)
		if !ok {
			t.Fatalf("no %s in %v", strings.Join(path, "."), from)
		}
		from = next
	}
	s, ok := from[path[len(path)-1]].(string)
	if !ok {
		t.Fatalf("no text %s in %v", strings.Join(path, "."), from)
	}
	return s
}

func button(actionID, value string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(actionID, value, slack.NewTextBlockObject("plain_text", actionID, false, false))
}

func card() slack.MsgOption {
	return slack.MsgOptionBlocks(
		slack.NewHeaderBlock(slack.NewTextBlockObject("plain_text", "Access request", false, false)),
		slack.NewActionBlock("decide", button("approve", "r1"), button("deny", "r1")),
	)
}

func key(k string) slack.MsgOption {
	return slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType: "accede_card", EventPayload: map[string]any{"key": k},
	})
}

// postCard posts a card with buttons into #access-requests and returns its ts.
func (w *world) postCard() string {
	w.t.Helper()
	_, ts, err := w.api.PostMessageContext(w.t.Context(), access, card(), key("k1"), slack.MsgOptionText("asks", false))
	if err != nil {
		w.t.Fatal(err)
	}
	return ts
}

func (w *world) click(user, ts, action string) slacksim.Result {
	w.t.Helper()
	result, err := w.sim.Click(w.t.Context(), slacksim.Click{User: user, Channel: access, TS: ts, ActionID: action})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}
