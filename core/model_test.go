package core_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
)

// The model below is a second, small telling of the rules: it keeps who said what and works everything out anew from that
// at each look. It knows roles only as the generator drew them, never as the policy compiled them.
type (
	modelThreshold struct {
		name, filter  string
		approve, deny int
	}
	modelAsker struct {
		covers     []string
		denies     []string
		thresholds []modelThreshold
		all        bool
		clock      v1.AccessClock
		longest    time.Duration
	}
	modelReviewer struct {
		covers, conditional, denies []string
		lead                        bool
	}
	modelReview struct {
		who     string
		verdict v1.Verdict
	}
	model struct {
		askers    []modelAsker
		reviewers map[string]modelReviewer
		reason    string
		wanted    []string
		created   time.Time
		expires   time.Time
		length    time.Duration
		clock     v1.AccessClock
		reviews   []modelReview
		state     v1.State
		// opens and closes are the access window; used is whether it has begun.
		opens, closes time.Time
		used, over    bool
	}
)

const (
	leadFilter = `contains(reviewer.roles, "lead")`
	nameFilter = `reviewer.name != "p1"`
	openWhere  = `request.reason == "open"`
)

func (m *model) passes(filter, who string) bool {
	switch filter {
	case leadFilter:
		return m.reviewers[who].lead
	case nameFilter:
		return who != "p1"
	}
	return true
}

func (m *model) sets() (sets [][]modelThreshold, all []bool) {
	for _, role := range m.wanted {
		for _, asker := range m.askers {
			if !slices.Contains(asker.covers, role) {
				continue
			}
			set := asker.thresholds
			if len(set) == 0 {
				set = []modelThreshold{{approve: 1, deny: 1}}
			}
			sets, all = append(sets, set), append(all, asker.all)
		}
	}
	return sets, all
}

func (m *model) count(t modelThreshold, verdict v1.Verdict) (n int) {
	for _, review := range m.reviews {
		if review.verdict == verdict && m.passes(t.filter, review.who) {
			n++
		}
	}
	return n
}

func (m *model) judge() v1.State {
	sets, all := m.sets()
	granted := true
	for i, set := range sets {
		reached := 0
		for _, t := range set {
			if m.count(t, v1.Deny) >= t.deny {
				return v1.StateDenied
			}
			if m.count(t, v1.Approve) >= t.approve {
				reached++
			}
		}
		if reached == 0 || all[i] && reached < len(set) {
			granted = false
		}
	}
	if granted {
		return v1.StateApproved
	}
	return v1.StatePending
}

func (m *model) mayReview(who string) bool {
	if who == "alice" || slices.ContainsFunc(m.reviews, func(r modelReview) bool { return r.who == who }) {
		return false
	}
	reviewer := m.reviewers[who]
	for _, role := range m.wanted {
		if slices.Contains(reviewer.denies, role) {
			return false
		}
		conditional := m.reason == "open" && slices.Contains(reviewer.conditional, role)
		if !slices.Contains(reviewer.covers, role) && !conditional {
			return false
		}
	}
	return true
}

func (m *model) mayRequest(role string) bool {
	allowed := false
	for _, asker := range m.askers {
		if slices.Contains(asker.denies, role) {
			return false
		}
		allowed = allowed || slices.Contains(asker.covers, role)
	}
	return allowed
}

// times works out length, clock and expiry of the request.
func (m *model) times() {
	m.length, m.clock = 30*time.Hour, v1.ClockFirstUse
	lowest := time.Duration(0)
	for _, role := range m.wanted {
		highest := time.Duration(0)
		for _, asker := range m.askers {
			if !slices.Contains(asker.covers, role) {
				continue
			}
			highest = max(highest, asker.longest)
			switch {
			case asker.clock == "":
				m.clock = v1.ClockCreation
			case asker.clock == v1.ClockApproval && m.clock == v1.ClockFirstUse:
				m.clock = v1.ClockApproval
			}
		}
		if highest > 0 && (lowest == 0 || highest < lowest) {
			lowest = highest
		}
	}
	if lowest > 0 {
		m.length = lowest
	}
	m.expires = m.created.Add(7 * 24 * time.Hour)
	if m.clock == v1.ClockCreation && m.length < 7*24*time.Hour {
		m.expires = m.created.Add(m.length)
	}
}

