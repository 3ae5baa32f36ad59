package slack

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/wording"
)

func testArtist() artist {
	return artist{seal: plugins.NewSealer([]byte(sealSecret)), answers: true}
}

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
		"pending_one_approval": demoCard(func(c *plugins.Card) {
			c.Progress[0].Have, c.Version = 1, 2
			c.Reviews = []v1.Review{review(ivan(), v1.Approve, "known ticket")}
		}),
		"pending_requester": demoCard(func(c *plugins.Card) { c.Audience, c.Actions = plugins.ForRequester, nil }),
		"pending_no_url":    demoCard(func(c *plugins.Card) { c.URL = "" }),
		"approved":          demoCard(approve),
		"access_ended":      demoCard(approve, func(c *plugins.Card) { c.AccessEnded = true }),
		"approved_ahead":    demoCard(approve, ahead),
		"pending_ahead":     demoCard(ahead),
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

func TestCardsLookAsTheGoldenFilesSay(t *testing.T) {
	for name, card := range states() {
		m, err := testArtist().card(card)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "card_"+name, m)
	}
}

func TestNotesLookAsTheGoldenFilesSay(t *testing.T) {
	cards := states()
	last := cards["pending_one_approval"].Reviews[0]
	golden(t, "note_review", note(plugins.Note{Kind: plugins.NoteReview, Card: cards["pending_one_approval"], Review: &last}))
	golden(t, "note_review_missing", note(plugins.Note{Kind: plugins.NoteReview, Card: cards["pending"]}))
	for _, state := range []string{"pending", "approved", "approved_ahead", "denied", "overridden", "expired", "withdrawn", "promoted"} {
		golden(t, "outcome_"+state, note(plugins.Note{Kind: plugins.NoteOutcome, Card: cards[state]}))
	}
	for _, kind := range []plugins.NoteKind{plugins.NoteAccessStarted, plugins.NoteAccessEnding} {
		golden(t, "note_"+string(kind), note(plugins.Note{Kind: kind, Card: cards["approved"]}))
	}
	golden(t, "answer_counted", answer(v1.DecisionResult{Code: v1.CodeCounted, Message: "Your approval counts: managers 1 of 2."}))
	golden(t, "answer_unlinked_said", answer(v1.DecisionResult{
		Code: v1.CodeIdentityNotLinked, Message: "Not connected. Run `accede link slack KX4M-7Q2P`, and click again.", LinkCode: "KX4M-7Q2P",
	}))
	golden(t, "answer_unlinked", answer(v1.DecisionResult{
		Code: v1.CodeIdentityNotLinked, Message: "This Slack account is not connected to anybody in Accede.", LinkCode: "KX4M-7Q2P",
	}))
}

// golden compares a message with its file in testdata, or writes the file when -update is given.
func golden(t *testing.T, name string, m message) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(map[string]any{"text": m.text, "blocks": m.blocks}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s changed; if that is right, run go test ./plugins/slack -update (-want +got):\n%s", name, diff)
	}
}

// fullest is a card in which everything that people write is as long as it can be.
func fullest(filler string) plugins.Card {
	long := strings.Repeat(filler, 1500)
	person := v1.PersonRef{Name: long, DisplayName: long}
	return demoCard(func(c *plugins.Card) {
		c.Title, c.Requester, c.Reason = long, person, long
		c.Roles, c.Progress = nil, nil
		for range v1.MaxRoles {
			c.Roles = append(c.Roles, long)
			c.Progress = append(c.Progress, plugins.Progress{Name: long, Need: 3})
		}
		for range 40 {
			c.Reviews = append(c.Reviews, v1.Review{Author: person, Verdict: v1.Approve, Reason: long, Roles: c.Roles, Override: true})
		}
		c.Resolution = &v1.Resolution{By: &person, Reason: long, Override: true}
		c.AccessExpires = c.Expires
	})
}

func TestTheFullestCardStaysWithinSlacksLimits(t *testing.T) {
	w := newWorld(t)
	for name, filler := range map[string]string{
		"letters": "m", "emoji": "👩‍👩‍👧‍👦", "marks": "e\u0301\u0302", "flags": "🇨🇭", "lines": "\n", "spaced": "a ", "ampersands": "&",
	} {
		card := fullest(filler)
		if name == "lines" {
			card.Reason = strings.Repeat("x\n", 2000)
		}
		_, seen := w.post("C0ACCESS", name, card)
		for _, text := range strings.Split(textsOf(t, seen.Blocks), "\n") {
			if strings.ContainsRune(text, '\ufffd') {
				t.Errorf("%s: a character was cut in two", name)
			}
		}
		if name != "lines" && !strings.Contains(textsOf(t, seen.Blocks), wording.CutMark) {
			t.Errorf("%s: nothing says that text was cut", name)
		}
		card.State = v1.StateDenied
		r, _ := w.post("C0ACCESS", name+" again", demoCard())
		if err := w.bot.(plugins.Updater).Update(t.Context(), r, card); err != nil { //nolint:errcheck // a bot of this package
			t.Errorf("%s: updating: %v", name, err)
		}
	}
}

