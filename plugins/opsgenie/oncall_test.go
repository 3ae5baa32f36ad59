package opsgenie

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
	"github.com/accede/accede/plugins/standin"
)

const testRota = "7e570000-0000-4000-8000-000000000001"

// onCall lists who is on call as "person level end".
func (w *world) onCall(schedule string) []string {
	w.t.Helper()
	shifts, err := capability[plugins.OnCaller](w).OnCall(w.t.Context(), schedule)
	if err != nil {
		w.t.Fatalf("%s: %v", schedule, err)
	}
	names := map[string]string{aliceID: "alice", ivanID: "ivan", bobID: "bob", carolID: "carol"}
	got := []string{}
	for _, s := range shifts {
		if s.Schedule != schedule || s.ScheduleName == "" || !strings.HasPrefix(s.User, w.prefix) {
			w.t.Errorf("shift %+v lacks something", s)
		}
		until := "?"
		if !s.Until.IsZero() {
			until = s.Until.UTC().Format("2006-01-02T15:04")
		}
		got = append(got, fmt.Sprintf("%s %d %s", names[strings.TrimPrefix(s.User, w.prefix)], s.Level, until))
	}
	slices.Sort(got)
	return got
}

// rotating is an account with one more schedule.
func rotating(zone string, rotations []opsgeniesim.Rotation, overrides ...opsgeniesim.Override) func(*setting) {
	return account(func(c *opsgeniesim.Config) {
		c.Schedules = append(c.Schedules, opsgeniesim.Schedule{
			ID: testRota, Name: "Test rota", TimeZone: zone, Rotations: rotations, Overrides: overrides,
		})
	})
}

func instantOf(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestSchedulesAtTheirEdges(t *testing.T) {
	night := []opsgeniesim.Rotation{{Who: []string{"alice"}, Start: "2026-01-01", From: "22:00", Hours: 8}}
	daily := []opsgeniesim.Rotation{{Who: []string{"alice", "bob"}, Start: "2026-01-01", From: "09:00"}}
	gaps := []opsgeniesim.Rotation{{Who: []string{"alice", ""}, Start: "2026-01-01"}}
	together := []opsgeniesim.Rotation{
		{Who: []string{"alice"}, Start: "2026-01-01", From: "08:00", Hours: 8}, {Who: []string{"bob"}, Start: "2026-01-01", From: "14:00", Hours: 8},
	}
	cases := []struct {
		name, zone string
		rotations  []opsgeniesim.Rotation
		now        string
		want       []string
	}{
		{"before midnight", "UTC", night, "2026-03-01T23:30:00Z", []string{"alice 1 2026-03-02T06:00"}},
		{"after midnight", "UTC", night, "2026-03-02T05:59:00Z", []string{"alice 1 2026-03-02T06:00"}},
		{"at its end", "UTC", night, "2026-03-02T06:00:00Z", []string{}},
		{"by day", "UTC", night, "2026-03-02T12:00:00Z", []string{}},
		{"at its beginning", "UTC", night, "2026-03-02T22:00:00Z", []string{"alice 1 2026-03-03T06:00"}},
		// In Berlin the clocks go forward on 29 March 2026 at 02:00 and back on 25 October 2026 at 03:00.
		{"the short night", "Europe/Berlin", night, "2026-03-29T03:30:00Z", []string{"alice 1 2026-03-29T04:00"}},
		{"after the short night", "Europe/Berlin", night, "2026-03-29T04:00:00Z", []string{}},
		{"the long night", "Europe/Berlin", night, "2026-10-25T04:30:00Z", []string{"alice 1 2026-10-25T05:00"}},
		{"the hour that comes twice", "Europe/Berlin", night, "2026-10-25T01:30:00Z", []string{"alice 1 2026-10-25T05:00"}},
		{"before the change", "America/New_York", daily, "2026-03-07T13:59:00Z", []string{"alice 1 2026-03-07T14:00"}},
		{"the day of the change", "America/New_York", daily, "2026-03-08T12:59:00Z", []string{"bob 1 2026-03-08T13:00"}},
		{"after the change", "America/New_York", daily, "2026-03-08T13:00:00Z", []string{"alice 1 2026-03-09T13:00"}},
		{"an empty schedule", "UTC", nil, "2026-03-01T12:00:00Z", []string{}},
		{"a turn that nobody takes", "UTC", gaps, "2026-01-02T12:00:00Z", []string{}},
		{"one of two", "UTC", together, "2026-03-01T09:00:00Z", []string{"alice 1 2026-03-01T16:00"}},
		{"two at once", "UTC", together, "2026-03-01T15:00:00Z", []string{"alice 1 2026-03-01T16:00", "bob 1 2026-03-01T22:00"}},
		{"the other of two", "UTC", together, "2026-03-01T16:00:00Z", []string{"bob 1 2026-03-01T22:00"}},
	}
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		for _, c := range cases {
			w := newWorld(t, dialect, rotating(c.zone, c.rotations))
			w.clock.Set(instantOf(t, c.now))
			if diff := cmp.Diff(c.want, w.onCall(testRota)); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
	})
}

