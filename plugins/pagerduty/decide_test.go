package pagerduty

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/standin"
)

func secretOf(text string) secret.String { return secret.New(text) }

// textFor is what a person writes, sets or runs to say a verdict in a way.
func textFor(way Way, verdict string) string {
	if way == ByNote {
		return "/" + verdict
	}
	return verdict
}

func TestEachWayDecidesByWebhookAndByPoll(t *testing.T) {
	for _, way := range []Way{ByWorkflow, ByField, ByNote} {
		t.Run(string(way), func(t *testing.T) {
			w := newWorld(t, deciding(way))
			r := w.post(deliveryKey, demoCard())
			reaction := w.act("ivan", w.incidentOf(r), string(way), textFor(way, "approve"))
			if !reaction.OK || reaction.Status != http.StatusAccepted {
				t.Fatalf("the webhook was answered %+v\n%s", reaction, w.logs)
			}
			w.wantDecisions("PIVAN01 approve")
			w.poll()
			w.poll()
			w.wantDecisions("PIVAN01 approve") // by webhook and by poll it is the same decision
			for _, d := range w.decisions.Distinct() {
				want := v1.Identity{Plugin: Name, Tenant: "accede-demo", User: "PIVAN01"}
				if d.Identity != want || d.SeenFingerprint != "0011223344556677" || d.SeenVersion != 1 || d.RequestID != requestID {
					t.Errorf("decision %+v", d)
				}
			}
		})
		t.Run("polled "+string(way), func(t *testing.T) {
			w := newWorld(t, deciding(way), polling)
			r := w.post(deliveryKey, demoCard())
			w.poll()
			w.wantDecisions()
			w.act("ivan", w.incidentOf(r), string(way), textFor(way, "approve"))
			w.act("carol", w.incidentOf(r), string(way), textFor(way, "deny"))
			w.poll()
			w.wantDecisions("PIVAN01 approve", "PCAROL1 deny")
		})
	}
}

func TestOnlyWhatIsSwitchedOnDecides(t *testing.T) {
	for _, on := range []Way{ByWorkflow, ByField, ByNote} {
		w := newWorld(t, deciding(on))
		r := w.post(deliveryKey, demoCard())
		id := w.incidentOf(r)
		for _, way := range []Way{ByWorkflow, ByField, ByNote} {
			if way != on {
				w.act("ivan", id, string(way), textFor(way, "approve"))
			}
		}
		w.act("ivan", id, "acknowledge", "")
		w.act("bob", id, "resolve", "/approve")
		w.poll()
		w.wantDecisions()
	}
}

func TestByDefaultNothingDecidesHere(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.account = pagerdutysim.Deciding("note") })
	w.post(deliveryKey, demoCard())
	if _, ok := w.bot.(plugins.Receiver); ok {
		t.Error("it takes webhooks")
	}
	if _, ok := w.bot.(plugins.Poller); ok {
		t.Error("it polls")
	}
	if details := w.sim.Incidents()[0].Details; !strings.Contains(details, "https://accede.example.com/requests/"+requestID+"\nDecide there. ") {
		t.Errorf("details %q", details)
	}
}

func TestTheHostMayKeepDecisionsOutOfPagerDuty(t *testing.T) {
	w := newWorld(t, deciding(ByNote), func(s *setting) { s.deps.DecideInChat = false })
	if _, ok := w.bot.(plugins.Receiver); ok {
		t.Error("it takes webhooks")
	}
}

func TestWithoutASecretNoWebhookIsTaken(t *testing.T) {
	w := newWorld(t, deciding(ByNote), func(s *setting) { s.config.WebhookSecret = secret.String{} })
	if _, ok := w.bot.(plugins.Receiver); ok {
		t.Error("it takes webhooks that nobody signed")
	}
	if _, ok := w.bot.(plugins.Poller); !ok {
		t.Error("it does not poll")
	}
}

func TestOnlyAWholeNoteDecides(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	id := w.incidentOf(w.post(deliveryKey, demoCard()))
	for _, text := range []string{
		"please /approve", "/approve it", "/approve\n/deny", "approve", "/Approve", "//approve", "/approved", "> /approve", "`/approve`", "/ approve",
	} {
		w.act("ivan", id, "note", text)
		w.clock.Advance(time.Minute)
	}
	w.poll()
	w.wantDecisions()
	w.act("ivan", id, "note", "I have looked at it")
	w.act("ivan", id, "note", "  /deny\n")
	w.act("ivan", id, "note", "because of the freeze")
	w.wantDecisions("PIVAN01 deny")
	for _, d := range w.decisions.Distinct() {
		if d.Reason != "" || d.Evidence[evidenceWay] != "note" || d.Evidence[evidenceEntry] == "" {
			t.Errorf("decision %+v", d)
		}
	}
}

