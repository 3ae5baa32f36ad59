package pagerduty

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/standin"
)

func (w *world) updater() plugins.Updater {
	w.t.Helper()
	u, ok := w.bot.(plugins.Updater)
	if !ok {
		w.t.Fatal("the plugin cannot update")
	}
	return u
}

func (w *world) finder() plugins.Finder {
	w.t.Helper()
	f, ok := w.bot.(plugins.Finder)
	if !ok {
		w.t.Fatal("the plugin cannot find")
	}
	return f
}

func at() plugins.Destination { return plugins.Destination{ID: serviceID, Name: "Access Requests"} }

func (w *world) faults(f standin.Faults) {
	w.t.Helper()
	if err := w.sim.Faults().Set(f); err != nil {
		w.t.Fatal(err)
	}
}

func TestASecondPostUnderTheSameKeyIsTheFirstIncident(t *testing.T) {
	w := newWorld(t)
	first := w.post(deliveryKey, demoCard())
	second := w.post(deliveryKey, demoCard())
	if first != second || len(w.sim.Incidents()) != 1 {
		t.Errorf("posted as %s and %s, %d incidents", first, second, len(w.sim.Incidents()))
	}
	if other := w.post(otherKey, demoCard()); other == first || len(w.sim.Incidents()) != 2 {
		t.Errorf("another delivery became %s", other)
	}
}

func TestALostAnswerIsFoundAgain(t *testing.T) {
	for name, fault := range map[string]standin.Faults{
		"dropped":   {DropAfter: 1, Next: 1, Only: []string{"create_incident"}},
		"broken":    {FailAfter: 1, Next: 1, Only: []string{"create_incident"}},
		"truncated": {TruncateJSON: 1, Next: 1, Only: []string{"create_incident"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.faults(fault)
			_, err := w.bot.Post(t.Context(), at(), deliveryKey, demoCard())
			if plugins.KindOf(err) != plugins.Unknown || err == nil {
				t.Fatalf("%v of kind %s, want unknown", err, plugins.KindOf(err))
			}
			found, ok, err := w.finder().Find(t.Context(), at(), plugins.Search{Key: deliveryKey})
			if err != nil || !ok || len(w.sim.Incidents()) != 1 || w.incidentOf(found) != w.sim.Incidents()[0].ID {
				t.Errorf("found %s, %v, %v among %d incidents", found, ok, err, len(w.sim.Incidents()))
			}
		})
	}
}

func TestAnOldAndAResolvedIncidentAreFound(t *testing.T) {
	w := newWorld(t)
	posted := w.post(deliveryKey, demoCard())
	w.act("ivan", w.incidentOf(posted), "resolve", "")
	w.clock.Advance(60 * 24 * time.Hour)
	found, ok, err := w.finder().Find(t.Context(), at(), plugins.Search{Key: deliveryKey})
	if err != nil || !ok || found != posted {
		t.Errorf("found %s, %v, %v; posted as %s", found, ok, err, posted)
	}
	if _, ok, err := w.finder().Find(t.Context(), plugins.Destination{ID: "PSVCDB1"}, plugins.Search{Key: deliveryKey}); ok || err != nil {
		t.Errorf("found in another service: %v, %v", ok, err)
	}
	if _, ok, err := w.finder().Find(t.Context(), at(), plugins.Search{}); ok || err != nil {
		t.Errorf("found without a key: %v, %v", ok, err)
	}
}