func TestAnOverrideReplacesWhoeverIsOnCall(t *testing.T) {
	from := instantOf(t, "2026-03-01T10:00:00Z")
	rotations := []opsgeniesim.Rotation{{Who: []string{"bob"}, Start: "2026-01-01", Days: 7}, {Who: []string{"carol"}, Start: "2026-01-01", Days: 7}}
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, rotating("UTC", rotations, opsgeniesim.Override{Who: "alice", From: from, Until: from.Add(time.Hour)}))
		for _, c := range []struct {
			now  time.Time
			want []string
		}{
			{from.Add(-time.Minute), []string{"bob 1 2026-03-01T10:00", "carol 1 2026-03-01T10:00"}},
			{from.Add(time.Minute), []string{"alice 1 2026-03-01T11:00"}},
			{from.Add(time.Hour), []string{"bob 1 2026-03-15T00:00", "carol 1 2026-03-15T00:00"}},
		} {
			w.clock.Set(c.now)
			if diff := cmp.Diff(c.want, w.onCall(testRota)); diff != "" {
				t.Errorf("%s: %s", c.now, diff)
			}
		}
	})
}

func TestStepsOfAnEscalationAreLevels(t *testing.T) {
	escalation := func(steps ...opsgeniesim.Step) func(*setting) {
		return account(func(c *opsgeniesim.Config) {
			c.Escalations = []opsgeniesim.Escalation{{ID: noAlert, Name: "Test", Steps: steps}}
			c.Schedules = []opsgeniesim.Schedule{
				{ID: opsgeniesim.DemoSchedule, Name: "Inner", TimeZone: "UTC", Rotations: []opsgeniesim.Rotation{{Who: []string{"ivan"}, Start: "2026-01-01"}}},
				{ID: testRota, Name: "Outer", TimeZone: "UTC", Rotations: []opsgeniesim.Rotation{{Who: []string{"escalation:" + noAlert}, Start: "2026-01-01", Days: 300}}},
			}
		})
	}
	levels := func(w *world) (out []string) {
		for _, one := range w.onCall(testRota) {
			if strings.HasSuffix(one, "?") {
				t.Errorf("%q has no end", one)
			}
			out = append(out, strings.Join(strings.Fields(one)[:2], " "))
		}
		return out
	}
	team := "team:d3300000-0000-4000-8000-0000000000db" // ivan, bob and carol
	for name, c := range map[string]struct {
		steps []opsgeniesim.Step
		want  []string
	}{
		"one after the other":  {[]opsgeniesim.Step{{Minutes: 0, Who: "alice"}, {Minutes: 10, Who: "bob"}, {Minutes: 30, Who: "carol"}}, []string{"alice 1", "bob 2", "carol 3"}},
		"two at a time":        {[]opsgeniesim.Step{{Minutes: 5, Who: "bob"}, {Minutes: 0, Who: "alice"}, {Minutes: 0, Who: "ivan"}, {Minutes: 5, Who: "carol"}}, []string{"alice 1", "bob 2", "carol 2", "ivan 1"}},
		"nobody at once":       {[]opsgeniesim.Step{{Minutes: 10, Who: "alice"}}, []string{"alice 2"}},
		"a schedule first":     {[]opsgeniesim.Step{{Minutes: 0, Who: "schedule:" + opsgeniesim.DemoSchedule}, {Minutes: 10, Who: "alice"}}, []string{"alice 2", "ivan 1"}},
		"a team at once":       {[]opsgeniesim.Step{{Minutes: 0, Who: team}}, []string{"bob 2", "carol 2", "ivan 2"}},
		"first, and in a team": {[]opsgeniesim.Step{{Minutes: 0, Who: "ivan"}, {Minutes: 10, Who: team}}, []string{"bob 3", "carol 3", "ivan 1", "ivan 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			bothDialects(t, func(t *testing.T, dialect func(*setting)) {
				if diff := cmp.Diff(c.want, levels(newWorld(t, dialect, escalation(c.steps...)))); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
	t.Run("without times nobody is first", func(t *testing.T) {
		w := newWorld(t, escalation(opsgeniesim.Step{Who: "alice"}), account(func(c *opsgeniesim.Config) { c.NoTimes = true }))
		if diff := cmp.Diff([]string{"alice 2"}, levels(w)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMembersOfATeamOnTheScheduleComeSecond(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, rotating("UTC", []opsgeniesim.Rotation{{Who: []string{"team:" + opsgeniesim.DemoTeam}, Start: "2026-01-01"}}))
		got := w.onCall(testRota)
		if len(got) != 2 || !strings.HasPrefix(got[0], "bob 2 ") || !strings.HasPrefix(got[1], "ivan 2 ") {
			t.Errorf("%v", got)
		}
	})
}

func TestADisabledScheduleCallsNobody(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect)
		if got := w.onCall("d3300000-0000-4000-8000-00000000d0a4"); len(got) != 0 {
			t.Errorf("%v", got)
		}
	})
}

func TestAScheduleThatDoesNotExist(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect)
		for _, schedule := range []string{noAlert, "Database primary", "", "../users", opsgeniesim.DemoSchedule + "?x=y", "requests/x"} {
			shifts, err := capability[plugins.OnCaller](w).OnCall(t.Context(), schedule)
			if plugins.KindOf(err) != plugins.NotFound || len(shifts) != 0 {
				t.Errorf("%q: %v, %v of kind %s", schedule, shifts, err, plugins.KindOf(err))
			}
		}
	})
}

