package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	v1 "github.com/accede/accede/api/v1"
)

const auditorRole = `kind: role
version: v1
metadata: {name: watcher}
spec:
  deny: {request: {roles: ["*"]}}
`

func TestRolesAreListed(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	root.get("/admin/roles").want(http.StatusOK, "contractor", "may ask, 1 holder", "may decide, 2 holders")
	root.get("/admin/roles/contractor").want(http.StatusOK, "max_duration: 8h", "Delete this role").without("What would change")
	root.get("/admin/roles/nothing").want(http.StatusNotFound)
	root.get("/admin/new-role").want(http.StatusOK, "kind: role").without("Delete this role")
}

func TestMakingARole(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	form := url.Values{"yaml": {strings.ReplaceAll(auditorRole, "\n", "\r\n")}, "step": {"check"}}
	page := root.post("/admin/roles", form).want(http.StatusOK, "What would change", "created", `class="added">+kind: role`, "watcher")
	if _, err := o.Role(t.Context(), o.admin, "watcher"); err == nil {
		t.Fatal("checking has applied it")
	}
	form.Set("step", "apply")
	root.post("/admin/roles", form).want(http.StatusConflict, "has changed since you last looked")
	form.Set("seen", page.field("seen"))
	root.post("/admin/roles", form).leads("/admin/roles/watcher")
	root.get("/admin/roles/watcher").want(http.StatusOK, "Applied: role watcher created.")
	if got := o.last(1); got != "root role.apply web" {
		t.Errorf("the audit ends with %s", got)
	}
	form.Set("name", "watcher")
	root.post("/admin/roles", form).want(http.StatusConflict, "Nothing: this is what is stored.")
}

// What is applied is what was shown: neither another text nor another role below it.
func TestApplyingOnlyWhatWasShown(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	text := func(span string) string {
		return "kind: role\nversion: v1\nmetadata: {name: dba}\nspec: {options: {max_session_ttl: " + span + "}}\n"
	}
	form := url.Values{"name": {"dba"}, "yaml": {text("2h")}, "step": {"check"}}
	page := root.post("/admin/roles", form).want(http.StatusOK, "changed", "max_session_ttl: 4h", "max_session_ttl: 2h", `class="cut"`, `class="added"`)
	form.Set("seen", page.field("seen"))
	form.Set("step", "apply")
	form.Set("yaml", text("1h"))
	root.post("/admin/roles", form).want(http.StatusConflict, "max_session_ttl: 1h")
	form.Set("yaml", text("2h"))
	o.apply(text("3h"))
	page = root.post("/admin/roles", form).want(http.StatusConflict, "max_session_ttl: 3h")
	form.Set("seen", page.field("seen"))
	root.post("/admin/roles", form).leads("/admin/roles/dba")
	role, err := o.Role(t.Context(), o.admin, "dba")
	if err != nil || role.Spec.Options.MaxSessionTTL.String() != "2h" {
		t.Errorf("dba is %+v, %v", role.Spec.Options, err)
	}
}

func TestFaultsHaveTheirLines(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	yaml := "kind: role\nversion: v1\nmetadata: {name: dba}\nspec:\n  allow:\n    request:\n      rolls: [x]\n      max_duration: 99d\n"
	_, err := o.Apply(t.Context(), o.admin, v1.ApplyInput{DryRun: true, Documents: []v1.ApplyDocument{{Name: "dba.yaml", YAML: yaml}}})
	if err == nil {
		t.Fatal("the service takes it")
	}
	page := root.post("/admin/roles", url.Values{"name": {"dba"}, "yaml": {yaml}, "step": {"check"}})
	page.want(http.StatusUnprocessableEntity, "dba.yaml:7:7", "<mark>rolls: [x]</mark>", "dba.yaml:8:", "problems were found")
	page.without("What would change")
	root.post("/admin/roles", url.Values{"yaml": {"# nothing"}}).want(http.StatusUnprocessableEntity, "There is nothing to apply")
	root.post("/admin/roles", url.Values{"yaml": {"kind: [\n"}}).want(http.StatusUnprocessableEntity, "role.yaml:")
}

func TestRolesUnderAnotherName(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	root.post("/admin/roles", url.Values{"name": {"dba"}, "yaml": {auditorRole}}).want(http.StatusOK, "dba itself stays as it is")
	both := auditorRole + "---\nkind: user\nversion: v1\nmetadata: {name: zoe, description: x}\nspec: {roles: [watcher]}\n"
	page := root.post("/admin/roles", url.Values{"yaml": {both}}).want(http.StatusOK, "user zoe", "without effect")
	root.post("/admin/roles", url.Values{"yaml": {both}, "step": {"apply"}, "seen": {page.field("seen")}}).leads("/admin/roles")
}

func TestDeletingARole(t *testing.T) {
	o := openAdmin(t)
	o.apply(auditorRole)
	root := o.signedIn("root")
	root.post("/admin/roles/contractor/delete", nil).leads("/admin/roles/contractor")
	root.get("/admin/roles/contractor").want(http.StatusOK, "alice still holds role")
	root.post("/admin/roles/watcher/delete", nil).leads("/admin/roles")
	root.get("/admin/roles").want(http.StatusOK, "Role watcher is deleted.").without("/admin/roles/watcher")
}
