package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
)

func document(name string, spec v1.RoleSpec) v1.Role {
	return v1.Role{Kind: v1.RoleKind, Version: v1.RoleVersion, Metadata: v1.Metadata{Name: name}, Spec: spec}
}

func asking(conditions v1.RequestConditions) v1.RoleSpec {
	return v1.RoleSpec{Allow: v1.RoleConditions{Request: &conditions}}
}

func reviewing(patterns ...string) v1.RoleSpec {
	return v1.RoleSpec{Allow: v1.RoleConditions{ReviewRequests: &v1.ReviewConditions{Roles: patterns}}}
}

func compile(t *testing.T, roles ...v1.Role) *Set {
	t.Helper()
	set, err := Compile(roles)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func holding(roles ...string) Subject { return Subject{Name: "somebody", Roles: roles} }

func mayReview(set *Set, who Subject, requested ...string) Ruling {
	return set.MayReview(&Facts{Reviewer: who, Request: &v1.Request{Roles: requested}})
}

// Rule 2.2: deny beats allow everywhere, whichever role denies.
func TestDenyBeatsAllow(t *testing.T) {
	denying := v1.RoleSpec{Deny: v1.RoleConditions{
		Request:        &v1.RequestConditions{Roles: []string{"prod-*"}},
		ReviewRequests: &v1.ReviewConditions{Roles: []string{"prod-*"}},
	}}
	set := compile(t, document("asker", asking(v1.RequestConditions{Roles: []string{"*"}})), document("reviewer", reviewing("*")),
		document("limited", denying))
	if !set.MayRequest(holding("asker"), "prod-db") || set.MayRequest(holding("asker", "limited"), "prod-db") {
		t.Error("a deny of another role does not beat the allow for requesting")
	}
	if !set.MayRequest(holding("asker", "limited"), "dev-db") {
		t.Error("a deny that does not match forbids")
	}
	if mayReview(set, holding("reviewer", "limited"), "dev-db", "prod-db").May {
		t.Error("a deny of another role does not beat the allow for reviewing")
	}
	if set.MayRequest(holding("nobody-knows"), "dev-db") {
		t.Error("an unknown role allows something")
	}
}

// Rule 2.3: * expands to what may be requested and is not held.
func TestRequestable(t *testing.T) {
	set := compile(t, document("asker", asking(v1.RequestConditions{Roles: []string{"d*"}})), document("dba", v1.RoleSpec{}),
		document("dev", v1.RoleSpec{}), document("ops", v1.RoleSpec{}))
	if diff := cmp.Diff([]string{"dev"}, set.Requestable(holding("asker", "dba"))); diff != "" {
		t.Error(diff)
	}
}

// Rule 3.1: every requested role must be covered.
func TestMayReviewNeedsEveryRole(t *testing.T) {
	set := compile(t, document("reviewer", reviewing("dba")))
	if got := mayReview(set, holding("reviewer"), "dba", "root"); got.May || got.Missing() != "root" {
		t.Errorf("MayReview = %+v; want false for root", got)
	}
	if mayReview(set, holding("reviewer")).May {
		t.Error("a request for nothing may be reviewed")
	}
}

// Rules 4.1 to 4.4 and 4.6: one rule for each requested role and each role that allows it; equal thresholds are one.
func TestPlanThresholds(t *testing.T) {
	two := v1.ThresholdCondition{Name: "managers", Approve: 2}
	set := compile(t,
		document("contractor", asking(v1.RequestConditions{Roles: []string{"dba", "ops"}, Thresholds: []v1.ThresholdCondition{two}})),
		document("employee", asking(v1.RequestConditions{Roles: []string{"ops"}})),
		document("dba", v1.RoleSpec{}), document("ops", v1.RoleSpec{}))
	plan, err := set.Plan(holding("contractor", "employee"), []string{"dba", "ops"})
	if err != nil {
		t.Fatal(err)
	}
	wantThresholds := []v1.Threshold{{Name: "managers", Approve: 2, Deny: 1}, {Approve: 1, Deny: 1}}
	wantRules := []v1.Rule{
		{Role: "dba", From: "contractor", Require: v1.RequireAny, Thresholds: []int{0}},
		{Role: "ops", From: "contractor", Require: v1.RequireAny, Thresholds: []int{0}},
		{Role: "ops", From: "employee", Require: v1.RequireAny, Thresholds: []int{1}},
	}
	if diff := cmp.Diff(wantThresholds, plan.Thresholds); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantRules, plan.Rules); diff != "" {
		t.Error(diff)
	}
}