func TestAPlanWithoutTimelinesLeavesTheEndOpen(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, account(func(c *opsgeniesim.Config) { c.NoTimeline = true }))
		if got := w.onCall(opsgeniesim.DemoSchedule); len(got) != 1 || !strings.HasSuffix(got[0], " 1 ?") {
			t.Errorf("%v", got)
		}
	})
}

func TestAnAnswerThatDoesNotComeIsNoYes(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		for _, operation := range []string{"on_calls", "timeline"} {
			for name, fault := range map[string]standin.Faults{
				"broken": {FailBefore: 1}, "truncated": {TruncateJSON: 1}, "dropped": {DropAfter: 1}, "limited": {RateLimit: 1, RetryAfter: 60},
				"silent": {DelayMS: 60_000},
			} {
				w := newWorld(t, dialect)
				fault.Only = []string{operation}
				w.faults(fault)
				ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
				shifts, err := capability[plugins.OnCaller](w).OnCall(ctx, opsgeniesim.DemoSchedule)
				cancel()
				kind := plugins.KindOf(err)
				if err == nil || len(shifts) != 0 || kind != plugins.Transient && kind != plugins.RateLimited {
					t.Errorf("%s %s: %v, %v of kind %s", operation, name, shifts, err, kind)
				}
				w.faults(standin.Faults{})
			}
		}
	})
}

