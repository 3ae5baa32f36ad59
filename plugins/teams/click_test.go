package teams

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/teams/teamssim"
)

const (
	idAlice = "a11ce000-0000-4000-8000-000000000001"
	idIvan  = "17a40000-0000-4000-8000-000000000002"
	idBob   = "b0b00000-0000-4000-8000-000000000003"
)

func TestApproveBecomesADecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.counted()
	_, m := w.post(channelPlace(), "key-1", demoCard())
	result := w.click("ivan", m.ID, "approve")
	if !result.OK {
		t.Fatalf("the answer is %+v", result)
	}
	w.wantContains(result.Said, "Your approval counts: 1 of 2.", "Alice Moreau asks for dba")
	decisions := w.decisions.All()
	if len(decisions) != 1 {
		t.Fatalf("%d decisions", len(decisions))
	}
	d := decisions[0]
	want := v1.Identity{Plugin: Name, Tenant: teamssim.DemoTenant, User: idIvan}
	if d.Identity != want || d.Verdict != v1.Approve || d.RequestID != requestID || d.SeenVersion != 1 || d.UserName != "Ivan Petrov" {
		t.Errorf("decision %+v", d)
	}
	if got := w.in(access); len(got) != 1 {
		t.Errorf("%d messages, want the card and nothing else: the answer was in the reply to the button", len(got))
	}
}

func TestDenyAsksWhyForOnePersonOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.counted()
	_, m := w.post(channelPlace(), "key-1", demoCard())
	form := w.click("bob", m.ID, "deny")
	w.wantContains(form.Said, "Why do you deny it?", "Back to the request")
	if len(w.decisions.All()) != 0 {
		t.Fatal("opening the form decided")
	}
	if views := w.seen(m.ID).Views; len(views) != 1 || views["bob"] == nil {
		t.Errorf("the form is shown to %d people", len(views))
	}
	done := w.press(teamssim.Click{User: "bob", Message: m.ID, Verb: "confirm", Inputs: map[string]string{"reason": " no ticket \n"}})
	if !done.OK {
		t.Fatalf("sending the form: %+v", done)
	}
	decisions := w.decisions.All()
	if len(decisions) != 1 || decisions[0].Verdict != v1.Deny || decisions[0].Reason != "no ticket" || decisions[0].Identity.User != idBob {
		t.Errorf("decisions %+v", decisions)
	}
}

func TestTheFormLeadsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.click("bob", m.ID, "deny")
	back := w.click("bob", m.ID, "show")
	w.wantContains(back.Said, "ticket #123", "Approve", "Deny")
	if strings.Contains(back.Said, "Why do you deny") {
		t.Error("the form is still there")
	}
}

func TestAFormServesOnePersonForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.click("bob", m.ID, "deny")
	data := confirmData(t, w.seen(m.ID).Views["bob"])
	stolen := w.forgeInvoke("ivan", m, verbConfirm, data)
	w.wantContains(stolen.Said, "this form was open for too long")
	asApproval := w.forgeInvoke("bob", m, verbApprove, data)
	w.wantContains(asApproval.Said, "this card is from an older version")
	w.clock.Advance(formLife + time.Minute)
	late := w.press(teamssim.Click{User: "bob", Message: m.ID, Verb: "confirm"})
	w.wantContains(late.Said, "this form was open for too long")
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions %+v", got)
	}
}

// confirmData is what the form's button carries.
func confirmData(t *testing.T, raw json.RawMessage) map[string]string {
	t.Helper()
	var form card
	if err := json.Unmarshal(raw, &form); err != nil {
		t.Fatal(err)
	}
	for _, a := range form.Actions {
		if a.Verb == verbConfirm {
			return map[string]string{"accede": a.Data.Seal, "key": a.Data.Key}
		}
	}
	t.Fatal("the form has no button")
	return nil
}

// forgeInvoke sends a rightly signed click with data of the forger's choice.
func (w *world) forgeInvoke(user string, m teamssim.SeenMessage, v verb, data map[string]string) teamssim.Result {
	w.t.Helper()
	return w.forgeAs(user, m, map[string]any{
		"type": typeInvoke, "name": invokeCard,
		"value": map[string]any{"action": map[string]any{"type": "Action.Execute", "verb": v, "data": data}},
	})
}

