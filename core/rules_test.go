package core_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
)

// Every numbered rule has a scenario or a test that names it.
func TestEveryRuleIsNamed(t *testing.T) {
	sections := map[int]int{1: 5, 2: 4, 3: 8, 4: 9, 5: 5, 7: 6, 9: 5}
	named := namedRules(t)
	for section, last := range sections {
		for rule := 1; rule <= last; rule++ {
			if id := fmt.Sprintf("%d.%d", section, rule); !slices.Contains(named, id) {
				t.Errorf("no test names rule %s", id)
			}
		}
	}
	for _, section := range []string{"6", "8", "10", "11"} {
		if !slices.Contains(named, section) {
			t.Errorf("no scenario names section %s", section)
		}
	}
}

func namedRules(t *testing.T) (named []string) {
	t.Helper()
	scenarios, err := filepath.Glob("testdata/scenarios/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range scenarios {
		named = append(named, readScenario(t, file).Rules...)
	}
	var tests []string
	for _, pattern := range []string{"*_test.go", "policy/*_test.go", "service/*_test.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		tests = append(tests, found...)
	}
	name := regexp.MustCompile(`func TestRule(\d+)_(\d+)`)
	for _, file := range tests {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range name.FindAllStringSubmatch(string(text), -1) {
			named = append(named, found[1]+"."+found[2])
		}
	}
	return named
}

// Rule 1.5: what was gained through a request neither lets request nor review.
func TestRule1_5OnlyStaticRolesCount(t *testing.T) {
	set := world(t, role("gate", v1.RoleSpec{Allow: v1.RoleConditions{
		Request:        &v1.RequestConditions{Roles: []string{"ops"}},
		ReviewRequests: &v1.ReviewConditions{Roles: []string{"*"}},
	}}), role("asks-gate", v1.RoleSpec{Allow: v1.RoleConditions{Request: &v1.RequestConditions{Roles: []string{"gate"}}}}))
	bob := person("bob", "asks-gate")
	request, _, err := core.NewRequest(core.Ask{ID: requestID, Requester: bob, Now: start, Input: v1.RequestInput{Roles: []string{"gate"}}}, set)
	if err != nil {
		t.Fatal(err)
	}
	root := by("root", v1.Approve, request)
	root.Author.Person.Admin = true
	granted, err := core.Override(request, root, v1.OverrideInput{Verdict: v1.Approve, Reason: "x"})
	if err != nil || granted.Access.Roles[0] != "gate" {
		t.Fatalf("access %+v, error %v", granted.Access, err)
	}
	if policy.SubjectOf(bob).Roles[0] != "asks-gate" || set.MayRequest(policy.SubjectOf(bob), "ops") {
		t.Error("a granted role lets its holder request")
	}
	other := pending(t, set, "ops")
	submission := by("bob", v1.Approve, other)
	submission.Author.Person = bob
	_, err = core.Review(other, submission, set)
	wantCode(t, err, v1.CodeNotAReviewer)
}

// Rule 4.6: more than 4096 distinct thresholds are refused.
func TestRule4_6TooManyThresholds(t *testing.T) {
	many := v1.RequestConditions{Roles: []string{"ops"}}
	for i := range policy.MaxThresholds + 1 {
		many.Thresholds = append(many.Thresholds, v1.ThresholdCondition{Name: fmt.Sprint(i)})
	}
	set := world(t, role("many", v1.RoleSpec{Allow: v1.RoleConditions{Request: &many}}))
	_, _, err := core.NewRequest(core.Ask{Requester: person("alice", "many"), Now: start, Input: v1.RequestInput{Roles: []string{"ops"}}}, set)
	wantCode(t, err, v1.CodeInvalid)
}

