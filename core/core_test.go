package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
)

//nolint:gochecknoglobals // a time cannot be a constant
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const requestID = "01946a00-0000-7000-8000-000000000001"

func role(name string, spec v1.RoleSpec) v1.Role {
	return v1.Role{Kind: v1.RoleKind, Version: v1.RoleVersion, Metadata: v1.Metadata{Name: name}, Spec: spec}
}

// world is a company in which contractors need two reviewers for dba and one for ops.
func world(t testing.TB, extra ...v1.Role) *policy.Set {
	t.Helper()
	reviews := v1.RoleSpec{Allow: v1.RoleConditions{ReviewRequests: &v1.ReviewConditions{Roles: []string{"dba", "ops"}}}}
	roles := append([]v1.Role{
		role("contractor", v1.RoleSpec{Allow: v1.RoleConditions{Request: &v1.RequestConditions{
			Roles: []string{"dba"}, SuggestedReviewers: []string{"ivan"},
			Thresholds: []v1.ThresholdCondition{{Name: "managers", Approve: 2, Deny: 1}}, MaxDuration: v1.Duration(8 * time.Hour),
		}}}),
		role("employee", v1.RoleSpec{Allow: v1.RoleConditions{Request: &v1.RequestConditions{Roles: []string{"ops"}}}}),
		role("reviewer", reviews), role("dba", v1.RoleSpec{}), role("ops", v1.RoleSpec{}),
	}, extra...)
	set, err := policy.Compile(roles)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func person(name string, roles ...string) v1.Person {
	return v1.Person{Name: name, Kind: v1.KindHuman, Roles: roles}
}

func ask(roles ...string) core.Ask {
	return core.Ask{
		ID: requestID, Requester: person("alice", "contractor", "employee"), Now: start,
		Input: v1.RequestInput{Roles: roles, Reason: "ticket #123"},
	}
}

func pending(t testing.TB, set *policy.Set, roles ...string) v1.Request {
	t.Helper()
	request, _, err := core.NewRequest(ask(roles...), set)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func by(name string, verdict v1.Verdict, request v1.Request) core.Submission {
	return core.Submission{
		ID: "review-" + name, Author: core.Actor{Person: person(name, "reviewer"), Via: v1.ViaCLI}, Now: start.Add(time.Minute),
		Input: v1.ReviewInput{Verdict: verdict, SeenVersion: request.Version, SeenFingerprint: request.Fingerprint},
	}
}

func wantCode(t *testing.T, err error, code v1.Code) {
	t.Helper()
	if err == nil || core.CodeOf(err) != code {
		t.Fatalf("error %v with code %q, want code %q", err, core.CodeOf(err), code)
	}
}

func TestNewRequest(t *testing.T) {
	request, reviewers, err := core.NewRequest(ask("dba"), world(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ivan"}, reviewers); diff != "" {
		t.Error(diff)
	}
	if request.State != v1.StatePending || request.Version != 1 || len(request.Fingerprint) != 16 {
		t.Errorf("request %+v is not a fresh pending one", request)
	}
	// Rule 7.4: the smaller of one week and the access itself.
	if want := start.Add(8 * time.Hour); !request.Expires.Equal(want) {
		t.Errorf("expires %v, want %v", request.Expires, want)
	}
}

func TestNewRequestRefuses(t *testing.T) {
	needsReason := role("strict", v1.RoleSpec{Allow: v1.RoleConditions{Request: &v1.RequestConditions{
		Roles: []string{"ops"}, Reason: &v1.ReasonCondition{Mode: v1.ReasonRequired},
	}}})
	for name, test := range map[string]struct {
		change func(*core.Ask)
		code   v1.Code
	}{
		"no roles":         {func(a *core.Ask) { a.Input.Roles = nil }, v1.CodeInvalid},
		"unknown role":     {func(a *core.Ask) { a.Input.Roles = []string{"root"} }, v1.CodeInvalidRole},
		"not requestable":  {func(a *core.Ask) { a.Input.Roles = []string{"reviewer"} }, v1.CodeRoleNotRequestable},
		"nothing left":     {func(a *core.Ask) { a.Input.Roles = []string{"*"}; a.Requester.Roles = nil }, v1.CodeRoleNotRequestable},
		"long reason":      {func(a *core.Ask) { a.Input.Reason = strings.Repeat("é", 2049) }, v1.CodeTooLong},
		"too long access":  {func(a *core.Ask) { a.Input.MaxDuration = v1.Duration(9 * time.Hour) }, v1.CodeDurationTooLong},
		"too long session": {func(a *core.Ask) { a.Input.SessionTTL = v1.Duration(31 * time.Hour) }, v1.CodeDurationTooLong},
		"too long wait":    {func(a *core.Ask) { a.Input.PendingTTL = v1.Duration(9 * time.Hour) }, v1.CodeDurationTooLong},
		"negative":         {func(a *core.Ask) { a.Input.PendingTTL = -1 }, v1.CodeInvalid},
		// Section 6: white space only is no reason.
		"blank reason": {func(a *core.Ask) {
			a.Requester.Roles, a.Input.Roles, a.Input.Reason = []string{"strict"}, []string{"ops"}, " \t\n"
		}, v1.CodeReasonRequired},
	} {
		t.Run(name, func(t *testing.T) {
			changed := ask("dba")
			test.change(&changed)
			_, _, err := core.NewRequest(changed, world(t, needsReason))
			wantCode(t, err, test.code)
		})
	}
}

// Rule 2.3.
func TestStarExpands(t *testing.T) {
	request := pending(t, world(t), "*")
	if diff := cmp.Diff([]string{"dba", "ops"}, request.Roles); diff != "" {
		t.Error(diff)
	}
}

func TestTwoPeopleApprove(t *testing.T) {
	set := world(t)
	request := pending(t, set, "dba")
	first, err := core.Review(request, by("ivan", v1.Approve, request), set)
	if err != nil {
		t.Fatal(err)
	}
	if first.State != v1.StatePending || first.Thresholds[0].Approvals != 1 || first.Version != 2 {
		t.Fatalf("after one approval: %+v", first)
	}
	if request.Thresholds[0].Approvals != 0 {
		t.Fatal("reviewing changed the request it was given")
	}
	// Rule 3.6: bob saw version 1; ivan's review in between does not void his.
	second, err := core.Review(first, by("bob", v1.Approve, request), set)
	if err != nil {
		t.Fatal(err)
	}
	if second.State != v1.StateApproved || second.Access == nil {
		t.Fatalf("after two approvals: %+v", second)
	}
	// Rule 7.3 with the default clock: the window is measured from creation.
	if want := start.Add(8 * time.Hour); !second.Access.Expires.Equal(want) {
		t.Errorf("access expires %v, want %v", second.Access.Expires, want)
	}
	if second.Resolution.By.Name != "bob" || second.Fingerprint != request.Fingerprint {
		t.Errorf("resolution %+v, fingerprint %s", second.Resolution, second.Fingerprint)
	}
}

// Rule 4.5.
func TestOneDenialDenies(t *testing.T) {
	set := world(t)
	request := pending(t, set, "dba")
	denied, err := core.Review(request, by("ivan", v1.Deny, request), set)
	if err != nil || denied.State != v1.StateDenied || denied.Access != nil {
		t.Fatalf("state %s, error %v; want DENIED without access", denied.State, err)
	}
}

func TestReviewRefuses(t *testing.T) {
	set := world(t)
	request := pending(t, set, "dba")
	once, err := core.Review(request, by("ivan", v1.Approve, request), set)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		author string
		change func(*v1.Request, *core.Submission)
		code   v1.Code
	}{
		"3.1 no role":          {"bob", func(_ *v1.Request, s *core.Submission) { s.Author.Person.Roles = nil }, v1.CodeNotAReviewer},
		"3.2 own request":      {"alice", func(*v1.Request, *core.Submission) {}, v1.CodeSelfReview},
		"3.3 twice":            {"ivan", func(_ *v1.Request, s *core.Submission) { s.Author.Via = "slack" }, v1.CodeAlreadyReviewed},
		"3.4 decided":          {"bob", func(r *v1.Request, _ *core.Submission) { r.State = v1.StateDenied }, v1.CodeAlreadyResolved},
		"3.5 other ask":        {"bob", func(_ *v1.Request, s *core.Submission) { s.Input.SeenFingerprint = "0123456789abcdef" }, v1.CodeRequestChanged},
		"3.5 version to come":  {"bob", func(_ *v1.Request, s *core.Submission) { s.Input.SeenVersion = 99 }, v1.CodeRequestChanged},
		"late, not yet marked": {"bob", func(_ *v1.Request, s *core.Submission) { s.Now = start.Add(8 * time.Hour) }, v1.CodeExpired},
		"long reason":          {"bob", func(_ *v1.Request, s *core.Submission) { s.Input.Reason = strings.Repeat("a", 4097) }, v1.CodeTooLong},
		"no verdict":           {"bob", func(_ *v1.Request, s *core.Submission) { s.Input.Verdict = "maybe" }, v1.CodeInvalid},
		"disabled":             {"bob", func(_ *v1.Request, s *core.Submission) { s.Author.Person.Disabled = true }, v1.CodeForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			current, submission := once, by(test.author, v1.Approve, once)
			test.change(&current, &submission)
			_, err := core.Review(current, submission, set)
			wantCode(t, err, test.code)
		})
	}
}

// Rules 4.2 and 4.3: any within a set unless all is required, and between sets.
func TestRulesCombine(t *testing.T) {
	request := v1.Request{
		State: v1.StatePending, Roles: []string{"dba"}, Requester: v1.PersonRef{Name: "alice"}, Created: start,
		Expires: start.Add(time.Hour), SessionTTL: v1.Duration(time.Hour),
		Thresholds: []v1.Threshold{{Name: "one", Approve: 1, Deny: 9}, {Name: "two", Approve: 2, Deny: 9}},
	}
	for name, test := range map[string]struct {
		rules []v1.Rule
		needs int
	}{
		"any":           {[]v1.Rule{{Require: v1.RequireAny, Thresholds: []int{0, 1}}}, 1},
		"all":           {[]v1.Rule{{Require: v1.RequireAll, Thresholds: []int{0, 1}}}, 2},
		"between rules": {[]v1.Rule{{Require: v1.RequireAny, Thresholds: []int{0}}, {Require: v1.RequireAny, Thresholds: []int{1}}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			current := request
			current.Rules = test.rules
			for i := 1; current.State == v1.StatePending; i++ {
				next, err := core.Review(current, by(fmt.Sprintf("r%d", i), v1.Approve, current), world(t))
				if err != nil {
					t.Fatal(err)
				}
				current = next
			}
			if len(current.Reviews) != test.needs {
				t.Errorf("approved by %d reviews, want %d", len(current.Reviews), test.needs)
			}
		})
	}
}

// Rule 3.7.
func TestOverride(t *testing.T) {
	set := world(t)
	request := pending(t, set, "dba", "ops")
	admin := by("root", v1.Approve, request)
	admin.Author.Person.Admin = true
	approved, err := core.Override(request, admin, v1.OverrideInput{Verdict: v1.Approve, Reason: "incident", Roles: []string{"ops"}})
	if err != nil {
		t.Fatal(err)
	}
	if approved.State != v1.StateApproved || !approved.Resolution.Override || !approved.Reviews[0].Override {
		t.Errorf("override is not marked: %+v", approved)
	}
	if diff := cmp.Diff([]string{"ops"}, approved.Access.Roles); diff != "" {
		t.Error(diff)
	}
	for name, test := range map[string]struct {
		submission core.Submission
		input      v1.OverrideInput
		code       v1.Code
	}{
		"no administrator": {by("ivan", v1.Approve, request), v1.OverrideInput{Verdict: v1.Approve, Reason: "x"}, v1.CodeForbidden},
		"no reason":        {admin, v1.OverrideInput{Verdict: v1.Deny, Reason: " "}, v1.CodeReasonRequired},
		"other role":       {admin, v1.OverrideInput{Verdict: v1.Approve, Reason: "x", Roles: []string{"root"}}, v1.CodeInvalidRole},
		"no verdict":       {admin, v1.OverrideInput{Reason: "x"}, v1.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := core.Override(request, test.submission, test.input)
			wantCode(t, err, test.code)
		})
	}
	own := admin
	own.Author.Person.Name = "alice"
	_, err = core.Override(request, own, v1.OverrideInput{Verdict: v1.Approve, Reason: "x"})
	wantCode(t, err, v1.CodeSelfReview)
}

