package mattermost

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

func TestACardIsPostedThenChangedAndLosesItsButtons(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.server.Server.PostEditTimeLimit = 0 }) // editing messages is forbidden at once
	r, seen := w.post(access, "key-1", demoCard())
	if seen.Key != "key-1" || len(seen.Attachments()[0].Actions) != 2 {
		t.Errorf("the card is %+v", seen)
	}
	for range 2 {
		if err := w.bot.Update(t.Context(), r, states()["approved"]); err != nil {
			t.Fatal(err)
		}
	}
	seen = w.message(r)
	if a := seen.Attachments()[0]; len(a.Actions) != 0 || !strings.HasPrefix(a.Text, "✓ **Approved**") {
		t.Errorf("the decided card shows %+v", a)
	}
	if seen.Key != "key-1" || seen.Edited || seen.Props["from_bot"] != "true" {
		t.Errorf("the update changed more than it should: %+v", seen)
	}
}

func TestADeletedCardIsGone(t *testing.T) {
	w := newWorld(t)
	r, seen := w.post(access, "k", demoCard())
	if err := w.bot.api.deletePost(t.Context(), seen.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.bot.Update(t.Context(), r, demoCard()); plugins.KindOf(err) != plugins.Gone {
		t.Errorf("updating: %v is %s", err, plugins.KindOf(err))
	}
	if _, err := w.bot.Reply(t.Context(), r, "k2", plugins.Note{Card: demoCard()}); plugins.KindOf(err) != plugins.Gone {
		t.Errorf("replying: %v is %s", err, plugins.KindOf(err))
	}
	for _, odd := range []plugins.Ref{"", "a", "a/b", "/b/k"} {
		if err := w.bot.Update(t.Context(), odd, demoCard()); plugins.KindOf(err) != plugins.Gone {
			t.Errorf("updating %q: %v", odd, err)
		}
	}
}

func TestAReviewIsAReplyAndAnOutcomeAMessageOfItsOwn(t *testing.T) {
	w := newWorld(t)
	card := states()["one_approval"]
	parent, seen := w.post(access, "card", demoCard())
	reply, err := w.bot.Reply(t.Context(), parent, "reply", plugins.Note{Kind: plugins.NoteReview, Card: card, Review: &card.Reviews[0]})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.message(reply); got.Root != seen.ID || got.Key != "reply" {
		t.Errorf("the reply is %+v", got)
	}
	outcome, err := w.bot.Reply(t.Context(), parent, "outcome", plugins.Note{Kind: plugins.NoteOutcome, Card: states()["approved"]})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.message(outcome); got.Root != "" || !strings.Contains(got.Message, "was approved") {
		t.Errorf("the outcome is %+v", got)
	}
}

func TestWhatWasAcceptedBeforeTheAnswerGotLostIsFound(t *testing.T) {
	for name, faults := range map[string]standin.Faults{
		"dropped": {DropAfter: 1, Next: 1}, "500": {FailAfter: 1, Next: 1}, "truncated": {TruncateJSON: 1, Next: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			faults.Only = []string{"CreatePost"}
			if err := w.sim.Faults().Set(faults); err != nil {
				t.Fatal(err)
			}
			since, to := time.Now(), plugins.Destination{ID: access}
			_, err := w.bot.Post(t.Context(), to, "lost", demoCard())
			if plugins.KindOf(err) != plugins.Unknown {
				t.Fatalf("posting: %v is %s, want unknown", err, plugins.KindOf(err))
			}
			r, found, err := w.bot.Find(t.Context(), to, plugins.Search{Key: "lost", Since: since})
			if err != nil || !found || w.message(r).Key != "lost" {
				t.Errorf("looking up: %v, %v, %v", r, found, err)
			}
			if posts := w.sim.Stats().Accepted; posts != 1 {
				t.Errorf("%d messages were posted, want 1: something retries", posts)
			}
		})
	}
}

func TestARepeatWithinHalfAMinuteIsTheSamePost(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(s *setting) { s.simClock = func() time.Time { return now } })
	first, _ := w.post(access, "k", demoCard())
	if again, _ := w.post(access, "k", demoCard()); again != first || w.sim.Stats().Accepted != 1 {
		t.Errorf("a repeat made %s of %s", again, first)
	}
	now = now.Add(31 * time.Second)
	if again, _ := w.post(access, "k", demoCard()); again == first {
		t.Error("the stand-in remembers longer than Mattermost does")
	}
}

func TestAnAttemptThatIsStillBeingSavedIsUnknown(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.server.Server.SaveDelayMS = 300 })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := w.bot.people.self(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, first := w.bot.Post(ctx, plugins.Destination{ID: access}, "k", demoCard())
	_, second := w.bot.Post(t.Context(), plugins.Destination{ID: access}, "k", demoCard())
	if plugins.KindOf(first) != plugins.Unknown || second != nil && plugins.KindOf(second) != plugins.Unknown {
		t.Errorf("the attempts ended with %v and %v", first, second)
	}
}

