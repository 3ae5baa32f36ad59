package web_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestAuditIsNarrowed(t *testing.T) {
	o := openAdmin(t)
	request := o.ask("why not")
	o.clock.Advance(48 * time.Hour)
	o.signedIn("ivan").get("/admin/audit").want(http.StatusForbidden)
	root := o.signedIn("root")
	get := func(query string) answer { return root.get("/admin/audit?" + query) }
	root.get("/admin/audit").want(http.StatusOK, "admin.page_refused", "Only an administrator may do this.", "request.create", "role.apply", "Waiting")
	get("person=alice").want(http.StatusOK, "request.create", "/requests/"+request.ID).without("role.apply")
	get("action=*_refused").want(http.StatusOK, "admin.page_refused").without("request.create", "role.apply")
	get("request="+request.ID).want(http.StatusOK, "request.create").without("role.apply")
	get("since=2026-03-02").want(http.StatusOK, "admin.page_refused").without("request.create")
	get("until=2026-03-01").want(http.StatusOK, "request.create").without("admin.page_refused")
	for query, problem := range map[string]string{
		"request=x": "is not the id of a request", "since=yesterday": "is not a day", "until=2026-02-31": "is not a day", "action=DROP": "is not an action",
	} {
		got := get(query).want(http.StatusUnprocessableEntity, problem)
		if name, value, _ := strings.Cut(query, "="); !strings.Contains(got.body, `name="`+name+`"`) || !strings.Contains(got.body, value) {
			t.Errorf("%s: the form forgot what was typed", query)
		}
	}
}

func TestAuditIsTurned(t *testing.T) {
	o := openAdmin(t)
	o.apply(crowd("role", 120))
	root := o.signedIn("root")
	seen := map[string]bool{}
	address := "/admin/audit?action=role.apply"
	for pages := 0; address != ""; pages++ {
		if pages > 10 {
			t.Fatal("the list does not end")
		}
		page := root.get(address).want(http.StatusOK)
		for _, entry := range regexp.MustCompile(`Entry \d+`).FindAllString(page.body, -1) {
			if seen[entry] {
				t.Errorf("%s twice", entry)
			}
			seen[entry] = true
		}
		address = ""
		if next := regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(page.body); next != nil {
			address = strings.ReplaceAll(next[1], "&amp;", "&")
		}
	}
	if len(seen) != 123 { // and the three of every house
		t.Errorf("saw %d entries", len(seen))
	}
}

func TestAuditIsExported(t *testing.T) {
	o := openAdmin(t)
	o.apply(crowd("role", 600))
	root := o.signedIn("root")
	got := root.get("/admin/audit/export?action=role.apply&format=csv").want(http.StatusOK)
	if got.header.Get("Content-Disposition") != `attachment; filename="audit-2026-03-01.csv"` {
		t.Errorf("it comes as %v", got.header)
	}
	rows, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
	if err != nil || len(rows) != 604 || rows[0][0] != "seq" || rows[1][3] != "role.apply" {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	lines := root.get("/admin/audit/export?action=role.apply&format=jsonl").want(http.StatusOK)
	if n := strings.Count(lines.body, "\n"); n != 603 {
		t.Errorf("%d lines", n)
	}
	root.get("/admin/audit/export?since=x").want(http.StatusUnprocessableEntity, "is not a day")
	o.signedIn("ivan").get("/admin/audit/export").want(http.StatusForbidden)
	o.browser().get("/admin/audit/export").leads("/sign-in?next=" + url.QueryEscape("/admin/audit/export"))
}
