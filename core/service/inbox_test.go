package service

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
)

// post is a company with an inbox and a plugin that signs.
type post struct {
	*company
	inbox      *Inbox
	credential broker.Credential

	mu    sync.Mutex
	sent  map[string]v1.DecisionResult
	fates []string
}

func openPost(t *testing.T) *post {
	t.Helper()
	c := open(t)
	p := &post{company: c, sent: map[string]v1.DecisionResult{}, credential: register(t, c, "slack")}
	c.link("U0BOB", "bob")
	c.link("U0IVAN", "ivan")
	p.inbox = &Inbox{
		Store: c.Store, Send: p.receive, Decide: c.Decide, Touched: c.Touched, Now: c.clock.Now,
		Logger: slog.New(slog.DiscardHandler), Counted: func(fate string) { p.fates = append(p.fates, fate) },
	}
	return p
}

func register(t *testing.T, c *company, name string) broker.Credential {
	t.Helper()
	file, err := c.AddPlugin(t.Context(), c.admin, v1.PluginInput{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	credential, err := broker.ParseCredential([]byte(file.Credential))
	if err != nil {
		t.Fatal(err)
	}
	return credential
}

func (p *post) receive(subject string, data []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var result v1.DecisionResult
	err := json.Unmarshal(data, &result)
	p.sent[subject] = result
	return err
}

// decision is ivan's approval of what he sees.
func (p *post) decision(request v1.Request) v1.Decision {
	return v1.Decision{
		ID:       v1.DecisionID("slack", "click", "U0IVAN", request.ID, v1.Approve),
		Identity: v1.Identity{Plugin: "slack", Tenant: "T0", User: "U0IVAN"}, RequestID: request.ID, Verdict: v1.Approve,
		SeenVersion: request.Version, SeenFingerprint: request.Fingerprint, Made: p.clock.Now(),
	}
}

func (p *post) message(decision v1.Decision) broker.Message {
	p.t.Helper()
	payload, err := json.Marshal(decision)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.signed(p.credential, decision.RequestID, payload)
}

func (p *post) signed(credential broker.Credential, requestID string, payload []byte) broker.Message {
	p.t.Helper()
	signature, err := credential.Sign(payload)
	if err != nil {
		p.t.Fatal(err)
	}
	data, err := json.Marshal(v1.SignedDecision{Payload: payload, Signature: signature})
	if err != nil {
		p.t.Fatal(err)
	}
	return broker.Message{
		Subject: broker.ActionSubject("slack", requestID), Data: data, Deliveries: 1, Published: p.clock.Now(),
	}
}

func (p *post) handle(message broker.Message) broker.Outcome {
	return p.inbox.Handle(p.t.Context(), message)
}

func (p *post) result(decision v1.Decision) v1.DecisionResult {
	return p.sent[broker.ResultSubject("slack", decision.ID)]
}

func (p *post) answers() (answers []v1.Answer) {
	p.t.Helper()
	for _, entry := range p.outbox() {
		if answer, ok := answerIn(entry); ok {
			answers = append(answers, answer)
		}
	}
	return answers
}

func TestInboxCountsAClickOnce(t *testing.T) {
	p := openPost(t)
	request := p.ask("why")
	decision := p.decision(request)
	message := p.message(decision)
	if outcome := p.handle(message); outcome.Retry {
		t.Fatal("asked for it again")
	}
	first := p.result(decision)
	if !first.Counted() || first.Request == nil || len(first.Request.Reviews) != 1 {
		t.Fatalf("result %+v", first)
	}
	if got := p.answers(); len(got) != 0 {
		t.Errorf("a prompt answer went out as an event: %+v", got)
	}
	p.handle(message)
	message.Deliveries = 2
	p.handle(message)
	if diff := cmp.Diff(first, p.result(decision)); diff != "" {
		t.Errorf("the repeat has another result (-first +repeat):\n%s", diff)
	}
	if answers := p.answers(); len(answers) != 1 || cmp.Diff(first, answers[0].Result) != "" {
		t.Errorf("the redelivery left %+v", answers)
	}
	again := decision
	again.ID = v1.DecisionID("slack", "another click", "U0IVAN", request.ID, v1.Approve)
	p.handle(p.message(again))
	if got := p.result(again).Code; got != v1.CodeAlreadyReviewed {
		t.Errorf("a second click has code %s", got)
	}
	if diff := cmp.Diff([]string{"counted", "counted", "counted", "already_reviewed"}, p.fates); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}

func TestInboxAnswersLateClicksByEvent(t *testing.T) {
	p := openPost(t)
	request := p.ask("why")
	decision := p.decision(request)
	message := p.message(decision)
	p.clock.Advance(2 * time.Hour) // the core was down; the broker kept the click
	p.handle(message)
	if got := p.result(decision); !got.Counted() {
		t.Errorf("result %+v", got)
	}
	if answers := p.answers(); len(answers) != 1 || !answers[0].Result.Counted() || answers[0].Decision.ID != decision.ID {
		t.Errorf("answers %+v", answers)
	}
}

func TestInboxRefusesStaleClicks(t *testing.T) {
	p := openPost(t)
	request := p.ask("why")
	for name, age := range map[string]time.Duration{"old": decisionAge + time.Second, "ahead": -decisionLead - time.Second} {
		decision := p.decision(request)
		decision.ID, decision.Made = name, p.clock.Now().Add(-age)
		p.handle(p.message(decision))
		if got := p.result(decision); got.Code != v1.CodeExpired || got.Message == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := len(p.audited("decision.stale")); got != 2 {
		t.Errorf("%d stale clicks were audited", got)
	}
}

func TestInboxDropsWhatIsNotTheirs(t *testing.T) {
	p := openPost(t)
	other := register(t, p.company, "jira")
	request := p.ask("why")
	good := p.decision(request)
	payload := func(alter func(*v1.Decision)) []byte {
		decision := good
		alter(&decision)
		data, err := json.Marshal(decision)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	same := payload(func(*v1.Decision) {})
	own := func(data []byte) broker.Message { return p.signed(p.credential, request.ID, data) }
	elsewhere := own(same)
	elsewhere.Subject = broker.ActionSubject("nobody", request.ID)
	odd := own(same)
	odd.Subject = "accede.v1.action.slack"
	plain := own(same)
	plain.Data = same
	big := own(same)
	big.Data = []byte(strings.Repeat(" ", maxDecisionBytes+1))
	for name, test := range map[string]struct {
		message broker.Message
		fate    string
	}{
		"signed by another plugin": {p.signed(other, request.ID, same), fateForged},
		"from an unknown plugin":   {elsewhere, fateForged},
		"on an odd subject":        {odd, fateMalformed},
		"not signed":               {plain, fateForged},
		"too big":                  {big, fateMalformed},
		"no JSON":                  {broker.Message{Subject: odd.Subject + ".x", Data: []byte("{")}, fateMalformed},
		"no decision":              {own([]byte("[]")), fateMalformed},
		"about another request":    {p.signed(p.credential, newUUID(t), same), fateMalformed},
		"another plugin's account": {own(payload(func(d *v1.Decision) { d.Identity.Plugin = "jira" })), fateMalformed},
		"no account":               {own(payload(func(d *v1.Decision) { d.Identity.User = "" })), fateMalformed},
		"no verdict":               {own(payload(func(d *v1.Decision) { d.Verdict = "maybe" })), fateMalformed},
		"no id":                    {own(payload(func(d *v1.Decision) { d.ID = "" })), fateMalformed},
		"an id like a subject":     {own(payload(func(d *v1.Decision) { d.ID = "a.>" })), fateMalformed},
		"a long reason":            {own(payload(func(d *v1.Decision) { d.Reason = strings.Repeat("x", 5000) })), fateMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			p.fates = nil
			before := len(p.audited("decision." + test.fate))
			if outcome := p.handle(test.message); outcome.Retry {
				t.Error("asked for it again")
			}
			if diff := cmp.Diff([]string{test.fate}, p.fates); diff != "" {
				t.Errorf("fate differs (-want +got):\n%s", diff)
			}
			if got := len(p.audited("decision."+test.fate)) - before; got != 1 {
				t.Errorf("%d audit entries", got)
			}
		})
	}
	if len(p.sent) != 0 {
		t.Errorf("results were sent: %+v", p.sent)
	}
}

func TestInboxKeepsPluginsDecisionsApart(t *testing.T) {
	p := openPost(t)
	request := p.ask("why")
	decision := p.decision(request)
	err := p.Store.Update(t.Context(), func(tx core.Tx) error {
		return tx.InsertAction(core.ActionRecord{ID: decision.ID, Plugin: "jira", Created: p.clock.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	p.handle(p.message(decision))
	if diff := cmp.Diff([]string{fateForged}, p.fates); diff != "" {
		t.Errorf("fate differs (-want +got):\n%s", diff)
	}
}

func TestInboxTriesAgainAndGivesUpPoison(t *testing.T) {
	p := openPost(t)
	request := p.ask("why")
	calls := 0
	for name, decide := range map[string]DecideFunc{
		"error": func(core.Tx, v1.Decision, time.Time) (v1.DecisionResult, error) {
			calls++
			return v1.DecisionResult{}, errors.New("on purpose")
		},
		"panic": func(tx core.Tx, _ v1.Decision, now time.Time) (v1.DecisionResult, error) {
			calls++
			if err := audit(tx, audited{action: "half.done"}, now); err != nil {
				return v1.DecisionResult{}, err
			}
			panic("on purpose")
		},
	} {
		t.Run(name, func(t *testing.T) {
			p.inbox.Decide = decide
			decision := p.decision(request)
			decision.ID = name
			message := p.message(decision)
			wait := time.Duration(0)
			for message.Deliveries = 1; message.Deliveries < maxDecisionTries; message.Deliveries++ {
				outcome := p.handle(message)
				if !outcome.Retry || outcome.Delay < wait || outcome.Delay > lastDecisionWait {
					t.Fatalf("delivery %d: %+v after %s", message.Deliveries, outcome, wait)
				}
				wait = outcome.Delay
			}
			if outcome := p.handle(message); outcome.Retry {
				t.Error("never gives up")
			}
			if got := p.result(decision); got.Code != v1.CodeInternal {
				t.Errorf("result %+v", got)
			}
			calls = 0
			p.handle(message)
			if got := p.result(decision); got.Code != v1.CodeInternal || calls != 0 {
				t.Errorf("the repeat decided %d times: %+v", calls, got)
			}
		})
	}
	if len(p.audited("half.done")) != 0 || len(p.audited("decision."+fatePoisoned)) != 2 {
		t.Error("something half done remains, or giving up was not audited")
	}
}

func TestInboxWaitsForTheStore(t *testing.T) {
	p := openPost(t)
	request := p.ask("why")
	message := p.message(p.decision(request))
	message.Deliveries = 10 * maxDecisionTries
	if err := p.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if outcome := p.handle(message); !outcome.Retry {
		t.Error("dropped a click because the store was away")
	}
}

func FuzzInboxOpensNothingUnsigned(f *testing.F) {
	f.Add("accede.v1.action.slack.r1", []byte(`{"payload":"e30=","signature":"e30="}`))
	f.Add("accede.v1.action.slack.", []byte(`{`))
	f.Add("", []byte(nil))
	_, publicKey, err := broker.NewCredential("slack", "nats://127.0.0.1:1")
	if err != nil {
		f.Fatal(err)
	}
	inbox := &Inbox{Store: onePlugin{key: publicKey}, Logger: slog.New(slog.DiscardHandler)}
	f.Fuzz(func(t *testing.T, subject string, data []byte) {
		if _, err := inbox.open(t.Context(), broker.Message{Subject: subject, Data: data}); err == nil {
			t.Errorf("took %q on %q for a decision", data, subject)
		}
	})
}
