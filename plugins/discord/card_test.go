package discord

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/plugintest"
)

// golden compares a message, as it goes to Discord, with its file.
func golden(t *testing.T, name string, m message) {
	t.Helper()
	got, err := json.MarshalIndent(m.send(access), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update and look at what it wrote", err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("%s: -want +got; run the test with -update if this is meant:\n%s", name, diff)
	}
}

func drawn(t *testing.T, card plugins.Card) message {
	t.Helper()
	m, err := artist{seal: plugins.NewSealer([]byte(sealSecret))}.card(card, markOf(keyOne))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func end(hour int) time.Time { return time.Date(2026, 11, 21, hour, 0, 0, 0, time.UTC) }

func TestCards(t *testing.T) {
	ivan := v1.PersonRef{Name: "ivan", DisplayName: "Ivan Petrov"}
	for name, change := range map[string]func(*plugins.Card){
		"card_no_url":  func(c *plugins.Card) { c.URL = "" },
		"card_to_link": func(c *plugins.Card) { c.Actions = nil },
		"card_ahead":   func(c *plugins.Card) { c.AccessStarts = end(8) },
		"card_promoted": func(c *plugins.Card) {
			c.Reviews = []v1.Review{review("bob", v1.Approve, "see *their* history")}
			plugintest.Resolve(c, v1.StatePromoted, v1.Resolution{By: &ivan, ReviewID: "review-bob"})
		},
		"card_overridden": func(c *plugins.Card) {
			plugintest.Resolve(c, v1.StateApproved, v1.Resolution{By: &ivan, Override: true, Reason: "the site is down"})
			c.AccessExpires = end(9)
		},
	} {
		golden(t, name, drawn(t, demoCard(change)))
	}
}

func TestNotes(t *testing.T) {
	spoken, ivan := review("ivan", v1.Approve, "backup *checked*"), v1.PersonRef{Name: "ivan", DisplayName: "Ivan Petrov"}
	ended := func(state v1.State, resolution v1.Resolution) plugins.Card {
		return demoCard(func(c *plugins.Card) {
			plugintest.Resolve(c, state, resolution)
			if state == v1.StateApproved {
				c.AccessExpires, c.AccessRoles = end(9), c.Roles
			}
		})
	}
	approved := ended(v1.StateApproved, v1.Resolution{By: &ivan})
	later := approved
	later.AccessStarts = end(8)
	for name, n := range map[string]plugins.Note{
		"note_review":          {Kind: plugins.NoteReview, Card: demoCard(), Review: &spoken},
		"note_review_missing":  {Kind: plugins.NoteReview, Card: demoCard()},
		"note_approved":        {Kind: plugins.NoteOutcome, Card: approved},
		"note_approved_ahead":  {Kind: plugins.NoteOutcome, Card: later},
		"note_denied":          {Kind: plugins.NoteOutcome, Card: ended(v1.StateDenied, v1.Resolution{By: &ivan, Reason: "not\nthis week"})},
		"note_expired":         {Kind: plugins.NoteOutcome, Card: ended(v1.StateExpired, v1.Resolution{})},
		"note_withdrawn":       {Kind: plugins.NoteOutcome, Card: ended(v1.StateWithdrawn, v1.Resolution{By: &ivan})},
		"note_access_started":  {Kind: plugins.NoteAccessStarted, Card: approved},
		"note_access_ending":   {Kind: plugins.NoteAccessEnding, Card: approved},
		"note_still_undecided": {Kind: plugins.NoteOutcome, Card: demoCard()},
	} {
		golden(t, name, note(n, markOf(keyTwo)))
	}
}

func TestAnswers(t *testing.T) {
	golden(t, "answer_counted", answer(v1.DecisionResult{Message: "Your approval counts: 1 of 2."}))
	golden(t, "answer_unlinked", answer(v1.DecisionResult{Message: "This account is not connected.", LinkCode: "ABCD-2345"}))
	golden(t, "answer_strange_code", answer(v1.DecisionResult{Message: "Hm.", LinkCode: "**x**"}))
	golden(t, "answer_empty", answer(v1.DecisionResult{}))
}

func TestACardThatNamesNoRequestIsInvalid(t *testing.T) {
	a := artist{seal: plugins.NewSealer([]byte(sealSecret))}
	_, err := a.card(demoCard(func(c *plugins.Card) { c.RequestID = "7" }), markOf(keyOne))
	if plugins.KindOf(err) != plugins.Invalid {
		t.Errorf("%v", err)
	}
}

// TestTheFullestNotesFit fills everything to its limit and beyond; Discord, here the stand-in, has to take it.
func TestTheFullestNotesFit(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("*界👩‍👩‍👧", 600)
	person := v1.PersonRef{Name: long, DisplayName: long}
	spoken := v1.Review{Author: person, Verdict: v1.Approve, Reason: long, Roles: []string{long}, Override: true, Created: end(1)}
	card := demoCard(func(c *plugins.Card) {
		c.Title, c.Requester, c.Roles, c.Reason, c.AccessRoles = long, person, []string{long, long}, long, []string{long}
		c.AccessStarts, c.AccessExpires, c.Notes = end(1), end(2), []string{long, long, long, long}
		for range 40 {
			c.Progress = append(c.Progress, plugins.Progress{Name: long, Have: 1, Need: 2})
			c.Reviews = append(c.Reviews, spoken)
		}
		c.Resolution = &v1.Resolution{State: v1.StateApproved, By: &person, At: end(1), Reason: long, Override: true}
	})
	r, _ := w.post(access, keyOne, card)
	if err := w.update(r, card); err != nil {
		t.Error(err)
	}
	for _, state := range []v1.State{v1.StatePending, v1.StateApproved, v1.StateDenied, v1.StateExpired} {
		card.State = state
		for _, kind := range []plugins.NoteKind{plugins.NoteReview, plugins.NoteOutcome, plugins.NoteAccessStarted, plugins.NoteAccessEnding} {
			w.forgetLimits()
			n := plugins.Note{Kind: kind, Card: card, Review: &spoken}
			if _, err := w.bot.(plugins.Replier).Reply(t.Context(), r, string(state)+string(kind), n); err != nil { //nolint:errcheck // a bot of this package
				t.Errorf("%s, %s: %v", kind, state, err)
			}
		}
	}
	card.State = v1.StateApproved
	if err := w.update(r, card); err != nil {
		t.Error(err)
	}
	m := answer(v1.DecisionResult{Message: long, LinkCode: "ABCD-2345"})
	if n := ruler.Length(m.content); n > 2000 {
		t.Errorf("the answer has %d units", n)
	}
	for _, shown := range w.sim.Messages() {
		if len(shown.Mentioned) != 0 || strings.Contains(shown.Readable, "\ufffd") {
			t.Errorf("%q", shown.Readable)
		}
	}
	if !strings.Contains(discordsim.Read(m.content).Text, "accede link discord") {
		t.Error("the answer lost its command")
	}
}
