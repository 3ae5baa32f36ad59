package slack

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/standin"
)

func TestACardIsPostedThenChangedAndLosesItsButtons(t *testing.T) {
	w := newWorld(t)
	r, seen := w.post("C0ACCESS", "key-1", demoCard())
	if seen.Key != "key-1" || !strings.Contains(string(seen.Metadata), `"event_type":"accede_delivery"`) {
		t.Errorf("metadata is %s, want the delivery's key", seen.Metadata)
	}
	if !strings.Contains(string(seen.Blocks), actionApprove) {
		t.Error("the pending card has no Approve button")
	}
	decided := states()["approved"]
	for range 2 {
		if err := w.updater().Update(t.Context(), r, decided); err != nil {
			t.Fatal(err)
		}
	}
	seen = w.message(r)
	if strings.Contains(string(seen.Blocks), `"button"`) || !strings.Contains(textsOf(t, seen.Blocks), "✓ Approved") {
		t.Errorf("the decided card shows %s", seen.Blocks)
	}
	if seen.Key != "key-1" {
		t.Error("the update lost the delivery's key")
	}
}

func (w *world) updater() plugins.Updater { return w.bot.(plugins.Updater) } //nolint:errcheck // a bot of this package

func (w *world) replier() plugins.Replier { return w.bot.(plugins.Replier) } //nolint:errcheck // a bot of this package

func (w *world) finder() plugins.Finder { return w.bot.(plugins.Finder) } //nolint:errcheck // a bot of this package

func (w *world) resolver() plugins.Resolver { return w.bot.(plugins.Resolver) } //nolint:errcheck // a bot of this package

func TestAReviewIsAReplyAndAnOutcomeAMessageOfItsOwn(t *testing.T) {
	w := newWorld(t)
	card := states()["pending_one_approval"]
	parent, _ := w.post("D0ALICE", "card", requesterCard(w))
	reply, err := w.replier().Reply(t.Context(), parent, "reply", plugins.Note{Kind: plugins.NoteReview, Card: card, Review: &card.Reviews[0]})
	if err != nil {
		t.Fatal(err)
	}
	seen := w.message(reply)
	if at, _ := decodeRef(parent); seen.ThreadTS != at.ts || seen.Key != "reply" {
		t.Errorf("reply is in thread %q under key %q", seen.ThreadTS, seen.Key)
	}
	outcome, err := w.replier().Reply(t.Context(), parent, "outcome", plugins.Note{Kind: plugins.NoteOutcome, Card: states()["approved"]})
	if err != nil {
		t.Fatal(err)
	}
	if seen := w.message(outcome); seen.ThreadTS != "" || !strings.Contains(seen.Text, "was approved") {
		t.Errorf("the outcome is %q in thread %q, want a message of its own", seen.Text, seen.ThreadTS)
	}
	for _, kind := range []plugins.NoteKind{plugins.NoteAccessStarted, plugins.NoteAccessEnding} {
		r, err := w.replier().Reply(t.Context(), parent, string(kind), plugins.Note{Kind: kind, Card: states()["approved"]})
		if err != nil {
			t.Fatal(err)
		}
		if seen := w.message(r); seen.ThreadTS != "" || !strings.Contains(seen.Text, "Your access to dba") {
			t.Errorf("%s is %q in thread %q, want a message of its own", kind, seen.Text, seen.ThreadTS)
		}
	}
	for _, key := range []string{"reply", "outcome"} {
		r, found, err := w.finder().Find(t.Context(), plugins.Destination{ID: "D0ALICE"},
			plugins.Search{Key: key, Since: time.Now(), Parent: parent})
		if err != nil || !found || r != map[string]plugins.Ref{"reply": reply, "outcome": outcome}[key] {
			t.Errorf("looking up %s: %v, %v, %v", key, r, found, err)
		}
	}
}

// requesterCard opens alice's direct message and returns her card.
func requesterCard(w *world) plugins.Card {
	w.t.Helper()
	found, err := w.resolver().Resolve(w.t.Context(), plugins.Recipient{Name: "alice@example.com"})
	if err != nil || len(found) != 1 || found[0].ID != "D0ALICE" {
		w.t.Fatalf("resolving alice: %v, %v", found, err)
	}
	return states()["pending_requester"]
}

