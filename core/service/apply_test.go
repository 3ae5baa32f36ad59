package service

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const faultyRoles = `kind: role
version: v1
metadata: {name: dev}
spec:
  allow:
    request:
      rolez: [dba]
      roles: ['^($']
      max_duration: 400h
      thresholds: [{approve: many}, {approve: -1}]
  options:
    request_access: [always]
---
kind: role
version: v1
metadata: {name: ops}
spec: {options: {request_access: perhaps}}
---
kind: [
---
kind: group
`

const faultyPeople = `kind: user
version: v1
metadata: {name: eve}
spec:
  email: nobody
  roles: [ops, nope]
---
kind: user
version: v1
metadata: {name: mallory}
spec: {email: alice@example.com, rolls: []}
`

// parseDocuments reads documents or refuses them, without a store.
func parseDocuments(files []v1.ApplyDocument) (all []document, err error) {
	read := readDocuments(files)
	switch {
	case len(read.faults) > 0:
		return nil, refuseDocuments(read.faults)
	case len(read.all()) == 0:
		return nil, core.Refuse(v1.CodeInvalid, "nothing")
	}
	for _, placed := range read.all() {
		all = append(all, placed.document)
	}
	return all, nil
}

func faultsOf(err error) (places []string) {
	if refusal, ok := errors.AsType[*core.Error](err); ok {
		for _, fault := range refusal.Faults {
			places = append(places, fault.Location+": "+fault.Message)
		}
	}
	return places
}

func (c *company) applyFaults(documents ...v1.ApplyDocument) []string {
	c.t.Helper()
	for _, dryRun := range []bool{true, false} {
		result, err := c.Apply(c.t.Context(), c.admin, v1.ApplyInput{Documents: documents, DryRun: dryRun})
		refused(c.t, err, v1.CodeInvalid)
		if len(result.Applied) != 0 || dryRun {
			continue
		}
		return faultsOf(err)
	}
	return nil
}

func TestApplyFindsEveryFault(t *testing.T) {
	c := open(t)
	roles := v1.ApplyDocument{Name: "roles.yaml", YAML: faultyRoles}
	got := c.applyFaults(v1.ApplyDocument{Name: "users.yaml", YAML: faultyPeople}, roles)
	want := []string{
		`roles.yaml:7:7: unknown field "rolez"`,
		`roles.yaml:8:15: role "dev": spec.allow.request.roles[0] `,
		`roles.yaml:9:21: role "dev": spec.allow.request.max_duration must be at most 14 days (336h), not 400h`,
		`roles.yaml:10:30: expected a whole number, found a text`,
		`roles.yaml:10:47: role "dev": spec.allow.request.thresholds[1].approve must be at least 1, not -1`,
		`roles.yaml:12:21: expected a text, found a list`,
		`roles.yaml:17:34: role "ops": spec.options.request_access must be `,
		`roles.yaml:19:7: `,
		`roles.yaml:21:7: kind is "group"; it must be "role" or "user"`,
		`users.yaml:5:10: spec.email is not an e-mail address.`,
		`users.yaml:10:18: Somebody else has the e-mail address alice@example.com already.`,
		`users.yaml:11:34: unknown field "rolls"`,
	}
	same := slices.EqualFunc(got, want, strings.HasPrefix)
	if !same {
		t.Errorf("-want +got:\n%s", cmp.Diff(want, got))
	}
	_, err := c.Role(t.Context(), c.admin, "ops")
	refused(t, err, v1.CodeNotFound)
}

// A role that is only faulty is not missing too; one that nobody wrote is.
func TestApplyFindsMissingRoles(t *testing.T) {
	c := open(t)
	text := "kind: role\nversion: v1\nmetadata: {name: ops}\nspec: {options: {request_access: perhaps}}\n---\n" + faultyPeople
	got := c.applyFaults(v1.ApplyDocument{Name: "all.yaml", YAML: text})
	if len(got) != 5 || !strings.HasPrefix(got[2], "all.yaml:11:16: spec.roles[1] names nope, which does not exist") {
		t.Errorf("found %q", got)
	}
}

func TestApplyShowsWhatChanges(t *testing.T) {
	c := open(t)
	changed := strings.NewReplacer("approve: 2", "approve: 3", "roles: [contractor]", "roles: [contractor, reviewer]").Replace(documents) +
		"---\nkind: user\nversion: v1\nmetadata: {name: eve, description: new}\nspec: {admin: true}\n"
	input := v1.ApplyInput{DryRun: true, Documents: []v1.ApplyDocument{{Name: "all.yaml", YAML: changed}}}
	dry, err := c.Apply(t.Context(), c.admin, input)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, applied := range dry.Applied {
		if applied.Change != changeUnchanged || applied.Diff != "" {
			fmt.Fprintf(&got, "%s %s %d\n%s", applied.Name, applied.Change, len(applied.Warnings), applied.Diff)
		}
	}
	want := `contractor changed 0
@@ -12,4 +12,4 @@
       - somebody-who-left
       thresholds:
       - name: managers
-        approve: 2
+        approve: 3
alice changed 0
@@ -7,3 +7,4 @@
   kind: human
   roles:
   - contractor
+  - reviewer
eve created 1
@@ -0,0 +1,7 @@
+kind: user
+version: v1
+metadata:
+  name: eve
+spec:
+  kind: human
+  admin: true
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(dry, c.apply(changed)); diff != "" {
		t.Errorf("the dry run and the real one differ:\n%s", diff)
	}
}

// The lines that are not added are the old text, and those that are not removed are the new one.
func TestDiffIsTrue(t *testing.T) {
	texts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 30)
	rapid.Check(t, func(t *rapid.T) {
		old, fresh := texts.Draw(t, "old"), texts.Draw(t, "fresh")
		var before, after []string
		for _, e := range diffLines(old, fresh) {
			if e.sign != '+' {
				before = append(before, e.line)
			}
			if e.sign != '-' {
				after = append(after, e.line)
			}
		}
		if !slices.Equal(before, old) || !slices.Equal(after, fresh) {
			t.Fatalf("%q to %q is told as %q to %q", old, fresh, before, after)
		}
		if text := unified(diffLines(old, fresh)); (text == "") != slices.Equal(old, fresh) {
			t.Fatalf("%q to %q is told as %q", old, fresh, text)
		}
	})
}

func TestDiffHunks(t *testing.T) {
	var old, fresh []string
	for i := range 30 {
		old = append(old, fmt.Sprint("line ", i+1))
	}
	fresh = slices.Clone(old)
	fresh[4], fresh[11] = "five", "twelve"
	fresh = slices.Delete(fresh, 24, 25)
	want := "@@ -2,14 +2,14 @@\n line 2\n line 3\n line 4\n-line 5\n+five\n line 6\n line 7\n line 8\n line 9\n line 10\n line 11\n" +
		"-line 12\n+twelve\n line 13\n line 14\n line 15\n@@ -22,7 +22,6 @@\n line 22\n line 23\n line 24\n-line 25\n line 26\n line 27\n line 28\n"
	if diff := cmp.Diff(want, unified(diffLines(old, fresh))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	long := make([]string, 3000)
	for i := range long {
		long[i] = fmt.Sprint(i)
	}
	turned := slices.Clone(long)
	slices.Reverse(turned)
	if got := len(diffLines(long, turned)); got != 6000 {
		t.Errorf("%d edits of a text that is too long to compare, want 6000", got)
	}
}
