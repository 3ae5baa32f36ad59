package teams

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

func testArtist() artist {
	return artist{seal: plugins.NewSealer([]byte(sealSecret)), decides: true}
}

func TestAFullCardStaysFarBelowTheLimit(t *testing.T) {
	t.Parallel()
	full := demoCard(func(c *plugins.Card) {
		c.Reason = strings.Repeat("界\n", v1.MaxReasonBytes/4)
		c.Requester.DisplayName = strings.Repeat("\U0001F469", 300)
		c.Roles = nil
		for range v1.MaxRoles {
			c.Roles = append(c.Roles, strings.Repeat("role", 60))
		}
		for range 40 {
			c.Reviews = append(c.Reviews, v1.Review{
				Author: v1.PersonRef{Name: strings.Repeat("n", 200)}, Verdict: v1.Deny, Reason: strings.Repeat("\"\\\n", 900), Created: time.Now(),
			})
			c.Progress = append(c.Progress, plugins.Progress{Name: strings.Repeat("threshold", 40), Need: 2})
			c.Notes = append(c.Notes, strings.Repeat("note ", 300))
		}
	})
	viewers := slices.Repeat([]string{"29:1" + strings.Repeat("x", 150)}, 80)
	m, err := testArtist().card(picture{Card: full, key: "key", viewers: viewers})
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := encode(m)
	if err != nil {
		t.Fatal(err)
	}
	size := 2 * len(utf16.Encode([]rune(string(encoded))))
	t.Logf("%d bytes of UTF-16", size)
	if size > 68<<10 {
		t.Errorf("the card has %d bytes of UTF-16, Teams takes %d", size, 100<<10)
	}
	if got := len(m.Attachments[0].Content.Refresh.UserIDs); got != maxViewers {
		t.Errorf("%d viewers", got)
	}
}

func TestTextIsShownAsItIs(t *testing.T) {
	t.Parallel()
	hostile := "**bold** [approve](https://evil.example) <at>Ivan</at> {{DATE(2026-01-01T00:00:00Z)}} \u202eevil"
	c := demoCard(func(c *plugins.Card) {
		c.Reason, c.Title = hostile, hostile
		c.Requester.DisplayName, c.Roles = hostile, []string{hostile}
		c.Progress[0].Name = hostile
		c.Notes = []string{hostile}
		c.Reviews = []v1.Review{{Author: v1.PersonRef{Name: hostile}, Verdict: v1.Approve, Reason: hostile, Roles: []string{hostile}}}
		c.Resolution = &v1.Resolution{State: v1.StateDenied, Reason: hostile, By: &v1.PersonRef{Name: hostile}}
	})
	m, err := testArtist().card(picture{Card: c})
	if err != nil {
		t.Fatal(err)
	}
	walk(m.Attachments[0].Content.Body, func(e element) {
		if strings.Contains(e.Text, "bold") || strings.Contains(e.Text, "evil") {
			t.Errorf("a TextBlock, which knows markup, holds %q", e.Text)
		}
		for _, r := range e.Inlines {
			if strings.Contains(r.Text, "{{") || strings.ContainsRune(r.Text, '\u202e') || strings.Contains(r.Text, "\n") {
				t.Errorf("a TextRun holds %q", r.Text)
			}
		}
	})
	if strings.ContainsRune(m.Summary, '\u202e') {
		t.Errorf("the summary is %q", m.Summary)
	}
}

func walk(elements []element, visit func(element)) {
	for _, e := range elements {
		visit(e)
		walk(e.Items, visit)
		walk(e.Columns, visit)
	}
}

func TestQuotedLinesAreBoundedAndBarred(t *testing.T) {
	t.Parallel()
	got := quoted(strings.Repeat("y\n", 2000), maxReason, maxReasonLines)
	if len(got) != maxReasonLines+1 || !strings.Contains(got[maxReasonLines], wording.CutMark) {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
	for _, line := range quoted("one\r\ntwo\u2028three\rfour", 100, 9) {
		if !strings.HasPrefix(line, wording.QuoteBar) {
			t.Errorf("line %q has no bar", line)
		}
	}
}

func TestTextIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		strings.Repeat("\U0001F469\u200d\U0001F467", 200), strings.Repeat("e\u0301", 300), strings.Repeat("\U0001F1E9\U0001F1EA", 200), "\xff\xfe" + strings.Repeat("x", 300),
	} {
		got := ruler.Cut(tame(text), 100)
		if !utf8.ValidString(got) || ruler.Length(got) > 100 || !strings.HasSuffix(got, wording.CutMark) {
			t.Errorf("%q", got)
		}
		body := strings.TrimSuffix(got, wording.CutMark)
		if strings.HasSuffix(body, "\u200d") || strings.HasSuffix(body, "e") {
			t.Errorf("cut inside a character: %q", got)
		}
	}
}

func TestACardWithoutAProperRequestIsRefused(t *testing.T) {
	t.Parallel()
	broken := demoCard(func(c *plugins.Card) { c.RequestID = "none" })
	if _, err := testArtist().card(picture{Card: broken}); plugins.KindOf(err) != plugins.Invalid {
		t.Errorf("%v", err)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	ends := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	by := v1.PersonRef{Name: "bob"}
	approved := demoCard(func(c *plugins.Card) {
		c.State, c.AccessExpires, c.AccessRoles = v1.StateApproved, ends, []string{"dba"}
		c.Resolution = &v1.Resolution{State: v1.StateApproved, By: &by, Reason: "go ahead"}
	})
	for name, c := range map[string]struct {
		note plugins.Note
		want []string
	}{
		"review": {plugins.Note{Kind: plugins.NoteReview, Card: demoCard(), Review: &v1.Review{Author: by, Verdict: v1.Deny, Reason: "no"}}, []string{"✗ bob denied", "│ no"}},
		"nobody": {plugins.Note{Kind: plugins.NoteReview, Card: demoCard()}, []string{"Waiting for a decision"}},
		"outcome": {plugins.Note{Kind: plugins.NoteOutcome, Card: approved}, []string{
			"✓ Your request for dba was approved by bob. You have access until 2026-11-20 12:00 UTC.", "│ go ahead",
		}},
		"expired": {plugins.Note{Kind: plugins.NoteOutcome, Card: demoCard(func(c *plugins.Card) { c.State = v1.StateExpired })}, []string{"ask again if you still need it"}},
		"started": {plugins.Note{Kind: plugins.NoteAccessStarted, Card: approved}, []string{"Your access to dba has begun. It ends at 2026-11-20 12:00 UTC."}},
		"ending":  {plugins.Note{Kind: plugins.NoteAccessEnding, Card: approved}, []string{"ends at 2026-11-20 12:00 UTC. Ask again"}},
	} {
		var text strings.Builder
		walk(note(c.note).Attachments[0].Content.Body, func(e element) {
			for _, r := range e.Inlines {
				text.WriteString(r.Text + "\n")
			}
		})
		for _, part := range c.want {
			if !strings.Contains(text.String(), part) {
				t.Errorf("%s: %q lacks %q", name, text.String(), part)
			}
		}
	}
}