func TestWhatWasAcceptedBeforeTheAnswerGotLostIsFound(t *testing.T) {
	for name, faults := range map[string]standin.Faults{
		"dropped":   {DropAfter: 1, Next: 1},
		"500":       {FailAfter: 1, Next: 1},
		"truncated": {TruncateJSON: 1, Next: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			faults.Only = []string{"chat.postMessage"}
			if err := w.sim.Faults().Set(faults); err != nil {
				t.Fatal(err)
			}
			since, to := time.Now(), plugins.Destination{ID: "C0ACCESS"}
			_, err := w.bot.Post(t.Context(), to, "lost", demoCard())
			if plugins.KindOf(err) != plugins.Unknown {
				t.Fatalf("posting: %v is %s, want unknown", err, plugins.KindOf(err))
			}
			r, found, err := w.finder().Find(t.Context(), to, plugins.Search{Key: "lost", Since: since})
			if err != nil || !found || w.message(r).Key != "lost" {
				t.Errorf("looking up: %v, %v, %v", r, found, err)
			}
			if posts := w.sim.Stats().Accepted; posts != 1 {
				t.Errorf("%d messages were posted, want 1: something retries", posts)
			}
		})
	}
}

func TestFindTurnsPagesAndStopsAtOthersMessages(t *testing.T) {
	w := newWorld(t)
	to := plugins.Destination{ID: "C0ACCESS"}
	since := time.Now()
	wanted, _ := w.post(to.ID, "wanted", demoCard())
	for range pageSize + 5 {
		w.post(to.ID, "another", demoCard())
	}
	r, found, err := w.finder().Find(t.Context(), to, plugins.Search{Key: "wanted", Since: since})
	if err != nil || !found || r != wanted {
		t.Errorf("looking up: %v, %v, %v", r, found, err)
	}
	_, found, err = w.finder().Find(t.Context(), to, plugins.Search{Key: "nowhere", Since: since})
	if err != nil || found {
		t.Errorf("looking up what is not there: %v, %v", found, err)
	}
}

func TestFindIgnoresTheKeyInMessagesOfOthers(t *testing.T) {
	page := []posted{{ts: "1", bot: "B0THER", key: "k"}, {ts: "2", bot: "B0BOT", key: "x"}, {ts: "3", bot: "B0BOT", key: "k"}}
	ts, found, err := seek(posted{bot: "B0BOT", key: "k"}, func(string) ([]posted, string, error) { return page, "", nil })
	if ts != "3" || !found || err != nil {
		t.Errorf("found %q, %v, %v", ts, found, err)
	}
	_, _, err = seek(posted{bot: "B0BOT", key: "k"}, func(string) ([]posted, string, error) { return nil, "more", nil })
	if plugins.KindOf(err) != plugins.Transient {
		t.Errorf("endless pages: %v", err)
	}
}

