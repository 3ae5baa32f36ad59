package mattermost

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
)

func TestAnApprovalBecomesADecision(t *testing.T) {
	w := newWorld(t)
	_, card := w.post(access, "k", demoCard(func(c *plugins.Card) { c.Version = 7 }))
	if result := w.click("ivan", card, actionApprove); !result.OK || result.Whispered != "" {
		t.Fatalf("the click was answered with %+v", result)
	}
	got := w.decisions.All()
	if len(got) != 1 {
		t.Fatalf("%d decisions, want 1", len(got))
	}
	d := got[0]
	want := v1.Identity{Plugin: Name, Tenant: "chat.demo.example", User: mattermostsim.DemoID("ivan")}
	if d.Identity != want || d.RequestID != requestID || d.Verdict != v1.Approve || d.SeenVersion != 7 ||
		d.SeenFingerprint != "0011223344556677" || d.UserName != "ivan" || d.ID == "" || d.Made.IsZero() {
		t.Errorf("decision is %+v", d)
	}
	if d.Evidence[evidenceChannel] != access || d.Evidence[evidencePost] != card.ID || d.Evidence[evidenceSigned] != "yes" ||
		len(d.Evidence[evidenceClick]) != 26 {
		t.Errorf("evidence is %v", d.Evidence)
	}
}

func TestAResultThatComesSoonIsToldInTheAnswerToTheClick(t *testing.T) {
	w := newWorld(t)
	w.bot.inlineWait = 10 * time.Second
	w.decisions.Then(func(d v1.Decision) {
		if err := w.bot.Answer(t.Context(), d, v1.DecisionResult{Code: v1.CodeCounted, Message: "Your approval counts."}); err != nil {
			t.Error(err)
		}
	})
	_, card := w.post(access, "k", demoCard())
	result := w.click("ivan", card, actionApprove)
	if !result.OK || result.Whispered != `Your approval counts\.` {
		t.Errorf("the click was answered with %+v", result)
	}
	if calls := w.sim.Stats().Methods["CreatePostEphemeral"].Calls; calls != 0 {
		t.Errorf("the result was also posted %d times", calls)
	}
	if got := w.whispers("bob"); len(got) != 0 {
		t.Errorf("bob was told %q", got)
	}
}

func TestADenialAsksWhyInADialog(t *testing.T) {
	w := newWorld(t)
	_, card := w.post(access, "k", demoCard())
	if result := w.click("bob", card, actionDeny); !result.OK || !result.Dialog {
		t.Fatalf("clicking Deny: %+v", result)
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Fatalf("the click alone decided: %+v", got)
	}
	if result := w.submit("  not during the freeze\n"); !result.OK || result.Dialog || result.ShownError != "" {
		t.Fatalf("submitting: %+v", result)
	}
	got := w.decisions.All()
	if len(got) != 1 || got[0].Verdict != v1.Deny || got[0].Reason != "not during the freeze" || got[0].UserName != "bob" ||
		got[0].Identity.User != mattermostsim.DemoID("bob") {
		t.Fatalf("decisions are %+v", got)
	}
	if got[0].Evidence[evidenceChannel] != access || got[0].Evidence[evidencePost] != card.ID {
		t.Errorf("the dialog lost where it came from: %v", got[0].Evidence)
	}
}

func TestTheDialogKeepsMattermostsLimits(t *testing.T) {
	w := newWorld(t)
	_, card := w.post(access, "k", demoCard())
	w.click("bob", card, actionDeny)
	d := w.sim.Dialogs(mattermostsim.DemoID("bob"))[0].Dialog
	for what, c := range map[string]struct {
		text  string
		limit int
	}{
		"title": {d.Title, 24}, "label": {d.Elements[0].DisplayName, 24}, "help": {d.Elements[0].HelpText, 150},
		"state": {d.State, 1000},
	} {
		if len(c.text) > c.limit || c.text == "" {
			t.Errorf("the %s %q has %d characters, %d are allowed", what, c.text, len(c.text), c.limit)
		}
	}
}