// Section 8.
func TestWithdraw(t *testing.T) {
	request := pending(t, world(t), "dba")
	_, err := core.Withdraw(request, core.Actor{Person: person("bob")}, v1.WithdrawInput{}, start)
	wantCode(t, err, v1.CodeForbidden)
	withdrawn, err := core.Withdraw(request, core.Actor{Person: person("alice")}, v1.WithdrawInput{Reason: "done"}, start)
	if err != nil || withdrawn.State != v1.StateWithdrawn {
		t.Fatalf("state %s, error %v", withdrawn.State, err)
	}
	_, err = core.Withdraw(withdrawn, core.Actor{Person: person("alice")}, v1.WithdrawInput{}, start)
	wantCode(t, err, v1.CodeAlreadyResolved)
}

func TestTimeMovesRequests(t *testing.T) {
	set := world(t)
	request := pending(t, set, "dba")
	if _, changed := core.Expire(request, request.Expires.Add(-time.Nanosecond)); changed {
		t.Error("expired before its time")
	}
	expired, changed := core.Expire(request, request.Expires)
	if !changed || expired.State != v1.StateExpired || !core.Deadline(expired).IsZero() {
		t.Errorf("expired: %v %+v", changed, expired)
	}
	admin := by("root", v1.Approve, request)
	admin.Author.Person.Admin = true
	approved, err := core.Override(request, admin, v1.OverrideInput{Verdict: v1.Approve, Reason: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if want := approved.Access.Expires.Add(-core.RemindBefore); !core.Deadline(approved).Equal(want) {
		t.Errorf("deadline %v, want the reminder's %v", core.Deadline(approved), want)
	}
	ended, changed := core.EndAccess(approved, approved.Access.Expires)
	if !changed || ended.Access.Ended == nil || ended.State != v1.StateApproved || approved.Access.Ended != nil {
		t.Errorf("ended: %v %+v", changed, ended.Access)
	}
	if _, again := core.EndAccess(ended, start.Add(1000*time.Hour)); again {
		t.Error("access ended twice")
	}
}

// Nobody but those concerned sees a request.
func TestMaySee(t *testing.T) {
	set := world(t)
	request := pending(t, set, "dba")
	request.SuggestedReviewers = []v1.PersonRef{{Name: "sue"}}
	request.Reviews = []v1.Review{{Author: v1.PersonRef{Name: "rex"}}}
	admin := person("root")
	admin.Admin = true
	for _, who := range []v1.Person{person("alice"), person("sue"), person("rex"), person("ivan", "reviewer"), admin} {
		if !core.MaySee(who, request, set) {
			t.Errorf("%s cannot see the request", who.Name)
		}
	}
	if core.MaySee(person("carol", "employee"), request, set) {
		t.Error("a bystander sees the request")
	}
}
