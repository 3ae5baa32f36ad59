package jira

import (
	"errors"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/jira/jirasim"
	"github.com/accede/accede/plugins/standin"
)

func TestAnIssueFollowsItsRequest(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		for state, want := range map[v1.State]string{
			v1.StateApproved: jirasim.Approved, v1.StateDenied: jirasim.Denied, v1.StateExpired: jirasim.Expired,
			v1.StateWithdrawn: jirasim.Withdrawn, v1.StatePromoted: jirasim.Approved,
		} {
			w := newWorld(t, change...)
			ref, _ := w.post(demoCard())
			for range 2 {
				if err := w.bot.Update(t.Context(), ref, demoCard(resolvedAs(state))); err != nil {
					t.Fatal(err)
				}
			}
			i := w.issue(ref)
			if i.Status != want || i.Updates != 1 || !strings.Contains(i.Text, voice().StateWord(state)) || strings.Contains(i.Text, "To decide") {
				t.Errorf("%s: status %s after %d edits: %s", state, i.Status, i.Updates, i.Text)
			}
		}
	})
}

func TestAnIssueSomebodyPutAsideIsBroughtToItsEnd(t *testing.T) {
	w := newWorld(t)
	ref, i := w.post(demoCard())
	w.move("bob", i.Key, jirasim.Backlog, "")
	if err := w.bot.Update(t.Context(), ref, demoCard(func(c *plugins.Card) { c.Version = 2 })); err != nil {
		t.Fatal(err)
	}
	if now := w.issue(ref).Status; now != jirasim.Backlog {
		t.Errorf("a pending request's issue was taken from where people put it, to %s", now)
	}
	if err := w.bot.Update(t.Context(), ref, demoCard(resolvedAs(v1.StateApproved))); err != nil {
		t.Fatal(err)
	}
	if now := w.issue(ref).Status; now != jirasim.Approved {
		t.Errorf("status %s, want approved by way of waiting", now)
	}
}

func TestAWorkflowWithoutAWay(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.site.Workflow = nil })
	ref, i := w.post(demoCard())
	for range 2 {
		err := w.bot.Update(t.Context(), ref, demoCard(resolvedAs(v1.StateApproved)))
		failure, ok := errors.AsType[*plugins.Error](err)
		if !ok || failure.Kind != plugins.Invalid || !strings.Contains(failure.Public, i.Key) || !strings.Contains(failure.Public, "no transition") {
			t.Fatalf("error %v", err)
		}
	}
	if said := w.said(ref); strings.Count(said, "no way from") != 1 {
		t.Errorf("said %q", said)
	}
}

func TestANewIssueIsTakenOutOfTheBacklog(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, append(change, func(s *setting) { s.site.Initial = jirasim.Backlog })...)
		if _, i := w.post(demoCard()); i.Status != jirasim.Waiting {
			t.Errorf("a new issue is in status %s", i.Status)
		}
		stuck := newWorld(t, append(change, func(s *setting) { s.site.Initial, s.site.Workflow = jirasim.Backlog, nil })...)
		if _, i := stuck.post(demoCard()); i.Status != jirasim.Backlog || !strings.Contains(stuck.logs.String(), "add a transition") {
			t.Errorf("status %s, log %s", i.Status, stuck.logs.String())
		}
	})
}

func TestTypeAndFieldsComeFromTheConfiguration(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.config.IssueType, s.config.Fields = "10002", map[string]any{"customfield_10010": map[string]any{"value": "Access"}}
		s.site.Projects[0].Required = []string{"customfield_10010"}
	})
	_, i := w.post(demoCard())
	if i.Type != "10002" || string(i.Fields["customfield_10010"]) != `{"value":"Access"}` {
		t.Errorf("type %s, fields %s", i.Type, i.Fields)
	}
}

func TestARefusedIssueSaysWhy(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.site.Projects[0].Required = []string{"customfield_10010"} })
	_, err := w.bot.Post(t.Context(), project(), "key", demoCard())
	failure, ok := errors.AsType[*plugins.Error](err)
	if !ok || failure.Kind != plugins.Invalid || !strings.Contains(failure.Public, "customfield_10010 is required") {
		t.Errorf("error %+v", failure)
	}
}

func TestTheSearchMayLagBehind(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, append(change, func(s *setting) {
			s.site.IndexDelay, s.config.IndexDelay = time.Minute, config.Duration(2*time.Minute)
		})...)
		w.failing("create_issue")
		_, err := w.bot.Post(t.Context(), project(), "key", demoCard())
		if plugins.KindOf(err) != plugins.Unknown || len(w.sim.Issues()) != 1 {
			t.Fatalf("%v with %d issues", err, len(w.sim.Issues()))
		}
		search := plugins.Search{Key: "key", Since: w.clock.Now()}
		failure, ok := errors.AsType[*plugins.Error](w.absent(search))
		if !ok || failure.Kind != plugins.Transient || failure.RetryAfter <= 0 {
			t.Fatalf("an issue the search does not know yet: %v", failure)
		}
		w.clock.Advance(61 * time.Second)
		ref, found, err := w.bot.Find(t.Context(), project(), search)
		if err != nil || !found || string(ref) != w.sim.Issues()[0].ID {
			t.Errorf("%s, %t, %v", ref, found, err)
		}
		search.Key = "never-made"
		if err := w.absent(search); plugins.KindOf(err) != plugins.Transient {
			t.Errorf("absent at once: %v", err)
		}
		w.clock.Advance(2*time.Minute + time.Second)
		if err := w.absent(search); err != nil {
			t.Errorf("still not known to be absent: %v", err)
		}
	})
}

// absent looks for what is not found.
func (w *world) absent(search plugins.Search) error {
	w.t.Helper()
	ref, found, err := w.bot.Find(w.t.Context(), project(), search)
	if found {
		w.t.Fatalf("found %s", ref)
	}
	return err
}

