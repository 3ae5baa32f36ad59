package service

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// rounds is how often two people race.
const rounds = 500

// click reviews as a plugin's click does.
func (c *company) click(user string, verdict v1.Verdict, request v1.Request) (v1.DecisionResult, error) {
	decision := v1.Decision{
		Identity: v1.Identity{Plugin: "slack", Tenant: "T0", User: user}, RequestID: request.ID, Verdict: verdict,
		SeenVersion: request.Version, SeenFingerprint: request.Fingerprint,
	}
	var result v1.DecisionResult
	err := c.update(c.t.Context(), func(tx core.Tx) (err error) {
		result, err = c.Decide(tx, decision, c.clock.Now())
		return err
	})
	return result, err
}

func (c *company) link(user, person string) {
	c.t.Helper()
	link := v1.Link{Identity: v1.Identity{Plugin: "slack", Tenant: "T0", User: user}, Person: person}
	if _, err := c.AddLink(c.t.Context(), c.admin, link); err != nil {
		c.t.Fatal(err)
	}
}

// atOnce runs everything at the same instant and waits.
func atOnce(work ...func()) {
	start := make(chan struct{})
	var group sync.WaitGroup
	for _, do := range work {
		group.Go(func() {
			<-start
			do()
		})
	}
	close(start)
	group.Wait()
}

// Rule 3.6: two reviews at the same instant both count.
func TestTwoApproversAtOnce(t *testing.T) {
	c := open(t)
	c.link("U0BOB", "bob")
	ivan, approved := c.as("ivan"), 0
	for i := range rounds {
		request := c.ask(fmt.Sprint("round ", i))
		atOnce(
			func() {
				if _, err := c.Review(t.Context(), ivan, request.ID, v1.ReviewInput{Verdict: v1.Approve}); err != nil {
					t.Error(err)
				}
			},
			func() {
				if result, err := c.click("U0BOB", v1.Approve, request); err != nil || !result.Counted() {
					t.Errorf("result %+v, error %v", result, err)
				}
			})
		if done, err := c.Request(t.Context(), c.admin, request.ID); err == nil && done.State == v1.StateApproved {
			approved++
		}
	}
	t.Logf("%d of %d approved", approved, rounds)
	if approved != rounds {
		t.Errorf("%d of %d were approved", approved, rounds)
	}
}

// Rule 3.3: one person through two routes at once counts once.
func TestOnePersonThroughTwoRoutesAtOnce(t *testing.T) {
	c := open(t)
	c.link("U0IVAN", "ivan")
	ivan := c.as("ivan")
	for i := range rounds {
		request := c.ask(fmt.Sprint("round ", i))
		var counted atomic.Int32
		atOnce(
			func() {
				if _, err := c.Review(t.Context(), ivan, request.ID, v1.ReviewInput{Verdict: v1.Approve}); err == nil {
					counted.Add(1)
				}
			},
			func() {
				if result, err := c.click("U0IVAN", v1.Approve, request); err == nil && result.Counted() {
					counted.Add(1)
				}
			})
		after, err := c.Request(t.Context(), c.admin, request.ID)
		if err != nil || counted.Load() != 1 || after.Thresholds[0].Approvals != 1 || after.State != v1.StatePending {
			t.Fatalf("round %d: counted %d, request %+v, error %v", i, counted.Load(), after, err)
		}
	}
}

// The model of one request that needs two approvals or one denial: what an operation may answer, given what was before.
// Time passes for it in one step, from before its deadline to after; writing its expiry down is an operation of its own.
type (
	operation struct {
		kind string
		who  string
		what v1.Verdict
	}
	standing struct {
		state    v1.State
		approved string // who approved, if it is not resolved
		late     bool
	}
)

// The operations. A step has no answer, nor has moving; looking answers with the state.
const (
	opReview   = "review"
	opOverride = "override"
	opWithdraw = "withdraw"
	opStep     = "step"
	opMove     = "move"
	opLook     = "look"
)

func model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return standing{state: v1.StatePending} },
		Step: func(state, input, output any) (bool, any) {
			now, _ := state.(standing)
			op, _ := input.(operation)
			want, next := expected(now, op)
			return want == output, next
		},
		Equal: func(a, b any) bool { return a == b },
	}
}

func expected(now standing, op operation) (v1.Code, standing) {
	next := now
	switch op.kind {
	case opStep:
		next.late = true
		return "", next
	case opMove:
		if now.late && now.state == v1.StatePending {
			next.state = v1.StateExpired
		}
		return "", next
	case opLook:
		return v1.Code(now.state), now
	}
	if now.state != v1.StatePending {
		return v1.CodeAlreadyResolved, now
	}
	if now.late {
		return v1.CodeExpired, now
	}
	return decided(now, op)
}

