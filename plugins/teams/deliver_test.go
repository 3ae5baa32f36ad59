package teams

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/teams/teamssim"
)

func somebody(name string) plugins.Recipient {
	return plugins.Recipient{Person: &v1.PersonRef{Name: name, DisplayName: name, Email: name + "@example.com"}}
}

func (w *world) resolve(r plugins.Recipient) []plugins.Destination {
	w.t.Helper()
	found, err := w.bot.Resolve(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func (w *world) one(r plugins.Recipient) plugins.Destination {
	w.t.Helper()
	found := w.resolve(r)
	if len(found) != 1 {
		w.t.Fatalf("%+v leads to %+v", r, found)
	}
	return found[0]
}

func TestAThreadInAChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, m := w.post(channelPlace(), "key-1", demoCard())
	if m.Key != "key-1" || m.Alert || !strings.Contains(m.Conversation, ";messageid=") || m.Summary == "" {
		t.Errorf("message %+v", m)
	}
	review := v1.Review{Author: v1.PersonRef{Name: "ivan"}, Verdict: v1.Approve, Reason: "fine"}
	reply, err := w.bot.Reply(t.Context(), r, "key-2", plugins.Note{Kind: plugins.NoteReview, Card: demoCard(), Review: &review})
	if err != nil {
		t.Fatal(err)
	}
	below := w.message(reply)
	if below.ReplyTo != m.ID || below.Conversation != m.Conversation {
		t.Errorf("reply %+v", below)
	}
	w.wantContains(below.Readable, "✓ ivan approved", "│ fine")
	resolved := demoCard(func(c *plugins.Card) { c.State, c.Actions = v1.StateApproved, nil })
	if err := w.bot.Update(t.Context(), r, resolved); err != nil {
		t.Fatal(err)
	}
	after := w.message(r)
	w.wantContains(after.Readable, "✓ Approved")
	if after.Updates != 1 || after.Key != "key-1" {
		t.Errorf("after the update %+v", after)
	}
}

func TestAGroupChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	to := w.one(plugins.Recipient{Name: teamssim.DemoGroupChat})
	r, m := w.post(to, "key-1", demoCard())
	if m.Room != "Release night" || strings.Contains(m.Conversation, "messageid") {
		t.Errorf("message %+v", m)
	}
	w.counted()
	if !w.click("bob", m.ID, "approve").OK {
		t.Error("a click there does not count")
	}
	if err := w.bot.Update(t.Context(), r, demoCard()); err != nil {
		t.Error(err)
	}
}

// Each way to reach a person leads to the same destination, so that a card is not posted twice.
func TestWaysToAPerson(t *testing.T) {
	t.Parallel()
	off := func(s *setting) { s.config.Graph = GraphOff }
	alone := func(s *setting) { s.config.Channels = nil }
	read := func(s *setting) { s.config.Graph = GraphRead }
	ivan := personPlace(teamssim.DemoTenant, idIvan)
	linked := plugins.Recipient{
		Person:   &v1.PersonRef{Name: "ivan"},
		Accounts: []v1.Identity{{Plugin: Name, Tenant: teamssim.DemoTenant, User: idIvan}},
	}
	for name, c := range map[string]struct {
		change    []func(*setting)
		recipient plugins.Recipient
		installed bool
		want      string
	}{
		"in a channel, by address":      {[]func(*setting){off}, somebody("ivan"), false, ivan},
		"in a channel, linked":          {[]func(*setting){off}, linked, false, ivan},
		"by id":                         {[]func(*setting){off}, plugins.Recipient{Name: strings.ToUpper(idIvan)}, false, ivan},
		"configured by address":         {nil, plugins.Recipient{Name: "ivan@example.com"}, false, ivan},
		"through Graph":                 {[]func(*setting){alone}, somebody("ivan"), false, ivan},
		"through Graph, linked":         {[]func(*setting){alone}, linked, false, ivan},
		"nobody knows them":             {nil, somebody("zoe"), false, ""},
		"Graph may only read":           {[]func(*setting){alone, read}, somebody("ivan"), false, ""},
		"Graph may read, app was added": {[]func(*setting){alone, read}, somebody("ivan"), true, ivan},
		"no way":                        {[]func(*setting){alone, off}, linked, false, ""},
		"the person added the app":      {[]func(*setting){alone, off}, linked, true, ivan},
		"guests are not looked up":      {[]func(*setting){off}, somebody("dave"), false, ""},
		"strangers are not looked up":   {[]func(*setting){off}, plugins.Recipient{Name: "mallory@evil.example"}, false, ""},
		"another tenant's account": {nil, plugins.Recipient{
			Person:   &v1.PersonRef{Name: "ivan"},
			Accounts: []v1.Identity{{Plugin: Name, Tenant: teamssim.DemoForeign, User: idIvan}, {Plugin: "slack", Tenant: "T1", User: "U1"}},
		}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.change...)
			if c.installed {
				w.install("ivan", true)
			}
			found := w.resolve(c.recipient)
			if c.want == "" {
				if len(found) != 0 {
					t.Fatalf("found %+v", found)
				}
				return
			}
			if len(found) != 1 || found[0].ID != c.want {
				t.Fatalf("found %+v, want %s", found, c.want)
			}
			_, m := w.post(found[0], "key-1", demoCard())
			if m.Room != "ivan" || !m.Alert {
				t.Errorf("the card is in %s", m.Room)
			}
		})
	}
}