func TestResolve(t *testing.T) {
	w := newWorld(t)
	person := func(name, email string, users ...string) plugins.Recipient {
		r := plugins.Recipient{Person: &v1.PersonRef{Name: name, Email: email}}
		for _, user := range users {
			r.Accounts = append(r.Accounts, v1.Identity{Plugin: Name, Tenant: "T0ACCEDE", User: user})
		}
		return r
	}
	foreign := person("eve", "")
	foreign.Accounts = []v1.Identity{{Plugin: Name, Tenant: "T0EVIL", User: "U0IVAN"}, {Plugin: "discord", Tenant: "T0ACCEDE", User: "U0IVAN"}}
	for _, c := range []struct {
		name string
		who  plugins.Recipient
		want []string
	}{
		{"channel by name", plugins.Recipient{Name: "#access-requests"}, []string{"C0ACCESS"}},
		{"private channel by name", plugins.Recipient{Name: "#security"}, []string{"G0SEC"}},
		{"channel by id", plugins.Recipient{Name: "C0OPS"}, []string{"C0OPS"}},
		{"account by id", plugins.Recipient{Name: "U0BOB"}, []string{"D0BOB"}},
		{"e-mail", plugins.Recipient{Name: "bob@example.com"}, []string{"D0BOB"}},
		{"unknown channel", plugins.Recipient{Name: "#nowhere"}, nil},
		{"unknown e-mail", plugins.Recipient{Name: "nobody@example.com"}, nil},
		{"unknown account", plugins.Recipient{Name: "U0NOBODY"}, nil},
		{"linked account before e-mail", person("ivan", "bob@example.com", "U0IVAN"), []string{"D0IVAN"}},
		{"two linked accounts", person("ivan", "", "U0IVAN", "U0BOB"), []string{"D0IVAN", "D0BOB"}},
		{"e-mail of a person", person("alice", "alice@example.com"), []string{"D0ALICE"}},
		{"person without anything", person("zoe", ""), nil},
		{"accounts elsewhere", foreign, nil},
		{"stranger", person("mallory", "", "U0MALLORY"), nil},
	} {
		found, err := w.resolver().Resolve(t.Context(), c.who)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var ids []string
		for _, d := range found {
			ids = append(ids, d.ID)
		}
		if diff := cmp.Diff(c.want, ids); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestWithoutOptionalScopesPeopleAreReachedByTheirLinks(t *testing.T) {
	w := newWorld(t, without("users:read.email", "groups:read"))
	found, err := w.resolver().Resolve(t.Context(), plugins.Recipient{Person: &v1.PersonRef{Name: "alice", Email: "alice@example.com"}})
	if err != nil || len(found) != 0 {
		t.Errorf("person by e-mail: %v, %v; want nobody and no error", found, err)
	}
	found, err = w.resolver().Resolve(t.Context(), plugins.Recipient{Name: "#access-requests"})
	if err != nil || len(found) != 1 {
		t.Errorf("public channel: %v, %v", found, err)
	}
	_, err = w.resolver().Resolve(t.Context(), plugins.Recipient{Name: "alice@example.com"})
	if plugins.KindOf(err) != plugins.Auth || !strings.Contains(public(err), "users:read.email") {
		t.Errorf("configured e-mail: %v, %q", err, public(err))
	}
}

func public(err error) string {
	typed, ok := errors.AsType[*plugins.Error](err)
	if !ok {
		return ""
	}
	return typed.Public
}

// without takes scopes from the bot token.
func without(scopes ...string) func(*setting) {
	return func(s *setting) {
		token := &s.workspace.Tokens[0]
		token.Scopes = slices.DeleteFunc(slices.Clone(token.Scopes), func(scope string) bool { return slices.Contains(scopes, scope) })
	}
}

// TestEveryCodeHasItsKindAndASentence goes through Slack's codes with a server that answers nothing else.
func TestEveryCodeHasItsKindAndASentence(t *testing.T) {
	seen := map[string]plugins.Kind{}
	for _, kind := range plugins.Kinds() {
		for _, code := range codesOf(kind) {
			if other, twice := seen[code]; twice {
				t.Errorf("%s is listed as %s and %s", code, other, kind)
			}
			seen[code] = kind
			if kind == plugins.Unknown || kind == plugins.RateLimited {
				continue
			}
			err := answering(t, http.StatusOK, `{"ok":false,"error":"`+code+`","needed":"chat:write"}`).post(t)
			if got := plugins.KindOf(err); got != kind || public(err) == "" {
				t.Errorf("%s: kind %s with sentence %q, want %s", code, got, public(err), kind)
			}
		}
	}
	if codesOf("strange") != nil {
		t.Error("a kind that does not exist has codes")
	}
}

func TestWhatNobodyKnowsIsUnknownForPostsOnly(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		post   plugins.Kind
		update plugins.Kind
	}{
		"internal_error":  {200, `{"ok":false,"error":"internal_error"}`, plugins.Unknown, plugins.Transient},
		"fatal_error":     {200, `{"ok":false,"error":"fatal_error"}`, plugins.Unknown, plugins.Transient},
		"new code":        {200, `{"ok":false,"error":"brand_new_code"}`, plugins.Unknown, plugins.Transient},
		"no json":         {200, `<html>`, plugins.Unknown, plugins.Transient},
		"empty object":    {200, `{}`, plugins.Unknown, ""},
		"no message":      {200, `{"ok":true}`, plugins.Unknown, ""},
		"500":             {500, `<html>`, plugins.Unknown, plugins.Transient},
		"503":             {503, ``, plugins.Unknown, plugins.Transient},
		"404":             {404, ``, plugins.NotFound, plugins.NotFound},
		"407":             {407, ``, plugins.Auth, plugins.Auth},
		"400":             {400, ``, plugins.Invalid, plugins.Invalid},
		"429 without how": {429, `{"ok":false,"error":"ratelimited"}`, plugins.RateLimited, plugins.RateLimited},
	} {
		server := answering(t, c.status, c.body)
		if err := server.post(t); plugins.KindOf(err) != c.post || public(err) == "" {
			t.Errorf("%s: posting is %s %q, want %s", name, plugins.KindOf(err), public(err), c.post)
		}
		err := server.bot(t).Update(t.Context(), "C1/1.2", demoCard())
		if c.update == "" && err == nil {
			continue
		}
		if plugins.KindOf(err) != c.update {
			t.Errorf("%s: updating is %s, want %s", name, plugins.KindOf(err), c.update)
		}
	}
}

func TestARateLimitCarriesSlacksWait(t *testing.T) {
	w := newWorld(t)
	if err := w.sim.Faults().Set(standin.Faults{RateLimit: 1, RetryAfter: 7}); err != nil {
		t.Fatal(err)
	}
	_, err := w.bot.Post(t.Context(), plugins.Destination{ID: "C0ACCESS"}, "k", demoCard())
	typed, ok := errors.AsType[*plugins.Error](err)
	if !ok || typed.Kind != plugins.RateLimited || typed.RetryAfter != 7*time.Second {
		t.Errorf("error is %+v, want a rate limit of 7 seconds", err)
	}
	odd := answering(t, http.StatusTooManyRequests, "")
	odd.header.Set("Retry-After", "soon")
	if err := odd.post(t); plugins.KindOf(err) != plugins.RateLimited {
		t.Errorf("an odd Retry-After: %v", err)
	}
}

func TestAnUnreachableSlackIsTransientAlsoForPosts(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	w := newWorld(t, func(s *setting) { s.config.APIURL = config.Address(gone.URL) })
	_, err := w.bot.Post(t.Context(), plugins.Destination{ID: "C0ACCESS"}, "k", demoCard())
	if plugins.KindOf(err) != plugins.Transient || !strings.Contains(public(err), "could not be reached") {
		t.Errorf("error is %v (%s), want transient", err, public(err))
	}
	w.assertNoSecretIn(err.Error())
}

func TestAnEndedContextLeavesAPostOpen(t *testing.T) {
	w := newWorld(t)
	if err := w.sim.Faults().Set(standin.Faults{DelayMS: 400}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.bot.Post(ctx, plugins.Destination{ID: "C0ACCESS"}, "k", demoCard())
	if plugins.KindOf(err) != plugins.Unknown {
		t.Errorf("error is %v, want unknown", err)
	}
}

func TestReferencesOfOthersAreGone(t *testing.T) {
	w := newWorld(t)
	for _, odd := range []plugins.Ref{"", "x", "/1", "C1/", "accede:not-posted"} {
		if err := w.updater().Update(t.Context(), odd, demoCard()); plugins.KindOf(err) != plugins.Gone {
			t.Errorf("updating %q: %v", odd, err)
		}
		if _, err := w.replier().Reply(t.Context(), odd, "k", plugins.Note{}); plugins.KindOf(err) != plugins.Gone {
			t.Errorf("replying to %q: %v", odd, err)
		}
	}
	if err := w.updater().Update(t.Context(), "C0ACCESS/1.000001", demoCard()); plugins.KindOf(err) != plugins.Gone {
		t.Errorf("updating a deleted message: %v", err)
	}
}

// fixed is a Slack that answers everything alike.
type fixed struct {
	url    string
	header http.Header
}

func answering(t *testing.T, status int, body string) fixed {
	t.Helper()
	f := fixed{header: http.Header{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range f.header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f fixed) bot(t *testing.T) *bot {
	t.Helper()
	w := &world{t: t, logs: &obstest.Log{}}
	s := w.settings("")
	s.config.APIURL = config.Address(f.url)
	t.Cleanup(s.deps.HTTP.CloseIdleConnections)
	return newBot(&s.config, s.deps)
}

func (f fixed) post(t *testing.T) error {
	t.Helper()
	_, err := f.bot(t).Post(t.Context(), plugins.Destination{ID: "C1"}, "k", demoCard())
	return err
}