// Rule 5.5: the known keys, under all their spellings.
func TestRule5_5KnownAnnotations(t *testing.T) {
	request := v1.Request{Annotations: map[string][]string{
		"accede.dev/schedules": {"b"}, "teleport.dev/schedules": {"a", "b"}, "pagerduty_services": {"c"},
		"accede.dev/notify-services": {"n"}, "teleport.dev/notify-services": {"m"}, "pagerduty_notify_service": {"o"},
		"accede.dev/teams": {"t"}, "teleport.dev/teams": {"s"},
	}}
	for _, test := range []struct{ want, got []string }{
		{[]string{"a", "b", "c"}, request.Schedules("pagerduty")},
		{[]string{"m", "n", "o"}, request.NotifyServices("pagerduty")},
		{[]string{"s", "t"}, request.Teams("pagerduty")},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Error(diff)
		}
	}
}

// Rule 9.1: a request for roles grants exactly these, beside the requester's own.
func TestRule9_1RoleRequest(t *testing.T) {
	set := world(t)
	request := pending(t, set, "ops")
	approved, err := core.Review(request, by("ivan", v1.Approve, request), set)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ops"}, approved.Access.Roles); diff != "" || len(approved.Resources) != 0 {
		t.Error(diff, approved.Resources)
	}
}

// Rule 9.3: a dry run is the same request, marked.
func TestRule9_3DryRun(t *testing.T) {
	set := world(t)
	dry := ask("*")
	dry.Input.DryRun = true
	tried, _, err := core.NewRequest(dry, set)
	if err != nil || !tried.DryRun {
		t.Fatalf("dry run %v, error %v", tried.DryRun, err)
	}
	tried.DryRun = false
	if diff := cmp.Diff(pending(t, set, "*"), tried); diff != "" {
		t.Error(diff)
	}
	dry.Input.Roles = []string{"reviewer"}
	_, _, err = core.NewRequest(dry, set)
	wantCode(t, err, v1.CodeRoleNotRequestable)
}

// Rule 9.4.
func TestRule9_4Capabilities(t *testing.T) {
	set := world(t, role("strict", v1.RoleSpec{
		Allow: v1.RoleConditions{Request: &v1.RequestConditions{
			Roles: []string{"strict-*"}, SearchAsRoles: []string{"ops"}, Reason: &v1.ReasonCondition{Mode: v1.ReasonRequired, Prompt: "Why?"},
		}},
		Options: v1.RoleOptions{RequestAccess: v1.RequestAlways, RequestPrompt: "Be kind."},
	}), role("strict-db", v1.RoleSpec{}))
	can := core.Capabilities(person("alice", "contractor", "strict"), set, start.Add(2*time.Hour), start)
	if diff := cmp.Diff([]string{"dba", "strict-db"}, can.RequestableRoles); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Be kind.", "Why?"}, can.Prompts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"strict-db"}, can.RolesWithReason); diff != "" {
		t.Error(diff)
	}
	if can.RequestAccess != v1.RequestAlways || can.ReasonRequired || can.SuggestedReviewers[0] != "ivan" || can.SearchAsRoles[0] != "ops" {
		t.Errorf("%+v", can)
	}
	if can.Limits.MaxSession.Std() != 2*time.Hour || can.Limits.MaxResources != 300 {
		t.Errorf("limits %+v", can.Limits)
	}
}

// Section 10: who could approve is told without making a request, by the same evaluation.
func TestWhoCanApprove(t *testing.T) {
	set := world(t)
	people := []v1.Person{person("alice", "reviewer"), person("ivan", "reviewer"), person("carol", "employee")}
	explained, err := core.WhoCanApprove(ask("dba"), set, people)
	if err != nil {
		t.Fatal(err)
	}
	request := pending(t, set, "dba")
	for i, ruling := range explained.People {
		submission := by(people[i].Name, v1.Approve, request)
		submission.Author.Person = people[i]
		_, err := core.Review(request, submission, set)
		if ruling.May != (err == nil) || ruling.Code != core.CodeOf(err) && err != nil {
			t.Errorf("%s: explained as %v %s, reviewing gives %v", people[i].Name, ruling.May, ruling.Code, err)
		}
	}
	if !strings.Contains(explained.Summary, "managers 0 of 2") {
		t.Errorf("summary %q", explained.Summary)
	}
}
