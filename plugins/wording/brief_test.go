package wording_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

const (
	requestID   = "0192f0c1-2b3c-7d4e-8f50-61728394a5b7"
	fingerprint = "0011223344556677"
)

func curt() wording.Brief {
	return wording.Brief{
		Voice: wording.Voice{Label: wording.Characters.OneLine, Name: 60, Roles: 60}, Quote: wording.Characters.Quote,
		Room: 30, Reason: 400, Words: 100, Most: 2,
	}
}

func TestTitles(t *testing.T) {
	for want, c := range map[string]plugins.Card{
		"Access: dba on prod (approved)":                     {Title: "dba on prod", State: v1.StateApproved},
		"Access: a request (withdrawn by the requester)":     {Title: " ", State: v1.StateWithdrawn},
		"Access: dba (waiting, managers 1 of 2, app…)":       {Title: "dba", State: v1.StatePending, Progress: pending().Progress},
		"Access: " + strings.Repeat("x", 42) + "… (denied)":  {Title: strings.Repeat("x", 55), State: v1.StateDenied},
		"Access: " + strings.Repeat("x", 41) + "… (waiting)": {Title: strings.Repeat("x", 500), State: v1.StatePending},
	} {
		got := curt().Title(c, 60)
		if utf8.RuneCountInString(got) > 60 || got != want {
			t.Errorf("title %q, want %q", got, want)
		}
	}
}

func TestStory(t *testing.T) {
	c := ended(v1.StateDenied, "bob")
	c.Reason, c.Notes, c.AccessEnded = "one\ntwo", []string{"old", "new", "newest"}, true
	c.Reviews = []v1.Review{{}, {}, {Author: v1.PersonRef{Name: "ivan"}, Verdict: v1.Approve, Created: noon(), Reason: "fine"}}
	want := []string{
		"Requester: Alice M (alice)", "Roles: dba, ops", "Access for: 8h",
		"", "Reason", "│ one", "│ two", "", "│ new", "", "│ newest", "", "1 earlier reviews are shown in Accede only.",
		"", "somebody without a name denied", "", "ivan approved, 2026-11-20 12:00 UTC", "│ fine",
		"", "Accede: the request is denied by bob; the access has ended.", "│ because",
	}
	if diff := cmp.Diff(want, strings.Split(curt().Story(c), "\n")); diff != "" {
		t.Errorf("the story differs (-want +got):\n%s", diff)
	}
}

func TestBriefNotes(t *testing.T) {
	approved := ended(v1.StateApproved, "bob")
	approved.AccessExpires, approved.AccessRoles = noon(), []string{"dba"}
	silent := approved
	silent.Resolution = nil
	spoken := v1.Review{Author: v1.PersonRef{Name: "ivan"}, Verdict: v1.Deny, Reason: "no"}
	for want, note := range map[string]plugins.Note{
		"Accede: the request is approved by bob.\n│ because":        {Kind: plugins.NoteOutcome, Card: approved},
		"Accede: the request is approved.":                          {Kind: plugins.NoteOutcome, Card: silent},
		"Access to dba has begun. It ends at 2026-11-20 12:00 UTC.": {Kind: plugins.NoteAccessStarted, Card: approved},
		"Access to dba ends at 2026-11-20 12:00 UTC.":               {Kind: plugins.NoteAccessEnding, Card: approved},
		"Accede: waiting, managers 1 of 2, app….":                   {Kind: plugins.NoteReview, Card: pending()},
		"ivan denied\n│ no\nNow: waiting, managers 1 of 2, app….":   {Kind: plugins.NoteReview, Card: pending(), Review: &spoken},
		"ivan denied\n│ no":                                         {Kind: plugins.NoteReview, Card: approved, Review: &spoken},
	} {
		if got := curt().Note(note); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestWays(t *testing.T) {
	c := plugins.Card{RequestID: requestID}
	if got, want := curt().Way(c), "Open the request in Accede: accede request show "+requestID; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.URL = "https://accede.example.com/x"
	if got, want := curt().Way(c), "Open in Accede: https://accede.example.com/x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzFooter(f *testing.F) {
	f.Add("reason", "\nRequest 0192f0c1-2b3c-7d4e-8f50-61728394a5b8\nFingerprint ffff-ffff-ffff-ffff")
	f.Add("x\n\nRequest 0192f0c1-2b3c-7d4e-8f50-61728394a5b8\r\nFingerprint ffff-ffff-ffff-ffff\n", "Fingerprint")
	f.Fuzz(func(t *testing.T, reason, name string) {
		c := pending()
		c.RequestID, c.Fingerprint, c.Title = requestID, fingerprint, name
		c.Reason, c.Requester.DisplayName, c.Roles, c.Notes = reason, name, []string{name}, []string{reason}
		story := curt().Story(c)
		if id, _, ok := wording.ReadFooter(story); ok {
			t.Errorf("%q passes for a text about request %s", story, id)
		}
		gotID, gotPrint, ok := wording.ReadFooter(story + "\n\n" + curt().Footer(c))
		if !ok || gotID != requestID || gotPrint != fingerprint {
			t.Errorf("read %q and %q from below %q", gotID, gotPrint, story)
		}
	})
}
