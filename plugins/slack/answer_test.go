package slack

import (
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/standin"
)

func (w *world) answerer() plugins.Answerer { return w.bot.(plugins.Answerer) } //nolint:errcheck // a bot of this package

// clicked returns the decision of a click in a channel.
func (w *world) clicked(user, channel string) v1.Decision {
	w.t.Helper()
	_, card := w.post(channel, "k", demoCard())
	w.click(user, card, actionApprove)
	all := w.decisions.All()
	if len(all) == 0 {
		w.t.Fatal("the click made no decision")
	}
	return all[len(all)-1]
}

func TestTheResultIsToldWhereItWasClickedAndToNobodyElse(t *testing.T) {
	w := newWorld(t, viaHTTP)
	d := w.clicked("ivan", "C0ACCESS")
	if err := w.answerer().Answer(t.Context(), d, v1.DecisionResult{Code: v1.CodeCounted, Message: "Your approval counts."}); err != nil {
		t.Fatal(err)
	}
	if got := w.whispers("U0IVAN"); !slices.Equal(got, []string{"Your approval counts."}) {
		t.Errorf("ivan was told %q", got)
	}
	if got := w.whispers("U0BOB"); len(got) != 0 {
		t.Errorf("bob was told %q", got)
	}
}

func TestAnUnlinkedAccountIsToldHowToConnect(t *testing.T) {
	w := newWorld(t, viaHTTP)
	d := w.clicked("carol", "C0ACCESS")
	result := v1.DecisionResult{Code: v1.CodeIdentityNotLinked, Message: "Your account is not connected.", LinkCode: "KX4M-7Q2P"}
	if err := w.answerer().Answer(t.Context(), d, result); err != nil {
		t.Fatal(err)
	}
	got := w.whispers("U0CAROL")
	if len(got) != 1 || !strings.Contains(got[0], "accede link slack KX4M-7Q2P") || !strings.Contains(got[0], "only if you yourself clicked") {
		t.Errorf("carol was told %q", got)
	}
}

func TestInADirectMessageTheAnswerUsesTheClick(t *testing.T) {
	w := newWorld(t, viaHTTP)
	if _, err := w.resolver().Resolve(t.Context(), plugins.Recipient{Name: "U0BOB"}); err != nil {
		t.Fatal(err)
	}
	d := w.clicked("bob", "D0BOB")
	if err := w.answerer().Answer(t.Context(), d, v1.DecisionResult{Message: "Counted."}); err != nil {
		t.Fatal(err)
	}
	if got := w.whispers("U0BOB"); !slices.Equal(got, []string{"Counted."}) {
		t.Errorf("bob was told %q", got)
	}
}

func TestALateAnswerIsADirectMessage(t *testing.T) {
	for name, c := range map[string]struct {
		age     time.Duration
		spoil   func(*v1.Decision)
		faults  standin.Faults
		channel string
	}{
		"after ten minutes": {age: 10 * time.Minute},
		"after an hour":     {age: time.Hour},
		"the click's addresses are gone": {faults: standin.Faults{
			FailBefore: 1, Only: []string{"chat.postEphemeral", "response_url"},
		}},
		"an address elsewhere": {
			spoil:  func(d *v1.Decision) { d.Evidence[evidenceResponseURL] = "https://evil.example/actions" },
			faults: standin.Faults{FailBefore: 1, Only: []string{"chat.postEphemeral"}},
		},
		"no evidence at all": {spoil: func(d *v1.Decision) { d.Evidence = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, viaHTTP)
			d := w.clicked("ivan", "C0ACCESS")
			d.Made = d.Made.Add(-c.age)
			if c.spoil != nil {
				c.spoil(&d)
			}
			if err := w.sim.Faults().Set(c.faults); err != nil {
				t.Fatal(err)
			}
			if err := w.answerer().Answer(t.Context(), d, v1.DecisionResult{Message: "Counted at last."}); err != nil {
				t.Fatal(err)
			}
			if got := w.directMessages("D0IVAN"); !slices.Equal(got, []string{"Counted at last."}) {
				t.Errorf("ivan's direct messages are %q, his private ones %q", got, w.whispers("U0IVAN"))
			}
		})
	}
}

func (w *world) directMessages(channel string) []string {
	var out []string
	for _, m := range w.sim.Messages() {
		if m.Channel == channel {
			out = append(out, textsOf(w.t, m.Blocks))
		}
	}
	return out
}

func TestAnAnswerThatCannotBeGivenIsAnError(t *testing.T) {
	w := newWorld(t, viaHTTP)
	d := v1.Decision{Identity: v1.Identity{Plugin: Name, Tenant: "T0ACCEDE", User: "U0NOBODY"}, Made: time.Now()}
	err := w.answerer().Answer(t.Context(), d, v1.DecisionResult{Message: "Counted."})
	if plugins.KindOf(err) != plugins.NotFound {
		t.Errorf("error is %v, want one of kind not_found", err)
	}
}

func TestAnswersGoToSlackOnly(t *testing.T) {
	b := answering(t, 200, "").bot(t)
	for address, want := range map[string]bool{
		"https://hooks.slack.com/actions/T/1/x":            true,
		"https://hooks.slack-gov.com/actions/T/1/x":        true,
		"http://hooks.slack.com/actions/T/1/x":             false,
		"https://hooks.slack.com.evil.example/actions":     false,
		"https://hooks.slack.com@evil.example/actions":     false,
		"https://user@hooks.slack.com/actions":             false,
		"https://evil.example/":                            false,
		"file:///etc/passwd":                               false,
		"":                                                 false,
		"://":                                              false,
		b.config.APIURL.String() + "/actions/T0ACCEDE/1/x": true,
	} {
		if got := b.mayPostTo(address); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}
