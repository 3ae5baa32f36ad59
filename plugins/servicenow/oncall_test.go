package servicenow

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/standin"
)

func shift(user, name string, level int) plugins.Shift {
	return plugins.Shift{
		Schedule: servicenowsim.DemoRota, ScheduleName: "Database on call", Level: level, User: user, UserName: name,
	}
}

func TestWhoIsOnCallIsTheWholeLineUp(t *testing.T) {
	w := newWorld(t)
	ask := func(schedule string) []plugins.Shift {
		t.Helper()
		got, err := w.inner().OnCall(t.Context(), schedule)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := []plugins.Shift{
		shift(servicenowsim.DemoIvan, "Ivan Petrov", 1), shift(servicenowsim.DemoBob, "Bob Okafor", 2),
	}
	if diff := cmp.Diff(want, ask(servicenowsim.DemoRota)); diff != "" {
		t.Error(diff)
	}
	if err := w.sim.SetOnCall(servicenowsim.DemoRota, "alice", 2); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]plugins.Shift{want[0], shift(servicenowsim.DemoAlice, "Alice Moreau", 2)}, ask(servicenowsim.DemoRota)); diff != "" {
		t.Errorf("second in line: %s", diff)
	}
	if err := w.sim.SetOnCall(servicenowsim.DemoRota, "alice", 1); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]plugins.Shift{shift(servicenowsim.DemoAlice, "Alice Moreau", 1)}, ask("rota:"+servicenowsim.DemoRota)); diff != "" {
		t.Errorf("on call: %s", diff)
	}
	byGroup := ask("group:" + servicenowsim.DemoGroup)
	if len(byGroup) != 1 || byGroup[0].Schedule != servicenowsim.DemoGroup || byGroup[0].ScheduleName != servicenowsim.DemoGroupName {
		t.Errorf("by group: %+v", byGroup)
	}
	w.sim.ClearOnCall(servicenowsim.DemoRota)
	if got := ask(servicenowsim.DemoRota); len(got) != 0 {
		t.Errorf("an empty rota has %+v", got)
	}
}

func TestSomebodyLockedOutIsNotOnCall(t *testing.T) {
	w := newWorld(t)
	if err := w.sim.Change("sys_user", servicenowsim.DemoIvan, map[string]string{"active": "false"}, "admin"); err != nil {
		t.Fatal(err)
	}
	got, err := w.inner().OnCall(t.Context(), servicenowsim.DemoRota)
	if err != nil || len(got) != 1 || got[0].Level != 2 {
		t.Errorf("%+v, %v; want only the second in line", got, err)
	}
}

func TestARotaThatIsSwitchedOffHasNoShifts(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.instance.Rotas[0].Inactive = true })
	if got, err := w.inner().OnCall(t.Context(), servicenowsim.DemoRota); err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNobodyIsOnCallWhereServiceNowCannotSay(t *testing.T) {
	for name, c := range map[string]struct {
		schedule string
		spoil    func(*world)
		want     plugins.Kind
	}{
		"unknown rota":   {strings.Repeat("1", 32), func(*world) {}, plugins.NotFound},
		"a name":         {"Database on call", func(*world) {}, plugins.NotFound},
		"a list":         {servicenowsim.DemoRota + "," + servicenowsim.DemoRota, func(*world) {}, plugins.NotFound},
		"no such plugin": {servicenowsim.DemoRota, func(w *world) { w.quirks(func(q *servicenowsim.Quirks) { q.NoOnCall = true }) }, plugins.Invalid},
		"no right": {servicenowsim.DemoRota, func(w *world) {
			w.quirks(func(q *servicenowsim.Quirks) { q.DenyRead = []string{"whoisoncall"} })
		}, plugins.Auth},
		"trouble": {servicenowsim.DemoRota, func(w *world) { w.faults(standin.Faults{FailBefore: 1}) }, plugins.Transient},
		"half an answer": {servicenowsim.DemoRota, func(w *world) {
			w.faults(standin.Faults{TruncateJSON: 1, Only: []string{"whoisoncall"}})
		}, plugins.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.spoil(w)
			got, err := w.inner().OnCall(t.Context(), c.schedule)
			if err == nil || plugins.KindOf(err) != c.want || len(got) != 0 {
				t.Errorf("%+v, %v of kind %s; want %s", got, err, plugins.KindOf(err), c.want)
			}
		})
	}
}

func TestASlowCalendarEndsWithTheContext(t *testing.T) {
	w := newWorld(t)
	w.faults(standin.Faults{DelayMS: 60_000, Only: []string{"whoisoncall"}})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	got, err := w.inner().OnCall(ctx, servicenowsim.DemoRota)
	if err == nil || plugins.KindOf(err) != plugins.Transient || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAccounts(t *testing.T) {
	w := newWorld(t)
	for email, want := range map[string]string{
		" Alice@Example.com ": servicenowsim.DemoAlice, "nobody@example.com": "", "": "", "accede@example.com": "",
		"alice@example.com^ORactive=true": "", "javascript:gs.getUser()@x": "",
	} {
		id, found, err := w.inner().Account(t.Context(), v1.PersonRef{Name: "x", Email: email})
		if err != nil || found != (want != "") || found && id != want {
			t.Errorf("%q: %s, %v, %v", email, id, found, err)
		}
	}
}

func FuzzSchedule(f *testing.F) {
	f.Add("group:" + servicenowsim.DemoGroup)
	f.Add(servicenowsim.DemoRota)
	f.Fuzz(func(t *testing.T, text string) {
		if s, ok := parseSchedule(text); ok && (!sysID.MatchString(s.id) || s.table == "") {
			t.Errorf("%q gives %+v", text, s)
		}
	})
}