func TestFindTurnsPagesAndIgnoresOthers(t *testing.T) {
	w := newWorld(t)
	to := plugins.Destination{ID: access}
	since := time.Now()
	wanted, _ := w.post(to.ID, "wanted", demoCard())
	for range 2*pageSize + 5 {
		if _, err := w.bot.api.createPost(t.Context(), access, message{text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		key   string
		found bool
	}{{"wanted", true}, {"nowhere", false}} {
		r, found, err := w.bot.Find(t.Context(), to, plugins.Search{Key: c.key, Since: since})
		if err != nil || found != c.found || found && r != wanted {
			t.Errorf("looking up %s: %v, %v, %v", c.key, r, found, err)
		}
	}
	w.bot.books.margin = 0
	calls := w.sim.Stats().Methods["GetPostsForChannel"].Calls
	for range 20 {
		if _, found, err := w.bot.Find(t.Context(), to, plugins.Search{Key: "wanted", Since: since}); err != nil || !found {
			t.Fatal(found, err)
		}
	}
	if got := w.sim.Stats().Methods["GetPostsForChannel"].Calls - calls; got > 20 {
		t.Errorf("20 further look-ups read %d pages, want one each", got)
	}
}

func TestFindTakesOnlyItsOwnMessages(t *testing.T) {
	const other = "otherbotaccesstoken0000000"
	w := newWorld(t, func(s *setting) { s.server.Tokens[other] = mattermostsim.DemoID("carol") })
	stranger := *w.bot.api
	stranger.token = secret.New(other)
	if _, err := stranger.createPost(t.Context(), access, message{text: "x", props: props{Key: "k"}}); err != nil {
		t.Fatal(err)
	}
	if r, found, err := w.bot.Find(t.Context(), plugins.Destination{ID: access}, plugins.Search{Key: "k"}); found || err != nil {
		t.Errorf("somebody else's message was taken for ours: %s, %v", r, err)
	}
}

func TestRefusalsAreToldApart(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		body       string
		header     http.Header
		kind       plugins.Kind
		public     string
		retryAfter time.Duration
	}{
		"rate limited, in text": {429, "limit exceeded\n", http.Header{"Retry-After": {"3"}}, plugins.RateLimited, "fewer requests", 3 * time.Second},
		"session":               {401, `{"id":"api.context.session_expired.app_error","status_code":401}`, nil, plugins.Auth, "new token", 0},
		"not a member":          {403, `{"id":"api.context.permissions.app_error","status_code":403}`, nil, plugins.NotFound, "/invite @bot", 0},
		"archived":              {400, `{"id":"api.post.create_post.can_not_post_to_deleted.error","status_code":400}`, nil, plugins.NotFound, "archived", 0},
		"too long":              {400, `{"id":"model.post.is_valid.message_length.app_error","status_code":400}`, nil, plugins.Invalid, "report this", 0},
		"still saving":          {500, `{"id":"api.post.deduplicate_create_post.pending","status_code":500}`, nil, plugins.Unknown, "still saving", 0},
		"proxy page":            {502, `<html>Bad Gateway</html>`, nil, plugins.Unknown, "having trouble", 0},
		"sign-in page":          {200, `<html>Sign in</html>`, nil, plugins.Unknown, "spoils its answers", 0},
		"no mattermost":         {404, `404 page not found`, nil, plugins.NotFound, "no Mattermost at url", 0},
		"no id":                 {201, `{}`, nil, plugins.Unknown, "spoils its answers", 0},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range c.header {
					w.Header()[name] = values
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			client := vendorhttp.New(vendorhttp.Options{})
			defer client.CloseIdleConnections()
			a := &api{http: client, base: server.URL}
			_, err := a.createPost(t.Context(), access, message{text: "x"})
			typed, ok := errors.AsType[*plugins.Error](failure("posting message", creates, err))
			if !ok || typed.Kind != c.kind || typed.RetryAfter != c.retryAfter || !strings.Contains(typed.Public, c.public) {
				t.Errorf("%+v, want %s with %q", typed, c.kind, c.public)
			}
		})
	}
}

func TestTheServersOwnRateLimit(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.server.Server.RateLimit = true })
	for range 200 {
		_, err := w.bot.Post(t.Context(), plugins.Destination{ID: access}, "k", demoCard())
		if err == nil {
			continue
		}
		typed, ok := errors.AsType[*plugins.Error](err)
		if !ok || typed.Kind != plugins.RateLimited || typed.RetryAfter < time.Second {
			t.Errorf("posting: %+v", err)
		}
		return
	}
	t.Error("two hundred posts at once met no limit")
}

