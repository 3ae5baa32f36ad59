package wording_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// loud shows people's texts between angle brackets.
func loud() wording.Voice {
	label := func(text string, limit int) string { return "<" + wording.Characters.OneLine(text, limit) + ">" }
	return wording.Voice{Label: label, Name: 60, Roles: 60}
}

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func pending() plugins.Card {
	return plugins.Card{
		State: v1.StatePending, Requester: v1.PersonRef{Name: "alice", DisplayName: "Alice M"}, Roles: []string{"dba", "ops"},
		Duration: 8 * time.Hour, Expires: noon(),
		Progress: []plugins.Progress{{Name: "managers", Have: 1, Need: 2}, {Have: 0, Need: 1}},
	}
}

func ended(state v1.State, by string) plugins.Card {
	c := pending()
	c.State, c.Resolution = state, &v1.Resolution{State: state, At: noon(), Reason: "because"}
	if by != "" {
		c.Resolution.By = &v1.PersonRef{Name: by}
	}
	return c
}

func TestFacts(t *testing.T) {
	c := pending()
	c.AccessStarts, c.AccessExpires, c.AccessEnded = noon(), noon().Add(time.Hour), true
	var got []string
	for _, fact := range loud().Facts(c) {
		got = append(got, fact.Label+": "+fact.Shown())
	}
	want := []string{
		"Requester: <Alice M> (<alice>)", "Roles: <dba, ops>", "Access for: 8h", "Decide before: 2026-11-20 12:00 UTC",
		"Access from: 2026-11-20 12:00 UTC", "Access has ended; was until: 2026-11-20 13:00 UTC",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts differ (-want +got):\n%s", diff)
	}
}

func TestStanding(t *testing.T) {
	for state, want := range map[v1.State]string{
		v1.StatePending:   "◔ Waiting for a decision · <managers> 1 of 2 · approvals 0 of 1",
		v1.StateApproved:  "✓ Approved",
		v1.StatePromoted:  "✓ Approved and promoted",
		v1.StateDenied:    "✗ Denied",
		v1.StateExpired:   "– Expired without a decision",
		v1.StateWithdrawn: "– Withdrawn by the requester",
		v1.State("<b>"):   "– <<b>>",
	} {
		c := pending()
		c.State = state
		if got := loud().Standing(c); got != want {
			t.Errorf("%s stands as %q, want %q", state, got, want)
		}
	}
}

func TestProgressStaysInItsRoom(t *testing.T) {
	c, voice := pending(), loud()
	c.Progress, voice.Tail = slices.Repeat([]plugins.Progress{{Name: "ops", Need: 2}}, 50), 60
	if got, want := voice.Progress(c), " · <ops> 0 of 2 · <ops> 0 of 2 · <ops> 0 of 2 · and 47 more"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReviewsAndResolutions(t *testing.T) {
	review := v1.Review{
		Author: v1.PersonRef{Name: "root"}, Verdict: v1.Approve, Override: true, Roles: []string{"dba"}, Created: noon(),
	}
	want := "✓ <root> approved <dba> as an administrator, overriding the rules, 2026-11-20 12:00 UTC"
	if got := loud().ReviewAt(review); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for want, c := range map[string]plugins.Card{
		"✗ Denied by <bob>, 2026-11-20 12:00 UTC|because":            ended(v1.StateDenied, "bob"),
		"– Withdrawn by the requester, 2026-11-20 12:00 UTC|because": ended(v1.StateWithdrawn, "alice"),
		"– Expired without a decision, 2026-11-20 12:00 UTC|because": ended(v1.StateExpired, ""),
		"|": pending(),
	} {
		line, reason := loud().Resolution(c)
		if got := line + "|" + reason; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	newest, others := wording.Newest(make([]v1.Review, 8), 6)
	if len(newest) != 6 || !strings.HasPrefix(others, "2 earlier") {
		t.Errorf("%d reviews and %q", len(newest), others)
	}
}

func TestNotes(t *testing.T) {
	approved := ended(v1.StateApproved, "bob")
	approved.AccessExpires, approved.AccessRoles = noon(), []string{"dba"}
	later := approved
	later.AccessStarts = noon().Add(-time.Hour)
	silent := ended(v1.StateDenied, "bob")
	silent.Resolution.Reason, silent.Reviews = "", []v1.Review{{Reason: "not this week"}}
	spoken := plugins.Note{Kind: plugins.NoteReview, Card: pending(), Review: &v1.Review{
		Author: v1.PersonRef{Name: "ivan"}, Verdict: v1.Deny, Reason: "no",
	}}
	for want, note := range map[string]plugins.Note{
		"✓ Your request for <dba, ops> was approved by <bob>. You have access until 2026-11-20 12:00 UTC.|because":                                  {Kind: plugins.NoteOutcome, Card: approved},
		"✓ Your request for <dba, ops> was approved by <bob>. Your access begins at 2026-11-20 11:00 UTC and ends at 2026-11-20 12:00 UTC.|because": {Kind: plugins.NoteOutcome, Card: later},
		"✗ Your request for <dba, ops> was denied by <bob>.|not this week":                                                                          {Kind: plugins.NoteOutcome, Card: silent},
		"– Your request for <dba, ops> was withdrawn.|because":                                                                                      {Kind: plugins.NoteOutcome, Card: ended(v1.StateWithdrawn, "alice")},
		"– Your request for <dba, ops> expired before enough people approved it; ask again if you still need it.|because":                           {Kind: plugins.NoteOutcome, Card: ended(v1.StateExpired, "")},
		"✓ Your access to <dba> has begun. It ends at 2026-11-20 12:00 UTC.|":                                                                       {Kind: plugins.NoteAccessStarted, Card: approved},
		"◔ Your access to <dba> ends at 2026-11-20 12:00 UTC. Ask again if you need it for longer.|":                                                {Kind: plugins.NoteAccessEnding, Card: approved},
		"✗ <ivan> denied · <managers> 1 of 2 · approvals 0 of 1|no":                                                                                 spoken,
		"◔ Waiting for a decision · <managers> 1 of 2 · approvals 0 of 1|":                                                                          {Kind: plugins.NoteReview, Card: pending()},
	} {
		sentence, reason := loud().Note(note)
		if got := sentence + "|" + reason; got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestPeopleWithoutNames(t *testing.T) {
	for want, person := range map[string]v1.PersonRef{
		"somebody without a name": {},
		"<zoe>":                   {Name: "zoe", DisplayName: "zoe"},
		"<Zoe>":                   {DisplayName: "Zoe"},
	} {
		if got := loud().Person(person); got != want {
			t.Errorf("%+v is %q, want %q", person, got, want)
		}
	}
	if got := loud().RoleNames(nil); got != "none" {
		t.Errorf("no roles are %q", got)
	}
}
