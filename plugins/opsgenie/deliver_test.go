package opsgenie

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
	"github.com/accede/accede/plugins/standin"
)

func TestASecondPostUnderTheSameKeyIsTheFirstAlert(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect)
		first := w.post(deliveryKey, demoCard())
		second := w.post(deliveryKey, demoCard())
		if first != second || len(w.sim.Alerts()) != 1 || w.sim.Alerts()[0].Count != 2 {
			t.Errorf("posted as %s and %s: %+v", first, second, w.sim.Alerts())
		}
		if other := w.post(otherKey, demoCard()); other == first || len(w.sim.Alerts()) != 2 {
			t.Errorf("another delivery became %s", other)
		}
		if got := w.sim.Alerts()[0]; got.For != "Access Requests" || got.Priority != "P5" || got.Alias != deliveryKey {
			t.Errorf("alert %+v", got)
		}
	})
}

func TestALostAnswerIsFoundAgain(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		for name, fault := range map[string]standin.Faults{
			"dropped":   {DropAfter: 1, Next: 1, Only: []string{"create_alert"}},
			"broken":    {FailAfter: 1, Next: 1, Only: []string{"create_alert"}},
			"truncated": {TruncateJSON: 1, Next: 1, Only: []string{"create_alert"}},
		} {
			w := newWorld(t, dialect)
			w.faults(fault)
			_, err := w.bot.Post(t.Context(), there(), deliveryKey, demoCard())
			if plugins.KindOf(err) != plugins.Unknown || err == nil {
				t.Fatalf("%s: %v of kind %s, want unknown", name, err, plugins.KindOf(err))
			}
			found, ok, err := capability[plugins.Finder](w).Find(t.Context(), there(), plugins.Search{Key: deliveryKey})
			if err != nil || !ok || len(w.sim.Alerts()) != 1 || w.alertOf(found) != w.sim.Alerts()[0].ID {
				t.Errorf("%s: found %s, %v, %v among %d alerts", name, found, ok, err, len(w.sim.Alerts()))
			}
			if n := w.calls("create_alert"); n != 1 {
				t.Errorf("%s: %d calls made alerts, want 1: what makes something new is not repeated", name, n)
			}
		}
	})
}

func TestACreationIsFollowedToItsEnd(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, account(func(c *opsgeniesim.Config) { c.Polls = 3 }))
		r := w.post(deliveryKey, demoCard())
		if w.alertOf(r) != w.sim.Alerts()[0].ID || w.sim.Calls()["get_request"][http.StatusNotFound] != 3 {
			t.Errorf("posted as %s after %v", r, w.sim.Calls()["get_request"])
		}
	})
}

func TestBrokenAnswersAboutTheOutcomeAreAskedForAgain(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		for name, fault := range map[string]standin.Faults{
			"dropped":   {DropAfter: 1, Next: 4, Only: []string{"get_request"}},
			"truncated": {TruncateJSON: 1, Next: 2, Only: []string{"get_request"}},
			"broken":    {FailBefore: 1, Next: 4, Only: []string{"get_request"}},
		} {
			w := newWorld(t, dialect, account(func(c *opsgeniesim.Config) { c.Polls = 0 }))
			w.faults(fault)
			if r := w.post(deliveryKey, demoCard()); w.alertOf(r) != w.sim.Alerts()[0].ID {
				t.Errorf("%s: posted as %s", name, r)
			}
		}
	})
}

func TestACreationThatFailsAfterItWasAccepted(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, account(func(c *opsgeniesim.Config) { c.Refuse = "Alerts are switched off" }))
		_, err := w.bot.Post(t.Context(), there(), deliveryKey, demoCard())
		failure, ok := errors.AsType[*plugins.Error](err)
		if !ok || failure.Kind != plugins.Invalid || !strings.Contains(failure.Public, "Alerts are switched off") {
			t.Errorf("%+v", err)
		}
	})
}

func TestAnOutcomeThatIsNeverToldIsUnknown(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, account(func(c *opsgeniesim.Config) { c.Polls = 1 << 20 }))
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := w.bot.Post(ctx, there(), deliveryKey, demoCard())
		if plugins.KindOf(err) != plugins.Unknown || err == nil || time.Since(start) > 3*time.Second {
			t.Errorf("%v of kind %s after %s, want unknown", err, plugins.KindOf(err), time.Since(start))
		}
		if found, ok, err := capability[plugins.Finder](w).Find(t.Context(), there(), plugins.Search{Key: deliveryKey}); err != nil || !ok {
			t.Errorf("found %s, %v, %v", found, ok, err)
		}
	})
}

