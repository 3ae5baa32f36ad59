package service

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func idsOf(requests []v1.Request) []string {
	ids := []string{}
	for _, request := range requests {
		ids = append(ids, request.ID)
	}
	return ids
}

func (c *company) waiting(name, after string, limit int) v1.RequestPage {
	c.t.Helper()
	page, err := c.Waiting(c.t.Context(), c.as(name), after, limit)
	if err != nil {
		c.t.Fatal(err)
	}
	return page
}

func (c *company) review(name string, request v1.Request) {
	c.t.Helper()
	if _, err := c.Review(c.t.Context(), c.as(name), request.ID, v1.ReviewInput{Verdict: v1.Approve}); err != nil {
		c.t.Fatal(err)
	}
}

func TestWaitingIsWhatOneCouldDecide(t *testing.T) {
	c := open(t)
	first, second, third := c.ask("1"), c.ask("2"), c.ask("3")
	for _, name := range []string{"alice", "carol"} {
		if got := c.waiting(name, "", 0); len(got.Requests) != 0 {
			t.Errorf("%s has %d requests waiting", name, len(got.Requests))
		}
	}
	page := c.waiting("ivan", "", 2)
	if diff := cmp.Diff([]string{first.ID, second.ID}, idsOf(page.Requests)); diff != "" || page.Next != second.ID {
		t.Errorf("first page %+v: %s", page, diff)
	}
	page = c.waiting("ivan", page.Next, 2)
	if diff := cmp.Diff([]string{third.ID}, idsOf(page.Requests)); diff != "" || page.Next != "" {
		t.Errorf("last page %+v: %s", page, diff)
	}
	c.review("ivan", second)
	if diff := cmp.Diff([]string{first.ID, third.ID}, idsOf(c.waiting("ivan", "", 0).Requests)); diff != "" {
		t.Error(diff)
	}
	c.review("bob", second)
	if diff := cmp.Diff([]string{first.ID, third.ID}, idsOf(c.waiting("bob", "", 0).Requests)); diff != "" {
		t.Error(diff)
	}
	c.clock.Advance(8 * 24 * time.Hour)
	if got := c.waiting("bob", "", 0); len(got.Requests) != 0 {
		t.Errorf("%d requests wait although their time is over", len(got.Requests))
	}
}

func TestCountsWhatWaits(t *testing.T) {
	c := open(t)
	for _, reason := range []string{"1", "2", "3"} {
		c.ask(reason)
	}
	for name, want := range map[string]struct {
		count    int
		reviewer bool
	}{"ivan": {3, true}, "alice": {0, false}} {
		count, reviewer, err := c.CountWaiting(t.Context(), c.as(name), 100)
		if err != nil || count != want.count || reviewer != want.reviewer {
			t.Errorf("%s: %d, %v, %v", name, count, reviewer, err)
		}
	}
	if count, _, err := c.CountWaiting(t.Context(), c.as("ivan"), 2); err != nil || count != 2 {
		t.Errorf("up to 2: %d, %v", count, err)
	}
}

// A review that no threshold would count is not waited for.
func TestWaitingLeavesOutWhatWouldNotCount(t *testing.T) {
	c := open(t)
	c.apply(`
kind: role
version: v1
metadata: {name: contractor}
spec:
  allow:
    request: {roles: [dba], thresholds: [{filter: 'reviewer.name == "bob"'}]}
`)
	request := c.ask("x")
	if got := c.waiting("ivan", "", 0); len(got.Requests) != 0 {
		t.Error("something waits for ivan that his review would not change")
	}
	if diff := cmp.Diff([]string{request.ID}, idsOf(c.waiting("bob", "", 0).Requests)); diff != "" {
		t.Error(diff)
	}
}

func TestGrantedUntilTheAccessEnds(t *testing.T) {
	c := open(t)
	c.ask("still waiting")
	request := c.ask("granted")
	c.review("ivan", request)
	c.review("bob", request)
	granted := func(name string) []string {
		t.Helper()
		list, err := c.Granted(t.Context(), c.as(name))
		if err != nil {
			t.Fatal(err)
		}
		return idsOf(list)
	}
	if diff := cmp.Diff([]string{request.ID}, granted("alice")); diff != "" {
		t.Error(diff)
	}
	if got := granted("ivan"); len(got) != 0 {
		t.Errorf("ivan has %q", got)
	}
	c.clock.Advance(5 * time.Hour) // nothing has written down yet that it is over
	if got := granted("alice"); len(got) != 0 {
		t.Errorf("alice still has %q", got)
	}
}