func (m *model) approve(now time.Time) {
	m.state, m.opens = v1.StateApproved, now
	switch m.clock {
	case v1.ClockCreation:
		m.closes, m.used = m.created.Add(m.length), true
	case v1.ClockApproval:
		m.closes, m.used = now.Add(m.length), true
	default:
		m.closes = now.Add(7 * 24 * time.Hour)
	}
}

func (m *model) pass(now time.Time) {
	if m.state == v1.StatePending && !now.Before(m.expires) {
		m.state = v1.StateExpired
	}
	if m.state == v1.StateApproved && !now.Before(m.closes) {
		m.over = true
	}
}

// modelWalk holds the domain against the model.
type modelWalk struct {
	model
	set     *policy.Set
	request v1.Request
	now     time.Time
	serial  int
}

// Sections 2, 3, 4, 7 and 8: whatever the roles and whatever people do in whatever order, the domain and the model agree.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		if w == nil {
			return
		}
		rt.Repeat(map[string]func(*rapid.T){
			"review": w.review, "review again": w.review, "withdraw": w.withdraw, "override": w.override, "wait": w.wait,
			"use": w.use, "": w.agree,
		})
	})
}

func subset(rt *rapid.T, label string, of ...string) []string {
	var drawn []string
	for _, name := range of {
		if rapid.Bool().Draw(rt, label+" "+name) {
			drawn = append(drawn, name)
		}
	}
	return drawn
}

func drawWorld(rt *rapid.T) *modelWalk {
	w := &modelWalk{now: start, model: model{state: v1.StatePending, created: start, reviewers: map[string]modelReviewer{}}}
	w.reason = rapid.SampledFrom([]string{"open", "closed"}).Draw(rt, "reason")
	documents := []v1.Role{role("r0", v1.RoleSpec{}), role("r1", v1.RoleSpec{}), role("lead", v1.RoleSpec{})}
	alice := person("alice")
	for i := range rapid.IntRange(1, 3).Draw(rt, "askers") {
		asker, document := drawAsker(rt, fmt.Sprint("q", i))
		w.askers = append(w.askers, asker)
		documents = append(documents, document)
		alice.Roles = append(alice.Roles, document.Metadata.Name)
	}
	for i := range 5 {
		reviewer, document := drawReviewer(rt, fmt.Sprint("p", i))
		w.reviewers[fmt.Sprint("p", i)] = reviewer
		documents = append(documents, document)
	}
	set, err := policy.Compile(documents)
	if err != nil {
		rt.Fatal(err)
	}
	w.set = set
	return w.begin(rt, alice)
}

// begin makes the request, and says nil if the rules forbid it.
func (w *modelWalk) begin(rt *rapid.T, alice v1.Person) *modelWalk {
	w.wanted = subset(rt, "wants", "r0", "r1")
	if len(w.wanted) == 0 {
		w.wanted = []string{"r0"}
	}
	allowed := !slices.ContainsFunc(w.wanted, func(role string) bool { return !w.mayRequest(role) })
	input := v1.RequestInput{Roles: w.wanted, Reason: w.reason}
	request, _, err := core.NewRequest(core.Ask{ID: requestID, Requester: alice, Input: input, Now: w.now}, w.set)
	if (err == nil) != allowed {
		rt.Fatalf("asking gave %v, the model says allowed=%v", err, allowed)
	}
	if err != nil {
		return nil
	}
	w.request = request
	w.times()
	return w
}

