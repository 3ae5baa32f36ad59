package mattermostsim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/standin"
)

func TestAClickCallsTheIntegrationAndObeysIt(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	post := w.card(a.URL)
	a.answer.Store(`{"update":{"message":"asks","props":{"b":"c"}},"ephemeral_text":"thanks","skip_slack_parsing":true}`)
	result := w.click(post, "approve")
	if !result.OK || result.Whispered != "thanks" || result.Status != 200 {
		t.Fatalf("%+v", result)
	}
	var sent map[string]any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(a.calls()[0], "/action ")), &sent); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"user_id": mattermostsim.DemoID("ivan"), "user_name": "ivan", "channel_id": access, "team_domain": "main", "post_id": post, "type": "button",
	} {
		if sent[name] != want {
			t.Errorf("%s is %v, want %s", name, sent[name], want)
		}
	}
	if m := w.sim.Messages()[0]; len(m.Attachments()) != 0 || m.Props["b"] != "c" || m.Edited {
		t.Errorf("the post is %+v", m)
	}
	if got := w.sim.Ephemerals(mattermostsim.DemoID("ivan")); len(got) != 1 || got[0].Message != "thanks" || got[0].Root != post {
		t.Errorf("ivan was told %+v", got)
	}
}

func TestAnUpdateWithoutPropsKeepsTheButtons(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	post := w.card(a.URL)
	a.answer.Store(`{"update":{"message":"changed"}}`)
	w.click(post, "approve")
	if m := w.sim.Messages()[0]; len(m.Attachments()) != 1 || m.Message != "changed" || !m.Edited {
		t.Errorf("the post is %+v", m)
	}
}

func TestWhatPeopleSeeWhenACallbackFails(t *testing.T) {
	a := newApp(t)
	for name, c := range map[string]struct {
		set    func(*mattermostsim.Server)
		action string
		status int64
		answer string
		detail string
	}{
		"status 500":         {nil, a.URL, 500, "", "status=500"},
		"status 204":         {nil, a.URL, 204, "", "status=204"},
		"not json":           {nil, a.URL, 200, "hello", "not JSON"},
		"forbidden":          {func(s *mattermostsim.Server) { s.ForbidCallbacks = true }, a.URL, 200, "", "address forbidden"},
		"proxy":              {func(s *mattermostsim.Server) { s.SignInProxy = true }, a.URL, 200, "", "status=401"},
		"an address of ours": {nil, "http://127.0.0.1:1", 200, "", "address forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, callbackTo(a.URL), server(func(s *mattermostsim.Server) {
				if c.set != nil {
					c.set(s)
				}
			}))
			a.status.Store(c.status)
			a.answer.Store(c.answer)
			post := w.card(c.action)
			if result := w.click(post, "approve"); result.OK || result.ShownError != "Action integration error." {
				t.Errorf("%+v", result)
			}
			path := "/posts/" + post + "/actions/approve"
			if got := w.api(http.MethodPost, path, "{}"); got.id() != "api.post.do_action.action_integration.app_error" || strings.Contains(got.body, c.detail) {
				t.Errorf("the bot got %+v", got)
			}
			w.sim.Adjust(func(s *mattermostsim.Server) { s.Developer = true })
			if got := w.api(http.MethodPost, path, "{}"); !strings.Contains(got.body, c.detail) {
				t.Errorf("in developer mode the bot got %+v", got)
			}
		})
	}
}

func TestErrorsOfTheIntegrationAreShownByNewServersOnly(t *testing.T) {
	a := newApp(t)
	a.answer.Store(`{"error":{"message":"Not now."}}`)
	for version, want := range map[string]string{"11.1.0": "Not now.", "10.5.0": "Not now.", "10.4.9": "", "9.11.0": ""} {
		w := newWorld(t, callbackTo(a.URL), server(func(s *mattermostsim.Server) { s.Version = version }))
		if result := w.click(w.card(a.URL), "approve"); result.ShownError != want {
			t.Errorf("%s: %+v", version, result)
		}
	}
}

