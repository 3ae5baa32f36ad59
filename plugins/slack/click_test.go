package slack

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/slack/slacksim"
	"github.com/accede/accede/plugins/standin"
)

// bothModes runs a test with HTTP callbacks and with Socket Mode.
func bothModes(t *testing.T, test func(t *testing.T, w *world), change ...func(*setting)) {
	t.Helper()
	t.Run("http", func(t *testing.T) { test(t, newWorld(t, append(change, viaHTTP)...)) })
	t.Run("socket", func(t *testing.T) {
		w := newWorld(t, append(change, viaSocket)...)
		w.listen()
		test(t, w)
	})
}

func TestAnApprovalBecomesADecision(t *testing.T) {
	bothModes(t, func(t *testing.T, w *world) {
		_, card := w.post("C0ACCESS", "k", demoCard(func(c *plugins.Card) { c.Version = 7 }))
		if result := w.click("ivan", card, actionApprove); !result.OK || result.LatencyMS > 3000 {
			t.Fatalf("the click was answered with %+v", result)
		}
		got := w.decisions.All()
		if len(got) != 1 {
			t.Fatalf("%d decisions, want 1", len(got))
		}
		d := got[0]
		want := v1.Identity{Plugin: "slack", Tenant: "T0ACCEDE", User: "U0IVAN"}
		if d.Identity != want || d.RequestID != requestID || d.Verdict != v1.Approve || d.SeenVersion != 7 ||
			d.SeenFingerprint != "0011223344556677" || d.UserName != "ivan" || d.ID == "" || d.Made.IsZero() {
			t.Errorf("decision is %+v", d)
		}
		if d.Evidence[evidenceChannel] != "C0ACCESS" || d.Evidence[evidenceMessage] != card.TS || d.Evidence[evidenceResponseURL] == "" {
			t.Errorf("evidence is %v", d.Evidence)
		}
		if whispers := w.whispers("U0IVAN"); len(whispers) != 0 {
			t.Errorf("the plugin said %q on its own", whispers)
		}
	})
}

func TestADenialAsksWhyInAForm(t *testing.T) {
	bothModes(t, func(t *testing.T, w *world) {
		_, card := w.post("C0ACCESS", "k", demoCard())
		if result := w.click("bob", card, actionDeny); !result.OK || result.ViewID == "" {
			t.Fatalf("clicking Deny: %+v", result)
		}
		if got := w.decisions.All(); len(got) != 0 {
			t.Fatalf("the click alone decided: %+v", got)
		}
		result := w.submit("  not during the freeze\n")
		if !result.OK || result.ViewID != "" || len(result.FieldErrors) != 0 {
			t.Fatalf("submitting: %+v", result)
		}
		got := w.decisions.All()
		if len(got) != 1 || got[0].Verdict != v1.Deny || got[0].Reason != "not during the freeze" || got[0].Identity.User != "U0BOB" {
			t.Fatalf("decisions are %+v", got)
		}
		if got[0].Evidence[evidenceChannel] != "C0ACCESS" || got[0].Evidence[evidenceResponseURL] == "" {
			t.Errorf("the form lost where it came from: %v", got[0].Evidence)
		}
	})
}

