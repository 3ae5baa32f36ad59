package service

import (
	"errors"
	"fmt"
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

// The model of one request that needs two approvals or one denial: what an operation may answer, given who has spoken.
type (
	operation struct {
		who  string
		what v1.Verdict // empty: withdraw
	}
	standing struct {
		state    v1.State
		approved string // names, each followed by a comma
	}
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
	switch {
	case now.state != v1.StatePending:
		return v1.CodeAlreadyResolved, now
	case op.what == "":
		return "", standing{v1.StateWithdrawn, now.approved}
	case now.approved == op.who+",":
		return v1.CodeAlreadyReviewed, now
	case op.what == v1.Deny:
		return "", standing{v1.StateDenied, now.approved}
	case now.approved != "":
		return "", standing{v1.StateApproved, now.approved + op.who + ","}
	default:
		return "", standing{v1.StatePending, op.who + ","}
	}
}

// Concurrent reviews and withdrawals have an order in which each answer is right.
func TestReviewsAreLinearizable(t *testing.T) {
	c := open(t)
	c.link("U0BOB", "bob")
	alice, ivan, bob := c.as("alice"), c.as("ivan"), c.as("bob")
	for round := range 60 {
		request := c.ask(fmt.Sprint("round ", round))
		history := &history{}
		verdict := func(n int) v1.Verdict {
			if (round+n)%5 == 0 {
				return v1.Deny
			}
			return v1.Approve
		}
		work := []func(){
			func() {
				history.record(0, operation{"ivan", verdict(1)}, func() v1.Code { return c.reviewCode(ivan, verdict(1), request) })
			},
			func() {
				history.record(1, operation{"ivan", verdict(2)}, func() v1.Code { return c.reviewCode(ivan, verdict(2), request) })
			},
			func() {
				history.record(2, operation{"bob", verdict(3)}, func() v1.Code { return c.reviewCode(bob, verdict(3), request) })
			},
			func() {
				history.record(3, operation{"bob", verdict(4)}, func() v1.Code { return c.clickCode("U0BOB", verdict(4), request) })
			},
		}
		if round%3 == 0 {
			work = append(work, func() {
				history.record(4, operation{who: "alice"}, func() v1.Code {
					_, err := c.Withdraw(t.Context(), alice, request.ID, v1.WithdrawInput{})
					return codeOf(err)
				})
			})
		}
		atOnce(work...)
		if !porcupine.CheckOperations(model(), history.operations) {
			t.Fatalf("no order explains %+v", history.operations)
		}
	}
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