// decided is what a decision comes to that is in time.
func decided(now standing, op operation) (v1.Code, standing) {
	next := now
	switch {
	case op.kind == opWithdraw:
		next.state = v1.StateWithdrawn
	case op.kind == opReview && now.approved == op.who:
		return v1.CodeAlreadyReviewed, now
	case op.what == v1.Deny:
		next.state = v1.StateDenied
	case op.kind == opOverride || now.approved != "":
		next.state = v1.StateApproved
	default:
		next.approved = op.who
	}
	return "", next
}

// race is one request about which everybody does something at once.
type race struct {
	*company
	history
	request   v1.Request
	deadlines *Deadlines
	work      []func()
}

// add makes an operation part of the race. Each is a client of its own.
func (r *race) add(op operation, do func() v1.Code) {
	client := len(r.work)
	r.work = append(r.work, func() { r.record(client, op, do) })
}

func (r *race) reviews(who string, verdict v1.Verdict) {
	actor := r.as(who)
	r.add(operation{opReview, who, verdict}, func() v1.Code { return r.reviewCode(actor, verdict, r.request) })
}

func (r *race) clicks(user, who string, verdict v1.Verdict) {
	r.add(operation{opReview, who, verdict}, func() v1.Code { return r.clickCode(user, verdict, r.request) })
}

func (r *race) withdraws() {
	alice := r.as("alice")
	r.add(operation{opWithdraw, "alice", ""}, func() v1.Code {
		_, err := r.Withdraw(r.t.Context(), alice, r.request.ID, v1.WithdrawInput{})
		return codeOf(err)
	})
}

func (r *race) overrides(verdict v1.Verdict) {
	r.add(operation{opOverride, "root", verdict}, func() v1.Code {
		_, err := r.Override(r.t.Context(), r.admin, r.request.ID, v1.OverrideInput{Verdict: verdict, Reason: "an emergency"})
		return codeOf(err)
	})
}

// expires lets the deadline pass, and the mover look twice, before or after.
func (r *race) expires() {
	r.add(operation{kind: opStep}, func() v1.Code {
		r.clock.Set(r.request.Expires)
		return ""
	})
	r.add(operation{kind: opMove}, r.move)
	r.add(operation{kind: opMove}, r.move)
}

func (r *race) move() v1.Code { return codeOf(r.deadlines.Move(r.t.Context())) }

func (r *race) look() v1.Code {
	request, err := r.Request(r.t.Context(), r.admin, r.request.ID)
	if err != nil {
		return codeOf(err)
	}
	return v1.Code(request.State)
}

// run lets everything happen at once, then moves what is due and looks, and returns the state that was seen.
func (r *race) run() v1.State {
	atOnce(r.work...)
	r.record(len(r.work), operation{kind: opMove}, r.move)
	last := v1.Code("")
	r.record(len(r.work), operation{kind: opLook}, func() v1.Code { last = r.look(); return last })
	return v1.State(last)
}

// Concurrent reviews, overrides, withdrawals and expiry have an order in which each answer is right.
func TestDecisionsAreLinearizable(t *testing.T) {
	c := open(t)
	c.link("U0BOB", "bob")
	ended := map[v1.State]int{}
	for round := range 150 {
		r := &race{company: c, request: c.ask(fmt.Sprint("round ", round)), deadlines: c.deadlines(func() {})}
		verdict := func(n int) v1.Verdict {
			if (round+n)%7 == 0 {
				return v1.Deny
			}
			return v1.Approve
		}
		r.reviews("ivan", verdict(1))
		r.reviews("ivan", verdict(2))
		if round%4 != 0 { // else one approval is missing and the others decide
			r.reviews("bob", verdict(3))
			r.clicks("U0BOB", "bob", verdict(4))
		}
		if round%3 == 0 {
			r.withdraws()
		}
		if round%5 < 2 {
			r.overrides([]v1.Verdict{v1.Approve, v1.Deny}[round%5])
		}
		// A decision is in time if it was when it was made. Who looks between the deadline and the commit of such a decision
		// still sees the request pending, so looking meanwhile is only exact where no deadline passes.
		if round%2 == 0 {
			r.expires()
		} else {
			r.add(operation{kind: opLook}, r.look)
		}
		ended[r.run()]++
		if !porcupine.CheckOperations(model(), r.operations) {
			t.Fatalf("round %d: no order explains %+v", round, r.operations)
		}
	}
	t.Logf("ended as %v", ended)
}

