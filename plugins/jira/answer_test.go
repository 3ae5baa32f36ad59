package jira

import (
	"strings"
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/jira/jirasim"
)

// decided moves the issue of a new request to approved as somebody and returns the decision.
func (w *world) decided(person string) (v1.Decision, string) {
	w.t.Helper()
	ref, i := w.post(demoCard())
	w.move(person, i.Key, jirasim.Approved, "")
	w.poll()
	made := w.decisions.All()
	if len(made) != 1 {
		w.t.Fatalf("decisions %+v", made)
	}
	return made[0], string(ref)
}

func (w *world) answer(d v1.Decision, result v1.DecisionResult) {
	w.t.Helper()
	for range 2 { // an answer whose record was lost is told again
		if err := w.bot.Answer(w.t.Context(), d, result); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestAnUnlinkedMoverLearnsHowToLink(t *testing.T) {
	result := v1.DecisionResult{
		Code: v1.CodeIdentityNotLinked, LinkCode: "ABCDE-FGHJK",
		Message: "Your account is not connected to Accede, so nothing was decided. Run `accede link jira ABCDE-FGHJK`.",
	}
	withRole := func(role string) func(*setting) { return func(s *setting) { s.config.PrivateRole = role } }
	tests := []struct {
		name   string
		change func(*setting)
		role   string
		says   string
		code   bool
	}{
		{"by a code that only reviewers see", withRole("Reviewers"), "Reviewers", "accede link jira ABCDE-FGHJK", true},
		{"through an administrator", withRole(""), "", "accede admin link add jira demo", false},
		{"through an administrator, where the role does not exist", withRole("Nobody"), "", "accede admin link add jira demo", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			editions(t, func(t *testing.T, change ...func(*setting)) {
				w := newWorld(t, append(change, tt.change)...)
				d, ref := w.decided("carol")
				w.answer(d, result)
				i := w.issue(plugins.Ref(ref))
				if len(i.Comments) != 1 {
					t.Fatalf("comments %+v", i.Comments)
				}
				c := i.Comments[0]
				if c.Role != tt.role || !strings.Contains(c.Text, tt.says) || strings.Contains(c.Text, result.LinkCode) != tt.code {
					t.Errorf("comment for %q: %s", c.Role, c.Text)
				}
				if len(c.Live) != 1 || !strings.HasPrefix(c.Live[0], "mention ") {
					t.Errorf("live parts %q, want one mention of carol", c.Live)
				}
				if i.Status != jirasim.Waiting {
					t.Errorf("the issue stays in status %s", i.Status)
				}
			})
		})
	}
}

func TestARefusedMoveIsExplainedAndTakenBack(t *testing.T) {
	w := newWorld(t)
	d, ref := w.decided("alice")
	w.answer(d, v1.DecisionResult{Code: v1.CodeForbidden, Message: "You cannot approve your own request. [x](https://evil.example) @ivan"})
	i := w.issue(plugins.Ref(ref))
	if len(i.Comments) != 1 || !strings.Contains(i.Comments[0].Text, "You cannot approve your own request.") || i.Status != jirasim.Waiting {
		t.Errorf("status %s, comments %+v", i.Status, i.Comments)
	}
	if len(i.Comments[0].Live) != 1 {
		t.Errorf("live parts %q, want the mention of who moved it alone", i.Comments[0].Live)
	}
}

func TestAReviewThatIsNotEnoughTakesTheIssueBack(t *testing.T) {
	w := newWorld(t)
	d, ref := w.decided("ivan")
	w.answer(d, v1.DecisionResult{Code: v1.CodeCounted, Message: "Your approval is recorded"})
	if i := w.issue(plugins.Ref(ref)); i.Status != jirasim.Waiting || len(i.Comments) != 0 {
		t.Errorf("status %s, comments %+v; the comment comes with the review", i.Status, i.Comments)
	}
	w.poll()
	if made := w.decisions.Distinct(); len(made) != 1 {
		t.Errorf("decisions %+v", made)
	}
}

func TestAMoveThatComesLateShowsHowItEnded(t *testing.T) {
	w := newWorld(t)
	d, ref := w.decided("ivan")
	w.board.Show(demoCard(resolvedAs(v1.StateDenied)))
	w.answer(d, v1.DecisionResult{Code: v1.CodeAlreadyResolved, Message: "The request was denied already."})
	i := w.issue(plugins.Ref(ref))
	if i.Status != jirasim.Denied || !strings.Contains(w.said(plugins.Ref(ref)), "denied already") {
		t.Errorf("status %s, said %q", i.Status, w.said(plugins.Ref(ref)))
	}
}

func TestAnswersOnTheWayAreRare(t *testing.T) {
	w := newWorld(t)
	d, ref := w.decided("ivan")
	w.answer(d, v1.DecisionResult{Code: v1.CodeRecorded, Message: "Recorded. The result follows."})
	if said := w.said(plugins.Ref(ref)); said != "" {
		t.Errorf("said %q", said)
	}
	w.answer(d, v1.DecisionResult{Code: v1.CodeUnavailable, Message: "Accede cannot be reached right now."})
	if i := w.issue(plugins.Ref(ref)); len(i.Comments) != 1 || i.Status != jirasim.Approved {
		t.Errorf("status %s, comments %+v; nothing is known yet", i.Status, i.Comments)
	}
}
