package discordsim_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/standin"
)

// app is a bot that takes callbacks. It verifies signatures as Discord asks.
type app struct {
	*httptest.Server
	mu     sync.Mutex
	answer func(http.ResponseWriter, map[string]any)
	got    []map[string]any
	trusts bool
}

func newApp(t *testing.T) *app {
	t.Helper()
	a := &app{}
	key, err := hex.DecodeString(discordsim.Demo().PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		signature, _ := hex.DecodeString(r.Header.Get("X-Signature-Ed25519"))
		if !a.trusts && !ed25519.Verify(key, append([]byte(r.Header.Get("X-Signature-Timestamp")), body...), signature) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var payload map[string]any
		if err := json.Unmarshal(body, &payload); err != nil {
			t.Error(err)
		}
		if payload["type"] == 1.0 {
			_, _ = io.WriteString(w, `{"type":1}`)
			return
		}
		a.mu.Lock()
		a.got = append(a.got, payload)
		answer := a.answer
		a.mu.Unlock()
		answer(w, payload)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *app) last() map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.got[len(a.got)-1]
}

func (a *app) says(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = func(w http.ResponseWriter, _ map[string]any) { _, _ = io.WriteString(w, text) }
}

func (w *world) click(message string) discordsim.Result {
	w.t.Helper()
	r, err := w.sim.Click(w.t.Context(), discordsim.Click{User: "ivan", Channel: access, Message: message, CustomID: "no"})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestPayloads(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	a.says(`{"type":6}`)
	m := w.postCard()
	if r := w.click(m); !r.OK || r.Answer != 6 || r.Via != "http" {
		t.Fatalf("%+v", r)
	}
	got := a.last()
	member, _ := got["member"].(map[string]any)
	user, _ := member["user"].(map[string]any)
	data, _ := got["data"].(map[string]any)
	message, _ := got["message"].(map[string]any)
	if got["guild_id"] != discordsim.DemoGuild || user["username"] != "ivan" || data["custom_id"] != "no" || data["component_type"] != 2.0 ||
		message["id"] != m || got["user"] != nil || got["application_id"] != discordsim.DemoApplication || got["app_permissions"] == "" {
		t.Errorf("%v", got)
	}
	dm := w.call(http.MethodPost, "users/@me/channels", `{"recipient_id":"`+alice+`"}`).id(t)
	m = w.call(http.MethodPost, "channels/"+dm+"/messages", card).id(t)
	if r, err := w.sim.Click(t.Context(), discordsim.Click{User: "alice", Channel: dm, Message: m, CustomID: "no"}); err != nil || !r.OK {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := a.last(); got["member"] != nil || got["guild_id"] != nil || got["context"] != 1.0 {
		t.Errorf("in a direct message: %v", got)
	}
}

func TestFirstAnswers(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	m := w.postCard()
	for name, c := range map[string]struct {
		says string
		ok   bool
	}{
		"a message":        {`{"type":4,"data":{"content":"hi","flags":64}}`, true},
		"thinking":         {`{"type":5,"data":{"flags":64}}`, true},
		"nothing":          {`{"type":6}`, true},
		"another card":     {`{"type":7,"data":{"content":"decided"}}`, true},
		"an empty message": {`{"type":4,"data":{}}`, false},
		"too long":         {`{"type":4,"data":{"content":"` + strings.Repeat("x", 2001) + `"}}`, false},
		"no such type":     {`{"type":8}`, false},
		"no answer at all": {`hello`, false},
		"pong":             {`{"type":1}`, false},
		"a broken form":    {`{"type":9,"data":{"custom_id":"f","title":"` + strings.Repeat("x", 46) + `","components":[]}}`, false},
	} {
		a.says(c.says)
		if r := w.click(m); r.OK != c.ok || (r.ShownError == "") != c.ok {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if got := w.sim.Ephemerals("ivan"); len(got) != 2 || got[0].Readable+got[1].Readable != "hi" || len(w.sim.Ephemerals("bob")) != 0 {
		t.Errorf("%+v", got)
	}
	if got := w.sim.Messages()[0]; got.Content != "decided" || got.Updates != 1 {
		t.Errorf("%+v", got)
	}
}

func TestForms(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	m := w.postCard()
	for name, part := range map[string]string{
		"row":   `{"type":1,"components":[{"type":4,"custom_id":"why","style":2,"label":"Why?","max_length":10}]}`,
		"label": `{"type":18,"label":"Why?","component":{"type":4,"custom_id":"why","style":2,"max_length":10}}`,
	} {
		a.says(`{"type":9,"data":{"custom_id":"f","title":"Deny","components":[` + part + `]}}`)
		if r := w.click(m); !r.OK || !r.Modal || r.Answer != 9 {
			t.Fatalf("%s: %+v", name, r)
		}
		submit := func(text string) discordsim.Result {
			r, err := w.sim.Submit(t.Context(), discordsim.Submission{User: "ivan", Values: map[string]string{"why": text}})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		for _, bad := range []string{"", "much too long for it"} {
			if r := submit(bad); r.OK || len(r.FieldErrors) == 0 {
				t.Errorf("%s: %q: %+v", name, bad, r)
			}
		}
		if r := submit("because"); r.OK || len(w.sim.Modals("ivan")) != 1 {
			t.Errorf("%s: a form answered with a form: %+v", name, r)
		}
		a.says(`{"type":6}`)
		if r := submit("because"); !r.OK || len(w.sim.Modals("ivan")) != 0 {
			t.Errorf("%s: %+v", name, r)
		}
		raw, err := json.Marshal(a.last()["data"])
		if err != nil || !strings.Contains(string(raw), `"value":"because"`) || a.last()["type"] != 5.0 {
			t.Errorf("%s: %s", name, raw)
		}
	}
	if _, err := w.sim.Submit(t.Context(), discordsim.Submission{User: "ivan"}); err == nil {
		t.Error("a form that is not open was sent")
	}
}

func TestDeadlines(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	m := w.postCard()
	var token, id string
	a.answer = func(rw http.ResponseWriter, payload map[string]any) {
		id, _ = payload["id"].(string)
		token, _ = payload["token"].(string)
		early := w.call(http.MethodPost, "webhooks/"+discordsim.DemoApplication+"/"+token, `{"content":"early"}`)
		if early.status != http.StatusNotFound || early.code(t) != 10015 {
			t.Errorf("a message before the answer: %d %s", early.status, early.body)
		}
		if got := w.call(http.MethodPost, "interactions/"+id+"/"+token+"/callback", `{"type":6}`); got.status != http.StatusNoContent {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := w.call(http.MethodPost, "interactions/"+id+"/"+token+"/callback", `{"type":6}`); got.status != 400 || got.code(t) != 40060 {
			t.Errorf("a second answer: %d %s", got.status, got.body)
		}
		rw.WriteHeader(http.StatusAccepted)
	}
	if r := w.click(m); !r.OK || r.Status != http.StatusAccepted {
		t.Fatalf("%+v", r)
	}
	hook := "webhooks/" + discordsim.DemoApplication + "/" + token
	if got := w.call(http.MethodPost, hook, `{"content":"later","flags":64}`); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := w.call(http.MethodPatch, hook+"/messages/@original", `{"content":"changed"}`); got.status != http.StatusOK || got.id(t) != m {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := w.call(http.MethodGet, hook+"/messages/@original", ""); got.id(t) != m {
		t.Errorf("%d %s", got.status, got.body)
	}
	w.clock.Advance(16 * time.Minute)
	if got := w.call(http.MethodPost, hook, `{"content":"too late"}`); got.status != http.StatusUnauthorized || got.code(t) != 50027 {
		t.Errorf("after a quarter of an hour: %d %s", got.status, got.body)
	}
	if got := w.call(http.MethodPost, "webhooks/1/"+token, `{"content":"x"}`); got.code(t) != 10015 {
		t.Errorf("another application: %s", got.body)
	}
}

func TestALateAnswerIsNotTaken(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	m := w.postCard()
	release := make(chan struct{})
	late := make(chan answered, 1)
	a.answer = func(_ http.ResponseWriter, payload map[string]any) {
		<-release
		late <- w.call(http.MethodPost, fmt.Sprintf("interactions/%v/%v/callback", payload["id"], payload["token"]), `{"type":6}`)
	}
	r := w.click(m)
	close(release)
	if r.OK || r.ShownError == "" {
		t.Errorf("%+v", r)
	}
	if got := <-late; got.status != http.StatusNotFound || got.code(t) != 10062 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestThinkingIsFilledIn(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	a.says(`{"type":5,"data":{"flags":64}}`)
	m := w.postCard()
	w.click(m)
	hook := fmt.Sprintf("webhooks/%s/%v", discordsim.DemoApplication, a.last()["token"])
	if got := w.call(http.MethodPost, hook, `{"content":"done"}`); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := w.sim.Ephemerals("ivan"); len(got) != 1 || got[0].Content != "done" {
		t.Errorf("%+v", got)
	}
	if got := w.call(http.MethodDelete, hook+"/messages/@original", ""); got.status != http.StatusNoContent || len(w.sim.Ephemerals("ivan")) != 0 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestWhoeverTrustsEverybodyGetsNoClicks(t *testing.T) {
	a := newApp(t)
	a.trusts = true
	a.says(`{"type":6}`)
	w := newWorld(t, callbackTo(a.URL))
	if r := w.click(w.postCard()); r.OK || !strings.Contains(r.Problem, "could not be verified") {
		t.Errorf("%+v", r)
	}
	if len(a.got) != 0 {
		t.Error("the click was delivered")
	}
}

func TestForgeries(t *testing.T) {
	a := newApp(t)
	a.says(`{"type":6}`)
	w := newWorld(t, callbackTo(a.URL))
	if _, err := w.sim.Forge(t.Context(), discordsim.Forgery{Kind: "replay"}); err == nil {
		t.Error("nothing was replayed")
	}
	w.click(w.postCard())
	for kind, want := range map[string]int{
		"bad_signature": 401, "missing_signature": 401, "tampered": 401, "stale": 200, "replay": 200, "signed": 200, // this app does not look at the time
	} {
		if r, err := w.sim.Forge(t.Context(), discordsim.Forgery{Kind: kind}); err != nil || r.Status != want {
			t.Errorf("%s: %+v, %v", kind, r, err)
		}
	}
	if _, err := w.sim.Forge(t.Context(), discordsim.Forgery{Kind: "strange"}); err == nil {
		t.Error("an unknown forgery was made")
	}
}

func TestWhatPeopleCannotPress(t *testing.T) {
	a := newApp(t)
	a.says(`{"type":4,"data":{"content":"psst","flags":64,"components":[{"type":1,"components":[{"type":2,"style":1,"label":"Own","custom_id":"own"}]}]}}`)
	w := newWorld(t, callbackTo(a.URL))
	m := w.postCard()
	w.click(m)
	private := w.sim.Ephemerals("ivan")[0].ID
	for name, c := range map[string]discordsim.Click{
		"nobody":           {User: "zoe", Channel: access, Message: m, CustomID: "no"},
		"not in the guild": {User: "mallory", Channel: access, Message: m, CustomID: "no"},
		"no such message":  {User: "ivan", Channel: access, Message: "1", CustomID: "no"},
		"no such button":   {User: "ivan", Channel: access, Message: m, CustomID: "nope"},
		"disabled":         {User: "ivan", Channel: access, Message: m, CustomID: "gone"},
		"a link":           {User: "ivan", Channel: access, Message: m, CustomID: "Open"},
		"somebody else's":  {User: "bob", Channel: access, Message: private, CustomID: "own"},
	} {
		if _, err := w.sim.Click(t.Context(), c); err == nil {
			t.Errorf("%s: pressed", name)
		}
	}
	if _, err := w.sim.Click(t.Context(), discordsim.Click{User: "ivan", Channel: access, Message: private, CustomID: "own"}); err != nil {
		t.Error(err)
	}
}

func TestTheStage(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	w.postCard()
	posts := w.sim.Posts()
	if len(posts) != 1 || posts[0].Place != "#access-requests" || posts[0].Key == "" || len(posts[0].Actions) != 2 ||
		!strings.Contains(posts[0].Text, "https://example.com/r1") {
		t.Fatalf("%+v", posts)
	}
	a.answer = func(rw http.ResponseWriter, payload map[string]any) {
		if payload["type"] == 3.0 {
			_, _ = io.WriteString(rw, `{"type":9,"data":{"custom_id":"f","title":"Deny","components":[{"type":18,"label":"Why?","component":{"type":4,"custom_id":"why","style":2}}]}}`)
			return
		}
		_, _ = io.WriteString(rw, `{"type":6}`)
	}
	reaction, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: posts[0].ID, Action: "deny", Reason: "no"})
	if err != nil || !reaction.OK {
		t.Fatalf("%+v, %v", reaction, err)
	}
	raw, err := json.Marshal(a.last()["data"])
	if err != nil || !strings.Contains(string(raw), `"value":"no"`) {
		t.Errorf("%s", raw)
	}
	if _, err := w.sim.Do(t.Context(), standin.Deed{Person: "mallory", Post: posts[0].ID, Action: "deny"}); err == nil {
		t.Error("mallory did it")
	}
}