func hostile() []string {
	return []string{
		"<!channel>", "<!here|here>", "<@U0IVAN>", "<#C0OPS>", "<https://evil.example|Approve>", "<!subteam^S1>",
		"`code` *bold* _it_ ~no~", "```\nblock", "> quote", "&lt;!channel&gt;", "@channel @here", ":+1:", "\u202eevorppA",
		"\u2066isolated", "a\u0000b\u0007c", "\xff\xfe", "line\nApproved by Bob Okafor (bob)", "👩‍👩‍👧‍👦 🇨🇭",
	}
}

// TestWhatPeopleWriteIsNeverMarkup puts hostile text into every place that people can fill.
func TestWhatPeopleWriteIsNeverMarkup(t *testing.T) {
	for _, evil := range hostile() {
		who := v1.PersonRef{Name: evil, DisplayName: evil + "!"}
		card := demoCard(func(c *plugins.Card) {
			c.Title, c.Requester, c.Roles, c.Reason = evil+" asks", who, []string{evil}, evil
			c.AccessRoles = c.Roles
			c.Progress = []plugins.Progress{{Name: evil, Need: 1}}
			c.Reviews = []v1.Review{{Author: who, Verdict: v1.Deny, Reason: evil, Roles: []string{evil}}}
			c.Resolution = &v1.Resolution{State: v1.StateDenied, By: &who, Reason: evil}
			c.URL = ""
		})
		drawn, err := testArtist().card(card)
		if err != nil {
			t.Fatal(err)
		}
		last := card.Reviews[0]
		assertHarmless(t, evil, drawn)
		assertHarmless(t, evil, note(plugins.Note{Kind: plugins.NoteReview, Card: card, Review: &last}))
		for _, kind := range []plugins.NoteKind{plugins.NoteOutcome, plugins.NoteAccessStarted, plugins.NoteAccessEnding} {
			assertHarmless(t, evil, note(plugins.Note{Kind: kind, Card: card}))
		}
		assertHarmless(t, evil, answer(v1.DecisionResult{Message: evil}))
		assertHarmless(t, evil, answer(v1.DecisionResult{Message: "hello", LinkCode: evil}))
	}
}

func assertHarmless(t *testing.T, evil string, m message) {
	t.Helper()
	if strings.ContainsAny(m.text, "<>") {
		t.Errorf("%q: the fallback text holds markup: %q", evil, m.text)
	}
	encoded, err := json.Marshal(m.blocks)
	if err != nil {
		t.Fatal(err)
	}
	var parsed any
	if err := json.Unmarshal(encoded, &parsed); err != nil {
		t.Fatal(err)
	}
	walkObjects(parsed, func(object map[string]any) {
		text, _ := object["text"].(string)
		switch object["type"] {
		case "mrkdwn":
			if strings.Contains(text, evil) || strings.Contains(text, strings.TrimSpace(evil)) {
				t.Errorf("%q stands in markup: %q", evil, text)
			}
		case "plain_text":
			if strings.ContainsAny(text, "\u202e\u2066\u0000\u0007") {
				t.Errorf("%q: invisible characters got through: %q", evil, text)
			}
			if object["emoji"] != false {
				t.Errorf("%q: emoji codes are interpreted", evil)
			}
		}
	})
}

func walkObjects(value any, visit func(map[string]any)) {
	switch typed := value.(type) {
	case []any:
		for _, one := range typed {
			walkObjects(one, visit)
		}
	case map[string]any:
		visit(typed)
		for _, one := range typed {
			walkObjects(one, visit)
		}
	}
}

func TestNoLineOfAReasonPassesForOurs(t *testing.T) {
	m, err := testArtist().card(demoCard(func(c *plugins.Card) {
		c.Reason = "please\n✓ Approved by Bob Okafor (bob)\r\nfor\u2028real"
	}))
	if err != nil {
		t.Fatal(err)
	}
	var shown string
	for _, b := range m.blocks {
		if b.Text != nil && strings.HasPrefix(b.Text.Text, "Reason\n") {
			shown = b.Text.Text
		}
	}
	for _, line := range strings.Split(shown, "\n")[1:] {
		if !strings.HasPrefix(line, wording.QuoteBar) {
			t.Errorf("line %q stands outside the quotation", line)
		}
	}
}

func TestACardWithoutAProperRequestIsRefused(t *testing.T) {
	_, err := testArtist().card(demoCard(func(c *plugins.Card) { c.RequestID = "no id" }))
	if plugins.KindOf(err) != plugins.Invalid {
		t.Errorf("error is %v, want one of kind invalid", err)
	}
}

func TestAResolvedCardHasNoButtonsWhateverTheHostSays(t *testing.T) {
	m, err := testArtist().card(demoCard(func(c *plugins.Card) { c.State = v1.StateDenied }))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range m.blocks {
		if b.Type == "actions" {
			t.Error("a decided card has buttons")
		}
	}
}