func TestAnAlertThatIsSlowToAppearIsPostedAgainWithoutATwin(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, account(func(c *opsgeniesim.Config) { c.Hidden = time.Hour }))
		w.faults(standin.Faults{DropAfter: 1, Next: 1, Only: []string{"create_alert"}})
		if _, err := w.bot.Post(t.Context(), there(), deliveryKey, demoCard()); plugins.KindOf(err) != plugins.Unknown {
			t.Fatal(err)
		}
		if _, ok, err := capability[plugins.Finder](w).Find(t.Context(), there(), plugins.Search{Key: deliveryKey}); ok || err != nil {
			t.Fatalf("%v, %v", ok, err)
		}
		w.post(deliveryKey, demoCard())
		if n := len(w.sim.Alerts()); n != 1 {
			t.Errorf("%d alerts", n)
		}
	})
}

func TestFindComparesTheAliasAndFindsClosedAlerts(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, account(func(c *opsgeniesim.Config) { c.Page = 1 }))
		twin := w.post("KEY-ABC", demoCard())
		posted := w.post("key-abc", demoCard())
		for _, r := range []plugins.Ref{twin, posted} {
			w.act(opsgeniesim.Act{Person: "ivan", Alert: w.alertOf(r), Do: "close"})
		}
		find := func(key string) (plugins.Ref, bool) {
			found, ok, err := capability[plugins.Finder](w).Find(t.Context(), there(), plugins.Search{Key: key})
			if err != nil {
				t.Fatal(err)
			}
			return found, ok
		}
		if found, ok := find("key-abc"); !ok || found != posted {
			t.Errorf("found %s, %v; posted as %s", found, ok, posted)
		}
		for _, key := range []string{"Key-Abc", "", "key-ab"} {
			if found, ok := find(key); ok {
				t.Errorf("%q: found %s", key, found)
			}
		}
	})
}

func TestTheEndClosesTheAlertOnce(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect)
		posted := w.post(deliveryKey, demoCard())
		for range 3 {
			if err := capability[plugins.Updater](w).Update(t.Context(), posted, resolvedCard()); err != nil {
				t.Fatal(err)
			}
		}
		got := w.sim.Alerts()[0]
		if got.Status != "closed" || got.Updates != 1 || !strings.Contains(got.Message, "(denied)") || w.calls("close_alert") != 1 {
			t.Errorf("alert %+v after %v", got, w.sim.Calls())
		}
	})
}

func TestClosingWhatSomebodyClosesAtTheSameTime(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect)
		posted := w.post(deliveryKey, demoCard())
		w.act(opsgeniesim.Act{Person: "ivan", Alert: w.alertOf(posted), Do: "close"})
		b, ok := baseOf(w.bot)
		if !ok {
			t.Fatalf("the plugin is a %T", w.bot)
		}
		closing := b.api.closeAlert(t.Context(), w.alertOf(posted))
		if plugins.KindOf(closing) != plugins.Invalid || !strings.Contains(closing.Error(), "already closed") {
			t.Fatalf("closing twice: %v", closing)
		}
		if err := b.settled(t.Context(), w.alertOf(posted), closing); err != nil {
			t.Errorf("closed is not taken for success: %v", err)
		}
		open := w.post(otherKey, demoCard())
		if err := b.settled(t.Context(), w.alertOf(open), closing); err == nil {
			t.Error("an open alert is taken for closed")
		}
	})
}

func baseOf(n plugins.Notifier) (*bot, bool) {
	switch typed := n.(type) {
	case *bot:
		return typed, true
	case *pollBot:
		return typed.bot, true
	case *hookBot:
		return typed.bot, true
	}
	return nil, false
}

func TestAnUpdateLeavesTheDescriptionAlone(t *testing.T) {
	w := newWorld(t)
	posted := w.post(deliveryKey, demoCard())
	before := w.sim.Alerts()[0].Description
	changed := demoCard(func(c *plugins.Card) {
		c.Version, c.Fingerprint, c.Progress[0].Have = 2, "ffffffffffffffff", 1
	})
	for range 2 {
		if err := capability[plugins.Updater](w).Update(t.Context(), posted, changed); err != nil {
			t.Fatal(err)
		}
	}
	got := w.sim.Alerts()[0]
	if got.Description != before || got.Updates != 1 || !strings.Contains(got.Message, "managers 1 of 2") {
		t.Errorf("alert %+v", got)
	}
}

