package discord

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/standin"
)

func (w *world) find(key string, since time.Time) (plugins.Ref, bool, error) {
	return w.bot.(plugins.Finder).Find(w.t.Context(), plugins.Destination{ID: access}, plugins.Search{Key: key, Since: since}) //nolint:errcheck // a bot of this package
}

func TestEachVersionOfACardIsFound(t *testing.T) {
	w := newWorld(t)
	since := time.Now()
	first, _ := w.post(access, keyOne, demoCard())
	second, _ := w.post(access, keyTwo, demoCard(func(c *plugins.Card) { c.Actions = nil }))
	if err := w.update(first, demoCard(func(c *plugins.Card) { c.Actions = nil })); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]plugins.Ref{keyOne: first, keyTwo: second} {
		if got, found, err := w.find(key, since); err != nil || !found || got != want {
			t.Errorf("%s: %q, %v, %v; want %q", key, got, found, err, want)
		}
	}
}

func TestManyLookUpsReadAChannelOnce(t *testing.T) {
	w := newWorld(t)
	since := time.Now()
	keys := map[string]plugins.Ref{}
	for range 120 {
		w.forgetLimits()
		key := uuid.NewString()
		keys[key], _ = w.post(access, key, demoCard())
	}
	w.forgetLimits()
	w.fault(standin.Faults{DelayMS: 100, Only: []string{"get-channel-messages"}})
	var all sync.WaitGroup
	for key, want := range keys {
		all.Go(func() {
			if got, found, err := w.find(key, since); err != nil || !found || got != want {
				t.Errorf("%q, %v, %v; want %q", got, found, err, want)
			}
		})
	}
	all.Wait()
	if calls := w.sim.Stats().Methods["get-channel-messages"].Calls; calls > 10 {
		t.Errorf("%d reads for %d look-ups", calls, len(keys))
	}
	if _, found, err := w.find(uuid.NewString(), since.Add(-time.Hour)); err != nil || found {
		t.Errorf("a key that nobody posted: %v, %v", found, err)
	}
}

func TestWhatIsNewIsFound(t *testing.T) {
	w := newWorld(t)
	since := time.Now()
	for range 3 {
		key := uuid.NewString()
		if _, found, err := w.find(key, since); err != nil || found {
			t.Fatalf("%v, %v", found, err)
		}
		want, _ := w.post(access, key, demoCard())
		if got, found, err := w.find(key, since); err != nil || !found || got != want {
			t.Errorf("%q, %v, %v; want %q", got, found, err, want)
		}
	}
}

func TestSomebodyElsesMessageIsNotOurs(t *testing.T) {
	w := newWorld(t)
	r, _ := w.post(access, keyOne, demoCard())
	at, err := decodeRef(r)
	if err != nil {
		t.Fatal(err)
	}
	id, found, err := newBooks(w.api()).find(t.Context(), access, "1200000000000000009", at.mark, time.Now().Add(-time.Hour))
	if err != nil || found {
		t.Errorf("%q, %v, %v", id, found, err)
	}
}

func TestLookingUpWhileDiscordIsInTrouble(t *testing.T) {
	w := newWorld(t)
	w.post(access, keyOne, demoCard())
	w.fault(standin.Faults{FailBefore: 1})
	if _, _, err := w.find(keyOne, time.Now()); plugins.KindOf(err) != plugins.Transient {
		t.Errorf("%v", err)
	}
	w.fault(standin.Faults{FailBefore: 1, Only: []string{"get-channel-messages"}})
	if _, _, err := w.find(keyOne, time.Now()); plugins.KindOf(err) != plugins.Transient {
		t.Errorf("%v", err)
	}
}

func (w *world) resolve(r plugins.Recipient) ([]plugins.Destination, error) {
	return w.bot.(plugins.Resolver).Resolve(w.t.Context(), r) //nolint:errcheck // a bot of this package
}

func TestRecipients(t *testing.T) {
	twice := func(s *setting) { s.discord.Channels[5].Name = "access-requests" }
	for name, c := range map[string]struct {
		change    func(*setting)
		recipient string
		want      string
		public    string
	}{
		"channel":       {nil, "#access-requests", access, ""},
		"without sign":  {nil, " access-requests ", access, ""},
		"id":            {nil, access, access, ""},
		"unknown":       {nil, "#nowhere", "", ""},
		"voice":         {nil, "#Standup", "", ""},
		"e-mail":        {nil, "alice@example.com", "", ""},
		"ambiguous":     {twice, "#access-requests", "", "2 channels"},
		"ours only":     {func(s *setting) { twice(s); s.config.Guilds = []string{discordsim.DemoGuild} }, "#access-requests", access, ""},
		"account":       {nil, "@1000000000000000001", "direct message with @1000000000000000001", ""},
		"no account":    {nil, "@1000000000000000099", "", ""},
		"bot's account": {nil, "@" + discordsim.DemoApplication, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var changes []func(*setting)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			w := newWorld(t, changes...)
			found, err := w.resolve(plugins.Recipient{Name: c.recipient})
			if c.public != "" {
				w.wantPublic(err, c.public)
				return
			}
			if err != nil || len(found) > 1 || (len(found) == 1) != (c.want != "") {
				t.Fatalf("%v, %v", found, err)
			}
			if c.want != "" && found[0].ID != c.want && found[0].Name != c.want {
				t.Errorf("%+v, want %s", found[0], c.want)
			}
		})
	}
}

func TestNamesAreAskedForSeldom(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		for _, name := range []string{"#access-requests", "#nowhere", "@1000000000000000001"} {
			if _, err := w.resolve(plugins.Recipient{Name: name}); err != nil {
				t.Fatal(err)
			}
		}
	}
	methods := w.sim.Stats().Methods
	if methods["get-guild-channels"].Calls != 2 || methods["create-dm"].Calls != 1 {
		t.Errorf("%+v", methods)
	}
	w.clock.Advance(roomsFresh)
	if _, err := w.resolve(plugins.Recipient{Name: "#access-requests"}); err != nil || w.sim.Stats().Methods["get-guild-channels"].Calls != 4 {
		t.Errorf("%v, %+v", err, w.sim.Stats().Methods)
	}
}

func TestPeopleAreReachedThroughTheirAccounts(t *testing.T) {
	w := newWorld(t)
	alice := demoCard().Requester
	for name, c := range map[string]struct {
		accounts []v1.Identity
		want     int
	}{
		"none":            {nil, 0},
		"linked":          {[]v1.Identity{{Plugin: Name, Tenant: discordsim.DemoApplication, User: "1000000000000000001"}}, 1},
		"another plugin":  {[]v1.Identity{{Plugin: "slack", Tenant: discordsim.DemoApplication, User: "1000000000000000001"}}, 0},
		"another app's":   {[]v1.Identity{{Plugin: Name, Tenant: "1200000000000000009", User: "1000000000000000001"}}, 0},
		"no account's id": {[]v1.Identity{{Plugin: Name, Tenant: discordsim.DemoApplication, User: "alice"}}, 0},
	} {
		found, err := w.resolve(plugins.Recipient{Person: &alice, Accounts: c.accounts})
		if err != nil || len(found) != c.want {
			t.Errorf("%s: %v, %v", name, found, err)
		}
		if c.want == 1 && len(found) == 1 && !strings.Contains(found[0].Name, "Alice Moreau") {
			t.Errorf("%s: %+v", name, found)
		}
	}
}