func TestOldServersKnowOnlyPlainIDsOfButtons(t *testing.T) {
	a := newApp(t)
	for version, want := range map[string]bool{"11.0.0": true, "10.11.0": false, "9.11.0": false} {
		w := newWorld(t, callbackTo(a.URL), server(func(s *mattermostsim.Server) { s.Version = version }))
		post := w.post(`{"channel_id":"` + access + `","message":"x","props":{"attachments":[{"actions":[{"id":"a-b","name":"A","type":"button","integration":{"url":"` + a.URL + `"}}]}]}}`)
		_, err := w.sim.Click(t.Context(), mattermostsim.Click{User: "ivan", Post: post, Action: "a-b"})
		if (err == nil) != want {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestWhoCannotPressAButton(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	post := w.card(a.URL)
	secret := w.post(`{"channel_id":"` + mattermostsim.DemoID("security") + `","message":"x","props":{"attachments":[{"actions":[{"id":"a","name":"A","type":"button","integration":{"url":"` + a.URL + `"}}]}]}}`)
	for name, c := range map[string]mattermostsim.Click{
		"nobody": {User: "nobody", Post: post, Action: "approve"}, "no button": {User: "ivan", Post: post, Action: "x"},
		"no post": {User: "ivan", Post: mattermostsim.DemoID("x"), Action: "approve"}, "not in the channel": {User: "carol", Post: secret, Action: "a"},
	} {
		if _, err := w.sim.Click(t.Context(), c); err == nil {
			t.Errorf("%s could press it", name)
		}
	}
	if len(a.calls()) != 0 {
		t.Errorf("the app was called: %v", a.calls())
	}
}

const dialogOf = `{"trigger_id":"TRIGGER","url":"URL/dialog","dialog":{"callback_id":"c","title":"Why","submit_label":"Send","state":"s",` +
	`"elements":[{"display_name":"Reason","name":"reason","type":"textarea","max_length":5,"optional":OPTIONAL}]}}`

// open lets ivan press a button whose app opens a dialog.
func (w *world) open(a *app, optional string) answered {
	w.t.Helper()
	w.click(w.card(a.URL), "deny")
	var sent struct {
		TriggerID string `json:"trigger_id"`
	}
	calls := a.calls()
	if err := json.Unmarshal([]byte(strings.TrimPrefix(calls[len(calls)-1], "/action ")), &sent); err != nil {
		w.t.Fatal(err)
	}
	body := strings.NewReplacer("TRIGGER", sent.TriggerID, "URL", a.URL, "OPTIONAL", optional).Replace(dialogOf)
	return w.raw(http.MethodPost, "/api/v4/actions/dialogs/open", "", body)
}

func TestADialogIsFilledInAndSentOff(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	if got := w.open(a, "false"); got.status != http.StatusOK || got.body != `{"status":"OK"}`+"\n" {
		t.Fatalf("opening: %+v", got)
	}
	submit := func(reason string) mattermostsim.Result {
		result, err := w.sim.Submit(t.Context(), mattermostsim.Submission{User: "ivan", Values: map[string]string{"reason": reason}})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	before := len(a.calls())
	for reason, want := range map[string]string{"": "required", "too long": "Maximum length is 5"} {
		if result := submit(reason); !strings.Contains(result.FieldErrors["reason"], want) || !result.Dialog {
			t.Errorf("%q: %+v", reason, result)
		}
	}
	if len(a.calls()) != before {
		t.Error("what the client refuses was sent")
	}
	a.answer.Store(`{"errors":{"reason":"Say more."}}`)
	if result := submit("no"); result.FieldErrors["reason"] != "Say more." || !result.Dialog {
		t.Errorf("%+v", result)
	}
	a.answer.Store(`{"error":"Not you."}`)
	if result := submit("no"); result.ShownError != "Not you." || !result.Dialog {
		t.Errorf("%+v", result)
	}
	a.answer.Store("")
	if result := submit("no"); !result.OK || result.Dialog {
		t.Errorf("%+v", result)
	}
	calls := a.calls()
	for _, part := range []string{`/dialog {"type":"dialog_submission"`, `"callback_id":"c"`, `"state":"s"`, `"reason":"no"`, `"user_id":"` + mattermostsim.DemoID("ivan")} {
		if !strings.Contains(calls[len(calls)-1], part) {
			t.Errorf("the dialog was sent as %s", calls[len(calls)-1])
		}
	}
	if _, err := w.sim.Submit(t.Context(), mattermostsim.Submission{User: "ivan"}); err == nil {
		t.Error("a closed dialog was sent off")
	}
}

func TestATriggerIDLastsHalfAMinute(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	w.clock.Advance(31 * time.Second)
	if got := w.open(a, "true"); got.id() != "interactive_message.decode_trigger_id.expired" {
		t.Errorf("opening: %+v", got)
	}
}

func TestAnybodysClientCanSendAnyDialog(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	body := `{"url":"` + a.URL + `/dialog","callback_id":"c","state":"made up","user_id":"` + mattermostsim.DemoID("ivan") + `","submission":{}}`
	if got := w.api(http.MethodPost, "/actions/dialogs/submit", body); got.status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	sent := a.calls()[0]
	if !strings.Contains(sent, `"state":"made up"`) || !strings.Contains(sent, `"user_id":"`+mattermostsim.DemoID("accede")) {
		t.Errorf("sent as %s; only the account is the server's", sent)
	}
}

func TestCallbacksCanComeTwice(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	if err := w.sim.Faults().Set(standin.Faults{DeliverTwice: 1}); err != nil {
		t.Fatal(err)
	}
	result := w.click(w.card(a.URL), "approve")
	if err := w.sim.Close(); err != nil {
		t.Fatal(err)
	}
	if calls := a.calls(); !result.Twice || len(calls) != 2 || calls[0] != calls[1] {
		t.Errorf("%+v; %v", result, calls)
	}
}

func TestForgeriesNeedSomethingToForge(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	for _, kind := range []string{"replay", "stale", "dialog_replay"} {
		if _, err := w.sim.Forge(t.Context(), mattermostsim.Forgery{Kind: kind}); err == nil {
			t.Errorf("%s of nothing was sent", kind)
		}
	}
	w.click(w.card(a.URL), "approve")
	for _, kind := range []string{
		"bad_signature", "missing_signature", "stale", "tampered", "replay", "unsigned_context", "foreign_context", "signed",
	} {
		if result, err := w.sim.Forge(t.Context(), mattermostsim.Forgery{Kind: kind}); err != nil || !result.OK {
			t.Errorf("%s: %+v, %v", kind, result, err)
		}
	}
	if _, err := w.sim.Forge(t.Context(), mattermostsim.Forgery{Kind: "unheard of"}); err == nil {
		t.Error("an unknown forgery was sent")
	}
}
