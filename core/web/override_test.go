package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	v1 "github.com/accede/accede/api/v1"
)

const twoRoles = `
kind: role
version: v1
metadata: {name: both}
spec: {allow: {request: {roles: [dba, logs], thresholds: [{approve: 2}]}}}
---
kind: role
version: v1
metadata: {name: logs}
spec: {}
---
kind: user
version: v1
metadata: {name: alice}
spec: {display_name: Alice Moreau, email: alice@example.com, roles: [both]}
`

func TestOverriding(t *testing.T) {
	o := furnish(open(t))
	o.apply(twoRoles)
	request, _, err := o.Create(t.Context(), o.as("alice"), v1.RequestInput{Roles: []string{"dba", "logs"}})
	if err != nil {
		t.Fatal(err)
	}
	path := "/requests/" + request.ID
	root := o.signedIn("root")
	root.get(path).want(http.StatusOK, "Decide past the rules", "What to approve", `value="dba" checked`, `value="logs" checked`)
	o.signedIn("alice").get(path).want(http.StatusOK).without("Decide past the rules")

	send := func(form url.Values) answer { return root.post(path+"/override", form) }
	send(url.Values{"verdict": {"approve"}, "role": {"logs"}, "override_reason": {" "}}).
		want(http.StatusUnprocessableEntity, "An override needs a reason", `<details open>`, `value="logs" checked`).without(`value="dba" checked`)
	send(url.Values{"verdict": {"approve"}, "override_reason": {"typed with care"}}).
		want(http.StatusUnprocessableEntity, "No role is ticked, so nothing was approved.", "typed with care")
	send(url.Values{"verdict": {"approve"}, "role": {"admin"}, "override_reason": {"more"}}).want(http.StatusUnprocessableEntity, "does not ask for")
	send(url.Values{"verdict": {"perhaps"}, "override_reason": {"more"}}).want(http.StatusUnprocessableEntity, "approve or deny")
	if got := o.find(request.ID); got.Version != 1 {
		t.Fatalf("the request changed to %+v", got)
	}

	send(url.Values{"verdict": {"approve"}, "role": {"logs"}, "override_reason": {"nobody\r\nis awake"}}).leads(path)
	root.get(path).want(http.StatusOK, "Approved by your override.", "An override by an administrator, past all rules", "Only logs", "nobody\nis awake").
		without("Decide past the rules")
	got := o.find(request.ID)
	if got.State != v1.StateApproved || !got.Resolution.Override || !slices.Equal(got.Access.Roles, []string{"logs"}) {
		t.Errorf("the request is %+v", got)
	}
	send(url.Values{"verdict": {"deny"}, "override_reason": {"once more"}}).want(http.StatusConflict)
}

func TestOverridingOnesOwn(t *testing.T) {
	o := furnish(open(t))
	o.apply("kind: user\nversion: v1\nmetadata: {name: root}\nspec: {admin: true, roles: [contractor]}\n")
	request, _, err := o.Create(t.Context(), o.as("root"), v1.RequestInput{Roles: []string{"dba"}})
	if err != nil {
		t.Fatal(err)
	}
	root, path := o.signedIn("root"), "/requests/"+request.ID
	root.get(path).want(http.StatusOK, "Take this request back").without("Decide past the rules")
	form := url.Values{"verdict": {"deny"}, "override_reason": {"why not"}}
	root.post(path+"/override", form).want(http.StatusForbidden, "another administrator has to override it")
}
