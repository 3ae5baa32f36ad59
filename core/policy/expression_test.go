package policy

import (
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

func someFacts() *Facts {
	return &Facts{
		Reviewer: Subject{Name: "ivan", Roles: []string{"dba-reviewer", "manager"}, Traits: map[string][]string{"team": {"db", "dev-x"}}},
		Request: &v1.Request{
			Requester: v1.PersonRef{Name: "alice"}, Roles: []string{"dba"}, Reason: "ticket #123",
			RequesterTraits: map[string][]string{"team": {"db"}}, Annotations: map[string][]string{"svc": {"pay"}},
			Resources:  []v1.Resource{{Kind: "db", Name: "orders", Labels: map[string]string{"env": "prod"}}},
			SessionTTL: v1.Duration(time.Hour),
		},
		Review: v1.Review{Reason: "looks fine", Via: "slack", Annotations: map[string][]string{"oncall": {"yes"}}},
		Now:    time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}

// Rule 2.4: the variables and functions.
func TestRule2_4Expressions(t *testing.T) {
	for text, want := range map[string]bool{
		`contains(reviewer.roles, "manager")`:                                                true,
		`contains(reviewer.roles, "nobody")`:                                                 false,
		`!contains(reviewer.roles, "nobody")`:                                                true,
		`contains(reviewer.traits["team"], "db")`:                                            true,
		`contains(reviewer.traits.team, "db")`:                                               true,
		`contains(reviewer.traits["missing"], "db")`:                                         false,
		`!contains(reviewer.traits["missing"], "db")`:                                        true,
		`"missing" in reviewer.traits`:                                                       false,
		`equals(request.reason, "ticket #123")`:                                              true,
		`request.reason == "ticket #123" && reviewer.name == "ivan"`:                         true,
		`request.reason == "x" || request.user == "alice"`:                                   true,
		`regexp.match(reviewer.traits["team"], "dev-*")`:                                     true,
		`regexp.match(reviewer.traits["team"], "^dev-.$")`:                                   true,
		`regexp.match(reviewer.traits["team"], "dev")`:                                       false,
		`regexp.match(request.reason, "*#123")`:                                              true,
		`regexp.match(request.reason, "")`:                                                   false,
		`regexp.match(request.reason, "^" + "ticket.*" + "$")`:                               true,
		`contains(request.roles, "dba")`:                                                     true,
		`contains(request.system_annotations["svc"], "pay")`:                                 true,
		`contains(review.annotations["oncall"], "yes") && review.reason != ""`:               true,
		`review.via == "slack"`:                                                              true,
		`reviewer.traits["team"].exists(t, t in request.user_traits["team"])`:                true,
		`request.duration <= duration("1h")`:                                                 true,
		`request.resources.all(r, r["env"] == "prod" && r["kind"] == "db")`:                  true,
		`now.getHours("America/New_York") == 7`:                                              true,
		`now < timestamp("2026-03-01T12:00:01Z")`:                                            true,
		`request.reason.matches("^ticket #[0-9]+$") && request.reason.contains("#")`:         true,
		`size(reviewer.roles) == 2 ? true : false`:                                           true,
		`equals(reviewer.roles, ["dba-reviewer", "manager"])`:                                true,
		`contains(reviewer.roles, "manager") || contains(reviewer.traits["x"], "y") == true`: true,
	} {
		compiled, err := compileCondition(text, filterScope)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := compiled.holds(someFacts())
		if err != nil || (got == isTrue) != want {
			t.Errorf("%s says %v with error %v, want %v", text, got, err, want)
		}
	}
}

// Rule 2.4: a broken expression is an error with its position.
func TestRule2_4BrokenExpressions(t *testing.T) {
	for text, want := range map[string]string{
		`contains(reviewer.roles, "a"`:                         "1:29:",
		`contains(reviewer.role, "a")`:                         "1:18:",
		"true &&\n contains(reviewer.name, 1)":                 "2:10:",
		`reviewer.name`:                                        "1:1: gives a string",
		`regexp.match(reviewer.name, "^($")`:                   "1:29:",
		`reviewer.name == 1`:                                   "1:15:",
		`unknown(1)`:                                           "1:8:",
		strings.Repeat("(", 100) + strings.Repeat(")", 100):    "1:",
		`"` + strings.Repeat("a", maxExpressionBytes) + `"=="`: "limit is 4096",
	} {
		if _, err := compileCondition(text, whereScope); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: error %v, want one at %s", text, err, want)
		}
	}
	if _, err := compileCondition(`review.reason == "x"`, whereScope); err == nil {
		t.Error("a where sees the review, which does not exist yet")
	}
}

// Rule 2.4: what fails at run time counts as false and says why; nothing runs for long.
func TestRule2_4FailingExpressions(t *testing.T) {
	long := make([]string, 2000)
	for i := range long {
		long[i] = strings.Repeat("a", 30)
	}
	facts := someFacts()
	facts.Reviewer.Traits["long"] = long
	for _, text := range []string{
		`request.resources[7]["env"] == "prod"`,
		`request.resources[0]["owner"] == "me"`,
		`regexp.match(request.reason, "^(" + "$")`,
		`now.getHours("Mars/Olympus") == 1`,
		`reviewer.traits["long"].all(a, reviewer.traits["long"].all(b, reviewer.traits["long"].all(c, a + b == c + a || true)))`,
	} {
		compiled, err := compileCondition(text, filterScope)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		begin := time.Now()
		if got, err := compiled.holds(facts); err == nil || got != isFalse {
			t.Errorf("%s says %v with error %v, want false and a reason", text, got, err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%s took %s", text, took)
		}
	}
}

// Before a review is made, the door is not known yet, and sometimes the time is not.
func TestOpenExpressions(t *testing.T) {
	for text, want := range map[string]truth{
		`review.via == "web"`:                                  isOpen,
		`review.via == "web" && reviewer.name == "bob"`:        isFalse,
		`review.via == "web" || reviewer.name == "ivan"`:       isTrue,
		`now < timestamp("2026-03-01T12:00:01Z")`:              isOpen,
		`reviewer.name == "ivan" && now.getHours("UTC") == 12`: isOpen,
	} {
		facts := someFacts()
		facts.Review, facts.Now = v1.Review{}, time.Time{}
		compiled, err := compileCondition(text, whereScope)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := compiled.holds(facts); err != nil || got != want {
			t.Errorf("%s says %v with error %v, want %v", text, got, err, want)
		}
	}
}

func FuzzExpression(f *testing.F) {
	for _, text := range []string{
		`contains(reviewer.roles, "manager") && !equals(request.reason, "")`, `regexp.match(reviewer.traits["team"], "^a.*$")`,
		`reviewer.traits["team"].exists(t, t in request.user_traits["team"])`, `now.getHours("UTC") > 8 || review.via == "cli"`,
		`request.resources.all(r, r["env"] == "prod")`, `regexp.match("", "{{")`, `contains([[1]], [1])`, `((((`, `""`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		compiled, err := compileCondition(text, filterScope)
		if err != nil {
			return
		}
		begin := time.Now()
		first, failure := compiled.holds(someFacts())
		if failure != nil && first != isFalse {
			t.Errorf("%q failed with %v and says %v", text, failure, first)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%q took %s", text, took)
		}
	})
}
