package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
)

// Rule 5.1: literals and templates over traits give any number of values, or a reason why they cannot.
func TestRule5_1Templates(t *testing.T) {
	traits := map[string][]string{
		"team": {"db", "pay"}, "email": {"alice@example.com"}, "bad": {"nobody"}, "empty": {""}, "odd name": {"x"},
	}
	for text, want := range map[string][]string{
		"plain":                           {"plain"},
		"{{external.team}}":               {"db", "pay"},
		"on-{{ internal.team }}-call":     {"on-db-call", "on-pay-call"},
		`{{external["odd name"]}}`:        {"x"},
		"{{external.none}}":               nil,
		"{{external.empty}}":              nil,
		"{{email.local(external.email)}}": {"alice"},
		`{{regexp.replace(external.team, "^(d)b$", "$1-base")}}`: {"d-base"},
	} {
		got, err := expandTemplate(text, traits)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{
		"{{", "{{other.team}}", "{{external.team}}{{external.team}}", "{{email.local(external.bad)}}", "{{email.local(x)}}",
		`{{regexp.replace(external.team, "(", "")}}`, "{{}}",
	} {
		if got, err := expandTemplate(text, traits); err == nil {
			t.Errorf("%s gives %v", text, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	role := v1.Role{Spec: v1.RoleSpec{
		Allow: v1.RoleConditions{Request: &v1.RequestConditions{Annotations: map[string][]string{"k": {"{{strange}}", "{{external.x}}"}}}},
		Deny:  v1.RoleConditions{Request: &v1.RequestConditions{SuggestedReviewers: []string{"bob"}}},
	}}
	got := Warnings(role)
	if len(got) != 2 || !strings.Contains(got[0], "suggested_reviewers") || !strings.Contains(got[1], `annotations["k"]`) {
		t.Errorf("warnings %q", got)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"a{{external.x}}b", "{{email.local(internal.x)}}", `{{regexp.replace(external.x, "a", "$1")}}`, "}}{{"} {
		f.Add(text, "a@b")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		if got, err := expandTemplate(text, map[string][]string{"x": {value}}); err == nil && len(got) > 1 {
			t.Errorf("%q gives %q", text, got)
		}
	})
}
