package pagerduty

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
)

func (w *world) onCall(schedule string) []string {
	w.t.Helper()
	caller, ok := w.bot.(plugins.OnCaller)
	if !ok {
		w.t.Fatal("the plugin knows nobody on call")
	}
	shifts, err := caller.OnCall(w.t.Context(), schedule)
	if err != nil {
		w.t.Fatalf("%s: %v", schedule, err)
	}
	got := []string{}
	for _, s := range shifts {
		if s.Schedule != schedule || s.ScheduleName == "" || s.UserName == "" {
			w.t.Errorf("shift %+v lacks something", s)
		}
		until := "always"
		if !s.Until.IsZero() {
			until = s.Until.UTC().Format("2006-01-02T15:04")
		}
		got = append(got, fmt.Sprintf("%s %d %s", s.User, s.Level, until))
	}
	slices.Sort(got)
	return got
}

// rota is an account with one schedule, PSCHED1, at the first level of a policy.
func rota(sc pagerdutysim.Schedule) func(*setting) {
	sc.ID, sc.Name = "PSCHED1", "Test rota"
	return account(func(c *pagerdutysim.Config) {
		c.Schedules = []pagerdutysim.Schedule{sc}
		c.Policies = []pagerdutysim.Policy{{ID: "PPOL001", Name: "Test", Levels: [][]string{{"PSCHED1"}}}}
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
	night := pagerdutysim.Layer{Users: []string{"PALICE1"}, Start: "2026-01-01", From: "22:00", Hours: 8}
	daily := pagerdutysim.Layer{Users: []string{"PALICE1", "PBOB001"}, Start: "2026-01-01", From: "09:00"}
	for _, c := range []struct {
		name, zone string
		layers     []pagerdutysim.Layer
		now        string
		want       []string
	}{
		{"before midnight", "UTC", []pagerdutysim.Layer{night}, "2026-03-01T23:30:00Z", []string{"PALICE1 1 2026-03-02T06:00"}},
		{"after midnight", "UTC", []pagerdutysim.Layer{night}, "2026-03-02T05:59:59Z", []string{"PALICE1 1 2026-03-02T06:00"}},
		{"at its end", "UTC", []pagerdutysim.Layer{night}, "2026-03-02T06:00:00Z", []string{}},
		{"by day", "UTC", []pagerdutysim.Layer{night}, "2026-03-02T12:00:00Z", []string{}},
		{"at its beginning", "UTC", []pagerdutysim.Layer{night}, "2026-03-02T22:00:00Z", []string{"PALICE1 1 2026-03-03T06:00"}},
		// In Berlin the clocks go forward on 29 March 2026 at 02:00 and back on 25 October 2026 at 03:00.
		{"the short night", "Europe/Berlin", []pagerdutysim.Layer{night}, "2026-03-29T03:30:00Z", []string{"PALICE1 1 2026-03-29T04:00"}},
		{"after the short night", "Europe/Berlin", []pagerdutysim.Layer{night}, "2026-03-29T04:00:00Z", []string{}},
		{"the long night", "Europe/Berlin", []pagerdutysim.Layer{night}, "2026-10-25T04:30:00Z", []string{"PALICE1 1 2026-10-25T05:00"}},
		{"the hour that comes twice", "Europe/Berlin", []pagerdutysim.Layer{night}, "2026-10-25T01:30:00Z", []string{"PALICE1 1 2026-10-25T05:00"}},
		{"the hand-over before the change", "America/New_York", []pagerdutysim.Layer{daily}, "2026-03-07T13:59:59Z", []string{"PALICE1 1 2026-03-07T14:00"}},
		{"the hand-over after the change", "America/New_York", []pagerdutysim.Layer{daily}, "2026-03-08T13:00:00Z", []string{"PALICE1 1 2026-03-09T13:00"}},
		{"the day of the change", "America/New_York", []pagerdutysim.Layer{daily}, "2026-03-08T12:59:59Z", []string{"PBOB001 1 2026-03-08T13:00"}},
		{"an empty schedule", "UTC", nil, "2026-03-01T12:00:00Z", []string{}},
		{
			"a later layer covers an earlier one", "UTC",
			[]pagerdutysim.Layer{{Users: []string{"PBOB001"}, Start: "2026-01-01", Days: 7}, night},
			"2026-03-01T23:30:00Z",
			[]string{"PALICE1 1 2026-03-02T06:00"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, rota(pagerdutysim.Schedule{TimeZone: c.zone, Layers: c.layers}))
			w.clock.Set(instantOf(t, c.now))
			if diff := cmp.Diff(c.want, w.onCall("PSCHED1")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnOverrideReplacesWhoeverIsOnCall(t *testing.T) {
	from := instantOf(t, "2026-03-01T10:00:00Z")
	w := newWorld(t, rota(pagerdutysim.Schedule{
		TimeZone: "UTC", Layers: []pagerdutysim.Layer{{Users: []string{"PBOB001"}, Start: "2026-01-01", Days: 7}},
		Overrides: []pagerdutysim.Override{{User: "PALICE1", From: from, Until: from.Add(time.Hour)}},
	}))
	for _, c := range []struct {
		now  time.Time
		want string
	}{
		{from.Add(-time.Minute), "PBOB001 1 2026-03-01T10:00"},
		{from.Add(time.Minute), "PALICE1 1 2026-03-01T11:00"},
		{from.Add(time.Hour), "PBOB001 1 "},
	} {
		w.clock.Set(c.now)
		if got := w.onCall("PSCHED1"); len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%s: %v, want %s", c.now, got, c.want)
		}
	}
}

func TestShiftsOverlapOnAShiftBasedSchedule(t *testing.T) {
	layers := []pagerdutysim.Layer{
		{Users: []string{"PALICE1"}, Start: "2026-01-01", From: "08:00", Hours: 8},
		{Users: []string{"PBOB001"}, Start: "2026-01-01", From: "14:00", Hours: 8},
	}
	for _, listed := range []bool{false, true} {
		w := newWorld(t, rota(pagerdutysim.Schedule{TimeZone: "UTC", ShiftBased: true, Layers: layers}),
			account(func(c *pagerdutysim.Config) { c.OnCallsCoverShiftBased = listed }))
		for now, want := range map[string][]string{
			"2026-03-01T09:00:00Z": {"PALICE1 1 2026-03-01T16:00"},
			"2026-03-01T15:00:00Z": {"PALICE1 1 2026-03-01T16:00", "PBOB001 1 2026-03-01T22:00"},
			"2026-03-01T16:00:00Z": {"PBOB001 1 2026-03-01T22:00"},
			"2026-03-01T23:00:00Z": {},
		} {
			w.clock.Set(instantOf(t, now))
			if diff := cmp.Diff(want, w.onCall("PSCHED1")); diff != "" {
				t.Errorf("listed %v at %s: %s", listed, now, diff)
			}
		}
	}
}

func TestLevelsComeFromTheEscalationPolicies(t *testing.T) {
	always := []pagerdutysim.Layer{{Users: []string{"PALICE1"}, Start: "2026-01-01", Days: 7}}
	policies := []pagerdutysim.Policy{
		{ID: "PPOL001", Name: "One", Levels: [][]string{{"PBOB001"}, {"PSCHED1"}}},
		{ID: "PPOL002", Name: "Two", Levels: [][]string{{"PIVAN01"}, {"PSCHED1"}}},
		{ID: "PPOL003", Name: "Three", Levels: [][]string{{"PIVAN01"}, {"PBOB001"}, {"PSCHED1"}}},
	}
	for _, shiftBased := range []bool{false, true} {
		change := []func(*setting){
			rota(pagerdutysim.Schedule{TimeZone: "UTC", ShiftBased: shiftBased, Layers: always}),
			account(func(c *pagerdutysim.Config) { c.Policies, c.Page = policies, 2 }),
		}
		levels := func(w *world) (out []string) {
			for _, one := range w.onCall("PSCHED1") {
				out = append(out, strings.Join(strings.Fields(one)[:2], " "))
			}
			return out
		}
		if got := levels(newWorld(t, change...)); !slices.Equal(got, []string{"PALICE1 2", "PALICE1 3"}) {
			t.Errorf("shift-based %v: %v", shiftBased, got)
		}
		only := append(change, func(s *setting) { s.config.OnCallPolicies = []string{"PPOL003"} })
		if got := levels(newWorld(t, only...)); !slices.Equal(got, []string{"PALICE1 3"}) {
			t.Errorf("shift-based %v, one policy only: %v", shiftBased, got)
		}
	}
}

func TestAScheduleThatNobodyUsesCallsNobody(t *testing.T) {
	for _, shiftBased := range []bool{false, true} {
		w := newWorld(t, rota(pagerdutysim.Schedule{
			TimeZone: "UTC", ShiftBased: shiftBased, Layers: []pagerdutysim.Layer{{Users: []string{"PALICE1"}, Start: "2026-01-01"}},
		}), account(func(c *pagerdutysim.Config) { c.Policies = nil }))
		if got := w.onCall("PSCHED1"); len(got) != 0 {
			t.Errorf("shift-based %v: %v", shiftBased, got)
		}
	}
}

func TestAScheduleThatDoesNotExist(t *testing.T) {
	w := newWorld(t)
	caller, ok := w.bot.(plugins.OnCaller)
	if !ok {
		t.Fatal("the plugin knows nobody on call")
	}
	for _, schedule := range []string{"PNOWHERE", "Database primary", "", "../users", "PDEMO1?x=y", "null"} {
		shifts, err := caller.OnCall(t.Context(), schedule)
		if plugins.KindOf(err) != plugins.NotFound || len(shifts) != 0 {
			t.Errorf("%q: %v, %v of kind %s", schedule, shifts, err, plugins.KindOf(err))
		}
	}
}

func TestTheDemoPutsAliceOnCall(t *testing.T) {
	w := newWorld(t)
	if got := w.onCall("PDEMO1"); len(got) != 1 || strings.HasPrefix(got[0], "PALICE1") {
		t.Errorf("at first: %v", got)
	}
	until := w.clock.Now().Add(2 * time.Hour).Truncate(time.Minute)
	for _, level := range []int{2, 1} {
		if err := w.sim.PutOnCall(pagerdutysim.OnCallAsk{Schedule: "PDEMO1", Person: "alice", Level: level, Until: until}); err != nil {
			t.Fatal(err)
		}
		want := []string{fmt.Sprintf("PALICE1 %d %s", level, until.Format("2006-01-02T15:04"))}
		if diff := cmp.Diff(want, w.onCall("PDEMO1")); diff != "" {
			t.Error(diff)
		}
	}
	if err := w.sim.PutOnCall(pagerdutysim.OnCallAsk{Schedule: "PDEMO3", Person: "alice"}); err != nil {
		t.Fatal(err)
	}
	if got := w.onCall("PDEMO3"); len(got) != 1 || !strings.HasPrefix(got[0], "PALICE1 1 ") {
		t.Errorf("shift-based: %v", got)
	}
	w.sim.ClearOnCall("")
	if got := w.onCall("PDEMO1"); len(got) != 1 || strings.HasPrefix(got[0], "PALICE1") {
		t.Errorf("at last: %v", got)
	}
}

func TestAccount(t *testing.T) {
	w := newWorld(t, account(func(c *pagerdutysim.Config) {
		c.Page = 3
		c.Users = append(c.Users,
			pagerdutysim.User{ID: "PLIKE01", FullName: "alice@example.com", Email: "not-alice@example.com.evil.example"},
			pagerdutysim.User{ID: "PTWIN01", FullName: "Twin", Email: "twin@example.com"},
			pagerdutysim.User{ID: "PTWIN02", FullName: "Twin", Email: "TWIN@example.com"},
			pagerdutysim.User{ID: "PNEW001", FullName: "New", Email: "new@example.com", Invited: true})
	}))
	caller, ok := w.bot.(plugins.OnCaller)
	if !ok {
		t.Fatal("the plugin knows nobody on call")
	}
	for email, want := range map[string]string{
		"alice@example.com": "PALICE1", "ALICE@Example.com": "PALICE1", " bob@example.com ": "PBOB001",
		"twin@example.com": "", "new@example.com": "", "nobody@example.com": "", "example.com": "", "": "", "mallory@evil.example": "",
	} {
		id, found, err := caller.Account(t.Context(), v1.PersonRef{Name: "x", Email: email})
		if err != nil || id != want || found != (want != "") {
			t.Errorf("%q: %q, %v, %v; want %q", email, id, found, err, want)
		}
	}
}
