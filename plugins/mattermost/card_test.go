package mattermost

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/plugintest"
)

func states() map[string]plugins.Card {
	accessUntil := time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC)
	bobRef, alice := bob(), v1.PersonRef{Name: "alice", DisplayName: "Alice Moreau"}
	approve := func(c *plugins.Card) {
		c.Progress[0].Have = 2
		c.Reviews = []v1.Review{review(ivan(), v1.Approve, "known ticket"), review(bob(), v1.Approve, "")}
		c.AccessExpires, c.AccessRoles = accessUntil, []string{"dba"}
		plugintest.Resolve(c, v1.StateApproved, v1.Resolution{By: &bobRef, ReviewID: "review-bob"})
	}
	ahead := func(c *plugins.Card) {
		c.Audience, c.Actions, c.AccessStarts = plugins.ForRequester, nil, accessUntil.Add(-4*time.Hour)
	}
	return map[string]plugins.Card{
		"pending": demoCard(),
		"one_approval": demoCard(func(c *plugins.Card) {
			c.Progress[0].Have, c.Version = 1, 2
			c.Reviews = []v1.Review{review(ivan(), v1.Approve, "known ticket")}
		}),
		"approved":       demoCard(approve),
		"approved_ahead": demoCard(approve, ahead),
		"denied": demoCard(func(c *plugins.Card) {
			c.Reviews = []v1.Review{review(bob(), v1.Deny, "not during the freeze")}
			plugintest.Resolve(c, v1.StateDenied, v1.Resolution{By: &bobRef, Reason: "not during the freeze", ReviewID: "review-bob"})
		}),
		"overridden": demoCard(func(c *plugins.Card) {
			plugintest.Resolve(c, v1.StateApproved, v1.Resolution{By: &bobRef, Reason: "incident 42", Override: true})
		}),
		"expired":   demoCard(func(c *plugins.Card) { plugintest.Resolve(c, v1.StateExpired, v1.Resolution{}) }),
		"withdrawn": demoCard(func(c *plugins.Card) { plugintest.Resolve(c, v1.StateWithdrawn, v1.Resolution{By: &alice}) }),
		"promoted":  demoCard(func(c *plugins.Card) { plugintest.Resolve(c, v1.StatePromoted, v1.Resolution{}) }),
	}
}

func TestTheMessageOfACardNeverChanges(t *testing.T) {
	a := artist{seal: plugins.NewSealer([]byte(sealSecret)), answers: true}
	for name, card := range states() {
		m, err := a.card(card, access, "k")
		if err != nil {
			t.Fatal(err)
		}
		if m.text != "`Alice Moreau` asks for `dba`" {
			t.Errorf("%s: the message is %q; servers may forbid to edit it", name, m.text)
		}
	}
}

func TestNotesSayWhatHappened(t *testing.T) {
	cards := states()
	last := cards["one_approval"].Reviews[0]
	link := "\n\n[Open in Accede](https://accede.example.com/requests/" + requestID + ")"
	got := map[string]string{"review": noteText(plugins.Note{Kind: plugins.NoteReview, Card: cards["one_approval"], Review: &last})}
	for _, state := range []string{"approved", "approved_ahead", "denied", "overridden", "expired", "withdrawn", "promoted"} {
		got[state] = noteText(plugins.Note{Kind: plugins.NoteOutcome, Card: cards[state]})
	}
	for _, kind := range []plugins.NoteKind{plugins.NoteAccessStarted, plugins.NoteAccessEnding} {
		got[string(kind)] = noteText(plugins.Note{Kind: kind, Card: cards["approved"]})
	}
	want := map[string]string{
		"review":         "✓ `Ivan Petrov` (`ivan`) approved · `managers` 1 of 2\n> `known ticket`",
		"approved":       "✓ Your request for `dba` was approved by `Bob Okafor` (`bob`). You have access until 2026-11-21 03:12 UTC." + link,
		"approved_ahead": "✓ Your request for `dba` was approved by `Bob Okafor` (`bob`). Your access begins at 2026-11-20 23:12 UTC and ends at 2026-11-21 03:12 UTC." + link,
		"denied":         "✗ Your request for `dba` was denied by `Bob Okafor` (`bob`).\n> `not during the freeze`" + link,
		"overridden":     "✓ Your request for `dba` was approved by `Bob Okafor` (`bob`).\n> `incident 42`" + link,
		"expired":        "– Your request for `dba` expired before enough people approved it; ask again if you still need it." + link,
		"withdrawn":      "– Your request for `dba` was withdrawn." + link,
		"promoted":       "✓ Your request for `dba` was approved." + link,
		"access_started": "✓ Your access to `dba` has begun. It ends at 2026-11-21 03:12 UTC." + link,
		"access_ending":  "◔ Your access to `dba` ends at 2026-11-21 03:12 UTC. Ask again if you need it for longer." + link,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheFullestCardKeepsMattermostsLimits(t *testing.T) {
	for name, filler := range map[string]string{
		"letters": "x", "backticks": "`", "lines": "a\n", "emoji": "👩‍👩‍👧‍👦", "mentions": "@all ", "right to left": "שלום ",
	} {
		long := strings.Repeat(filler, 4096)
		person := v1.PersonRef{Name: long, DisplayName: long}
		card := demoCard(func(c *plugins.Card) {
			c.Requester, c.Reason, c.Notes = person, long, []string{long, long, long, long}
			for range 50 {
				c.Roles = append(c.Roles, long)
				c.Progress = append(c.Progress, plugins.Progress{Name: long, Have: 1, Need: 2})
				c.Reviews = append(c.Reviews, review(person, v1.Approve, long))
			}
		})
		m, err := artist{seal: plugins.NewSealer([]byte(sealSecret)), answers: true}.card(card, access, "k")
		if err != nil {
			t.Fatal(err)
		}
		if got := utf8.RuneCountInString(m.text); got > 1000 {
			t.Errorf("%s: the message has %d characters", name, got)
		}
		if got := utf8.RuneCountInString(m.props.Attachments[0].Text); got > 16_000 {
			t.Errorf("%s: the attachment's text has %d characters", name, got)
		}
		if !utf8.ValidString(m.props.Attachments[0].Text) {
			t.Errorf("%s: a character was cut in two", name)
		}
	}
}

func TestACardOfNoProperRequestIsRefused(t *testing.T) {
	a := artist{seal: plugins.NewSealer([]byte(sealSecret)), answers: true}
	_, err := a.card(demoCard(func(c *plugins.Card) { c.RequestID = "x" }), access, "k")
	if plugins.KindOf(err) != plugins.Invalid {
		t.Errorf("drawing: %v", err)
	}
}
