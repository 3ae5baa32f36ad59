package email

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/email/emailsim"
	"github.com/accede/accede/plugins/standin"
)

func forRequester(c *plugins.Card) { c.Audience = plugins.ForRequester }

// notes are the follow-up mails by the name of their golden file.
func notes() map[string]plugins.Note {
	once := demoCard(func(c *plugins.Card) {
		c.Reviews, c.Progress[0].Have = []v1.Review{review("ivan", v1.Approve, "Backup checked\nand tested")}, 1
	})
	bob := v1.PersonRef{Name: "bob", DisplayName: "Bob Okafor"}
	until := time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC)
	granted := func(c *plugins.Card) { c.AccessRoles, c.AccessExpires = c.Roles, until }
	ahead := func(c *plugins.Card) { c.AccessStarts = until.Add(-time.Hour) }
	outcome := func(state v1.State, end v1.Resolution, more ...func(*plugins.Card)) plugins.Note {
		return plugins.Note{Kind: plugins.NoteOutcome, Card: demoCard(append(more, forRequester, resolved(state, end))...)}
	}
	return map[string]plugins.Note{
		"note_review":              {Kind: plugins.NoteReview, Card: once, Review: &once.Reviews[0]},
		"note_review_missing":      {Kind: plugins.NoteReview, Card: once},
		"outcome_approved":         outcome(v1.StateApproved, v1.Resolution{By: &bob, Reason: "Go ahead"}, granted),
		"outcome_approved_ahead":   outcome(v1.StateApproved, v1.Resolution{By: &bob}, granted, ahead),
		"outcome_promoted":         outcome(v1.StatePromoted, v1.Resolution{By: &bob}),
		"outcome_denied":           outcome(v1.StateDenied, v1.Resolution{By: &bob, Reason: "Not this week"}),
		"outcome_expired":          outcome(v1.StateExpired, v1.Resolution{}),
		"outcome_withdrawn":        outcome(v1.StateWithdrawn, v1.Resolution{By: &v1.PersonRef{Name: "alice"}}),
		"outcome_pending":          {Kind: plugins.NoteOutcome, Card: demoCard(forRequester)},
		"note_access_started":      {Kind: plugins.NoteAccessStarted, Card: demoCard(forRequester, granted)},
		"note_access_ending":       {Kind: plugins.NoteAccessEnding, Card: demoCard(forRequester, granted)},
		"note_no_link_no_progress": {Kind: plugins.NoteReview, Card: demoCard(func(c *plugins.Card) { c.URL, c.Progress = "", nil })},
	}
}

func TestFollowUpMailsLookAsTheyShould(t *testing.T) {
	for name, note := range notes() {
		drawn := noteSheet(note)
		got, err := json.MarshalIndent(map[string]any{
			"subject": drawn.subject, "tone": drawn.tone, "text": strings.Split(drawn.text(), "\n"),
		}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name+".json")
		if *update {
			writeFile(t, path, string(got)+"\n")
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
			t.Errorf("%s: -want +got; run with -update if this is meant:\n%s", name, diff)
		}
	}
}

func TestFollowUpsAreInTheThreadOfTheFirstMail(t *testing.T) {
	for name, way := range map[string]func(*setting){"smtp": func(*setting) {}, "mailgun": viaMailgun} {
		w := newWorld(t, way)
		ref := w.mustPost("key-of-the-card", demoCard())
		root := w.last()
		for kind, note := range notes() {
			note.Card.Audience = plugins.ForReviewers
			w.reply(ref, "key-of-"+kind, note)
			told := w.last()
			if told.InReplyTo != root.MessageID || told.References != root.MessageID || told.Subject != root.Subject ||
				told.To != root.To || told.MessageID == root.MessageID || told.Parent != root.ID {
				t.Errorf("%s: %s is not in the thread: %+v", name, kind, told)
			}
		}
	}
}

func TestTheConfigurationSaysHowManyMailsReviewersGet(t *testing.T) {
	first, last := review("ivan", v1.Approve, ""), review("bob", v1.Approve, "")
	pending := demoCard(func(c *plugins.Card) { c.Reviews = []v1.Review{first} })
	ended := demoCard(func(c *plugins.Card) { c.Reviews = []v1.Review{first, last} }, resolved(v1.StateApproved, v1.Resolution{ReviewID: last.ID}))
	for choice, want := range map[FollowUps]int{FollowEvery: 3, FollowOutcome: 1, FollowNone: 0} {
		w := newWorld(t, func(s *setting) { s.config.FollowUps = choice })
		ref := w.mustPost("key-of-the-card", demoCard())
		for i, note := range []plugins.Note{
			{Kind: plugins.NoteReview, Card: pending, Review: &first},
			{Kind: plugins.NoteReview, Card: ended, Review: &first}, // told late
			{Kind: plugins.NoteReview, Card: ended, Review: &last},
		} {
			if told := w.reply(ref, "key-of-review-"+string(rune('0'+i)), note); told == "" {
				t.Errorf("%s: a note without a reference", choice)
			}
		}
		w.reply(ref, "key-of-the-outcome", plugins.Note{Kind: plugins.NoteOutcome, Card: ended})
		if got := len(w.sim.Mails()) - 2; got != want {
			t.Errorf("%s: %d mails about reviews, want %d", choice, got, want)
		}
	}
}

