package slacksim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/accede/accede/plugins/slack/slacksim"
)

// The example at https://docs.slack.dev/authentication/verifying-requests-from-slack.
func TestSignatureOfTheDocumentedExample(t *testing.T) {
	const body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
		"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
		"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
		"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	const want = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
	if got := slacksim.Sign("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", []byte(body)); got != want {
		t.Errorf("got %s", got)
	}
}

// receiver is an app that takes clicks over HTTP, checks them with slack-go and answers what the test says.
type receiver struct {
	*httptest.Server
	accepted, refused atomic.Int64
	last              atomic.Pointer[slack.InteractionCallback]
	answer            func(http.ResponseWriter, slack.InteractionCallback)
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	app := &receiver{answer: func(http.ResponseWriter, slack.InteractionCallback) {}}
	app.Server = httptest.NewServer(http.HandlerFunc(app.serve))
	t.Cleanup(app.Close)
	return app
}

func (a *receiver) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	verifier, err := slack.NewSecretsVerifier(r.Header, slacksim.DemoSigningSecret)
	if err == nil {
		_, _ = verifier.Write(body)
		err = verifier.Ensure()
	}
	if err != nil {
		a.refused.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	a.accepted.Add(1)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	callback, err := slack.InteractionCallbackParse(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.last.Store(&callback)
	a.answer(w, callback)
}

func TestClickOverHTTP(t *testing.T) {
	app := newReceiver(t)
	w := newWorld(t, callbackTo(app.URL))
	ts := w.postCard()
	r := w.click("ivan", ts, "approve")
	if !r.OK || r.Via != "http" || r.Status != 200 || app.last.Load().User.ID != "U0IVAN" {
		t.Fatalf("%+v", r)
	}
	app.answer = func(rw http.ResponseWriter, _ slack.InteractionCallback) { rw.WriteHeader(http.StatusBadGateway) }
	if r := w.click("ivan", ts, "approve"); r.OK || r.Status != 502 || r.ShownError != "The app answered with status 502." {
		t.Errorf("%+v", r)
	}
	w.raw("PUT", "/sandbox/faults", "", "", `{"deliver_twice":1}`)
	before := app.accepted.Load()
	w.click("ivan", ts, "approve")
	_ = w.sim.Close() // waits for the second copy
	if got := app.accepted.Load() - before; got != 2 {
		t.Errorf("delivered %d times", got)
	}
}

func TestClickWaitsThreeSeconds(t *testing.T) {
	t.Parallel()
	app := newReceiver(t)
	release := make(chan struct{})
	app.answer = func(http.ResponseWriter, slack.InteractionCallback) { <-release }
	w := newWorld(t, callbackTo(app.URL))
	started := time.Now()
	r := w.click("ivan", w.postCard(), "approve")
	close(release)
	if r.OK || !strings.Contains(r.ShownError, "3 seconds") || time.Since(started) < 2900*time.Millisecond {
		t.Errorf("%+v after %s", r, time.Since(started))
	}
}

func TestUnreachableApp(t *testing.T) {
	app := httptest.NewServer(http.NotFoundHandler())
	app.Close()
	w := newWorld(t, callbackTo(app.URL))
	if r := w.click("ivan", w.postCard(), "approve"); r.OK || r.ShownError != "The app could not be reached." {
		t.Errorf("%+v", r)
	}
}

func TestForgeries(t *testing.T) {
	app := newReceiver(t)
	w := newWorld(t, callbackTo(app.URL))
	if status, out := w.do("POST", "/sandbox/forge", "", "", `{"kind":"replay"}`); status != http.StatusConflict {
		t.Errorf("nothing to forge yet: %d %v", status, out)
	}
	w.click("ivan", w.postCard(), "approve")
	for kind, want := range map[string]float64{
		"bad_signature": 401, "missing_signature": 401, "stale": 401, "tampered": 401, "replay": 200,
	} {
		_, out := w.do("POST", "/sandbox/forge", "", "", `{"kind":"`+kind+`"}`)
		if out["status"] != want {
			t.Errorf("%s: %v", kind, out)
		}
	}
	w.do("POST", "/sandbox/forge", "", "", `{"kind":"signed","payload":{"type":"block_actions","team":{"id":"T0EVIL"}}}`)
	if got := app.last.Load().Team.ID; got != "T0EVIL" {
		t.Errorf("own payload: %q", got)
	}
	if status, _ := w.do("POST", "/sandbox/forge", "", "", `{"kind":"nonsense"}`); status != http.StatusConflict {
		t.Errorf("unknown kind: %d", status)
	}
}

func TestModalAnswersOverHTTP(t *testing.T) {
	app := newReceiver(t)
	w := newWorld(t, callbackTo(app.URL))
	answers := map[string]any{
		"errors":       slack.NewErrorsViewSubmissionResponse(map[string]string{"reason": "No."}),
		"wrong errors": slack.NewErrorsViewSubmissionResponse(map[string]string{"nothing": "No."}),
		"update":       slack.NewUpdateViewSubmissionResponse(new(denyModal())),
		"push":         slack.NewPushViewSubmissionResponse(new(denyModal())),
		"clear":        slack.NewClearViewSubmissionResponse(),
		"nonsense":     map[string]string{"response_action": "sing"},
		"empty":        nil,
	}
	for name, tt := range map[string]struct {
		ok   bool
		open int
	}{
		"errors": {true, 1}, "wrong errors": {false, 1}, "update": {true, 1}, "push": {true, 2}, "clear": {true, 0},
		"nonsense": {false, 1}, "empty": {true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			app.answer = func(rw http.ResponseWriter, callback slack.InteractionCallback) {
				if callback.Type == slack.InteractionTypeBlockActions {
					_, err := w.api.OpenViewContext(t.Context(), callback.TriggerID, denyModal())
					if err != nil {
						t.Error(err)
					}
					return
				}
				if answers[name] != nil {
					_ = json.NewEncoder(rw).Encode(answers[name])
				}
			}
			w.click("bob", w.postCard(), "deny")
			r, err := w.sim.Submit(t.Context(), slacksim.Submission{User: "bob", Values: reason("because")})
			if err != nil || r.OK != tt.ok || len(w.sim.Views("U0BOB")) != tt.open {
				t.Errorf("%+v %v, %d open", r, err, len(w.sim.Views("U0BOB")))
			}
		})
	}
}