// The model is worth something: it refuses histories that break a rule and takes the same with the right answer.
func TestTheModelRejectsWrongHistories(t *testing.T) {
	review := func(who string) operation { return operation{opReview, who, v1.Approve} }
	deny := operation{opReview, "bob", v1.Deny}
	override := operation{opOverride, "root", v1.Approve}
	withdraw, step, move, look := operation{kind: opWithdraw}, operation{kind: opStep}, operation{kind: opMove}, operation{kind: opLook}
	const done = v1.Code("")
	pending, approved, expired := v1.Code(v1.StatePending), v1.Code(v1.StateApproved), v1.Code(v1.StateExpired)
	for name, test := range map[string]struct {
		operations  []operation
		right       []v1.Code
		wrong       v1.Code // instead of the last
		overlapping bool
	}{
		"one approval is not two":        {[]operation{review("ivan"), look}, []v1.Code{done, pending}, approved, false},
		"two are":                        {[]operation{review("ivan"), review("bob"), look}, []v1.Code{done, done, approved}, pending, false},
		"one person counts once":         {[]operation{review("ivan"), review("ivan")}, []v1.Code{done, v1.CodeAlreadyReviewed}, done, false},
		"even at once":                   {[]operation{review("ivan"), review("ivan")}, []v1.Code{done, v1.CodeAlreadyReviewed}, done, true},
		"a denial is final":              {[]operation{deny, override}, []v1.Code{done, v1.CodeAlreadyResolved}, done, false},
		"an override decides alone":      {[]operation{override, look}, []v1.Code{done, approved}, pending, false},
		"and only once":                  {[]operation{override, override}, []v1.Code{done, v1.CodeAlreadyResolved}, done, true},
		"withdrawn is withdrawn":         {[]operation{withdraw, override}, []v1.Code{done, v1.CodeAlreadyResolved}, done, true},
		"late is late":                   {[]operation{step, review("ivan")}, []v1.Code{done, v1.CodeExpired}, done, false},
		"for administrators, too":        {[]operation{step, override}, []v1.Code{done, v1.CodeExpired}, done, false},
		"what has expired stays so":      {[]operation{step, move, withdraw}, []v1.Code{done, done, v1.CodeAlreadyResolved}, v1.CodeExpired, false},
		"what is approved never expires": {[]operation{override, step, move, look}, []v1.Code{done, done, done, approved}, expired, false},
		"nothing expires before time":    {[]operation{move, look}, []v1.Code{done, pending}, expired, false},
	} {
		t.Run(name, func(t *testing.T) {
			if !porcupine.CheckOperations(model(), told(test.operations, test.right, test.overlapping)) {
				t.Error("the right history is rejected")
			}
			wrong := append(slices.Clone(test.right[:len(test.right)-1]), test.wrong)
			if porcupine.CheckOperations(model(), told(test.operations, wrong, test.overlapping)) {
				t.Error("the wrong history is accepted")
			}
		})
	}
	if !porcupine.CheckOperations(model(), told([]operation{step, review("ivan")}, []v1.Code{done, done}, true)) {
		t.Error("a review at the deadline may count")
	}
}

// told makes a history of operations, one after the other or all at once.
func told(operations []operation, answers []v1.Code, overlapping bool) (all []porcupine.Operation) {
	for i, op := range operations {
		call, back := int64(2*i), int64(2*i+1)
		if overlapping {
			call, back = 0, 100
		}
		all = append(all, porcupine.Operation{ClientId: i, Input: op, Output: answers[i], Call: call, Return: back})
	}
	return all
}

func (c *company) reviewCode(actor core.Actor, verdict v1.Verdict, request v1.Request) v1.Code {
	_, err := c.Review(c.t.Context(), actor, request.ID, v1.ReviewInput{Verdict: verdict})
	return codeOf(err)
}

func (c *company) clickCode(user string, verdict v1.Verdict, request v1.Request) v1.Code {
	result, err := c.click(user, verdict, request)
	if err != nil {
		return codeOf(err)
	}
	if result.Counted() {
		return ""
	}
	return result.Code
}

func codeOf(err error) v1.Code {
	if err == nil {
		return ""
	}
	var refusal *core.Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return v1.CodeInternal
}

type history struct {
	mu         sync.Mutex
	operations []porcupine.Operation
}

func (h *history) record(client int, op operation, do func() v1.Code) {
	call := time.Now().UnixNano()
	code := do()
	back := time.Now().UnixNano()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.operations = append(h.operations, porcupine.Operation{ClientId: client, Input: op, Call: call, Output: code, Return: back})
}
