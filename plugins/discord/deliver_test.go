package discord

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/standin"
)

func (w *world) try(channel, key string) error {
	_, err := w.bot.Post(w.t.Context(), plugins.Destination{ID: channel}, key, demoCard())
	return err
}

func (w *world) update(r plugins.Ref, card plugins.Card) error {
	return w.bot.(plugins.Updater).Update(w.t.Context(), r, card) //nolint:errcheck // a bot of this package
}

func (w *world) fault(f standin.Faults) {
	w.t.Helper()
	if err := w.sim.Faults().Set(f); err != nil {
		w.t.Fatal(err)
	}
}

func TestPostingAgainWithinMinutesPostsOnce(t *testing.T) {
	w := newWorld(t)
	w.fault(standin.Faults{DropAfter: 1, Only: []string{"create-message"}, Next: 1})
	if err := w.try(access, keyOne); plugins.KindOf(err) != plugins.Unknown {
		t.Fatalf("%v", err)
	}
	if err := w.try(access, keyOne); err != nil {
		t.Fatal(err)
	}
	if got := w.sim.Stats().Keys[keyOne].Accepted; got != 1 {
		t.Errorf("%d messages", got)
	}
	w.clock.Advance(time.Hour)
	if err := w.try(access, keyOne); err != nil {
		t.Fatal(err)
	}
	if got := w.sim.Stats().Keys[keyOne].Accepted; got != 2 {
		t.Errorf("%d messages: the stand-in remembers a nonce for too long", got)
	}
}

func TestWhatAcceptedAnd500Means(t *testing.T) {
	w := newWorld(t)
	for name, f := range map[string]standin.Faults{
		"500 after": {FailAfter: 1}, "half an answer": {TruncateJSON: 1}, "500 before": {FailBefore: 1},
	} {
		w.fault(f)
		if err := w.try(access, uuid.NewString()); plugins.KindOf(err) != plugins.Unknown {
			t.Errorf("%s: kind %s of %v", name, plugins.KindOf(err), err)
		}
	}
}

func TestWhereCardsCannotGo(t *testing.T) {
	noSend := func(s *setting) {
		s.discord.Channels[0].Overwrites = []discordsim.Overwrite{{ID: discordsim.DemoApplication, Type: 1, Deny: discordsim.SendMessages}}
	}
	locked := func(s *setting) { s.discord.Channels[4].Locked = true }
	for name, c := range map[string]struct {
		change  func(*setting)
		channel string
		kind    plugins.Kind
		public  string
	}{
		"no such channel": {nil, "1110000000000000099", plugins.NotFound, "does not exist any more"},
		"hidden":          {nil, discordsim.DemoOps, plugins.NotFound, "View Channel"},
		"no permission":   {noSend, access, plugins.NotFound, "Send Messages"},
		"voice":           {nil, discordsim.DemoVoice, plugins.NotFound, "text channel"},
		"locked thread":   {locked, discordsim.DemoThread, plugins.NotFound, "archived"},
		"bad token":       {func(s *setting) { s.config.BotToken = secret.New("a.b.c") }, access, plugins.Auth, "Reset Token"},
		"wrong address":   {func(s *setting) { s.config.APIURL = s.config.APIURL[:len(s.config.APIURL)-4] + "/v7" }, access, plugins.NotFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var changes []func(*setting)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			w := newWorld(t, changes...)
			err := w.try(c.channel, keyOne)
			if plugins.KindOf(err) != c.kind {
				t.Errorf("kind %s of %v, want %s", plugins.KindOf(err), err, c.kind)
			}
			w.wantPublic(err, c.public)
		})
	}
}

func TestCardsGoIntoThreads(t *testing.T) {
	w := newWorld(t)
	if err := w.try(discordsim.DemoThread, keyOne); err != nil {
		t.Error(err)
	}
}