// install adds or removes the app for somebody and waits until the plugin was told.
func (w *world) install(name string, add bool) {
	w.t.Helper()
	before := w.sim.Delivered()
	if err := w.sim.Install(name, add); err != nil {
		w.t.Fatal(err)
	}
	want := before + 1
	if add {
		want++
	}
	w.eventually("the plugin to be told", func() bool { return w.sim.Delivered() >= want })
}

func TestWhatWasLearnedOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setting) { s.config.Channels, s.config.Graph = nil, GraphOff })
	w.install("bob", true)
	place := personPlace(teamssim.DemoTenant, idBob)
	w.wantContains(w.notebook.entries[place], "a:1", "/smba/emea/")
	w.wantContains(w.notebook.entries["service/"+teamssim.DemoTenant], "/smba/emea/"+teamssim.DemoTenant)
	// Another replica, or the same after a restart, knows nothing but the notebook.
	w.bot.memory.known = map[string]held{}
	_, m := w.post(plugins.Destination{ID: place}, "key-1", demoCard())
	if m.Room != "bob" {
		t.Errorf("the card is in %s", m.Room)
	}
	r, _ := w.post(channelPlace(), "key-2", demoCard())
	w.wantContains(string(r), "/smba/emea/")
	w.install("bob", false)
	if got := w.resolve(plugins.Recipient{Name: idBob}); len(got) != 1 {
		t.Errorf("bob, whom the bot met in a team, is unreachable after removing the app: %+v", got)
	}
}

func TestANotebookThatFailsCostsNothingButLearning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.notebook.err = errors.New("the core is away")
	w.counted()
	_, m := w.post(channelPlace(), "key-1", demoCard())
	if !w.click("ivan", m.ID, "approve").OK {
		t.Error("a click needs the notebook")
	}
	_, direct := w.post(w.one(somebody("alice")), "key-2", demoCard())
	if direct.Room != "alice" {
		t.Errorf("the card is in %s", direct.Room)
	}
}

func TestAClickIsWrittenDownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.counted()
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.click("ivan", m.ID, "approve")
	writes := w.notebook.writes
	for range 5 {
		w.click("ivan", m.ID, "approve")
	}
	if got := w.notebook.writes; got != writes {
		t.Errorf("%d writes for clicks that taught nothing", got-writes)
	}
}

func TestAReferenceToElsewhereIsNotUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	evil := `{"conversation":"a:1","account":"29:1","service":"https://evil.example"}`
	w.notebook.entries[personPlace(teamssim.DemoTenant, idBob)] = evil
	w.notebook.entries["service/"+teamssim.DemoTenant] = "https://evil.example"
	if _, m := w.post(w.one(somebody("bob")), "key-1", demoCard()); m.Room != "bob" {
		t.Errorf("the card is in %s", m.Room)
	}
	for _, bad := range []plugins.Ref{"https://evil.example a:1 1 k ", "x", "", "a b c d", " a:1 1 k "} {
		err := w.bot.Update(t.Context(), bad, demoCard())
		if plugins.KindOf(err) != plugins.Gone {
			t.Errorf("%q: %v", bad, err)
		}
		if _, err := w.bot.Reply(t.Context(), bad, "k", plugins.Note{Card: demoCard()}); plugins.KindOf(err) != plugins.Gone {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := w.bot.Post(t.Context(), plugins.Destination{ID: "somewhere"}, "k", demoCard()); plugins.KindOf(err) != plugins.NotFound {
		t.Errorf("a destination of another kind: %v", err)
	}
}

func TestAChatThatIsGoneIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setting) { s.config.Channels = nil })
	to := w.one(somebody("carol"))
	if _, m := w.post(to, "key-1", demoCard()); m.Room != "carol" {
		t.Fatalf("the card is in %s", m.Room)
	}
	w.sim.Refuse(teamssim.Refusal{Status: 403, Code: "BotNotInConversationRoster", Times: 1, Operation: "send"})
	if _, m := w.post(to, "key-2", demoCard()); m.Room != "carol" {
		t.Errorf("the card is in %s", m.Room)
	}
	if err := w.sim.Change("carol", func(u *teamssim.User) { u.Blocked = true }); err != nil {
		t.Fatal(err)
	}
	_, err := w.bot.Post(t.Context(), to, "key-3", demoCard())
	typed, ok := errors.AsType[*plugins.Error](err)
	if !ok || typed.Kind != plugins.NotFound || !strings.Contains(typed.Public, "blocked the bot") {
		t.Errorf("writing to somebody who blocked the bot: %v", err)
	}
}

func TestRefusalsByCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, _ := w.post(channelPlace(), "key-1", demoCard())
	for _, c := range []struct {
		status       int
		code         string
		post, update plugins.Kind
	}{
		{412, "PreconditionFailed", plugins.Transient, plugins.Transient},
		{500, "ServiceError", plugins.Unknown, plugins.Transient},
		{502, "BadGateway", plugins.Unknown, plugins.Transient},
		{503, "ServiceUnavailable", plugins.Unknown, plugins.Transient},
		{504, "GatewayTimeout", plugins.Unknown, plugins.Transient},
		{400, "BadArgument", plugins.Invalid, plugins.Invalid},
		{413, "MessageSizeTooBig", plugins.Invalid, plugins.Invalid},
		{401, "BotNotRegistered", plugins.Auth, plugins.Auth},
		{403, "BotNotInConversationRoster", plugins.NotFound, plugins.Gone},
		{403, "BotDisabledByAdmin", plugins.Auth, plugins.Auth},
		{403, "ConversationBlockedByUser", plugins.NotFound, plugins.Gone},
		{403, "InvalidBotApiHost", plugins.Invalid, plugins.Invalid},
		{403, "NotEnoughPermissions", plugins.Auth, plugins.Auth},
		{403, "SomethingNew", plugins.Auth, plugins.Auth},
		{404, "ConversationNotFound", plugins.NotFound, plugins.Gone},
		{404, "ActivityNotFoundInConversation", plugins.Gone, plugins.Gone},
		{429, "Throttled", plugins.RateLimited, plugins.RateLimited},
	} {
		w.sim.Refuse(teamssim.Refusal{Status: c.status, Code: c.code, Times: 1, Operation: "create"})
		_, err := w.bot.Post(t.Context(), channelPlace(), "key-2", demoCard())
		w.sim.Refuse(teamssim.Refusal{Status: c.status, Code: c.code, Times: 1, Operation: "update"})
		updated := w.bot.Update(t.Context(), r, demoCard())
		for op, got := range map[string]error{"post": err, "update": updated} {
			want := map[string]plugins.Kind{"post": c.post, "update": c.update}[op]
			typed, ok := errors.AsType[*plugins.Error](got)
			if !ok || typed.Kind != want || typed.Public == "" || !strings.Contains(typed.Error(), c.code) {
				t.Errorf("%d %s: %s gives %v of kind %s, want %s", c.status, c.code, op, got, plugins.KindOf(got), want)
			}
		}
	}
}

func TestARevokedTokenIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(channelPlace(), "key-1", demoCard())
	w.sim.RevokeTokens()
	if _, err := w.bot.Post(t.Context(), channelPlace(), "key-2", demoCard()); plugins.KindOf(err) != plugins.Auth {
		t.Errorf("with a token that was revoked: %v", err)
	}
	w.post(channelPlace(), "key-2", demoCard())
	w.clock.Advance(55 * time.Minute)
	w.post(channelPlace(), "key-3", demoCard())
}

func TestThrottlingTellsHowLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.sim.Faults().Set(standin.Faults{RateLimitReal: true}); err != nil {
		t.Fatal(err)
	}
	var limited *plugins.Error
	for range 8 {
		_, err := w.bot.Post(t.Context(), channelPlace(), uuid.NewString(), demoCard())
		if typed, ok := errors.AsType[*plugins.Error](err); ok {
			limited = typed
			break
		}
	}
	if limited == nil || limited.Kind != plugins.RateLimited || limited.RetryAfter < time.Second || limited.RetryAfter > 2*time.Second {
		t.Errorf("the eighth message in a second: %+v", limited)
	}
}