// Rule 7.2: for one role the longest that the requester's roles give, over the roles the shortest.
func TestPlanDurations(t *testing.T) {
	long := v1.RequestConditions{Roles: []string{"dba", "ops"}, MaxDuration: v1.Duration(48 * time.Hour)}
	short := v1.RequestConditions{Roles: []string{"dba"}, MaxDuration: v1.Duration(8 * time.Hour)}
	ops := document("ops", v1.RoleSpec{Options: v1.RoleOptions{MaxSessionTTL: v1.Duration(time.Hour)}})
	set := compile(t, document("long", asking(long)), document("short", asking(short)), document("dba", v1.RoleSpec{}), ops)
	plan, _ := set.Plan(holding("long", "short"), []string{"dba"})
	if plan.MaxDuration != (Limit{Value: 48 * time.Hour, Role: "long"}) {
		t.Errorf("max duration %v, want the longer of two", plan.MaxDuration)
	}
	plan, _ = set.Plan(holding("short"), []string{"dba"})
	if plan.MaxDuration.Value != 8*time.Hour || plan.SessionTTL.Value != MaxSession {
		t.Errorf("plan %+v, want 8h and the session limit of 30h", plan)
	}
	plan, _ = set.Plan(holding("long"), []string{"dba", "ops"})
	if plan.SessionTTL != (Limit{Value: time.Hour, Role: "ops"}) {
		t.Errorf("session limit %v, want 1h by ops", plan.SessionTTL)
	}
}

func TestValidateFindsEveryFault(t *testing.T) {
	broken := v1.Role{Kind: "rule", Version: "v9", Metadata: v1.Metadata{Name: "a b"}, Spec: v1.RoleSpec{
		Allow: v1.RoleConditions{
			Request: &v1.RequestConditions{
				Roles: []string{"^($"}, Require: "most", MaxDuration: v1.Duration(15 * 24 * time.Hour),
				Thresholds: []v1.ThresholdCondition{{Approve: -1, Deny: -1}}, Reason: &v1.ReasonCondition{Mode: "perhaps"},
			},
			ReviewRequests: &v1.ReviewConditions{Roles: []string{""}},
		},
		Deny: v1.RoleConditions{Request: &v1.RequestConditions{
			Thresholds: []v1.ThresholdCondition{{}}, Require: v1.RequireAny, MaxDuration: 1, Reason: &v1.ReasonCondition{},
		}},
		Options: v1.RoleOptions{MaxSessionTTL: -1},
	}}
	var got []string
	for _, fault := range Validate(broken) {
		got = append(got, strings.TrimPrefix(fault.Location, "spec."))
	}
	want := []string{
		"kind", "version", "metadata.name", "allow.request.roles[0]", "allow.request.thresholds[0].approve",
		"allow.request.thresholds[0].deny", "allow.request.require", "allow.request.max_duration", "allow.request.reason.mode",
		"allow.review_requests.roles[0]", "deny.request.thresholds", "deny.request.require", "deny.request.max_duration",
		"deny.request.reason", "options.max_session_ttl",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := Compile([]v1.Role{broken}); err == nil {
		t.Error("a broken role compiles")
	}
}

func TestMightReviewLeavesConditionsAside(t *testing.T) {
	conditional := v1.RoleSpec{Allow: v1.RoleConditions{ReviewRequests: &v1.ReviewConditions{Roles: []string{"db-*"}, Where: "false"}}}
	denying := v1.RoleSpec{Deny: v1.RoleConditions{ReviewRequests: &v1.ReviewConditions{Roles: []string{"db-prod"}}}}
	unless := v1.RoleSpec{Deny: v1.RoleConditions{ReviewRequests: &v1.ReviewConditions{Roles: []string{"db-test"}, Where: "false"}}}
	set := compile(t, document("conditional", conditional), document("denying", denying), document("unless", unless),
		document("asker", asking(v1.RequestConditions{Roles: []string{"*"}})))
	who := holding("conditional", "denying", "unless", "asker")
	for roles, want := range map[string]bool{"db-dev": true, "db-test": true, "db-prod": false, "web": false, "": false, "db-dev web": false} {
		if got := set.MightReview(who, strings.Fields(roles)); got != want {
			t.Errorf("%q: %v", roles, got)
		}
	}
	if !set.Reviews(who) || set.Reviews(holding("asker", "denying")) {
		t.Error("who reviews at all is told wrong")
	}
}