func TestPreviewStoresNothing(t *testing.T) {
	c := open(t)
	c.apply(`
kind: role
version: v1
metadata: {name: contractor}
spec:
  allow:
    request: {roles: [dba], suggested_reviewers: [ivan], thresholds: [{name: managers, approve: 2}], reason: {mode: required, prompt: Which ticket?}}
`)
	alice := c.as("alice")
	changed := c.Changed()
	request, explanation, err := c.Preview(t.Context(), alice, v1.RequestInput{Roles: []string{"dba"}})
	if err != nil {
		t.Fatal(err)
	}
	if request.Reason != "" || !request.DryRun || request.Prompts[0] != "Which ticket?" || request.SuggestedReviewers[0].Name != "ivan" {
		t.Errorf("previewed %+v", request)
	}
	if diff := cmp.Diff([]string{"bob", "ivan"}, names(explanation.People)); diff != "" || explanation.Thresholds[0].Missing != 2 {
		t.Errorf("explained %+v: %s", explanation, diff)
	}
	select {
	case <-changed:
		t.Error("a preview woke those who follow requests")
	default:
	}
	_, _, err = c.Preview(t.Context(), alice, v1.RequestInput{Roles: []string{"root"}})
	refused(t, err, v1.CodeInvalidRole)
	_, _, err = c.Preview(t.Context(), alice, v1.RequestInput{Roles: []string{"dba"}, SuggestedReviewers: make([]string, 51)})
	refused(t, err, v1.CodeInvalid)
	page, err := c.Requests(t.Context(), c.admin, core.RequestFilter{})
	if err != nil || len(page.Requests) != 0 {
		t.Errorf("%d requests are stored, error %v", len(page.Requests), err)
	}
}

// Whoever reviews nothing finds their few requests among everybody's at once; and browsing ends though nothing may be seen.
func TestBrowsingReadsSoMuchAndNoMore(t *testing.T) {
	c := open(t)
	c.apply(`
kind: role
version: v1
metadata: {name: other-reviewer}
spec: {allow: {review_requests: {roles: [other]}}}
---
kind: user
version: v1
metadata: {name: dora}
spec: {roles: [other-reviewer]}
`)
	oldest := c.ask("the oldest")
	others := v1.Request{State: v1.StateDenied, Requester: v1.PersonRef{Name: "bob"}, Roles: []string{"dba"}, Created: opening}
	err := c.Store.Update(t.Context(), func(tx core.Tx) error {
		for range 2 * lookedAt {
			id, err := newID()
			if err != nil {
				return err
			}
			others.ID, others.Version = id, 1
			if err := tx.InsertRequest(others, "ask"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	browse := func(name, before string) v1.RequestPage {
		t.Helper()
		page, err := c.Browse(t.Context(), c.as(name), core.RequestFilter{Before: before})
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	if page := browse("alice", ""); len(page.Requests) != 1 || page.Requests[0].ID != oldest.ID || page.Next != "" {
		t.Errorf("alice sees %q, next %q", idsOf(page.Requests), page.Next)
	}
	page := browse("dora", "")
	if len(page.Requests) != 0 || page.Next == "" {
		t.Errorf("dora sees %q, next %q", idsOf(page.Requests), page.Next)
	}
	if page = browse("dora", page.Next); len(page.Requests) != 0 || page.Next != "" {
		t.Errorf("dora then sees %q, next %q", idsOf(page.Requests), page.Next)
	}
}

func TestListsOfPeopleByTheirAddress(t *testing.T) {
	c := open(t)
	request := c.ask("x")
	for _, filter := range []core.RequestFilter{{Requester: "Alice@Example.com"}, {Reviewer: "ivan@example.com"}, {Requester: "alice"}} {
		page, err := c.Browse(t.Context(), c.as("ivan"), filter)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{request.ID}, idsOf(page.Requests)); diff != "" {
			t.Errorf("%+v: %s", filter, diff)
		}
	}
	page, err := c.Browse(t.Context(), c.as("ivan"), core.RequestFilter{Requester: "nobody"})
	if err != nil || len(page.Requests) != 0 {
		t.Errorf("of nobody: %q, %v", idsOf(page.Requests), err)
	}
}