func TestADialogTellsWhatIsWrongInPlace(t *testing.T) {
	w := newWorld(t)
	_, card := w.post(access, "k", demoCard())
	w.click("bob", card, actionDeny)
	result := w.submit(strings.Repeat("ü", 2100))
	if got := result.FieldErrors[formInput]; !strings.Contains(got, "4200 bytes, 4096 are allowed") || !result.Dialog {
		t.Errorf("a reason of 4200 bytes: %+v", result)
	}
	w.decisions.Refuse(errors.New("not well formed"))
	if result := w.submit("short"); result.ShownError != sayLost {
		t.Errorf("a refused decision: %+v", result)
	}
	w.decisions.Refuse(nil)
	if result := w.submit(""); !result.OK || result.Dialog {
		t.Errorf("no reason at all: %+v", result)
	}
	if got := tooLong(strings.Repeat("x", maxFormInput+1)); !strings.Contains(got, "3000 characters") {
		t.Errorf("over 3000 characters: %q", got)
	}
}

func TestADialogRunsOut(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(s *setting) { s.deps.Now = func() time.Time { return now } })
	_, card := w.post(access, "k", demoCard())
	w.click("bob", card, actionDeny)
	now = now.Add(formLife + time.Second)
	if result := w.submit("too late"); result.ShownError != sayOldForm {
		t.Errorf("an hour later: %+v", result)
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions came of it: %+v", got)
	}
}

func TestForgedDialogsDecideNothing(t *testing.T) {
	w := newWorld(t)
	_, card := w.post(access, "k", demoCard())
	w.click("bob", card, actionDeny)
	w.submit("no")
	for _, kind := range []string{"dialog_of_another", "dialog_unsealed", "dialog_moved"} {
		if result := w.forge(kind, "ivan"); !strings.Contains(result.Answer, "open for too long") {
			t.Errorf("%s was answered with %+v", kind, result)
		}
	}
	w.forge("dialog_replay", "")
	if all, distinct := w.decisions.All(), w.decisions.Distinct(); len(all) != 2 || len(distinct) != 1 {
		t.Errorf("%d decisions with %d ids, want 2 with 1: a dialog decides once", len(all), len(distinct))
	}
}

func TestForgedPressesAreTurnedAway(t *testing.T) {
	w := newWorld(t)
	_, card := w.post(access, "k", demoCard())
	w.click("ivan", card, actionApprove)
	for kind, why := range map[string]error{
		"bad_signature": errForged, "missing_signature": errNoTrigger, "stale": errOld, "tampered": errOtherUser,
	} {
		result := w.forge(kind, "bob")
		if result.Status != http.StatusUnauthorized || !strings.Contains(result.Answer, why.Error()) {
			t.Errorf("%s was answered with %+v", kind, result)
		}
	}
	// These are what Mattermost itself would send if an attacker put a button of their own under a post.
	for _, kind := range []string{"unsigned_context", "foreign_context"} {
		if result := w.forge(kind, "bob"); result.Status != http.StatusOK || result.Whispered != sayOldCard {
			t.Errorf("%s was answered with %+v", kind, result)
		}
	}
	if got := w.decisions.All(); len(got) != 1 {
		t.Errorf("decisions came of it: %+v", got)
	}
}

func TestTheSameClickTwiceIsOneDecision(t *testing.T) {
	w := newWorld(t)
	_, card := w.post(access, "k", demoCard())
	w.click("ivan", card, actionApprove)
	w.forge("replay", "")
	if all, distinct := w.decisions.All(), w.decisions.Distinct(); len(all) != 2 || len(distinct) != 1 {
		t.Errorf("%d decisions with %d ids, want 2 with 1", len(all), len(distinct))
	}
	w.click("ivan", card, actionApprove)
	w.click("bob", card, actionApprove)
	if distinct := w.decisions.Distinct(); len(distinct) != 3 {
		t.Errorf("%d ids after another click and another person, want 3", len(distinct))
	}
}