func TestTheEndResolvesTheIncidentOnce(t *testing.T) {
	w := newWorld(t)
	posted := w.post(deliveryKey, demoCard())
	ended := demoCard(func(c *plugins.Card) {
		c.State, c.Actions = v1.StateDenied, nil
		c.Resolution = &v1.Resolution{State: v1.StateDenied, By: &v1.PersonRef{Name: "bob"}, Reason: "Not this week"}
	})
	for range 3 {
		if err := w.updater().Update(t.Context(), posted, ended); err != nil {
			t.Fatal(err)
		}
	}
	got := w.sim.Incidents()[0]
	if got.Status != "resolved" || !strings.Contains(got.Resolution, "denied by bob") || !strings.Contains(got.Resolution, "│ Not this week") {
		t.Errorf("incident %+v", got)
	}
	if got.Updates != 1 || w.sim.Calls()["update_incident"][http.StatusBadRequest] != 2 {
		t.Errorf("%d updates, calls %v", got.Updates, w.sim.Calls()["update_incident"])
	}
}

func TestAnIncidentThatIsGoneIsSaidToBe(t *testing.T) {
	w := newWorld(t)
	for name, r := range map[string]plugins.Ref{"unknown": "QNONE01/" + deliveryKey, "malformed": "C0ACCESS", "injected": "../users/" + deliveryKey} {
		if err := w.updater().Update(t.Context(), r, demoCard()); plugins.KindOf(err) != plugins.Gone {
			t.Errorf("%s: %v of kind %s, want gone", name, err, plugins.KindOf(err))
		}
	}
}

func TestSentencesThatCameLaterAreAddedOnce(t *testing.T) {
	w := newWorld(t)
	posted := w.post(deliveryKey, demoCard(func(c *plugins.Card) { c.Notes = []string{"Known from the start."} }))
	later := demoCard(func(c *plugins.Card) { c.Notes = []string{"Known from the start.", "No approval for being on call."} })
	for range 2 {
		if err := w.updater().Update(t.Context(), posted, later); err != nil {
			t.Fatal(err)
		}
	}
	notes := w.sim.Incidents()[0].Notes
	if len(notes) != 1 || notes[0].Content != "│ No approval for being on call." {
		t.Errorf("notes %+v", notes)
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*setting)
		fault  standin.Faults
		kind   plugins.Kind
		wait   time.Duration
		says   string
	}{
		"no From":        {func(s *setting) { s.config.From = "nobody@example.com" }, standin.Faults{}, plugins.Invalid, 0, "From must be"},
		"read-only key":  {func(s *setting) { s.config.APIKey = secretOf(pagerdutysim.DemoReadOnlyKey) }, standin.Faults{}, plugins.Auth, 0, "lacks a right"},
		"unknown key":    {func(s *setting) { s.config.APIKey = secretOf("nonsense") }, standin.Faults{}, plugins.Auth, 0, "does not know the credential"},
		"limited":        {nil, standin.Faults{RateLimit: 1, RetryAfter: 20}, plugins.RateLimited, 20 * time.Second, "fewer calls"},
		"limited barely": {account(func(c *pagerdutysim.Config) { c.BareLimits = true }), standin.Faults{RateLimit: 1}, plugins.RateLimited, 5 * time.Second, "fewer calls"},
		"wrong secret":   {func(s *setting) { scoped(s); s.config.ClientSecret = secretOf("nonsense") }, standin.Faults{}, plugins.Auth, 0, "gives no token"},
		"wrong region":   {func(s *setting) { scoped(s); s.config.Region = RegionEU }, standin.Faults{}, plugins.Auth, 0, "gives no token"},
		"scope missing":  {func(s *setting) { scoped(s); s.account.Clients[0].Scopes = []string{"services.read"} }, standin.Faults{}, plugins.Auth, 0, "incidents.write"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(s *setting) {
				if c.change != nil {
					c.change(s)
				}
			})
			w.faults(c.fault)
			_, err := w.bot.Post(t.Context(), at(), deliveryKey, demoCard())
			failure, ok := errors.AsType[*plugins.Error](err)
			if !ok || failure.Kind != c.kind || !strings.Contains(failure.Public, c.says) || failure.RetryAfter != c.wait {
				t.Errorf("%+v, want %s saying %q after %s", failure, c.kind, c.says, c.wait)
			}
			w.assertNoSecretIn(err.Error())
			if n := len(w.sim.Incidents()); n != 0 {
				t.Errorf("%d incidents", n)
			}
		})
	}
}