func TestResponseURL(t *testing.T) {
	app := newReceiver(t)
	w := newWorld(t, callbackTo(app.URL))
	ts := w.postCard()
	w.click("ivan", ts, "approve")
	address := strings.TrimPrefix(app.last.Load().ResponseURL, w.url)
	say := func(body string) (int, string) {
		got := w.raw("POST", address, "application/json", "", body)
		return got.status, got.body
	}
	if _, _, err := w.api.PostMessageContext(t.Context(), access, slack.MsgOptionText("only you", false),
		slack.MsgOptionResponseURL(app.last.Load().ResponseURL, slack.ResponseTypeEphemeral)); err != nil {
		t.Errorf("through slack-go: %v", err)
	}
	if got := w.sim.Ephemerals("U0IVAN"); len(got) != 1 || got[0].Text != "only you" {
		t.Errorf("%+v", got)
	}
	for _, body := range []string{
		`{"text":"for all","response_type":"in_channel"}`, `{"text":"replaced","replace_original":"true"}`,
		`{"delete_original":true}`, `not JSON`,
	} {
		say(body)
	}
	got := w.sim.Messages()
	if len(got) != 2 || got[0].Text != "replaced" || !got[0].Deleted || got[1].Text != "for all" {
		t.Errorf("%+v", got)
	}
	if status, body := say(`{"text":"sixth"}`); status != 404 || !strings.Contains(body, "used_url") {
		t.Errorf("sixth use: %d %s", status, body)
	}
	w.click("ivan", w.postCard(), "approve")
	address = strings.TrimPrefix(app.last.Load().ResponseURL, w.url)
	w.clock.Advance(31 * time.Minute)
	if status, body := say(`{"text":"late"}`); status != 404 || !strings.Contains(body, "expired_url") {
		t.Errorf("after 31 minutes: %d %s", status, body)
	}
}

func TestClickOnAnEphemeralMessage(t *testing.T) {
	app := newReceiver(t)
	w := newWorld(t, callbackTo(app.URL))
	ts, err := w.api.PostEphemeralContext(t.Context(), access, "U0CAROL", card())
	if err != nil {
		t.Fatal(err)
	}
	w.click("carol", ts, "approve")
	got := app.last.Load()
	if !got.Container.IsEphemeral || got.Message.Timestamp != "" {
		t.Errorf("%+v", got)
	}
	w.raw("POST", strings.TrimPrefix(got.ResponseURL, w.url), "application/json", "", `{"delete_original":true}`)
	if left := w.sim.Ephemerals("U0CAROL"); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	if _, err := w.sim.Click(t.Context(), slacksim.Click{User: "bob", Channel: access, TS: ts, ActionID: "approve"}); err == nil {
		t.Error("bob clicked what only carol saw")
	}
}

func TestImpossibleClicks(t *testing.T) {
	w := newWorld(t)
	ts := w.postCard()
	w.ok("chat.update", "channel", access, "ts", ts, "text", "decided")
	for name, c := range map[string]slacksim.Click{
		"button gone":   {User: "bob", Channel: access, TS: ts, ActionID: "approve"},
		"no message":    {User: "bob", Channel: access, TS: "1.000000", ActionID: "approve"},
		"not a member":  {User: "carol", Channel: "G0SEC", TS: ts, ActionID: "approve"},
		"nobody":        {User: "zoe", Channel: access, TS: ts, ActionID: "approve"},
		"not a channel": {User: "bob", Channel: "C0NONE", TS: ts, ActionID: "approve"},
	} {
		body, _ := json.Marshal(c)
		status, out := w.do("POST", "/sandbox/click", "", "", string(body))
		if status != http.StatusConflict || fmt.Sprint(out["error"]) == "" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
}