func TestACallbackDeliveredTwiceIsAnsweredTwiceAndCountsOnce(t *testing.T) {
	w := newWorld(t)
	if err := w.sim.Faults().Set(standin.Faults{DeliverTwice: 1}); err != nil {
		t.Fatal(err)
	}
	_, card := w.post(access, "k", demoCard())
	w.click("ivan", card, actionApprove)
	if err := w.sim.Close(); err != nil { // waits for the second delivery
		t.Fatal(err)
	}
	if distinct := w.decisions.Distinct(); len(distinct) != 1 {
		t.Errorf("%d decisions, want 1", len(distinct))
	}
}

func TestWhoMayNotClickIsToldPrivately(t *testing.T) {
	id := mattermostsim.DemoID
	w := newWorld(t, func(s *setting) {
		s.server.Users = append(s.server.Users,
			mattermostsim.User{ID: id("left"), Name: "left", Deleted: true}, mattermostsim.User{ID: id("robot"), Name: "robot", Bot: true})
		s.server.Channels[0].Members = append(slices.Clone(s.server.Channels[0].Members), id("left"), id("robot"))
	})
	_, card := w.post(access, "k", demoCard())
	for user, want := range map[string]string{"dave": sayGuest, "mallory": sayForeign, "left": sayDeleted, id("robot"): sayBot} {
		for _, button := range []string{actionApprove, actionDeny} {
			if result := w.click(user, card, button); !result.OK || result.Dialog || result.Whispered != want {
				t.Errorf("%s: the click was answered with %+v", user, result)
			}
		}
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions came of it: %+v", got)
	}
}

func TestACardOfAnotherInstallationDecidesNothing(t *testing.T) {
	w := newWorld(t)
	w.bot.artist.seal = plugins.NewSealer([]byte("another installation"))
	_, card := w.post(access, "k", demoCard())
	if result := w.click("ivan", card, actionApprove); result.Whispered != sayOldCard {
		t.Errorf("the click was answered with %+v", result)
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions came of it: %+v", got)
	}
}

func TestAFormsSealIsNoButton(t *testing.T) {
	w := newWorld(t)
	_, card := w.post(access, "k", demoCard())
	w.click("ivan", card, actionDeny)
	state := w.sim.Dialogs(mattermostsim.DemoID("ivan"))[0].Dialog.State
	seal := strings.Split(state, `"`)[3]
	if _, err := w.bot.seal.Open(seal, buttonIn(access, "k"), time.Now()); err == nil {
		t.Error("the seal of a dialog opens as a button's")
	}
}

func TestLinkOnlyCardsHaveALinkAndOldButtonsPointThere(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.deps.DecideInChat = false })
	_, card := w.post(access, "k", demoCard())
	if result := w.click("ivan", card, actionApprove); result.Whispered != sayNotHere {
		t.Errorf("the click was answered with %+v", result)
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions came of it: %+v", got)
	}
}

func TestAPluginThatHearsNothingPostsNoButtons(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.config.CallbackURL, s.deps.DecideInChat = "", false })
	_, card := w.post(access, "k", demoCard())
	if a := card.Attachments()[0]; len(a.Actions) != 0 || !strings.Contains(a.Text, "[Open in Accede](https://accede.example.com/") {
		t.Errorf("the card is %+v", a)
	}
	if _, hears := w.plugin.(plugins.Receiver); hears {
		t.Error("a plugin without a callback address claims to take clicks")
	}
}