func TestAUserKeyNeedsNoFrom(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.config.APIKey = secretOf(pagerdutysim.DemoUserKey) })
	w.post(deliveryKey, demoCard())
}

func TestAScopedTokenIsRenewedBeforeItEnds(t *testing.T) {
	w := newWorld(t, scoped)
	w.post(deliveryKey, demoCard())
	w.post(otherKey, demoCard())
	if n := w.calls("token"); n != 1 {
		t.Errorf("%d tokens for two calls", n)
	}
	w.clock.Advance(24*time.Hour - renewBefore/2)
	w.post("0192f0c1-0000-7000-8000-000000000003", demoCard())
	if n := w.calls("token"); n != 2 {
		t.Errorf("%d tokens after a day", n)
	}
}

func TestATokenThatWasTakenBackIsReplaced(t *testing.T) {
	w := newWorld(t, scoped)
	w.post(deliveryKey, demoCard())
	w.clock.Advance(time.Hour)
	w.sim.ForgetTokens()
	_, err := w.bot.Post(t.Context(), at(), otherKey, demoCard())
	if plugins.KindOf(err) != plugins.Transient {
		t.Fatalf("%v of kind %s, want transient", err, plugins.KindOf(err))
	}
	w.post(otherKey, demoCard())
	if n := len(w.sim.Incidents()); n != 2 {
		t.Errorf("%d incidents", n)
	}
}

func TestASilentPagerDutyApprovesNothing(t *testing.T) {
	w := newWorld(t)
	w.faults(standin.Faults{DelayMS: 60_000})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	caller, ok := w.bot.(plugins.OnCaller)
	if !ok {
		t.Fatal("the plugin knows nobody on call")
	}
	shifts, err := caller.OnCall(ctx, "PDEMO1")
	if err == nil || len(shifts) != 0 || plugins.KindOf(err) != plugins.Transient {
		t.Errorf("%v, %v of kind %s", shifts, err, plugins.KindOf(err))
	}
	w.faults(standin.Faults{})
}

func TestResolve(t *testing.T) {
	w := newWorld(t, account(func(c *pagerdutysim.Config) {
		c.Page = 2
		c.Services = append(c.Services,
			pagerdutysim.Service{ID: "PTWIN01", Name: "Twin"}, pagerdutysim.Service{ID: "PTWIN02", Name: "Twin"},
			pagerdutysim.Service{ID: "PNAMED1", Name: "PSVC"}, pagerdutysim.Service{ID: "PLONG01", Name: "Access Requests (old)"})
	}))
	resolver, ok := w.bot.(plugins.Resolver)
	if !ok {
		t.Fatal("the plugin resolves nothing")
	}
	for name, want := range map[string]string{
		"Access Requests": serviceID, serviceID: serviceID, " Access Requests ": serviceID, "PSVC": "PNAMED1", "Database": "PSVCDB1",
		"access requests": "", "Access": "", "nowhere": "", "": "", "PNOWHERE": "",
	} {
		found, err := resolver.Resolve(t.Context(), plugins.Recipient{Name: name})
		got := ""
		if len(found) == 1 {
			got = found[0].ID
		}
		if err != nil || got != want || len(found) > 1 {
			t.Errorf("%q: %+v, %v; want %q", name, found, err, want)
		}
	}
	if _, err := resolver.Resolve(t.Context(), plugins.Recipient{Name: "Twin"}); plugins.KindOf(err) != plugins.Invalid {
		t.Errorf("two services of one name: %v", err)
	}
	found, err := resolver.Resolve(t.Context(), plugins.Recipient{Person: &v1.PersonRef{Name: "alice", Email: "alice@example.com"}})
	if err != nil || len(found) != 0 {
		t.Errorf("a person became %+v, %v", found, err)
	}
}
