package core_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
)

// walk drives one request through random steps and keeps its own count of who said what, so that what the domain says
// can be held against it.
type walk struct {
	set      *policy.Set
	request  v1.Request
	now      time.Time
	needs    int
	approved map[string]bool
	denied   map[string]bool
	over     v1.State
}

// Section 8: no sequence of steps leaves the rules, whatever their order.
func TestRandomWalk(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWalk(t, rt)
		rt.Repeat(map[string]func(*rapid.T){
			"review":   w.review,
			"withdraw": w.withdraw,
			"override": w.override,
			"wait":     w.wait,
			"":         w.check,
		})
	})
}

func newWalk(t *testing.T, rt *rapid.T) *walk {
	needs := rapid.IntRange(1, 3).Draw(rt, "needs")
	asker := role("asker", v1.RoleSpec{Allow: v1.RoleConditions{Request: &v1.RequestConditions{
		Roles: []string{"dba"}, Thresholds: []v1.ThresholdCondition{{Approve: needs, Deny: 1}},
	}}})
	w := &walk{
		set: world(t, asker), now: start, needs: needs, approved: map[string]bool{}, denied: map[string]bool{}, over: v1.StatePending,
	}
	input := ask("dba")
	input.Requester = person("alice", "asker", "reviewer")
	request, _, err := core.NewRequest(input, w.set)
	if err != nil {
		rt.Fatal(err)
	}
	w.request = request
	return w
}

func (w *walk) apply(rt *rapid.T, next v1.Request, err error, allowed bool) bool {
	if (err == nil) != allowed {
		rt.Fatalf("step gave error %v, the model says allowed=%v", err, allowed)
	}
	if err != nil {
		return false
	}
	if next.Version != w.request.Version+1 || next.Fingerprint != w.request.Fingerprint {
		rt.Fatalf("version %d after %d, fingerprint %s after %s", next.Version, w.request.Version, next.Fingerprint, w.request.Fingerprint)
	}
	w.request = next
	return true
}

func (w *walk) open() bool { return w.over == v1.StatePending && w.now.Before(w.request.Expires) }

func (w *walk) review(rt *rapid.T) {
	name := rapid.SampledFrom([]string{"alice", "ivan", "bob", "sue", "carol"}).Draw(rt, "who")
	verdict := rapid.SampledFrom([]v1.Verdict{v1.Approve, v1.Approve, v1.Deny}).Draw(rt, "verdict")
	submission := by(name, verdict, w.request)
	submission.Now = w.now
	if name == "carol" {
		submission.Author.Person.Roles = nil
	}
	allowed := w.open() && name != "alice" && name != "carol" && !w.approved[name] && !w.denied[name]
	next, err := core.Review(w.request, submission, w.set)
	if !w.apply(rt, next, err, allowed) {
		return
	}
	if verdict == v1.Deny {
		w.denied[name], w.over = true, v1.StateDenied
		return
	}
	w.approved[name] = true
	if len(w.approved) >= w.needs {
		w.over = v1.StateApproved
	}
}

func (w *walk) withdraw(rt *rapid.T) {
	name := rapid.SampledFrom([]string{"alice", "bob"}).Draw(rt, "who")
	next, err := core.Withdraw(w.request, core.Actor{Person: person(name)}, v1.WithdrawInput{}, w.now)
	if w.apply(rt, next, err, w.open() && name == "alice") {
		w.over = v1.StateWithdrawn
	}
}

func (w *walk) override(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "rarely") != 0 {
		return
	}
	admin := rapid.Bool().Draw(rt, "admin")
	submission := by("root", v1.Approve, w.request)
	submission.Now, submission.Author.Person.Admin = w.now, admin
	next, err := core.Override(w.request, submission, v1.OverrideInput{Verdict: v1.Approve, Reason: "incident"})
	if w.apply(rt, next, err, w.open() && admin) {
		w.over = v1.StateApproved
	}
}

func (w *walk) wait(rt *rapid.T) {
	w.now = w.now.Add(time.Duration(rapid.IntRange(0, 600).Draw(rt, "minutes")) * time.Minute)
	if next, changed := core.Expire(w.request, w.now); changed {
		if w.over != v1.StatePending {
			rt.Fatalf("expired although it was %s", w.over)
		}
		w.request, w.over = next, v1.StateExpired
	}
	if next, changed := core.EndAccess(w.request, w.now); changed {
		w.request = next
	}
}

func (w *walk) check(rt *rapid.T) {
	if w.request.State != w.over {
		rt.Fatalf("state %s, the model says %s", w.request.State, w.over)
	}
	if (w.request.Access != nil) != (w.over == v1.StateApproved) {
		rt.Fatalf("access %+v in state %s", w.request.Access, w.over)
	}
	if w.request.State.Resolved() != (w.request.Resolution != nil) {
		rt.Fatal(fmt.Sprint("resolution ", w.request.Resolution, " in state ", w.request.State))
	}
}