// The window of duplicates: nothing is lost, and there is at most one more for each answer that got lost.
func TestDuplicatesAreAtMostOneForEachLostAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const requests = 120
	lost := 0
	if err := w.sim.Faults().Set(standin.Faults{DropAfter: 0.2, FailBefore: 0.1, RateLimit: 0.1, Only: []string{"create"}}); err != nil {
		t.Fatal(err)
	}
	for i := range requests {
		key := fmt.Sprintf("key-%d", i)
		for attempt := 0; ; attempt++ {
			_, err := w.bot.Post(t.Context(), channelPlace(), key, demoCard())
			if err == nil {
				break
			}
			if plugins.KindOf(err) == plugins.Unknown {
				lost++
			}
			if attempt > 30 {
				t.Fatalf("no success in 30 attempts: %v", err)
			}
		}
	}
	count := map[string]int{}
	for _, m := range w.in(access) {
		count[m.Key]++
	}
	more := 0
	for _, n := range count {
		more += n - 1
	}
	t.Logf("%d requests, %d answers of unknown outcome, %d cards more than requests", requests, lost, more)
	if len(count) != requests {
		t.Errorf("%d of %d requests have a card", len(count), requests)
	}
	if more > lost || more == 0 {
		t.Errorf("%d cards too many for %d lost answers", more, lost)
	}
}

func TestATwinPutsItselfAside(t *testing.T) {
	t.Parallel()
	for name, touch := range map[string]func(w *world, id string) (said string){
		"by a click": func(w *world, id string) string { return w.click("ivan", id, "approve").Said },
		"by a look": func(w *world, id string) string {
			asked, result := w.sim.Look(w.t.Context(), "bob", id)
			if !asked {
				w.t.Error("the client does not ask for the newest card")
			}
			return result.Said
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.counted()
			lost, err := w.bot.Post(t.Context(), channelPlace(), "key-1", demoCard()) // whose answer nobody heard
			if err != nil {
				t.Fatal(err)
			}
			kept, _ := w.post(channelPlace(), "key-1", demoCard())
			w.wantContains(touch(w, w.message(lost).ID), "ticket #123")
			if twin := w.message(lost); !strings.Contains(twin.Readable, "This card came twice") || strings.Contains(twin.Readable, "Approve") {
				t.Errorf("the twin says %q", twin.Readable)
			}
			if card := w.message(kept); card.Updates != 0 {
				t.Error("the card that is kept was changed")
			}
			if name == "by a click" && len(w.decisions.All()) != 1 {
				t.Error("the click on the twin did not count")
			}
		})
	}
}

func TestACardRefreshesItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.board.Show(demoCard(func(c *plugins.Card) { c.State, c.Actions = v1.StateDenied, nil })) // its update was lost
	asked, result := w.sim.Look(t.Context(), "ivan", m.ID)
	if !asked || !result.OK {
		t.Fatalf("asked %v, %+v", asked, result)
	}
	w.wantContains(result.Said, "✗ Denied")
	if asked, _ := w.sim.Look(t.Context(), "dave", m.ID); asked {
		t.Error("a guest's client asks")
	}
	w.board.Fail(errors.New("the core is away"))
	if _, result := w.sim.Look(t.Context(), "bob", m.ID); result.OK {
		t.Errorf("without the core the answer is %+v", result)
	}
}

func TestTheRequestersCardStaysWithoutButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := demoCard(func(c *plugins.Card) { c.Audience, c.Actions = plugins.ForRequester, nil })
	to := w.one(somebody("alice"))
	w.install("alice", true)
	r, err := w.bot.Post(t.Context(), to, "key-1", own)
	if err != nil {
		t.Fatal(err)
	}
	w.board.Put(plugins.Posted{Card: demoCard(), Destination: to, Ref: r}) // the core does not say for whom a card is
	for range 2 {
		asked, result := w.sim.Look(t.Context(), "alice", w.message(r).ID)
		if !asked || strings.Contains(result.Said, "Approve") {
			t.Errorf("asked %v; the requester sees %q", asked, result.Said)
		}
		if err := w.bot.Update(t.Context(), r, own); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheBotAnswersThatItDoesNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if result := w.say("alice"); result.Status != http.StatusOK {
		t.Fatalf("%+v", result)
	}
	got := w.in("alice")
	if len(got) != 1 {
		t.Fatalf("%d messages", len(got))
	}
	w.wantContains(got[0].Readable, "I cannot answer what people write")
}
