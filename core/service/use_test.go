package service

import (
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// Rule 1.2, access_clock: an access that runs from its first use begins when its holder says so.
func TestUseBeginsTheAccess(t *testing.T) {
	c := open(t)
	c.apply(`
kind: role
version: v1
metadata: {name: contractor}
spec: {allow: {request: {roles: [dba], access_clock: first_use}}}
`)
	request := c.ask("ticket #123")
	_, err := c.Use(t.Context(), c.as("alice"), request.ID)
	refused(t, err, v1.CodeConflict)
	if _, err := c.Review(t.Context(), c.as("ivan"), request.ID, v1.ReviewInput{Verdict: v1.Approve}); err != nil {
		t.Fatal(err)
	}
	c.clock.Advance(time.Hour)
	_, err = c.Use(t.Context(), c.as("ivan"), request.ID)
	refused(t, err, v1.CodeForbidden)
	used, err := c.Use(t.Context(), c.as("alice"), request.ID)
	if err != nil {
		t.Fatal(err)
	}
	if want := c.clock.Now().Add(4 * time.Hour); !used.Access.Expires.Equal(want) {
		t.Errorf("access ends %v, want %v: the role's session, from now on", used.Access.Expires, want)
	}
	events, _, err := c.Events(t.Context(), c.as("alice"), "", request.ID, 10)
	if err != nil || events[len(events)-1].Type != v1.EventAccessStarted {
		t.Errorf("events %v, error %v", events, err)
	}
	_, err = c.Use(t.Context(), c.as("alice"), request.ID)
	refused(t, err, v1.CodeConflict)
}
