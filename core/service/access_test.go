package service

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
)

const fromApproval = `
kind: role
version: v1
metadata: {name: contractor}
spec:
  allow:
    request: {roles: [dba], max_duration: 2h, access_clock: approval}
`

// Section 7: the start of an access and the approach of its end are events, each once.
func TestDeadlinesStartAndRemind(t *testing.T) {
	c := open(t)
	c.apply(fromApproval)
	c.link("U0BOB", "bob")
	deadlines := c.deadlines(func() {})
	input := v1.RequestInput{Roles: []string{"dba"}, Reason: "why", AssumeStart: c.clock.Now().Add(time.Hour)}
	request, _, err := c.Create(t.Context(), c.as("alice"), input)
	if err != nil {
		t.Fatal(err)
	}
	c.decideAs("U0BOB", v1.Approve, request)
	for _, wait := range []time.Duration{59 * time.Minute, time.Minute, time.Minute, 109 * time.Minute, time.Minute, 9 * time.Minute} {
		c.clock.Advance(wait)
		moveDue(c, deadlines)
	}
	want := []string{v1.EventCreated, v1.EventResolved, v1.EventAccessStarted, v1.EventAccessEnding, v1.EventAccessEnded}
	if diff := cmp.Diff(want, c.eventTypes()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	for _, action := range []string{"access.start", "access.remind", "access.end"} {
		if got := len(c.audited(action)); got != 1 {
			t.Errorf("%s was audited %d times", action, got)
		}
	}
}

// Plugins tell a start apart from the approval by its time, and keep in the ledger whom they told.
func TestAStartAtApprovalIsTheResolutionsTime(t *testing.T) {
	c, ledger := registered(t)
	c.apply(fromApproval)
	c.link("U0BOB", "bob")
	request := c.ask("why")
	c.clock.Advance(time.Minute)
	c.decideAs("U0BOB", v1.Approve, request)
	got := c.request(request.ID)
	if got.Access == nil || got.Access.Started == nil || !got.Access.Started.Equal(got.Resolution.At) {
		t.Errorf("access %+v, resolution %+v", got.Access, got.Resolution)
	}
	for _, slot := range []string{v1.SlotAccessStarted, v1.SlotAccessEnding} {
		claim := claimFor(got.Version)
		claim.RequestID, claim.Slot = request.ID, slot
		if reply := mustClaim(t, ledger, claim); reply.Mode != v1.ClaimPost {
			t.Errorf("%s: %+v", slot, reply)
		}
	}
}

// Rule 9.5: what is left of a session is less each time, and asking again is still the same request.
func TestRule9_5SameRequestWhileTheSessionRuns(t *testing.T) {
	c := open(t)
	alice := c.as("alice")
	alice.Token.Expires = c.clock.Now().Add(time.Hour)
	first, created, err := c.Create(t.Context(), alice, v1.RequestInput{Roles: []string{"dba"}, Reason: "why"})
	if err != nil || !created || first.SessionTTL.Std() != time.Hour {
		t.Fatalf("created %v with a session of %s, error %v", created, first.SessionTTL, err)
	}
	c.clock.Advance(time.Minute)
	again, created, err := c.Create(t.Context(), alice, v1.RequestInput{Roles: []string{"dba"}, Reason: "why"})
	if err != nil || created || again.ID != first.ID {
		t.Errorf("created %v, %s after %s, error %v", created, again.ID, first.ID, err)
	}
}