// submit sends the form that bob has open.
func (w *world) submit(reason string) slacksim.Result {
	w.t.Helper()
	result, err := w.sim.Submit(w.t.Context(), slacksim.Submission{
		User: "bob", Values: map[string]map[string]string{formBlock: {formInput: reason}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func TestAFormTellsWhatIsWrongInPlace(t *testing.T) {
	w := newWorld(t, viaHTTP)
	_, card := w.post("C0ACCESS", "k", demoCard())
	w.click("bob", card, actionDeny)
	result := w.submit(strings.Repeat("ü", 2100))
	if got := result.FieldErrors[formBlock]; !strings.Contains(got, "4200 bytes, 4096 are allowed") {
		t.Errorf("a reason of 4200 bytes: %+v", result)
	}
	w.decisions.Refuse(errors.New("not well formed"))
	if result := w.submit("short"); result.FieldErrors[formBlock] != sayLost {
		t.Errorf("a refused decision: %+v", result)
	}
	w.decisions.Refuse(nil)
	if result := w.submit(""); !result.OK || result.ViewID != "" {
		t.Errorf("no reason at all: %+v", result)
	}
	if got := tooLong(strings.Repeat("x", maxFormInput+1)); !strings.Contains(got, "3000 characters") {
		t.Errorf("over 3000 characters: %q", got)
	}
}

func TestAFormIsForOneAccountAndRunsOut(t *testing.T) {
	now := time.Now()
	w := newWorld(t, viaHTTP, func(s *setting) { s.deps.Now = func() time.Time { return now } })
	_, card := w.post("C0ACCESS", "k", demoCard())
	w.click("bob", card, actionDeny)
	view := w.sim.Views("U0BOB")[0]
	stolen := map[string]any{
		"type": typeSubmitted, "team": map[string]string{"id": "T0ACCEDE"}, "user": map[string]string{"id": "U0IVAN", "team_id": "T0ACCEDE"},
		"view": map[string]any{"id": "V1", "callback_id": formCallback, "private_metadata": view.PrivateMetadata},
	}
	result, err := w.sim.Forge(t.Context(), slacksim.Forgery{Kind: "signed", Payload: encoded(t, stolen)})
	if err != nil || !strings.Contains(result.Answer, "open for too long") {
		t.Errorf("another account's form: %+v, %v", result, err)
	}
	handler := clicks{bot: w.inner(), decisions: w.decisions}
	stolen["user"] = map[string]string{"id": "U0BOB", "team_id": "T0ACCEDE"}
	now = now.Add(formLife + time.Second)
	if got := handler.handle(t.Context(), encoded(t, stolen)); got == nil || got.Errors[formBlock] != sayOldForm {
		t.Errorf("an hour later: %+v", got)
	}
	stolen["view"] = map[string]any{"id": "V1", "callback_id": formCallback, "private_metadata": "{"}
	if got := handler.handle(t.Context(), encoded(t, stolen)); got == nil || got.Errors[formBlock] != sayOldForm {
		t.Errorf("broken metadata: %+v", got)
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions came of it: %+v", got)
	}
}

func (w *world) inner() *bot {
	w.t.Helper()
	switch typed := w.bot.(type) {
	case *httpBot:
		return typed.bot
	case *socketBot:
		return typed.bot
	default:
		return typed.(*bot) //nolint:errcheck // a bot of this package
	}
}

func encoded(t *testing.T, value any) json.RawMessage {
	t.Helper()
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheSameClickTwiceIsOneDecision(t *testing.T) {
	bothModes(t, func(t *testing.T, w *world) {
		_, card := w.post("C0ACCESS", "k", demoCard())
		w.click("ivan", card, actionApprove)
		if _, err := w.sim.Forge(t.Context(), slacksim.Forgery{Kind: "replay"}); err != nil {
			t.Fatal(err)
		}
		if all, distinct := w.decisions.All(), w.decisions.Distinct(); len(all) != 2 || len(distinct) != 1 {
			t.Errorf("%d decisions with %d ids, want 2 with 1", len(all), len(distinct))
		}
		w.click("ivan", card, actionApprove)
		w.click("bob", card, actionApprove)
		if distinct := w.decisions.Distinct(); len(distinct) != 3 {
			t.Errorf("%d ids after another click and another person, want 3", len(distinct))
		}
	})
}

func TestADenialDeliveredTwiceOpensOneForm(t *testing.T) {
	w := newWorld(t, viaHTTP)
	_, card := w.post("C0ACCESS", "k", demoCard())
	w.click("bob", card, actionDeny)
	if _, err := w.sim.Forge(t.Context(), slacksim.Forgery{Kind: "replay"}); err != nil {
		t.Fatal(err)
	}
	if views := w.sim.Views("U0BOB"); len(views) != 1 {
		t.Errorf("%d forms are open, want 1", len(views))
	}
	if whispers := w.whispers("U0BOB"); len(whispers) != 0 {
		t.Errorf("bob was told %q", whispers)
	}
	w.submit("no")
	if _, err := w.sim.Forge(t.Context(), slacksim.Forgery{Kind: "replay"}); err != nil {
		t.Fatal(err)
	}
	if distinct := w.decisions.Distinct(); len(distinct) != 1 {
		t.Errorf("%d decisions, want 1", len(distinct))
	}
}

func TestWhoMayNotClickIsToldPrivately(t *testing.T) {
	left := slacksim.User{ID: "U0LEFT", Name: "left", Deleted: true}
	app := slacksim.User{ID: "U0APP", Name: "otherapp", Bot: true}
	enlarge := func(s *setting) {
		s.workspace.Users = append(s.workspace.Users, left, app)
		s.workspace.Channels[0].Members = append(slices.Clone(s.workspace.Channels[0].Members), "U0LEFT", "U0APP")
	}
	bothModes(t, func(t *testing.T, w *world) {
		_, card := w.post("C0ACCESS", "k", demoCard())
		for user, want := range map[string]string{"U0DAVE": sayGuest, "U0MALLORY": sayForeign, "U0LEFT": sayDeleted, "U0APP": sayBot} {
			for _, button := range []string{actionApprove, actionDeny} {
				if result := w.click(user, card, button); !result.OK || result.ViewID != "" {
					t.Errorf("%s: click was answered with %+v", user, result)
				}
			}
			if got := w.whispers(user); !slices.Equal(got, []string{want, want}) {
				t.Errorf("%s was told %q", user, got)
			}
		}
		if got := w.decisions.All(); len(got) != 0 {
			t.Errorf("decisions came of it: %+v", got)
		}
	}, enlarge)
}

func TestForgedAndOldButtonsDecideNothing(t *testing.T) {
	bothModes(t, func(t *testing.T, w *world) {
		_, card := w.post("C0ACCESS", "k", demoCard())
		other, err := plugins.NewSealer([]byte("another installation")).Seal(plugins.Action{
			RequestID: requestID, Fingerprint: "0011223344556677", Verdict: v1.Approve,
		}, "")
		if err != nil {
			t.Fatal(err)
		}
		form, err := w.inner().seal.Seal(plugins.Action{
			RequestID: requestID, Fingerprint: "0011223344556677", Verdict: v1.Approve,
		}, audience("U0IVAN"))
		if err != nil {
			t.Fatal(err)
		}
		forged := []string{"", "approve", requestID, other, other + "A", form}
		for _, value := range forged {
			result, err := w.sim.Click(t.Context(), slacksim.Click{
				User: "ivan", Channel: card.Channel, TS: card.TS, ActionID: actionApprove, Value: &value,
			})
			if err != nil || !result.OK {
				t.Errorf("%q: %+v, %v", value, result, err)
			}
		}
		if got := w.whispers("U0IVAN"); len(got) != len(forged) || got[0] != sayOldCard {
			t.Errorf("ivan was told %q", got)
		}
		if got := w.decisions.All(); len(got) != 0 {
			t.Errorf("decisions came of it: %+v", got)
		}
	})
}

func TestASealedVerdictCannotBeMovedToTheOtherButton(t *testing.T) {
	w := newWorld(t, viaHTTP)
	_, card := w.post("C0ACCESS", "k", demoCard())
	deny, err := w.inner().seal.Seal(plugins.Action{
		RequestID: requestID, Fingerprint: "0011223344556677", Verdict: v1.Deny,
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.sim.Click(t.Context(), slacksim.Click{
		User: "ivan", Channel: card.Channel, TS: card.TS, ActionID: actionApprove, Value: &deny,
	}); err != nil {
		t.Fatal(err)
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("a sealed denial on the Approve button decided: %+v", got)
	}
}

func TestLinkOnlyCardsHaveALinkAndOldButtonsPointThere(t *testing.T) {
	w := newWorld(t, viaHTTP, func(s *setting) { s.deps.DecideInChat = false })
	_, card := w.post("C0ACCESS", "k", demoCard())
	w.click("ivan", card, actionApprove)
	if got := w.whispers("U0IVAN"); !slices.Equal(got, []string{sayNotHere}) {
		t.Errorf("ivan was told %q", got)
	}
	_, card = w.post("C0ACCESS", "k2", demoCard(func(c *plugins.Card) { c.Actions = nil }))
	if result := w.click("ivan", card, actionOpen); !result.OK {
		t.Errorf("the link button was answered with %+v", result)
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions came of it: %+v", got)
	}
}

func TestAPluginThatHearsNothingPostsNoButtons(t *testing.T) {
	deaf := func(s *setting) {
		s.config.AppToken, s.config.SigningSecret, s.deps.DecideInChat = NewConfig().AppToken, NewConfig().SigningSecret, false
	}
	w := newWorld(t, deaf)
	_, card := w.post("C0ACCESS", "k", demoCard())
	if strings.Contains(string(card.Blocks), `"button"`) || !strings.Contains(textsOf(t, card.Blocks), "|Open in Accede>") {
		t.Errorf("the card is %s", card.Blocks)
	}
	_, hears := w.bot.(plugins.Receiver)
	if _, listens := w.bot.(plugins.Listener); listens || hears {
		t.Error("a plugin without credentials for clicks claims to take them")
	}
}

func TestPayloadsOfOtherAppsAndTeamsAreRefused(t *testing.T) {
	w := newWorld(t, viaHTTP, func(s *setting) { s.config.AppID = "A0ACCEDE" })
	r, card := w.post("C0ACCESS", "k", demoCard())
	sealed, err := w.inner().seal.Seal(plugins.Action{RequestID: requestID, Fingerprint: "0011223344556677", Verdict: v1.Approve}, "")
	if err != nil {
		t.Fatal(err)
	}
	base := func() map[string]any {
		return map[string]any{
			"type": typePressed, "api_app_id": "A0ACCEDE", "team": map[string]string{"id": "T0ACCEDE"},
			"user":      map[string]string{"id": "U0IVAN", "team_id": "T0ACCEDE"},
			"container": map[string]string{"channel_id": card.Channel, "message_ts": card.TS},
			"message":   map[string]string{"bot_id": "B0BOT"},
			"actions":   []any{map[string]string{"action_id": actionApprove, "value": sealed, "action_ts": "1.2"}},
		}
	}
	for name, c := range map[string]struct {
		change map[string]any
		want   string
	}{
		"another app":     {map[string]any{"api_app_id": "A0OTHER"}, sayOtherApp},
		"another bot":     {map[string]any{"message": map[string]string{"bot_id": "B0THER"}}, sayOtherApp},
		"another team":    {map[string]any{"team": map[string]string{"id": "T0EVIL"}}, sayForeign},
		"no team":         {map[string]any{"team": nil}, sayForeign},
		"member of other": {map[string]any{"user": map[string]string{"id": "U0IVAN", "team_id": "T0EVIL"}}, sayForeign},
		"unknown account": {map[string]any{"user": map[string]string{"id": "U0NOBODY", "team_id": "T0ACCEDE"}}, ""},
	} {
		before := len(w.whispers("U0IVAN"))
		payload := base()
		maps.Copy(payload, c.change)
		if _, err := w.sim.Forge(t.Context(), slacksim.Forgery{Kind: "signed", Payload: encoded(t, payload)}); err != nil {
			t.Fatal(err)
		}
		told := w.whispers("U0IVAN")[before:]
		if c.want != "" && !slices.Equal(told, []string{c.want}) {
			t.Errorf("%s: told %q", name, told)
		}
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions came of it: %+v", got)
	}
	if _, err := w.sim.Forge(t.Context(), slacksim.Forgery{Kind: "signed", Payload: encoded(t, base())}); err != nil {
		t.Fatal(err)
	}
	if got := w.decisions.All(); len(got) != 1 {
		t.Errorf("the unchanged payload made %d decisions, want 1 (card %s)", len(got), r)
	}
}

func TestColleaguesOfTheSameOrganisationMayClick(t *testing.T) {
	own := self{team: "T1", enterprise: "E1", bot: "B1"}
	for name, c := range map[string]struct {
		m    member
		from string
		want string
	}{
		"member":                    {member{team: "T1"}, "T1", ""},
		"organisation id":           {member{team: "T1"}, "E1", ""},
		"other workspace, same org": {member{team: "T2", enterprise: "E1"}, "T2", ""},
		"other organisation":        {member{team: "T2", enterprise: "E2"}, "T2", sayForeign},
		"stranger":                  {member{team: "T1", stranger: true}, "T1", sayForeign},
		"invited":                   {member{team: "T1", unregistered: true}, "T1", sayDeleted},
	} {
		if got := own.objection(c.m, c.from); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if !own.includes("T2", "E1") || own.includes("T2", "E2") || own.includes("", "") {
		t.Error("includes mixes organisations up")
	}
	if (self{team: "T1"}).includes("", "") {
		t.Error("a payload without a team counts as ours")
	}
}

func TestAClickIsAnsweredInTimeWhateverIsSlow(t *testing.T) {
	t.Run("host", func(t *testing.T) {
		bothModes(t, func(t *testing.T, w *world) {
			_, card := w.post("C0ACCESS", "k", demoCard())
			w.decisions.Then(func(v1.Decision) { standin.Pause(t.Context(), 900*time.Millisecond) })
			if result := w.click("ivan", card, actionApprove); !result.OK || result.LatencyMS > 2900 {
				t.Errorf("answered with %+v", result)
			}
		})
	})
	t.Run("slack", func(t *testing.T) {
		w := newWorld(t, viaHTTP)
		_, card := w.post("C0ACCESS", "k", demoCard())
		if err := w.sim.Faults().Set(standin.Faults{DelayMS: 2000}); err != nil {
			t.Fatal(err)
		}
		if result := w.click("ivan", card, actionApprove); !result.OK || result.LatencyMS > 2900 {
			t.Errorf("answered with %+v", result)
		}
		if got := w.decisions.All(); len(got) != 0 {
			t.Errorf("an account that could not be vetted decided: %+v", got)
		}
	})
}

func TestAnAccountKnownLatelyMayClickWhileSlackIsDown(t *testing.T) {
	now := time.Now()
	w := newWorld(t, viaHTTP, func(s *setting) { s.deps.Now = func() time.Time { return now } })
	_, card := w.post("C0ACCESS", "k", demoCard())
	w.click("ivan", card, actionApprove)
	if err := w.sim.Faults().Set(standin.Faults{FailBefore: 1, Only: []string{"users.info"}}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Minute)
	w.click("ivan", card, actionApprove)
	w.click("bob", card, actionApprove)
	if got := w.decisions.All(); len(got) != 2 {
		t.Errorf("%d decisions, want ivan's two", len(got))
	}
	if got := w.whispers("U0BOB"); !slices.Equal(got, []string{sayUnsure}) {
		t.Errorf("bob was told %q", got)
	}
}

func TestWhenNoFormOpensThePersonHears(t *testing.T) {
	w := newWorld(t, viaHTTP)
	_, card := w.post("C0ACCESS", "k", demoCard())
	if err := w.sim.Faults().Set(standin.Faults{FailBefore: 1, Only: []string{"views.open"}}); err != nil {
		t.Fatal(err)
	}
	w.click("bob", card, actionDeny)
	if got := w.whispers("U0BOB"); !slices.Equal(got, []string{sayNoForm}) {
		t.Errorf("bob was told %q", got)
	}
}

func TestADecisionTheHostDoesNotTakeIsAnswered(t *testing.T) {
	w := newWorld(t, viaHTTP)
	_, card := w.post("C0ACCESS", "k", demoCard())
	w.decisions.Refuse(errors.New("stopping"))
	w.click("ivan", card, actionApprove)
	if got := w.whispers("U0IVAN"); !slices.Equal(got, []string{sayLost}) {
		t.Errorf("ivan was told %q", got)
	}
}

func TestForgedCallbacksAreRefused(t *testing.T) {
	w := newWorld(t, viaHTTP)
	_, card := w.post("C0ACCESS", "k", demoCard())
	w.click("ivan", card, actionApprove)
	for _, kind := range []string{"bad_signature", "missing_signature", "stale", "tampered"} {
		result, err := w.sim.Forge(t.Context(), slacksim.Forgery{Kind: kind})
		if err != nil || result.Status != http.StatusUnauthorized {
			t.Errorf("%s: %+v, %v", kind, result, err)
		}
	}
	if got := w.decisions.All(); len(got) != 1 {
		t.Errorf("%d decisions, want 1", len(got))
	}
}

func TestOddPayloadsAreAcknowledgedAndIgnored(t *testing.T) {
	bothModes(t, func(t *testing.T, w *world) {
		for _, odd := range []string{
			`{}`, `{"type":"shortcut","user":{"id":"U0IVAN"}}`, `{"type":"block_actions","user":{"id":"U0IVAN"}}`,
			`{"type":"view_submission","user":{"id":"U0IVAN"}}`, `{"type":"view_closed","user":{"id":"U0IVAN"},"view":{}}`,
			`{"type":"block_actions","user":{"id":"U0IVAN"},"actions":[{"action_id":"other"}],"state":"a string"}`,
		} {
			result, err := w.sim.Forge(t.Context(), slacksim.Forgery{Kind: "signed", Payload: json.RawMessage(odd)})
			if err != nil || !result.OK {
				t.Errorf("%s: %+v, %v", odd, result, err)
			}
		}
		eventually.True(t, patience, "nothing to come of it", func() bool { return len(w.decisions.All()) == 0 })
	})
}