func drawAsker(rt *rapid.T, name string) (modelAsker, v1.Role) {
	asker := modelAsker{
		covers: subset(rt, name+" covers", "r0", "r1"), all: rapid.Bool().Draw(rt, name+" all"),
		clock:   rapid.SampledFrom([]v1.AccessClock{"", v1.ClockApproval, v1.ClockFirstUse}).Draw(rt, name+" clock"),
		longest: rapid.SampledFrom([]time.Duration{0, 4 * time.Hour, 200 * time.Hour}).Draw(rt, name+" longest"),
	}
	if rapid.IntRange(0, 9).Draw(rt, name+" denies") == 0 {
		asker.denies = []string{"r1"}
	}
	conditions := v1.RequestConditions{Roles: asker.covers, AccessClock: asker.clock, MaxDuration: v1.Duration(asker.longest)}
	if asker.all {
		conditions.Require = v1.RequireAll
	}
	for range rapid.IntRange(0, 2).Draw(rt, name+" thresholds") {
		t := modelThreshold{
			name:    rapid.SampledFrom([]string{"", "a"}).Draw(rt, "name"),
			filter:  rapid.SampledFrom([]string{"", leadFilter, nameFilter}).Draw(rt, "filter"),
			approve: rapid.IntRange(1, 3).Draw(rt, "approve"), deny: rapid.IntRange(1, 2).Draw(rt, "deny"),
		}
		asker.thresholds = append(asker.thresholds, t)
		conditions.Thresholds = append(conditions.Thresholds,
			v1.ThresholdCondition{Name: t.name, Filter: t.filter, Approve: t.approve, Deny: t.deny})
	}
	spec := v1.RoleSpec{Allow: v1.RoleConditions{Request: &conditions}}
	if asker.denies != nil {
		spec.Deny.Request = &v1.RequestConditions{Roles: asker.denies}
	}
	return asker, role(name, spec)
}

func drawReviewer(rt *rapid.T, name string) (modelReviewer, v1.Role) {
	reviewer := modelReviewer{covers: []string{"r0", "r1"}, lead: rapid.Bool().Draw(rt, name+" lead")}
	where := ""
	if rapid.IntRange(0, 3).Draw(rt, name+" limited") == 0 {
		reviewer.covers, reviewer.conditional = nil, subset(rt, name+" conditional", "r0", "r1")
		where = openWhere
	}
	conditions := v1.ReviewConditions{Roles: slices.Concat(reviewer.covers, reviewer.conditional), Where: where}
	spec := v1.RoleSpec{Allow: v1.RoleConditions{ReviewRequests: &conditions}}
	if rapid.IntRange(0, 9).Draw(rt, name+" denies") == 0 {
		reviewer.denies = []string{"r0"}
		spec.Deny.ReviewRequests = &v1.ReviewConditions{Roles: reviewer.denies}
	}
	return reviewer, role("role-of-"+name, spec)
}

func (w *modelWalk) open() bool { return w.state == v1.StatePending && w.now.Before(w.expires) }

func (w *modelWalk) step(rt *rapid.T, next v1.Request, err error, allowed bool) bool {
	if (err == nil) != allowed {
		rt.Fatalf("step gave error %v, the model says allowed=%v", err, allowed)
	}
	if err == nil {
		w.request = next
	}
	return err == nil
}

func (w *modelWalk) review(rt *rapid.T) {
	who := rapid.SampledFrom([]string{"alice", "p0", "p1", "p2", "p3", "p4"}).Draw(rt, "who")
	verdict := rapid.SampledFrom([]v1.Verdict{v1.Approve, v1.Approve, v1.Approve, v1.Deny}).Draw(rt, "verdict")
	shorter := time.Duration(0)
	if verdict == v1.Approve && rapid.IntRange(0, 4).Draw(rt, "shorten") == 0 {
		shorter = 2 * time.Hour
	}
	w.serial++
	next, err := core.Review(w.request, core.Submission{
		ID: fmt.Sprint(w.serial), Author: core.Actor{Person: person(who, w.rolesOf(who)...), Via: v1.ViaCLI}, Now: w.now,
		Input: v1.ReviewInput{Verdict: verdict, MaxDuration: v1.Duration(shorter), SeenFingerprint: w.request.Fingerprint},
	}, w.set)
	if !w.step(rt, next, err, w.open() && w.mayReview(who) && w.mayShorten(who, shorter)) {
		return
	}
	w.shorten(who, shorter)
	before := w.judge()
	w.reviews = append(w.reviews, modelReview{who, verdict})
	after := w.judge()
	if before == v1.StatePending && after == v1.StateApproved {
		w.approve(w.now)
	} else {
		w.state = after
	}
}

// counts says whether a review of this person would count for anything.
func (m *model) counts(who string) bool {
	sets, _ := m.sets()
	return slices.ContainsFunc(slices.Concat(sets...), func(t modelThreshold) bool { return m.passes(t.filter, who) })
}