// failing lets the next such call be done and then answered with 500.
func (w *world) failing(operation string) {
	w.t.Helper()
	if err := w.sim.Faults().Set(standin.Faults{FailAfter: 1, Only: []string{operation}, Next: 1}); err != nil {
		w.t.Fatal(err)
	}
}

func TestOnlyTheAccountsOwnIssueIsAdopted(t *testing.T) {
	w := newWorld(t)
	ref, i := w.post(demoCard())
	if _, err := w.sim.Copy(i.Key, "alice"); err != nil {
		t.Fatal(err)
	}
	if err := w.sim.Delete(i.Key); err != nil {
		t.Fatal(err)
	}
	if err := w.absent(plugins.Search{Key: "key-" + requestID, Since: w.clock.Now()}); err != nil {
		t.Errorf("%v; the issue %s is gone, and what is left is somebody else's", err, ref)
	}
}

func TestDuplicatesAreClosed(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, change...)
		ref, i := w.post(demoCard())
		twin, err := w.sim.Copy(i.Key, "accede")
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Second)
		w.poll()
		searches := w.sim.Calls()["search"] + w.sim.Calls()["old_search"]
		w.poll()
		again := w.sim.Calls()["search"] + w.sim.Calls()["old_search"]
		closed := w.issue(plugins.Ref(twin))
		if closed.Status != jirasim.Withdrawn || len(closed.Comments) != 1 || !strings.Contains(closed.Comments[0].Text, i.Key) {
			t.Errorf("the duplicate is in status %s with comments %+v", closed.Status, closed.Comments)
		}
		if kept := w.issue(ref); kept.Status != jirasim.Waiting {
			t.Errorf("the issue that counts went to %s", kept.Status)
		}
		if w.bot.api.cloud && again != searches {
			t.Errorf("looked for duplicates again: %d searches, then %d", searches, again)
		}
	})
}

func TestDuplicatesOfARequestThatIsOverAreClosed(t *testing.T) {
	w := newWorld(t)
	ref, i := w.post(demoCard())
	twin, err := w.sim.Copy(i.Key, "accede")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.bot.Update(t.Context(), ref, demoCard(resolvedAs(v1.StateApproved))); err != nil {
		t.Fatal(err)
	}
	if closed, kept := w.issue(plugins.Ref(twin)), w.issue(ref); closed.Status != jirasim.Withdrawn || kept.Status != jirasim.Approved {
		t.Errorf("the duplicate is in status %s, the issue that counts in %s", closed.Status, kept.Status)
	}
}

func TestNotesAreCommentsThatAreFoundAgain(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, change...)
		ref, _ := w.post(demoCard())
		review := v1.Review{ID: "r1", Author: v1.PersonRef{Name: "ivan", DisplayName: "Ivan Petrov"}, Verdict: v1.Approve, Reason: "fine", Via: Name}
		card := demoCard(func(c *plugins.Card) { c.Progress[0].Have = 1 })
		w.failing("add_comment")
		_, err := w.bot.Reply(t.Context(), ref, "note", plugins.Note{Kind: plugins.NoteReview, Card: card, Review: &review})
		if plugins.KindOf(err) != plugins.Unknown {
			t.Fatalf("a lost answer: %v", err)
		}
		made, found, err := w.bot.Find(t.Context(), project(), plugins.Search{Key: "note", Since: w.clock.Now(), Parent: ref})
		if err != nil || !found || !strings.HasPrefix(string(made), string(ref)+"/") {
			t.Errorf("%s, %t, %v", made, found, err)
		}
		if said := w.said(ref); !strings.Contains(said, "Ivan Petrov (ivan) approved") || !strings.Contains(said, "managers 1 of 2") || !strings.Contains(said, "fine") {
			t.Errorf("said %q", said)
		}
	})
}

func TestALoginPageIsNoAnswer(t *testing.T) {
	w := newWorld(t)
	ref, _ := w.post(demoCard())
	w.sim.SetLoginPage(true)
	_, err := w.bot.Post(t.Context(), project(), "other", demoCard())
	if failure, ok := errors.AsType[*plugins.Error](err); !ok || failure.Kind != plugins.Unknown || failure.Public != sayPage {
		t.Errorf("posting: %+v", failure)
	}
	if err := w.bot.Update(t.Context(), ref, demoCard()); plugins.KindOf(err) != plugins.Auth {
		t.Errorf("updating: %v", err)
	}
}

func TestAThousandOpenRequestsArePolledWithFewCalls(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, append(change, func(s *setting) { s.config.IndexDelay = config.Duration(30 * time.Minute) })...)
		const open = 1000
		ref, i := w.post(demoCard())
		for range open - 1 {
			id, err := w.sim.Copy(i.Key, "accede")
			if err != nil {
				t.Fatal(err)
			}
			w.board.Put(plugins.Posted{Card: demoCard(), Destination: project(), Ref: plugins.Ref(id), Since: w.clock.Now()})
		}
		w.move("ivan", i.Key, jirasim.Denied, "")
		w.poll() // asks once who the plugin is
		before := total(w.sim.Calls())
		w.bot.handled = newMemory[bool]()
		w.poll()
		calls := total(w.sim.Calls()) - before
		if made := w.decisions.Distinct(); len(made) != 1 {
			t.Errorf("decisions %+v about %s", made, ref)
		}
		t.Logf("%d open requests take %d calls per poll, so %d per minute at 20s", open, calls, 3*calls)
		if calls > 30 {
			t.Errorf("%d calls", calls)
		}
	})
}

func total(calls map[string]int) (sum int) {
	for _, n := range calls {
		sum += n
	}
	return sum
}