func (w *world) forgeAs(user string, m teamssim.SeenMessage, change map[string]any) teamssim.Result {
	w.t.Helper()
	a := w.sim.Activity(user, m.ID)
	for name, value := range change {
		a[name] = value
	}
	body, err := json.Marshal(a)
	if err != nil {
		w.t.Fatal(err)
	}
	result, err := w.sim.Forge(w.t.Context(), teamssim.Forgery{Kind: "signed", Body: body})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func TestWhoMayNotClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setting) {
		s.tenant.Users = append(s.tenant.Users, teamssim.User{Name: "nobody", DisplayName: "Somebody", Anonymous: true})
		channel := &s.tenant.Teams[0].Channels[0]
		channel.Members = append(channel.Members, "nobody")
	})
	_, m := w.post(channelPlace(), "key-1", demoCard())
	for user, want := range map[string]string{
		"dave": "guests of this organisation cannot decide", "mallory": "belongs to another organisation",
		"nobody": "does not say which account of the directory you are",
	} {
		for _, verb := range []string{"approve", "deny"} {
			result := w.click(user, m.ID, verb)
			w.wantContains(result.Said, "Nothing was recorded", want, "ticket #123")
		}
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions %+v", got)
	}
}

func TestAnUnknownAccountCountsForNothingWhenTeamsIsSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.sim.Refuse(teamssim.Refusal{Status: 500, Code: "ServiceError", Times: 1, Operation: "members"})
	w.wantContains(w.click("ivan", m.ID, "approve").Said, "could not tell who you are just now")
	w.counted()
	if !w.click("ivan", m.ID, "approve").OK || len(w.decisions.All()) != 1 {
		t.Error("the second click did not count")
	}
	w.sim.Refuse(teamssim.Refusal{Status: 500, Code: "ServiceError", Times: 1, Operation: "members"})
	w.clock.Advance(2 * memberFresh) // what was known a moment ago is believed for a while
	if w.click("ivan", m.ID, "approve"); len(w.decisions.All()) != 2 {
		t.Error("the third click did not count")
	}
}

func TestCardsOfAnotherInstallationCountForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, m := w.post(channelPlace(), "key-1", demoCard())
	foreign, err := plugins.NewSealer([]byte("another")).Seal(plugins.Action{
		RequestID: requestID, Version: 1, Fingerprint: "0011223344556677", Verdict: v1.Approve,
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		verb verb
		seal string
		want string
	}{
		"foreign seal":   {verbApprove, foreign, "older version of Accede or from another installation"},
		"no seal":        {verbApprove, "", "could not be read"},
		"shown as click": {verbApprove, w.showSeal(), "older version of Accede"},
		"unknown verb":   {"explode", foreign, "could not be read"},
		"foreign show":   {verbShow, foreign, "another installation"},
	} {
		result := w.forgeInvoke("ivan", m, c.verb, map[string]string{"accede": c.seal})
		if !strings.Contains(result.Said, c.want) {
			t.Errorf("%s: %q lacks %q", name, result.Said, c.want)
		}
	}
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions %+v", got)
	}
}

func (w *world) showSeal() string {
	w.t.Helper()
	show, err := w.bot.artist.show(picture{Card: demoCard()}, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return show.Data.Seal
}

func TestLinkOnlyCardsDecideNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setting) { s.deps.DecideInChat = false })
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.wantContains(m.Readable, "Open in Accede")
	if _, err := w.sim.Click(t.Context(), teamssim.Click{User: "ivan", Message: m.ID, Verb: "approve"}); err == nil {
		t.Error("there is a button")
	}
	sealed, err := w.bot.artist.sealed(picture{Card: demoCard()}, v1.Approve, "")
	if err != nil {
		t.Fatal(err)
	}
	result := w.forgeInvoke("ivan", m, verbApprove, map[string]string{"accede": sealed})
	w.wantContains(result.Said, "decisions are made in Accede, not in Teams")
}

func TestTheSameActivityIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.counted()
	_, m := w.post(channelPlace(), "key-1", demoCard())
	if err := w.sim.Faults().Set(standin.Faults{DeliverTwice: 1}); err != nil {
		t.Fatal(err)
	}
	w.click("ivan", m.ID, "approve")
	again, err := w.sim.Forge(t.Context(), teamssim.Forgery{Kind: "replay"})
	if err != nil {
		t.Fatal(err)
	}
	w.wantContains(again.Said, "Your approval counts: 1 of 2.")
	if got := len(w.decisions.All()); got != 1 {
		t.Errorf("%d decisions from one click that came three times", got)
	}
}

