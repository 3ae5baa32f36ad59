package service

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/policy"
	"github.com/accede/accede/core/store/sqlite"
)

func presetSet(t *testing.T) *policy.Set {
	t.Helper()
	documents, err := Presets()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parseDocuments(documents)
	if err != nil {
		t.Fatal(err)
	}
	roles := []v1.Role{{Kind: v1.RoleKind, Version: v1.RoleVersion, Metadata: v1.Metadata{Name: "dba"}}}
	for _, document := range parsed {
		role, ok := document.(roleDocument)
		if !ok {
			t.Fatalf("a preset is no role: %T", document)
		}
		roles = append(roles, v1.Role(role))
	}
	set, err := policy.Compile(roles)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestPresets(t *testing.T) {
	set := presetSet(t)
	for holds, want := range map[string][]string{
		"requester": {"dba"}, "reviewer": nil, "plugin": nil, "auditor": nil, "admin": {"auditor", "dba", "plugin", "requester", "reviewer"},
	} {
		if diff := cmp.Diff(want, set.Requestable(policy.Subject{Roles: []string{holds}})); diff != "" {
			t.Errorf("%s may request (-want +got):\n%s", holds, diff)
		}
	}
	if got := set.Requestable(policy.Subject{Roles: []string{"admin", "auditor"}}); got != nil {
		t.Errorf("an auditor may request %v", got)
	}
	for _, test := range []struct {
		holds, via, requested string
		want                  bool
	}{
		{"reviewer", v1.ViaCLI, "dba", true},
		{"reviewer", v1.ViaCLI, "admin", false},
		{"plugin", "pagerduty", "dba", true},
		{"plugin", v1.ViaAPI, "dba", false},
		{"auditor", v1.ViaCLI, "dba", false},
		{"admin", v1.ViaCLI, "reviewer", true},
	} {
		facts := &policy.Facts{
			Reviewer: policy.Subject{Name: "pagerduty", Roles: []string{test.holds}},
			Request:  &v1.Request{Roles: []string{test.requested}}, Review: v1.Review{Via: test.via},
		}
		if got := set.MayReview(facts).May; got != test.want {
			t.Errorf("%s reviewing %s through %s: %v, want %v", test.holds, test.requested, test.via, got, test.want)
		}
	}
}

func TestPresetsAtTheFirstStart(t *testing.T) {
	c := open(t)
	store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	c.Store = store
	if _, created, err := c.Bootstrap(t.Context()); err != nil || !created {
		t.Fatalf("created %v, error %v", created, err)
	}
	if roles, err := c.Roles(t.Context(), c.admin); err != nil || len(roles) != 5 {
		t.Errorf("%d roles, error %v; want the five presets", len(roles), err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

// A core that has roles already keeps them as they are.
func TestPresetsOnlyAtTheFirstStart(t *testing.T) {
	c := open(t)
	if _, _, err := c.Bootstrap(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Role(t.Context(), c.admin, "auditor"); err == nil {
		t.Error("presets were added to roles that were there")
	}
}