func TestRecipientsBecomeDestinations(t *testing.T) {
	id := mattermostsim.DemoID
	account := func(user string) []v1.Identity {
		return []v1.Identity{{Plugin: Name, Tenant: "chat.demo.example", User: id(user)}, {Plugin: "slack", Tenant: "T", User: "U"}}
	}
	admin := func(s *setting) { s.server.Users[0].Roles = []string{"system_user", "system_admin"} }
	always := func(s *setting) { s.config.Email = EmailAlways }
	for name, c := range map[string]struct {
		recipient plugins.Recipient
		change    []func(*setting)
		want      string
	}{
		"channel":                       {plugins.Recipient{Name: "~access-requests"}, nil, "~access-requests"},
		"channel with a hash":           {plugins.Recipient{Name: "#access-requests"}, nil, "~access-requests"},
		"bare channel":                  {plugins.Recipient{Name: "Access-Requests"}, nil, "~access-requests"},
		"team and channel":              {plugins.Recipient{Name: "main/security"}, nil, "~security"},
		"the only team":                 {plugins.Recipient{Name: "~security"}, []func(*setting){func(s *setting) { s.config.Team = "" }}, "~security"},
		"channel id":                    {plugins.Recipient{Name: access}, nil, "~access-requests"},
		"user id":                       {plugins.Recipient{Name: id("bob")}, nil, "direct message with " + id("bob")},
		"user name":                     {plugins.Recipient{Name: "@bob"}, nil, "direct message with @bob"},
		"a bot":                         {plugins.Recipient{Name: "@accede"}, nil, ""},
		"nobody":                        {plugins.Recipient{Name: "@nobody"}, nil, ""},
		"no such channel":               {plugins.Recipient{Name: "~nowhere"}, nil, ""},
		"no such team":                  {plugins.Recipient{Name: "elsewhere/town"}, nil, ""},
		"somebody of another server":    {plugins.Recipient{Name: "@mallory"}, nil, ""},
		"e-mail, unproven":              {plugins.Recipient{Name: "bob@example.com"}, nil, ""},
		"e-mail, single sign-on seen":   {plugins.Recipient{Name: "bob@example.com"}, []func(*setting){admin}, "direct message with bob@example.com"},
		"e-mail, no single sign-on":     {plugins.Recipient{Name: "mallory@example.com"}, []func(*setting){admin}, ""},
		"e-mail, trusted":               {plugins.Recipient{Name: "bob@example.com"}, []func(*setting){always}, "direct message with bob@example.com"},
		"e-mail, trusted, other server": {plugins.Recipient{Name: "mallory@example.com"}, []func(*setting){always}, ""},
		"e-mail, never": {
			plugins.Recipient{Name: "bob@example.com"},
			[]func(*setting){admin, func(s *setting) { s.config.Email = EmailNever }},
			"",
		},
		"person with an account":    {plugins.Recipient{Person: new(bob()), Accounts: account("bob")}, nil, "direct message with Bob Okafor"},
		"person without an account": {plugins.Recipient{Person: &v1.PersonRef{Name: "bob", Email: "bob@example.com"}}, nil, ""},
		"person, hidden addresses": {
			plugins.Recipient{Person: &v1.PersonRef{Name: "bob", Email: "bob@example.com"}},
			[]func(*setting){always, func(s *setting) { s.server.Server.HideEmail = true }},
			"",
		},
		"person, account of another server": {
			plugins.Recipient{Person: new(bob()), Accounts: []v1.Identity{{Plugin: Name, Tenant: "elsewhere", User: id("bob")}}}, nil, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.change...)
			found, err := w.bot.Resolve(t.Context(), c.recipient)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, destination := range found {
				names = append(names, destination.Name)
			}
			if c.want == "" && len(names) != 0 || c.want != "" && !slices.Equal(names, []string{c.want}) {
				t.Errorf("resolved to %q, want %q", names, c.want)
			}
		})
	}
}

func TestAChannelInOneOfSeveralTeamsHasToSayWhich(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.config.Team = ""
		s.server.Teams = append(s.server.Teams, mattermostsim.Team{ID: mattermostsim.DemoID("second"), Name: "second"})
		s.server.Channels = append(s.server.Channels, mattermostsim.Channel{
			ID: mattermostsim.DemoID("town"), Name: "town", Team: "second", Members: []string{mattermostsim.DemoID("accede")},
		})
	})
	if _, err := w.bot.Resolve(t.Context(), plugins.Recipient{Name: "~town"}); plugins.KindOf(err) != plugins.NotFound {
		t.Errorf("resolving: %v", err)
	}
	if found, err := w.bot.Resolve(t.Context(), plugins.Recipient{Name: "second/town"}); err != nil || len(found) != 1 {
		t.Errorf("resolving: %v, %v", found, err)
	}
}