func TestRepliesAnswerTheCard(t *testing.T) {
	w := newWorld(t)
	r, m := w.post(access, keyOne, demoCard())
	spoken := review("ivan", v1.Approve, "fine")
	note := plugins.Note{Kind: plugins.NoteReview, Card: demoCard(), Review: &spoken}
	replier := w.bot.(plugins.Replier) //nolint:errcheck // a bot of this package
	reply, err := replier.Reply(t.Context(), r, keyTwo, note)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.message(reply); got.Reply != m.ID || got.Key != keyTwo || !strings.Contains(got.Readable, "✓ ivan approved") {
		t.Errorf("%+v", got)
	}
	if err := w.api().call(t.Context(), http.MethodDelete, "channels/"+access+"/messages/"+m.ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := replier.Reply(t.Context(), r, uuid.NewString(), note); err != nil {
		t.Errorf("the card was deleted: %v", err)
	}
	if err := w.update(r, demoCard()); plugins.KindOf(err) != plugins.Gone {
		t.Errorf("updating what was deleted: %v", err)
	}
	if _, err := replier.Reply(t.Context(), "C1/2", keyOne, note); plugins.KindOf(err) != plugins.Gone {
		t.Errorf("a reference of another sort: %v", err)
	}
	if err := w.update("1/2/3", demoCard()); plugins.KindOf(err) != plugins.Gone {
		t.Errorf("a reference of another sort: %v", err)
	}
	gone := ref{channel: "1110000000000000099", message: "1300000000000000001", mark: markOf(keyOne)}.encode()
	if err := w.update(gone, demoCard()); plugins.KindOf(err) != plugins.Gone {
		t.Errorf("a channel that was deleted: %v", err)
	}
}

func TestTheBucketIsKeptTo(t *testing.T) {
	w := newWorld(t)
	w.fault(standin.Faults{RateLimitReal: true})
	var limited error
	for range 20 {
		if err := w.try(access, uuid.NewString()); err != nil {
			limited = err
		}
	}
	typed, _ := errors.AsType[*plugins.Error](limited)
	if typed == nil || typed.Kind != plugins.RateLimited || typed.RetryAfter <= 0 || typed.RetryAfter > 5*time.Second {
		t.Fatalf("%+v", typed)
	}
	stats := w.sim.Stats()
	if calls := stats.Methods["create-message"]; calls.Calls != 5 || stats.Refusals != 0 {
		t.Errorf("%+v, %d refusals: the plugin runs into a limit that it knows", calls, stats.Refusals)
	}
	if err := w.try(discordsim.DemoPartners, keyTwo); err != nil {
		t.Errorf("another channel: %v", err)
	}
}

func TestA429IsNotAskedForAgain(t *testing.T) {
	w := newWorld(t)
	w.fault(standin.Faults{RateLimit: 1, RetryAfter: 3, Only: []string{"create-message"}})
	for range 5 {
		err := w.try(access, uuid.NewString())
		typed, _ := errors.AsType[*plugins.Error](err)
		if typed == nil || typed.Kind != plugins.RateLimited || typed.RetryAfter > 3*time.Second || typed.RetryAfter < time.Second {
			t.Errorf("%+v", typed)
		}
	}
	if got := w.sim.Stats().Refusals; got != 1 {
		t.Errorf("%d refusals", got)
	}
}

func TestNothingIsAskedAfterTheTokenWasRefused(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.config.BotToken = secret.New("a.b.c") })
	for range 50 {
		if err := w.try(access, uuid.NewString()); plugins.KindOf(err) != plugins.Auth {
			t.Fatal(err)
		}
	}
	if got := w.sim.Stats().Refusals; got != 1 {
		t.Errorf("%d refusals count towards a ban", got)
	}
}

func TestAForbiddenChannelIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		if err := w.try(discordsim.DemoOps, uuid.NewString()); plugins.KindOf(err) != plugins.NotFound {
			t.Fatal(err)
		}
	}
	if got := w.sim.Stats().Refusals; got != 1 {
		t.Errorf("%d refusals count towards a ban", got)
	}
	if err := w.try(access, keyOne); err != nil {
		t.Errorf("another channel: %v", err)
	}
}

func TestABannedAddressIsRateLimited(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.discord.BanAfter = 1 })
	_ = w.try(discordsim.DemoOps, keyOne)
	err := w.try(access, keyTwo)
	typed, _ := errors.AsType[*plugins.Error](err)
	if typed == nil || typed.Kind != plugins.RateLimited || typed.RetryAfter != 10*time.Minute {
		t.Errorf("%+v", typed)
	}
}