func TestAnAlertThatIsGoneIsSaidToBe(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect)
		note := plugins.Note{Kind: plugins.NoteOutcome, Card: resolvedCard()}
		for name, r := range map[string]plugins.Ref{
			"unknown": plugins.Ref(noAlert + "/" + deliveryKey), "malformed": "C0ACCESS", "injected": "../users/" + deliveryKey,
		} {
			if err := capability[plugins.Updater](w).Update(t.Context(), r, demoCard()); plugins.KindOf(err) != plugins.Gone {
				t.Errorf("%s: updating: %v of kind %s, want gone", name, err, plugins.KindOf(err))
			}
			if _, err := capability[plugins.Replier](w).Reply(t.Context(), r, otherKey, note); plugins.KindOf(err) != plugins.Gone {
				t.Errorf("%s: replying: %v of kind %s, want gone", name, err, plugins.KindOf(err))
			}
		}
	})
}

func TestSentencesThatCameLaterAreAddedOnce(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, account(func(c *opsgeniesim.Config) { c.Page = 1 }))
		posted := w.post(deliveryKey, demoCard(func(c *plugins.Card) { c.Notes = []string{"Known from the start."} }))
		later := demoCard(func(c *plugins.Card) {
			c.Notes = []string{"Known from the start.", "No approval for being on call.", "And more."}
		})
		for range 2 {
			if err := capability[plugins.Updater](w).Update(t.Context(), posted, later); err != nil {
				t.Fatal(err)
			}
		}
		notes := w.sim.Alerts()[0].Notes
		if len(notes) != 2 || notes[0].Text != "│ No approval for being on call." || notes[1].Text != "│ And more." {
			t.Errorf("notes %+v", notes)
		}
	})
}

func TestANoteWhoseAnswerWasLostIsFoundByItsMarker(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect)
		posted := w.post(deliveryKey, demoCard())
		w.faults(standin.Faults{DropAfter: 1, Next: 1, Only: []string{"add_note"}})
		note := plugins.Note{Kind: plugins.NoteOutcome, Card: resolvedCard()}
		if _, err := capability[plugins.Replier](w).Reply(t.Context(), posted, otherKey, note); plugins.KindOf(err) != plugins.Unknown {
			t.Fatalf("%v of kind %s, want unknown", err, plugins.KindOf(err))
		}
		found, ok, err := capability[plugins.Finder](w).Find(t.Context(), there(), plugins.Search{Key: otherKey, Parent: posted})
		if err != nil || !ok || !strings.HasPrefix(string(found), string(posted)+"/") || len(w.sim.Alerts()[0].Notes) != 1 {
			t.Errorf("found %s, %v, %v", found, ok, err)
		}
	})
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	key := func(value string) func(*setting) {
		return func(s *setting) { inOpsgenie(s); s.config.APIKey = secret.New(value) }
	}
	token := func(change func(*opsgeniesim.Token)) func(*setting) {
		return func(s *setting) { change(&s.account.Tokens[0]) }
	}
	for name, c := range map[string]struct {
		change func(*setting)
		fault  standin.Faults
		kind   plugins.Kind
		wait   time.Duration
		says   string
	}{
		"unknown key":      {key("nonsense"), standin.Faults{}, plugins.Auth, 0, "renew api_key"},
		"key of the EU":    {key(opsgeniesim.DemoEUKey), standin.Faults{}, plugins.Auth, 0, "see that region is right"},
		"integration key":  {key(opsgeniesim.DemoIntegrationKey), standin.Faults{}, plugins.Auth, 0, "renew api_key"},
		"read-only key":    {key(opsgeniesim.DemoReadOnlyKey), standin.Faults{}, plugins.Auth, 0, "lacks a right"},
		"limited key":      {inOpsgenie, standin.Faults{RateLimit: 1, RetryAfter: 20}, plugins.RateLimited, 20 * time.Second, "fewer calls"},
		"limited token":    {inOperations, standin.Faults{RateLimit: 1, RetryAfter: 20}, plugins.RateLimited, 20 * time.Second, "fewer calls"},
		"unknown token":    {func(s *setting) { s.config.APIToken = secret.New("nonsense") }, standin.Faults{}, plugins.Auth, 0, "renew api_token"},
		"read-only token":  {token(func(t *opsgeniesim.Token) { t.ReadOnly = true }), standin.Faults{}, plugins.Auth, 0, "lacks a right"},
		"another site":     {func(s *setting) { s.config.CloudID = strings.Replace(s.config.CloudID, "d33", "e33", 1) }, standin.Faults{}, plugins.NotFound, 0, "does not have it"},
		"broken Opsgenie":  {inOpsgenie, standin.Faults{FailBefore: 1}, plugins.Unknown, 0, "having trouble"},
		"broken Atlassian": {inOperations, standin.Faults{FailBefore: 1}, plugins.Unknown, 0, "having trouble"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.change)
			w.faults(c.fault)
			_, err := w.bot.Post(t.Context(), there(), deliveryKey, demoCard())
			failure, ok := errors.AsType[*plugins.Error](err)
			if !ok || failure.Kind != c.kind || !strings.Contains(failure.Public, c.says) || failure.RetryAfter != c.wait {
				t.Errorf("%+v, want %s saying %q after %s", failure, c.kind, c.says, c.wait)
			}
			w.assertNoSecretIn(err.Error())
			if n := len(w.sim.Alerts()); n != 0 {
				t.Errorf("%d alerts", n)
			}
		})
	}
}

