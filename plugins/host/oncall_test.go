package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host/hosttest"
)

// pager is a vendor that knows who is on call.
type pager struct {
	*hosttest.Client

	mu       sync.Mutex
	shifts   map[string][]plugins.Shift
	failures map[string]error
	users    map[string]string
	asked    []string
}

func (p *pager) OnCall(_ context.Context, schedule string) ([]plugins.Shift, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, schedule)
	if err := p.failures[schedule]; err != nil {
		return nil, err
	}
	return p.shifts[schedule], nil
}

func (p *pager) Account(_ context.Context, person v1.PersonRef) (string, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, found := p.users[person.Email]
	return id, found, p.failures["accounts"]
}

func (p *pager) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = nil
}

func shift(user string, level int, until time.Time) plugins.Shift {
	return plugins.Shift{Schedule: "S1", ScheduleName: "Database", Level: level, User: user, UserName: "A. Person", Until: until}
}

// onCallWorld is a world whose vendor has schedules, and alice's request that names some of them.
func onCallWorld(w *world, schedules ...string) (*pager, v1.Request) {
	p := &pager{shifts: map[string][]plugins.Shift{}, users: map[string]string{"alice@example.com": "PALICE"}}
	w.open = func(c *hosttest.Client) plugins.Notifier {
		p.Client = c
		return p
	}
	asked := request()
	asked.Annotations = map[string][]string{"accede.dev/schedules": schedules}
	return p, asked
}

// decisions collects what the core was asked to decide.
func (w *world) decisions() func() []v1.Decision {
	var mu sync.Mutex
	var made []v1.Decision
	w.core.Decide = func(d v1.Decision) v1.DecisionResult {
		mu.Lock()
		defer mu.Unlock()
		made = append(made, d)
		return v1.DecisionResult{Code: v1.CodeCounted, Message: "Recorded."}
	}
	return func() []v1.Decision {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(made)
	}
}

func TestSomebodyOnCallIsReviewedForOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		p, asked := onCallWorld(w, "S1", "S2")
		until := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Second)
		p.shifts["S1"] = []plugins.Shift{shift("POTHER", 1, until), shift("PALICE", 1, until)}
		p.failures = map[string]error{"S2": kind(plugins.Transient)}
		made := w.decisions()
		w.start()
		w.start()
		w.put(v1.EventCreated, asked)
		w.put(v1.EventCreated, asked)
		got := made()
		if len(got) != 1 {
			t.Fatalf("%d decisions, want 1: %+v", len(got), got)
		}
		d := got[0]
		if d.Identity != v1.ServiceIdentity("fake") || d.Verdict != v1.Approve || d.SeenFingerprint != asked.Fingerprint {
			t.Errorf("decision %+v", d)
		}
		if d.MaxDuration.Std() > 2*time.Hour || d.MaxDuration.Std() < 2*time.Hour-time.Minute {
			t.Errorf("the access would last %s, want until the shift ends", d.MaxDuration)
		}
		if diff := cmp.Diff([]string{"S1"}, d.Annotations["on_call/schedule"]); diff != "" {
			t.Errorf("evidence differs:\n%s", diff)
		}
		if notes := w.core.Notes(asked.ID); len(notes) != 0 {
			t.Errorf("notes %q, want none", notes)
		}
	})
}

func TestWhyBeingOnCallDidNotApproveIsNoted(t *testing.T) {
	later := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		schedules []string
		prepare   func(*pager)
		want      string
	}{
		"second level only": {
			[]string{"S1"},
			func(p *pager) { p.shifts["S1"] = []plugins.Shift{shift("PALICE", 2, later)} },
			"on call on Database (S1) only at level 2, and only level 1 counts",
		},
		"somebody else": {
			[]string{"S1"},
			func(p *pager) { p.shifts["S1"] = []plugins.Shift{shift("POTHER", 1, later)} },
			"not on call on Database (S1)",
		},
		"nobody":            {[]string{"S1"}, func(*pager) {}, `nobody is on call on "S1"`},
		"unknown schedule":  {[]string{"S9"}, func(p *pager) { p.failures = map[string]error{"S9": kind(plugins.NotFound)} }, `Fake has no schedule "S9"`},
		"no account":        {[]string{"S1"}, func(p *pager) { p.users = nil }, "Fake has no one account that belongs to Alice"},
		"vendor is silent":  {[]string{"S1"}, func(p *pager) { p.failures = map[string]error{"S1": kind(plugins.Unknown)} }, `Fake could not be asked about schedule "S1"`},
		"one bad, one no":   {[]string{"S1", "S9"}, func(p *pager) { p.failures = map[string]error{"S9": kind(plugins.NotFound)} }, `nobody is on call on "S1"; Fake has no schedule "S9"`},
		"directory is away": {[]string{"S1"}, func(p *pager) { p.failures = map[string]error{"accounts": errors.New("away")} }, "Fake could not be asked who Alice is"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				p, asked := onCallWorld(w, c.schedules...)
				c.prepare(p)
				made := w.decisions()
				w.start()
				w.core.Put(v1.EventCreated, asked)
				w.until(time.Minute, "a note", func() bool { return len(w.core.Notes(asked.ID)) > 0 })
				if notes := w.core.Notes(asked.ID); len(notes) != 1 || !strings.Contains(notes[0], c.want) {
					t.Errorf("notes %q, want one with %q", notes, c.want)
				}
				if got := made(); len(got) != 0 {
					t.Errorf("decisions %+v, want none", got)
				}
			})
		})
	}
}

func TestAVendorThatWasSilentIsAskedAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		p, asked := onCallWorld(w, "S1")
		p.failures = map[string]error{"S1": kind(plugins.Transient)}
		p.shifts["S1"] = []plugins.Shift{shift("PALICE", 1, time.Time{})}
		made := w.decisions()
		w.start()
		w.core.Put(v1.EventCreated, asked)
		w.until(time.Minute, "a note", func() bool { return len(w.core.Notes(asked.ID)) > 0 })
		p.mend()
		w.until(10*time.Minute, "the review", func() bool { return len(made()) == 1 })
		if d := made()[0]; d.MaxDuration != 0 {
			t.Errorf("a shift without an end shortens the access to %s", d.MaxDuration)
		}
	})
}

func TestARefusedOnCallReviewIsNoted(t *testing.T) {
	inWorld(t, func(w *world) {
		p, asked := onCallWorld(w, "S1")
		p.shifts["S1"] = []plugins.Shift{shift("PALICE", 1, time.Time{})}
		w.core.Decide = func(v1.Decision) v1.DecisionResult {
			return v1.DecisionResult{Code: v1.CodeNotAReviewer, Message: "None of your roles lets you review requests for dba."}
		}
		w.start()
		w.put(v1.EventCreated, asked)
		notes := w.core.Notes(asked.ID)
		if len(notes) != 1 || !strings.Contains(notes[0], "None of your roles lets you review") {
			t.Errorf("notes %q", notes)
		}
	})
}

func TestALinkedAccountBeatsTheAddress(t *testing.T) {
	inWorld(t, func(w *world) {
		p, asked := onCallWorld(w, "S1")
		p.users["alice@example.com"] = "PSOMEBODY"
		p.shifts["S1"] = []plugins.Shift{shift("PSOMEBODY", 1, time.Time{})}
		w.core.Link("alice", v1.Identity{Plugin: "fake", Tenant: "T", User: "PALICE"})
		made := w.decisions()
		w.start()
		w.put(v1.EventCreated, asked)
		if got := made(); len(got) != 0 {
			t.Errorf("decisions %+v, want none", got)
		}
	})
}