func TestEditsOfOldMessagesAreLimited(t *testing.T) {
	w := newWorld(t)
	r, _ := w.post(access, keyOne, demoCard())
	w.fault(standin.Faults{RateLimitReal: true})
	w.clock.Advance(2 * time.Hour)
	var err error
	for range 40 {
		w.clock.Advance(5 * time.Second) // past Discord's bucket
		w.forgetLimits()
		if err = w.update(r, demoCard()); err != nil {
			break
		}
	}
	if plugins.KindOf(err) != plugins.RateLimited || codeOf(err) != codeOldEdits {
		t.Errorf("%v", err)
	}
	w.wantPublic(err, "older than an hour")
}

func TestLimitsOfOurOwn(t *testing.T) {
	now := time.Now()
	l := newLimits()
	l.now = func() time.Time { return now }
	channel := routeOf(http.MethodPost, "/channels/1110000000000000001/messages")
	header := http.Header{}
	header.Set("X-RateLimit-Bucket", "b")
	header.Set("X-RateLimit-Remaining", "100")
	header.Set("X-RateLimit-Reset-After", "9")
	for range perSecond {
		if held := l.admit(channel); held != nil {
			t.Fatal(held)
		}
		l.note(channel, header)
	}
	if held := l.admit(channel); held == nil || !held.everywhere || held.wait <= 0 {
		t.Errorf("the global limit: %v", held)
	}
	if held := l.admit(routeOf(http.MethodPost, "/interactions/1/token/callback")); held != nil {
		t.Errorf("interactions do not count: %v", held)
	}
	now = now.Add(2 * time.Second)
	for i := range maxInvalid {
		l.refused(routeOf(http.MethodPost, "/channels/111000000000"+strconv.Itoa(1000000+i)+"/messages"), &refusal{status: http.StatusForbidden, own: true})
	}
	if held := l.admit(channel); held == nil || held.wait <= time.Minute {
		t.Errorf("after %d refusals: %v", maxInvalid, held)
	}
	now = now.Add(invalidWindow)
	if held := l.admit(channel); held != nil {
		t.Errorf("ten minutes later: %v", held)
	}
}

func TestAnExpiredInteractionStopsNothing(t *testing.T) {
	l := newLimits()
	followUp := routeOf(http.MethodPost, "/webhooks/1200000000000000001/secret")
	l.refused(followUp, &refusal{status: http.StatusUnauthorized, own: true, code: codeInvalidWebhook})
	for _, r := range []route{followUp, routeOf(http.MethodGet, "/users/@me")} {
		if held := l.admit(r); held != nil {
			t.Errorf("%s: %v", r.name, held)
		}
	}
}

func TestRoutes(t *testing.T) {
	for path, want := range map[string]route{
		"/channels/1110000000000000001/messages/1110000000000000002": {name: "PATCH channels/:major/messages/:id", major: "1110000000000000001"},
		"/guilds/1110000000000000001/members/1110000000000000002":    {name: "PATCH guilds/:major/members/:id", major: "1110000000000000001"},
		"/users/@me/channels":                               {name: "PATCH users/@me/channels"},
		"/interactions/1110000000000000001/secret/callback": {name: "PATCH interactions/:major/:token/callback", major: "1110000000000000001", byToken: true},
		"/webhooks/1110000000000000001/secret":              {name: "PATCH webhooks/:major/:token", major: "1110000000000000001", byToken: true},
	} {
		if got := routeOf(http.MethodPatch, path); got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
}

func TestEveryCodeHasOneKindAndASentence(t *testing.T) {
	seen := map[int]plugins.Kind{}
	for _, kind := range plugins.Kinds() {
		for _, code := range codesOf(kind) {
			if other, twice := seen[code]; twice {
				t.Errorf("%d is %s and %s", code, other, kind)
			}
			seen[code] = kind
			if got, public := classify(creates, &refusal{status: 400, code: code, own: true}); got != kind || len(public) < 20 {
				t.Errorf("%d: %s, %q", code, got, public)
			}
		}
	}
}

func FuzzRefusal(f *testing.F) {
	f.Add(429, `{"message":"You are being rate limited.","retry_after":1.5,"global":true}`)
	f.Add(400, `{"code":50035,"message":"Invalid Form Body","errors":{"embeds":{"0":{"title":{"_errors":[{"code":"X","message":"y"}]}}}}}`)
	f.Add(500, `<html>`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		response := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}
		response.Body = readCloser{strings.NewReader(body)}
		got := readRefusal(response)
		if got.wait < 0 || got.wait > time.Hour {
			t.Errorf("wait %s", got.wait)
		}
		_ = got.Error()
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