func TestTheDemoPutsAliceOnCall(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect)
		if got := w.onCall(opsgeniesim.DemoSchedule); len(got) != 1 || strings.HasPrefix(got[0], "alice") {
			t.Errorf("at first: %v", got)
		}
		until := w.clock.Now().Add(2 * time.Hour).Truncate(time.Minute)
		for _, level := range []int{3, 2, 1} {
			if err := w.sim.PutOnCall(opsgeniesim.OnCallAsk{Schedule: opsgeniesim.DemoSchedule, Person: "alice", Level: level, Until: until}); err != nil {
				t.Fatal(err)
			}
			want := []string{fmt.Sprintf("alice %d %s", max(min(level, 3), 1), until.Format("2006-01-02T15:04"))}
			if diff := cmp.Diff(want, w.onCall(opsgeniesim.DemoSchedule)); diff != "" {
				t.Error(diff)
			}
		}
		w.sim.ClearOnCall("")
		if got := w.onCall(opsgeniesim.DemoSchedule); len(got) != 1 || strings.HasPrefix(got[0], "alice") {
			t.Errorf("at last: %v", got)
		}
	})
}

func TestAccount(t *testing.T) {
	people := account(func(c *opsgeniesim.Config) {
		user := func(id, name, email string) opsgeniesim.User {
			return opsgeniesim.User{ID: id, AccountID: "712020:" + id, Name: name, FullName: name, Email: email}
		}
		left := user("left0000", "left", "left@example.com")
		left.Blocked = true
		c.Users = append(c.Users, left, user("fake0000", "alice@example.com", "not-alice@example.com"))
	})
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, people)
		for email, want := range map[string]string{
			"alice@example.com": aliceID, "ALICE@Example.com": aliceID, " bob@example.com ": bobID,
			"left@example.com": "", "nobody@example.com": "", "example.com": "", "": "", "mallory@evil.example": "", "alice": "", "@": "",
		} {
			if want != "" {
				want = w.prefix + want
			}
			id, found, err := capability[plugins.OnCaller](w).Account(t.Context(), v1.PersonRef{Name: "x", Email: email})
			if err != nil || id != want || found != (want != "") {
				t.Errorf("%q: %q, %v, %v; want %q", email, id, found, err, want)
			}
		}
	})
}

func TestHiddenAddresses(t *testing.T) {
	hidden := opsgeniesim.User{ID: "h1dden00", AccountID: "712020:h1dden00", Name: "hidden", FullName: "Hidden Person", Email: "hidden@example.com", HidesEmail: true}
	for name, c := range map[string]struct {
		change func(*opsgeniesim.Config)
		want   string
	}{
		"one person with that address": {func(*opsgeniesim.Config) {}, "712020:h1dden00"},
		"somebody who took the address for a name": {func(c *opsgeniesim.Config) {
			c.Users[len(c.Users)-1].FullName, c.Users[len(c.Users)-1].Email = "hidden@example.com", "other@example.com"
		}, ""},
		"an app": {func(c *opsgeniesim.Config) { c.Users[len(c.Users)-1].App = true }, ""},
		"two of them": {func(c *opsgeniesim.Config) {
			twin := hidden
			twin.AccountID, twin.Email = "712020:tw1n0000", "hidden@example.com.evil.example"
			c.Users = append(c.Users, twin)
		}, ""},
	} {
		w := newWorld(t, account(func(a *opsgeniesim.Config) {
			a.Users = append(a.Users, hidden)
			c.change(a)
		}))
		id, found, err := capability[plugins.OnCaller](w).Account(t.Context(), v1.PersonRef{Name: "x", Email: "hidden@example.com"})
		if err != nil || id != c.want || found != (c.want != "") {
			t.Errorf("%s: %q, %v, %v; want %q", name, id, found, err, c.want)
		}
	}
}