func TestAReplicaThatDoesNotKnowTheActivityMakesTheSameDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.counted()
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.click("ivan", m.ID, "approve")
	w.clock.Advance(seenFor + time.Minute)
	if _, err := w.sim.Forge(t.Context(), teamssim.Forgery{Kind: "replay"}); err != nil {
		t.Fatal(err)
	}
	got := w.decisions.All()
	if len(got) != 2 || got[0].ID != got[1].ID {
		t.Errorf("decisions %+v", got)
	}
}

func TestALateResultComesAsAMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, m := w.post(channelPlace(), "key-1", demoCard())
	result := w.click("ivan", m.ID, "approve")
	w.wantContains(result.Said, "Your click has arrived", "ticket #123")
	d := w.decisions.All()[0]
	outcome := v1.DecisionResult{Code: v1.CodeIdentityNotLinked, Message: "Your Teams account is not connected.", LinkCode: "ABCD-1234"}
	if err := w.bot.Answer(t.Context(), d, outcome); err != nil {
		t.Fatal(err)
	}
	said := w.in(access)[1]
	if said.OnlyFor != "ivan" {
		t.Errorf("the answer is for %q", said.OnlyFor)
	}
	w.wantContains(said.Readable, "accede link teams ABCD-1234", "only if you yourself clicked")
}

func TestAnAnswerFindsAWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.click("ivan", m.ID, "approve")
	d := w.decisions.All()[0]
	answer := func() {
		t.Helper()
		if err := w.bot.Answer(t.Context(), d, v1.DecisionResult{Code: v1.CodeCounted, Message: "It counts."}); err != nil {
			t.Fatal(err)
		}
	}
	w.sim.Refuse(teamssim.Refusal{Status: 400, Code: "BadArgument", Times: 1, Operation: "send"}) // no targeted messages here
	answer()
	w.clock.Advance(attention + time.Minute)
	answer()
	if got := w.in("ivan"); len(got) != 2 {
		t.Errorf("ivan's chat has %d messages", len(got))
	}
	d.Evidence, d.Identity.User = nil, "nobody"
	if err := w.bot.Answer(t.Context(), d, v1.DecisionResult{Message: "x"}); !errors.Is(err, errNoWay) {
		t.Errorf("without a way the error is %v", err)
	}
}

func TestClientsThatKnowOnlySubmit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.counted()
	_, m := w.post(channelPlace(), "key-1", demoCard())
	approve := w.press(teamssim.Click{User: "ivan", Message: m.ID, Verb: "approve", Old: true})
	deny := w.press(teamssim.Click{User: "bob", Message: m.ID, Verb: "deny", Old: true, Inputs: map[string]string{"reason": "not now"}})
	if !approve.OK || !deny.OK || approve.Status != 200 {
		t.Errorf("answers %+v and %+v", approve, deny)
	}
	got := w.decisions.All()
	if len(got) != 2 || got[0].Verdict != v1.Approve || got[1].Verdict != v1.Deny || got[1].Reason != "not now" {
		t.Fatalf("decisions %+v", got)
	}
	messages := w.in(access)
	if len(messages) != 3 || messages[1].OnlyFor != "ivan" || messages[2].OnlyFor != "bob" {
		t.Errorf("%d messages", len(messages))
	}
	w.press(teamssim.Click{User: "dave", Message: m.ID, Verb: "approve", Old: true})
	last := w.in(access)[3]
	w.wantContains(last.Readable, "guests of this organisation")
	if last.OnlyFor != "dave" {
		t.Errorf("dave's refusal is for %q", last.OnlyFor)
	}
}

func TestAReasonMustFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.click("bob", m.ID, "deny")
	long := w.press(teamssim.Click{
		User: "bob", Message: m.ID, Verb: "confirm", Inputs: map[string]string{"reason": strings.Repeat("界", v1.MaxReasonBytes/3+1)},
	})
	w.wantContains(long.Said, "the reason is too long")
	if len(w.decisions.All()) != 0 {
		t.Error("it was taken all the same")
	}
}

func TestADecisionThatIsNotTakenIsNotClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.decisions.Refuse(errors.New("not well formed"))
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.wantContains(w.click("ivan", m.ID, "approve").Said, "Nothing was recorded")
	old := w.press(teamssim.Click{User: "bob", Message: m.ID, Verb: "approve", Old: true})
	if !old.OK {
		t.Errorf("answer %+v", old)
	}
	w.wantContains(w.in(access)[1].Readable, "Nothing was recorded")
}
