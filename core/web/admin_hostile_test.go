package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// quoted is a text in YAML.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// besieged is a house in which every field that somebody fills, at a vendor or here, holds what could be taken as markup.
func besieged(t *testing.T) (o *office, request v1.Request) {
	t.Helper()
	o = openAdmin(t)
	o.apply("kind: role\nversion: v1\nmetadata: {name: trap, description: " + quoted(hostile) + ", labels: {x: " + quoted(hostile) + "}}\n" +
		"spec: {allow: {request: {roles: [" + quoted(strings.ReplaceAll(hostile, "{{7*7}}", "")) + "], reason: {prompt: " + quoted(hostile) + "}}}}\n")
	o.apply("kind: user\nversion: v1\nmetadata: {name: alice}\nspec: {display_name: " + quoted(hostile) + ", roles: [contractor, trap], traits: {" +
		quoted(hostile) + ": [" + quoted(hostile) + "]}}\n")
	request = o.ask(hostile)
	o.connect("slack")
	o.report("slack", hostile)
	o.replicas["slack"][0].Replica, o.replicas["slack"][0].Version = hostile, hostile
	o.park(hostile, hostile)
	o.deliver(v1.DeliveryRetry, hostile+" once more", hostile, opening.Add(time.Hour))
	if _, err := o.AddLink(t.Context(), o.admin, v1.Link{Person: "alice", Identity: v1.Identity{Plugin: hostile, Tenant: hostile, User: hostile}}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.CreateToken(t.Context(), o.as("alice"), v1.TokenInput{Title: hostile}); err != nil {
		t.Fatal(err)
	}
	o.tell(core.AuditEntry{At: opening, Actor: hostile, Action: hostile, RequestID: hostile, Via: hostile, Identity: &v1.Identity{Plugin: "slack", Tenant: hostile, User: hostile}})
	o.browser().post("/sign-in", signInForm(hostile, hostile)).want(http.StatusUnauthorized)
	return o, request
}

func (o *office) tell(entry core.AuditEntry) {
	o.t.Helper()
	entry.Detail = []byte(`{"message":"\"><script>alert(1)</script>{{7*7}}"}`)
	if err := o.Store.Update(o.t.Context(), func(tx core.Tx) error { return tx.AppendAudit(entry) }); err != nil {
		o.t.Fatal(err)
	}
}

func TestNothingOnTheAdministrationIsMarkup(t *testing.T) {
	o, request := besieged(t)
	root := o.signedIn("root")
	shown := []answer{
		root.get("/admin/plugins"), root.get("/admin/plugins/slack"), root.get("/admin/plugins/slack/connect"), root.get("/admin/people"),
		root.get("/admin/people/alice"), root.get("/admin/roles"), root.get("/admin/roles/trap"), root.get("/admin/audit"),
		root.get("/admin/audit?request=" + request.ID),
	}
	form := url.Values{}
	for _, name := range []string{
		"name", "display_name", "email", "kind", "roles", "traits", "admin", "seen", "plugin", "tenant", "user", "yaml", "step", "password",
		"from", "through", "smtp.host", "role_to_recipients", "secrets", "http.listen", "q", "person", "action", "request", "since", "until",
	} {
		form.Set(name, hostile)
	}
	for _, path := range []string{
		"/admin/people", "/admin/people/alice", "/admin/people/alice/links", "/admin/roles", "/admin/plugins/email/configuration",
	} {
		shown = append(shown, root.post(path, form))
	}
	form.Set("yaml", auditorRole+"---\nkind: "+quoted(hostile)+"\n"+hostile+": "+quoted(hostile)+"\n")
	shown = append(shown, root.post("/admin/roles", form), root.get("/admin/people?"+form.Encode()), root.get("/admin/audit?"+form.Encode()))
	for _, path := range []string{"/admin/plugins/nothing/deliveries/" + url.PathEscape(hostile) + "/drop", "/admin/people/alice/links/remove"} {
		root.post(path, form)
		shown = append(shown, root.get("/admin/plugins"))
	}
	for i, page := range shown {
		if found := scripts(t, page.body); len(found) > 0 {
			t.Errorf("page %d could run %q", i, found)
		}
		page.without("<svg/onload", "<script>alert")
	}
	for i, page := range shown[:8] {
		if i != 2 && !strings.Contains(page.body, "{{7*7}}") {
			t.Errorf("page %d does not show what was written", i)
		}
	}
}

// A role's text is shown back as it was typed, whatever the browser would take it for.
func TestTheEditorKeepsTheText(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	page := root.post("/admin/roles", url.Values{"yaml": {"\n\n</textarea><script>alert(1)</script>&lt;\n"}}).want(http.StatusUnprocessableEntity)
	if !strings.Contains(page.body, ">\n\n\n&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;lt;\n</textarea>") {
		t.Errorf("the text came back as %s", page.body[strings.Index(page.body, "<textarea"):])
	}
}

// Downloads are files and never pages.
func TestDownloadsAreNoPages(t *testing.T) {
	o, _ := besieged(t)
	root := o.signedIn("root")
	for _, got := range []answer{
		root.post("/admin/plugins/slack/configuration", url.Values{"as": {"file"}, "workspace": {"<script>alert(1)</script>"}}),
		root.post("/admin/plugins/jira/credential", nil), root.get("/admin/audit/export?format=csv"), root.get("/admin/audit/export?format=jsonl"),
	} {
		got.want(http.StatusOK)
		kind := got.header.Get("Content-Type")
		if !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment;") || strings.Contains(kind, "html") || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("a file comes as %v", got.header)
		}
	}
}

// What other sites send, and what follows links by itself, changes nothing.
func TestTheAdministrationIsGuarded(t *testing.T) {
	o := openAdmin(t)
	o.connect("slack")
	root := o.signedIn("root")
	before := o.entries()[0].Seq
	for pattern, to := range endpoints() {
		if to.reach != administrators {
			continue
		}
		method, _, _ := strings.Cut(pattern, " ")
		if method == http.MethodPost {
			root.do(method, to.address, to.form, map[string]string{"Sec-Fetch-Site": "cross-site"}).want(http.StatusForbidden, "sent by another site")
			address := to.address
			if len(to.form) > 0 {
				address += "?" + to.form.Encode()
			}
			for _, reading := range []string{http.MethodGet, http.MethodHead} {
				if got := root.do(reading, address, nil, nil); got.status >= 500 {
					t.Errorf("%s %s: %d", reading, address, got.status)
				}
			}
			continue
		}
		root.do(http.MethodHead, to.address, nil, nil)
	}
	if deed := o.deedAfter(before); deed != "" {
		t.Errorf("the audit has %s", deed)
	}
}