func TestOnAServerWithoutAKeyTheSealedButtonHasToDo(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.server.Server.HideKey = true })
	_, card := w.post(access, "k", demoCard())
	if result := w.click("ivan", card, actionApprove); !result.OK {
		t.Fatalf("the click was answered with %+v", result)
	}
	if got := w.decisions.All(); len(got) != 1 || got[0].Evidence[evidenceSigned] != "no" {
		t.Errorf("decisions are %+v", got)
	}
	if !strings.Contains(w.logs.String(), "publishes no key") {
		t.Error("the log does not say that clicks are not proven")
	}
	for _, kind := range []string{"missing_signature", "stale", "tampered"} {
		if result := w.forge(kind, "bob"); result.Status != http.StatusUnauthorized {
			t.Errorf("%s was answered with %+v", kind, result)
		}
	}
}

func TestAServerThatCannotBeAskedForItsKeyIsNotBelieved(t *testing.T) {
	w := newWorld(t)
	_, card := w.post(access, "k", demoCard())
	if err := w.sim.Faults().Set(standin.Faults{FailBefore: 1, Only: []string{"GetClientConfig"}}); err != nil {
		t.Fatal(err)
	}
	if result := w.click("ivan", card, actionApprove); result.Whispered != sayUnsure || len(w.decisions.All()) != 0 {
		t.Errorf("the click was answered with %+v", result)
	}
	if err := w.sim.Faults().Set(standin.Faults{}); err != nil {
		t.Fatal(err)
	}
	if result := w.click("ivan", card, actionApprove); !result.OK {
		t.Errorf("afterwards, the click was answered with %+v", result)
	}
}

func TestAnUnknownCopyOfACardLosesItsButtonsWhenClicked(t *testing.T) {
	decided := states()["approved"]
	known := &plugintest.Board{}
	known.Put(plugins.Posted{Card: decided, Ref: ref{channel: access, post: mattermostsim.DemoID("other"), key: "k"}.encode()})
	for name, c := range map[string]struct {
		limit   int
		buttons int
	}{"always editable": {-1, 0}, "not editable": {0, 2}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(s *setting) { s.deps.Cards, s.server.Server.PostEditTimeLimit = known, c.limit })
			w.bot.inlineWait = 10 * time.Second
			w.decisions.Then(func(d v1.Decision) { _ = w.bot.Answer(t.Context(), d, v1.DecisionResult{Message: "Too late"}) })
			r, card := w.post(access, "k", demoCard())
			if result := w.click("ivan", card, actionApprove); !result.OK || result.Whispered != "Too late" {
				t.Errorf("the click was answered with %+v", result)
			}
			after := w.message(r)
			if got := len(after.Attachments()[0].Actions); got != c.buttons || after.Key != "k" {
				t.Errorf("the copy has %d buttons and the key %q", got, after.Key)
			}
		})
	}
}

func TestOddRequestsAreTurnedAway(t *testing.T) {
	w := newWorld(t)
	handler := w.plugin.(plugins.Receiver).Handler(w.decisions) //nolint:errcheck // it has a callback address
	for name, c := range map[string]struct {
		method, path, body string
		want               int
	}{
		"GET":            {http.MethodGet, doorAction, "", http.StatusMethodNotAllowed},
		"elsewhere":      {http.MethodPost, "/", "{}", http.StatusNotFound},
		"not json":       {http.MethodPost, doorAction, "x", http.StatusUnauthorized},
		"nobody":         {http.MethodPost, doorAction, "{}", http.StatusUnauthorized},
		"odd dialog":     {http.MethodPost, doorDialog, "x", http.StatusBadRequest},
		"dialog, nobody": {http.MethodPost, doorDialog, "{}", http.StatusBadRequest},
		"cancelled":      {http.MethodPost, doorDialog, `{"cancelled":true,"user_id":"` + mattermostsim.DemoID("bob") + `"}`, http.StatusOK},
		"too large":      {http.MethodPost, doorAction, strings.Repeat("x", maxCallback+1), http.StatusRequestEntityTooLarge},
	} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body)))
		if answer.Code != c.want {
			t.Errorf("%s: answered %d, want %d", name, answer.Code, c.want)
		}
	}
}