func TestMailsGoToNobodyElse(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.config.OnlyDomains = []string{"Example.com"} })
	for recipient, want := range map[string]string{
		"ivan@example.com": "ivan@example.com", " Ivan@EXAMPLE.com ": "ivan@example.com", "mallory@evil.example": "",
		"Ivan <ivan@example.com>": "", "ivan": "", "": "", "a@b@example.com": "", "ivan@example.com,bob@example.com": "",
		"ivan@example.com\r\nRCPT TO:<x@y.example>": "", "\"a b\"@example.com": "", "ivan@[127.0.0.1]": "", "iván@example.com": "",
		"-x@example.com": "-x@example.com", "ivan@example..com": "", strings.Repeat("x", 65) + "@example.com": "", "#dba": "",
	} {
		found := w.resolve(plugins.Recipient{Name: recipient})
		person := w.resolve(plugins.Recipient{Name: "ignored@example.com", Person: &v1.PersonRef{Name: "p", Email: recipient}})
		got := ""
		if len(found) > 0 {
			got = found[0].ID
		}
		if got != want || len(found) != len(person) || len(found) > 1 {
			t.Errorf("%q leads to %v, and as a person's address to %v; want %q", recipient, found, person, want)
		}
		_, err := w.bot.Post(t.Context(), plugins.Destination{ID: recipient, Name: recipient}, "key-of-the-mail", demoCard())
		if want == "" && (plugins.KindOf(err) != plugins.NotFound || err == nil) {
			t.Errorf("posting to %q: %v", recipient, err)
		}
	}
	for _, m := range w.sim.Mails() {
		if m.To != "ivan@example.com" {
			t.Errorf("a mail went to %s", m.To)
		}
	}
}

func TestForgedReferencesLeadNowhere(t *testing.T) {
	w := newWorld(t)
	for _, ref := range []plugins.Ref{
		"", "x", "ivan@example.com", "ivan@example.com <>", "ivan@example.com <key>", "Ivan@example.com <019aa0b1-0000@example.com>",
		"ivan@example.com <019aa0b1\r\nBcc: x@example.com>", "ivan@example.com <019aa0b1-0000@example.com> ", "C0ACCESS/1.2",
	} {
		_, err := w.bot.(plugins.Replier).Reply(t.Context(), ref, "key-of-the-mail", plugins.Note{Kind: plugins.NoteOutcome, Card: demoCard()}) //nolint:errcheck // a bot of this package
		if plugins.KindOf(err) != plugins.Gone || err == nil {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if len(w.sim.Mails()) != 0 {
		t.Error("a mail was sent")
	}
}

func TestMailgunIsLookedUpAndNamesItsFaults(t *testing.T) {
	w := newWorld(t, viaMailgun)
	if err := w.sim.Faults().Set(standin.Faults{DropAfter: 1, Only: []string{"messages.mime"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.post("key-of-the-card", demoCard()); plugins.KindOf(err) != plugins.Unknown {
		t.Fatalf("a lost answer is %v", err)
	}
	finder := w.bot.(plugins.Finder) //nolint:errcheck // a bot of this package
	search := plugins.Search{Key: "key-of-the-card", Since: time.Now().Add(-time.Minute)}
	ref, found, err := finder.Find(t.Context(), plugins.Destination{ID: "ivan@example.com"}, search)
	if err != nil || !found || ref != "ivan@example.com <key-of-the-card@"+emailsim.DemoDomain+">" {
		t.Errorf("looking up: %q %v %v", ref, found, err)
	}
	if err := w.sim.Faults().Set(standin.Faults{RateLimit: 1, RetryAfter: 30}); err != nil {
		t.Fatal(err)
	}
	_, err = w.post("another-key", demoCard())
	if wait := waitOf(err); plugins.KindOf(err) != plugins.RateLimited || wait < 25*time.Second || wait > 31*time.Second {
		t.Errorf("a limit is %v with a wait of %s", err, wait)
	}
	if err := w.sim.Faults().Set(standin.Faults{TruncateJSON: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.post("a-third-key", demoCard()); plugins.KindOf(err) != plugins.Unknown {
		t.Errorf("half an answer is %v", err)
	}
}

func waitOf(err error) time.Duration {
	typed, ok := err.(*plugins.Error) //nolint:errorlint // it is never wrapped
	if !ok {
		return 0
	}
	return typed.RetryAfter
}

func TestMailgunGetsTheRecipientTheMailAndNoTracking(t *testing.T) {
	w := newTestWriter(t)
	m := newMailgun(&Config{Mailgun: Mailgun{Domain: "mg.example.com", RequireTLS: true}}, nil, w, time.Now)
	body, kind, err := m.form("ivan@example.com", []byte("Subject: x\r\n\r\ny"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"to": {"ivan@example.com"}, "o:tracking": {"no"}, "o:tracking-clicks": {"no"}, "o:tracking-opens": {"no"}, "o:require-tls": {"yes"},
	}
	if diff := cmp.Diff(want, map[string][]string(r.MultipartForm.Value)); diff != "" || len(r.MultipartForm.File["message"]) != 1 {
		t.Errorf("-want +got:\n%s", diff)
	}
}