func (w *modelWalk) mayShorten(who string, to time.Duration) bool {
	if w.clock == v1.ClockCreation && !w.created.Add(to).After(w.now) && w.counts(who) {
		return to == 0
	}
	return to <= w.length
}

func (m *model) shorten(who string, to time.Duration) {
	if to == 0 || !m.counts(who) {
		return
	}
	m.length = to
	if end := m.created.Add(to); m.clock == v1.ClockCreation && end.Before(m.expires) {
		m.expires = end
	}
}

// explained holds what the explanation says about each person against the model.
func (w *modelWalk) explained(rt *rapid.T) {
	var people []v1.Person
	for _, who := range []string{"alice", "p0", "p1", "p2", "p3", "p4"} {
		people = append(people, person(who, w.rolesOf(who)...))
	}
	explained := core.Explain(w.request, w.set, people, w.now)
	for _, ruling := range explained.People {
		if may := w.open() && w.mayReview(ruling.Person.Name); ruling.May != may || ruling.Why == "" {
			rt.Fatalf("%s is explained as %v because %q, the model says %v", ruling.Person.Name, ruling.May, ruling.Why, may)
		}
	}
	if explained.Summary == "" || strings.HasSuffix(explained.Summary, "completed ") || strings.HasSuffix(explained.Summary, "count of ") {
		rt.Fatalf("summary %q of a request that is %s", explained.Summary, w.state)
	}
}

func (w *modelWalk) rolesOf(who string) []string {
	roles := []string{"role-of-" + who}
	if w.reviewers[who].lead {
		roles = append(roles, "lead")
	}
	return roles
}

func (w *modelWalk) withdraw(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "rarely") != 0 {
		return
	}
	next, err := core.Withdraw(w.request, core.Actor{Person: person("alice")}, v1.WithdrawInput{}, w.now)
	if w.step(rt, next, err, w.open()) {
		w.state = v1.StateWithdrawn
	}
}

func (w *modelWalk) override(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "rarely") != 0 {
		return
	}
	root := person("root")
	root.Admin = true
	submission := core.Submission{ID: "o", Author: core.Actor{Person: root}, Now: w.now}
	next, err := core.Override(w.request, submission, v1.OverrideInput{Verdict: v1.Approve, Reason: "x"})
	if w.step(rt, next, err, w.open()) {
		w.approve(w.now)
	}
}

func (w *modelWalk) use(rt *rapid.T) {
	next, err := core.UseAccess(w.request, core.Actor{Person: person("alice")}, w.now)
	waits := w.state == v1.StateApproved && w.clock == v1.ClockFirstUse && !w.used && !w.over
	if w.step(rt, next, err, waits) {
		w.used, w.opens, w.closes = true, w.now, w.now.Add(w.length)
	}
}

func (w *modelWalk) wait(rt *rapid.T) {
	w.now = w.now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "minutes")) * time.Minute)
	for {
		next, _, changed := core.Elapse(w.request, w.now)
		if !changed {
			break
		}
		w.request = next
	}
	w.pass(w.now)
}

func (w *modelWalk) agree(rt *rapid.T) {
	if w.request.State != w.state {
		rt.Fatalf("state %s, the model says %s", w.request.State, w.state)
	}
	if !w.request.Expires.Equal(w.expires) || w.request.Length().Std() != w.length {
		rt.Fatalf("expires %s and lasts %s, the model says %s and %s", w.request.Expires, w.request.Length(), w.expires, w.length)
	}
	for _, t := range w.request.Thresholds {
		mine := modelThreshold{name: t.Name, filter: t.Filter, approve: t.Approve, deny: t.Deny}
		if t.Approvals != w.count(mine, v1.Approve) || t.Denials != w.count(mine, v1.Deny) {
			rt.Fatalf("threshold %+v, the model counts %d and %d", t, w.count(mine, v1.Approve), w.count(mine, v1.Deny))
		}
	}
	w.explained(rt)
	access := w.request.Access
	if access == nil {
		if w.state == v1.StateApproved {
			rt.Fatal("approved without access")
		}
		return
	}
	if !access.Starts.Equal(w.opens) || !access.Expires.Equal(w.closes) || (access.Started != nil) != w.used || (access.Ended != nil) != w.over {
		rt.Fatalf("access %+v, the model says %s to %s, used %v, over %v", access, w.opens, w.closes, w.used, w.over)
	}
}