func TestWhatCameThroughTheAPIOrByItselfDecidesNothing(t *testing.T) {
	w := newWorld(t, deciding(ByWorkflow, ByField))
	id := w.incidentOf(w.post(deliveryKey, demoCard()))
	for _, channel := range []string{"api", "auto", "timeout", "email"} {
		for _, do := range []string{"workflow", "field"} {
			for _, text := range []string{"approve", "deny"} {
				if _, err := w.sim.Act(t.Context(), pagerdutysim.Act{Person: "ivan", Incident: id, Do: do, Text: text, Channel: channel}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := w.sim.Automate(id, "PWFAPPR"); err != nil {
		t.Fatal(err)
	}
	w.poll()
	w.wantDecisions()
}

func TestTheBotDoesNotDecide(t *testing.T) {
	for _, way := range []Way{ByWorkflow, ByField, ByNote} {
		w := newWorld(t, deciding(way))
		id := w.incidentOf(w.post(deliveryKey, demoCard()))
		w.act("accede", id, string(way), textFor(way, "approve"))
		w.poll()
		w.wantDecisions()
	}
}

func TestTheLastWordCounts(t *testing.T) {
	w := newWorld(t, deciding(ByField), polling)
	id := w.incidentOf(w.post(deliveryKey, demoCard()))
	w.act("ivan", id, "field", "approve")
	w.act("ivan", id, "field", "deny")
	w.act("bob", id, "field", "approve")
	w.act("bob", id, "field", "")
	w.poll()
	w.wantDecisions("PIVAN01 deny")
}

func TestAFieldCanBeSetAgainByTheNextPerson(t *testing.T) {
	w := newWorld(t, deciding(ByField))
	id := w.incidentOf(w.post(deliveryKey, demoCard()))
	w.act("ivan", id, "field", "approve")
	if value := w.sim.Incidents()[0].Fields["access_decision"]; value != "" {
		t.Errorf("the field still says %q", value)
	}
	w.act("bob", id, "field", "approve")
	w.wantDecisions("PIVAN01 approve", "PBOB001 approve")
}

func TestAnIncidentOfAnotherRequestDecidesNothing(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	r := w.post(deliveryKey, demoCard())
	other := w.post(otherKey, demoCard(func(c *plugins.Card) { c.RequestID = otherID }))
	for name, p := range map[string]plugins.Posted{
		"other incident": {Card: demoCard(), Destination: at(), Ref: other},
		"other key":      {Card: demoCard(), Destination: at(), Ref: ref{incident: w.incidentOf(r), key: otherKey}.encode()},
		"other service":  {Card: demoCard(), Destination: plugins.Destination{ID: "PSVCDB1"}, Ref: r},
	} {
		w.act("ivan", w.incidentOf(p.Ref), "note", "/approve")
		w.decisions.Forget()
		poller, ok := w.bot.(plugins.Poller)
		if !ok {
			t.Fatal("the plugin does not poll")
		}
		w.clock.Advance(2 * freshFor)
		if err := poller.Poll(t.Context(), []plugins.Posted{p}, w.decisions); err != nil {
			t.Fatal(err)
		}
		if len(w.decisions.Distinct()) != 0 {
			t.Errorf("%s: %+v", name, w.decisions.Distinct())
		}
	}
}

func TestAWebhookAboutSomebodyElsesIncidentIsTakenAndForgotten(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	to := plugins.Destination{ID: serviceID}
	// Opened by somebody who knows how our incidents look, but never posted by us.
	if _, err := w.bot.Post(t.Context(), to, otherKey, demoCard()); err != nil {
		t.Fatal(err)
	}
	if got := w.act("ivan", w.sim.Incidents()[0].ID, "note", "/approve"); got.Status != http.StatusAccepted {
		t.Errorf("answered %d", got.Status)
	}
	w.wantDecisions()
}

func TestADecisionShowsWhatTheIncidentShowed(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	r := w.post(deliveryKey, demoCard())
	changed := demoCard(func(c *plugins.Card) { c.Version, c.Fingerprint = 2, "8899aabbccddeeff" })
	w.cards.Show(changed)
	w.act("ivan", w.incidentOf(r), "note", "/approve")
	for _, d := range w.decisions.Distinct() {
		if d.SeenFingerprint != "0011223344556677" {
			t.Errorf("the incident showed 0011…, the decision says it saw %s", d.SeenFingerprint)
		}
	}
	w.wantDecisions("PIVAN01 approve")
}

func TestAWebhookComesAgainWhileWeCannotLook(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	r := w.post(deliveryKey, demoCard())
	w.cards.Fail(errors.New("the core is away"))
	if got := w.act("ivan", w.incidentOf(r), "note", "/approve"); got.Status != http.StatusServiceUnavailable {
		t.Errorf("answered %d", got.Status)
	}
	w.cards.Fail(nil)
	eventually.True(t, patience, "PagerDuty to send it again", func() bool { return len(w.decisions.Distinct()) == 1 })
	w.wantDecisions("PIVAN01 approve")
}

func TestAHistoryThatLagsIsReadLater(t *testing.T) {
	w := newWorld(t, deciding(ByNote), account(func(c *pagerdutysim.Config) { c.Lag = 30 * time.Second }))
	r := w.post(deliveryKey, demoCard())
	w.poll()
	if got := w.act("ivan", w.incidentOf(r), "note", "/approve"); got.Status != http.StatusAccepted {
		t.Errorf("answered %d", got.Status)
	}
	w.wantDecisions()
	w.clock.Advance(time.Minute)
	w.poll()
	w.wantDecisions("PIVAN01 approve")
}

func TestWebhooksComeTwice(t *testing.T) {
	w := newWorld(t, deciding(ByWorkflow))
	r := w.post(deliveryKey, demoCard())
	w.faults(standin.Faults{DeliverTwice: 1})
	w.act("ivan", w.incidentOf(r), "workflow", "approve")
	eventually.True(t, patience, "both deliveries", func() bool {
		n := 0
		for _, d := range w.sim.Deliveries() {
			if d.Event == "incident.workflow.started" {
				n++
			}
		}
		return n == 2
	})
	w.wantDecisions("PIVAN01 approve")
}

func TestAPollGoesOnWhereOneIncidentFails(t *testing.T) {
	w := newWorld(t, deciding(ByNote), polling)
	w.post(deliveryKey, demoCard())
	good := w.post(otherKey, demoCard(func(c *plugins.Card) { c.RequestID = otherID }))
	w.cards.Put(plugins.Posted{Card: demoCard(), Destination: at(), Ref: "QNONE01/" + deliveryKey, Since: w.clock.Now()})
	w.act("ivan", w.incidentOf(good), "note", "/deny")
	w.faults(standin.Faults{FailBefore: 1, Only: []string{"list_notes"}, Next: 3})
	w.clock.Advance(2 * freshFor)
	poller, ok := w.bot.(plugins.Poller)
	if !ok {
		t.Fatal("the plugin does not poll")
	}
	if err := poller.Poll(t.Context(), w.cards.All(), w.decisions); err == nil {
		t.Error("a failure went unsaid")
	}
	w.poll()
	w.wantDecisions("PIVAN01 deny")
}

func TestAnAnswerIsReadByEverybodyAndHoldsNoCode(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	r := w.post(deliveryKey, demoCard())
	w.act("carol", w.incidentOf(r), "note", "/approve")
	answerer, ok := w.bot.(plugins.Answerer)
	if !ok {
		t.Fatal("the plugin answers nobody")
	}
	var decision v1.Decision
	for _, d := range w.decisions.Distinct() {
		decision = d
	}
	for range 2 {
		err := answerer.Answer(t.Context(), decision, v1.DecisionResult{
			Code: v1.CodeIdentityNotLinked, LinkCode: "ABCDE23456", Message: "run accede link pagerduty ABCDE23456",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, quiet := range []v1.Code{v1.CodeCounted, v1.CodeRecorded} {
		if err := answerer.Answer(t.Context(), decision, v1.DecisionResult{Code: quiet}); err != nil {
			t.Fatal(err)
		}
	}
	notes := w.sim.Incidents()[0].Notes
	if len(notes) != 2 || !strings.Contains(notes[1].Content, "accede admin link add pagerduty accede-demo PCAROL1") {
		t.Fatalf("notes %+v", notes)
	}
	if strings.Contains(notes[1].Content, "ABCDE23456") {
		t.Error("the code for connecting the account is in a note that everybody reads")
	}
	if err := answerer.Answer(t.Context(), v1.Decision{ID: "x", Evidence: decision.Evidence, UserName: "Carol"}, v1.DecisionResult{
		Code: v1.CodeForbidden, Message: "You asked for it yourself. https://evil.example",
	}); err != nil {
		t.Fatal(err)
	}
	notes = w.sim.Incidents()[0].Notes
	if last := notes[len(notes)-1].Content; !strings.Contains(last, "You asked for it yourself.") || strings.Contains(last, "https://evil") {
		t.Errorf("note %q", last)
	}
}