// proxyPage answers everything with the page of a proxy.
type proxyPage struct{}

func (proxyPage) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/html"}}, Request: r,
		Body: io.NopCloser(strings.NewReader("<html>Please sign in</html>")),
	}, nil
}

func TestAPageInPlaceOfAnAnswer(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, func(s *setting) { s.deps.HTTP = &http.Client{Transport: proxyPage{}} })
		if _, err := w.bot.Post(t.Context(), there(), deliveryKey, demoCard()); plugins.KindOf(err) != plugins.Unknown || err == nil {
			t.Errorf("posting: %v", err)
		}
		shifts, err := capability[plugins.OnCaller](w).OnCall(t.Context(), opsgeniesim.DemoSchedule)
		if plugins.KindOf(err) != plugins.Transient || err == nil || len(shifts) != 0 {
			t.Errorf("on call: %v, %v", shifts, err)
		}
	})
}

func TestATeamsKeyMakesAlertsForItsTeamOnly(t *testing.T) {
	w := newWorld(t, inOpsgenie, func(s *setting) { s.config.APIKey = secret.New(opsgeniesim.DemoTeamKey) })
	if _, err := w.bot.Post(t.Context(), plugins.Destination{ID: "team/d3300000-0000-4000-8000-0000000000db"}, deliveryKey, demoCard()); err != nil {
		t.Fatal(err)
	}
	if got := w.sim.Alerts()[0].For; got != "Access Requests" {
		t.Errorf("the alert is for %s", got)
	}
	_, err := capability[plugins.OnCaller](w).OnCall(t.Context(), opsgeniesim.DemoSchedule)
	if failure, ok := errors.AsType[*plugins.Error](err); !ok || failure.Kind != plugins.Auth || failure.Public != sayTeamKey {
		t.Errorf("on call: %+v", err)
	}
}

func TestResolve(t *testing.T) {
	const (
		team       = "team/" + opsgeniesim.DemoTeam
		schedule   = "schedule/" + opsgeniesim.DemoSchedule
		escalation = "escalation/d3300000-0000-4000-8000-0000000000e5"
	)
	common := map[string]string{
		"Access Requests": team, " Access Requests ": team, opsgeniesim.DemoTeam: team, "team: Access Requests": team,
		"schedule: Database primary": schedule, "schedule:" + opsgeniesim.DemoSchedule: schedule,
		"escalation: d3300000-0000-4000-8000-0000000000e5": escalation,
		"access requests": "", "nowhere": "", "": "", "team:": "", "Database primary": "", "schedule: Access Requests": "",
		"user: nobody@example.com": "", "user: Ivan Petrov": "", "user: mallory@evil.example": "",
	}
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, account(func(c *opsgeniesim.Config) { c.Page = 2 }))
		names := map[string]string{"user: ivan@example.com": "user/" + w.prefix + ivanID}
		for name, want := range common {
			names[name] = want
		}
		for name, want := range names {
			found, err := capability[plugins.Resolver](w).Resolve(t.Context(), plugins.Recipient{Name: name})
			got := ""
			if len(found) == 1 {
				got = found[0].ID
			}
			if err != nil || got != want || len(found) > 1 {
				t.Errorf("%q: %+v, %v; want %q", name, found, err, want)
			}
			if got == "" {
				continue
			}
			if _, err := w.bot.Post(t.Context(), found[0], "key of "+got, demoCard()); err != nil {
				t.Errorf("%q takes no alert: %v", name, err)
			}
		}
		found, err := capability[plugins.Resolver](w).Resolve(t.Context(), plugins.Recipient{Person: &v1.PersonRef{Name: "alice", Email: "alice@example.com"}})
		if err != nil || len(found) != 0 {
			t.Errorf("a person became %+v, %v", found, err)
		}
	})
}

func TestTwoSchedulesOfOneName(t *testing.T) {
	w := newWorld(t, account(func(c *opsgeniesim.Config) {
		c.Schedules = append(c.Schedules, opsgeniesim.Schedule{ID: noAlert, Name: "Database primary", TimeZone: "UTC"})
	}))
	_, err := capability[plugins.Resolver](w).Resolve(t.Context(), plugins.Recipient{Name: "schedule: Database primary"})
	if plugins.KindOf(err) != plugins.Invalid {
		t.Errorf("%v", err)
	}
}
