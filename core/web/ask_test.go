package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
)

// press sends the form as it stands, changed, with one of its buttons.
func (b *browser) press(page answer, button string, changes url.Values) answer {
	b.h.t.Helper()
	form := page.filled()
	for name, values := range changes {
		form[name] = values
	}
	form.Set("do", button)
	return b.post("/ask", form)
}

const manyRoles = `
kind: role
version: v1
metadata: {name: contractor}
spec:
  allow:
    request:
      roles: [dba, "db-*", vault]
      suggested_reviewers: [ivan]
      thresholds: [{name: managers, approve: 2}]
      max_duration: 8h
      reason: {mode: required, prompt: "Which ticket is this for?"}
      annotations: {accede.dev/sensitive: [customer data]}
---
kind: role
version: v1
metadata: {name: vault, description: The keys to everything.}
spec: {}
---
kind: role
version: v1
metadata: {name: db-eu, description: European databases.}
spec: {}
---
kind: role
version: v1
metadata: {name: reviewer}
spec: {allow: {review_requests: {roles: [dba, "db-*"]}}}
`

func TestAskingStepByStep(t *testing.T) {
	h := open(t)
	h.apply(manyRoles)
	alice := h.signedIn("alice")
	page := alice.get("/ask").want(http.StatusOK, "Choose what you need", "European databases.", "The keys to everything.")

	page = alice.press(page, "find", url.Values{"find": {"EUROPEAN"}, "reason": {"typed\nearly"}}).want(http.StatusOK, "European databases.")
	page.without("The keys to everything.")
	page = alice.press(page, "add:db-eu", nil).want(http.StatusOK, "db-eu is added.", "Which ticket is this for?", "2 people (managers)",
		"Sensitive: customer data", "8 hours (the most)", "Ivan Petrov", "typed\nearly", "Needed.")
	page = alice.press(page, "add:vault", nil).want(http.StatusOK, "Fewer people can approve this")
	page = alice.press(page, "drop:vault", nil).want(http.StatusOK, "vault is removed.")
	page.without("Fewer people can approve this")

	page = alice.press(page, "preview", url.Values{"duration": {"2h"}, "start": {"2026-03-01T09:30"}, "reviewer": {"bob"}}).want(http.StatusOK)
	preview := content(page.part("preview"))
	for _, want := range []string{"Asked first bob", "2 hours", "1 Mar 2026, 09:30 UTC", "Can decide bob, Ivan Petrov"} {
		if !strings.Contains(preview, want) {
			t.Errorf("the preview lacks %q: %s", want, preview)
		}
	}
	sent := alice.press(page, "send", nil)
	requests := h.all()
	if len(requests) != 1 {
		t.Fatalf("%d requests after sending: %s", len(requests), sent.body)
	}
	got := requests[0]
	sent.leads("/requests/" + got.ID)
	alice.get("/requests/"+got.ID).want(http.StatusOK, "Your request is sent.", "typed\nearly", "Sensitive: customer data")
	if got.MaxDuration.Std() != 2*time.Hour || !got.AssumeStart.Equal(opening.Add(30*time.Minute)) ||
		got.SuggestedReviewers[0].Name != "bob" || got.Reason != "typed\nearly" || got.Requester.Name != "alice" {
		t.Errorf("made %+v", got)
	}
	again := alice.press(page, "send", nil)
	again.leads("/requests/" + got.ID)
	alice.get("/requests/"+got.ID).want(http.StatusOK, "You have asked for this already")
}

func (h *house) all() []v1.Request {
	h.t.Helper()
	page, err := h.Requests(h.t.Context(), h.admin, coreFilter())
	if err != nil {
		h.t.Fatal(err)
	}
	return page.Requests
}

// Scripts send the same form and take parts of the same page.
func TestAskingByScript(t *testing.T) {
	h := open(t)
	alice := h.signedIn("alice")
	script := func(form url.Values) answer {
		return alice.do(http.MethodPost, "/ask", form, map[string]string{"Sec-Fetch-Site": "same-origin", "HX-Request": "true"})
	}
	page := alice.get("/ask")
	for id, attributes := range map[string]string{"offer": "#offer", "ask": "#ask", "preview": "#preview"} {
		if !strings.Contains(page.body, `hx-select="`+attributes+`"`) {
			t.Errorf("nothing takes #%s", id)
		}
	}
	form := page.filled()
	form.Set("do", "add:dba")
	page = script(form).want(http.StatusOK, "dba is added.")
	form = page.filled()
	form.Set("do", "preview")
	form.Set("start", "no start")
	page = script(form).want(http.StatusOK, "is not a start", "2 people (managers)")
	if len(h.all()) != 0 {
		t.Error("a preview was stored")
	}
	form = page.filled()
	form.Set("start", "")
	form.Set("do", "send")
	if got := script(form); got.header.Get("HX-Redirect") != "/requests/"+h.all()[0].ID {
		t.Errorf("the script is sent to %q", got.header.Get("HX-Redirect"))
	}
	h.clock.Advance(2 * time.Hour) // the session is over
	script(form).want(http.StatusUnauthorized, "signed out")
}

func TestProblemsStandBesideTheirFields(t *testing.T) {
	h := open(t)
	h.apply(strings.Replace(documents, "max_duration: 8h", "max_duration: 8h\n      reason: {mode: required}", 1))
	alice := h.signedIn("alice")
	page := alice.get("/ask?role=dba")
	for name, tt := range map[string]struct {
		changes url.Values
		want    map[string]string
	}{
		"no reason":   {url.Values{"reason": {" "}}, map[string]string{"reason": "needs a reason"}},
		"long reason": {url.Values{"reason": {strings.Repeat("é", 2049)}}, map[string]string{"reason": "4098 bytes"}},
		"too long":    {url.Values{"duration": {"9h"}}, map[string]string{"duration": "limit is 8h"}},
		"no duration": {url.Values{"duration": {"soon"}}, map[string]string{"duration": "is not a duration"}},
		"past":        {url.Values{"start": {"2026-02-01T09:00"}}, map[string]string{"start": "which is past"}},
		"far":         {url.Values{"start": {"2026-04-01T09:00"}}, map[string]string{"start": "at most 7 days ahead"}},
		"no start":    {url.Values{"start": {"tomorrow"}}, map[string]string{"start": "is not a start"}},
		"no zone":     {url.Values{"start": {"2026-03-01T10:00"}, "zone": {"Atlantis"}}, map[string]string{"start": "time zone"}},
		"stranger":    {url.Values{"others": {"bob, stranger"}}, map[string]string{"others": "stranger"}},
		"other role":  {url.Values{"role": {"dba", "reviewer"}}, map[string]string{"find": "do not let you request"}},
		"no role":     {url.Values{"role": {}}, map[string]string{"find": "Name at least one role"}},
		"all at once": {
			url.Values{"others": {"stranger"}, "start": {"2026-02-01T09:00"}, "duration": {"9h"}},
			map[string]string{"others": "stranger", "start": "past", "duration": "limit is 8h"},
		},
	} {
		changes := url.Values{"reason": {"written with care"}}
		for key, values := range tt.changes {
			changes[key] = values
		}
		got := alice.press(page, "send", changes)
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", name, got.status)
			continue
		}
		for field, want := range tt.want {
			if problem := content(got.part(field + "-problem")); !strings.Contains(problem, want) {
				t.Errorf("%s: beside %s stands %q", name, field, problem)
			}
			if attribute(got.part(field), "aria-invalid") != "true" {
				t.Errorf("%s: %s is not marked", name, field)
			}
		}
		kept := got.filled()
		for field, values := range changes {
			if field != "others" && field != "zone" && kept.Get(field) != strings.ReplaceAll(strings.Join(values, ""), "\n", "\r\n") && field != "role" {
				t.Errorf("%s: %s became %q", name, field, kept.Get(field))
			}
		}
	}
	if got := h.all(); len(got) != 0 {
		t.Errorf("made %d requests", len(got))
	}
}

func TestWhoIsChosenStaysChosen(t *testing.T) {
	h := open(t)
	alice := h.signedIn("alice")
	page := alice.press(alice.get("/ask?role=dba"), "look", url.Values{"others": {"Bob@Example.com; stranger ivan"}})
	kept := page.filled()
	if diff := cmp.Diff([]string{"bob", "ivan"}, sorted(kept["reviewer"])); diff != "" || kept.Get("others") != "stranger" {
		t.Errorf("others %q: %s", kept.Get("others"), diff)
	}
}

func sorted(texts []string) []string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	return texts
}

func TestAskingAgain(t *testing.T) {
	h := open(t)
	alice := h.signedIn("alice")
	input := v1.RequestInput{Roles: []string{"dba"}, Reason: "the same\nas ever", MaxDuration: v1.Duration(2 * time.Hour), SuggestedReviewers: []string{"bob"}}
	old, _, err := h.Create(t.Context(), h.as("alice"), input)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Withdraw(t.Context(), h.as("alice"), old.ID, v1.WithdrawInput{}); err != nil {
		t.Fatal(err)
	}
	alice.get("/requests/"+old.ID).want(http.StatusOK, "/ask?again="+old.ID)
	page := alice.get("/ask?again="+old.ID).want(http.StatusOK, "the same\nas ever")
	form := page.filled()
	want := url.Values{
		"role": {"dba"}, "reason": {"the same\r\nas ever"}, "duration": {"2h"}, "reviewer": {"bob"}, "others": {""}, "start": {""},
		"zone": {"UTC"},
	}
	if diff := cmp.Diff(want, form); diff != "" {
		t.Errorf("the form has (-want +got):\n%s", diff)
	}
	alice.press(page, "send", nil)
	if got := h.all(); len(got) != 2 || got[0].Reason != old.Reason || got[0].ID == old.ID {
		t.Errorf("made %+v", got)
	}
	carol := h.signedIn("carol")
	carol.get("/ask?again="+old.ID).want(http.StatusNotFound, "There is no request here that you may see")
	for _, id := range []string{"x", "01946a00-0000-7000-8000-000000000001"} {
		alice.get("/ask?again=" + id).want(http.StatusNotFound).without("the same")
	}
	// What one may see and not ask for is shown with the reason why it cannot be asked for.
	h.signedIn("ivan").get("/ask?again="+old.ID).want(http.StatusOK, "do not let you request")
}

func TestAskingForSingleThings(t *testing.T) {
	h := open(t)
	h.apply(strings.Replace(documents, "roles: [dba]\n      suggested", "search_as_roles: [dba]\n      suggested", 1))
	alice := h.signedIn("alice")
	page := alice.get("/ask").want(http.StatusOK, "Single things")
	page = alice.press(page, "add-resource", url.Values{"kind": {"node"}, "name": {" "}}).want(http.StatusOK, "Write both")
	for i := range 3 {
		page = alice.press(page, "add-resource", url.Values{"kind": {"node"}, "name": {fmt.Sprintf("db %d", i)}})
	}
	page = alice.press(page, "drop-resource:1", nil).want(http.StatusOK, "db 1 is removed.", "2 people (managers)")
	for _, odd := range []string{"7", "-1", "x", ""} {
		page = alice.press(page, "drop-resource:"+odd, nil).want(http.StatusOK)
	}
	alice.press(page, "send", nil)
	got := h.all()[0]
	if diff := cmp.Diff([]v1.Resource{{Kind: "node", Name: "db 0"}, {Kind: "node", Name: "db 2"}}, got.Resources); diff != "" {
		t.Error(diff)
	}
	alice.get("/").want(http.StatusOK, "node db 0, node db 2")
	if _, err := h.Withdraw(t.Context(), h.as("alice"), got.ID, v1.WithdrawInput{}); err != nil {
		t.Fatal(err)
	}
	if again := alice.get("/ask?again=" + got.ID).filled(); len(again["resource"]) != 2 || len(again["role"]) != 0 {
		t.Errorf("asking again has %v", again)
	}
	form := page.filled()
	form["resource"] = []string{"{"}
	form.Set("do", "send")
	alice.post("/ask", form).want(http.StatusUnprocessableEntity, "did not arrive whole")
}

func TestNothingToAskFor(t *testing.T) {
	h := open(t)
	h.signedIn("carol").get("/ask").want(http.StatusOK, "You may ask for nothing at present").without("Send request", "Reason")
	h.browser().get("/ask?role=dba").leads("/sign-in?next=%2Fask%3Frole%3Ddba")
	h.browser().post("/ask", url.Values{"do": {"send"}, "role": {"dba"}}).leads("/sign-in")
}

func TestManyRolesAreFoundByTyping(t *testing.T) {
	h := open(t)
	h.apply(strings.Replace(documents, "roles: [dba]\n      suggested", "roles: [\"*\"]\n      suggested", 1))
	var documents strings.Builder
	for i := range 100 {
		fmt.Fprintf(&documents, "---\nkind: role\nversion: v1\nmetadata: {name: role-%02d, description: number %d}\nspec: {}\n", i, i)
	}
	h.apply(documents.String())
	alice := h.signedIn("alice")
	page := alice.get("/ask").want(http.StatusOK, "and 82 more") // 100, dba and reviewer, of which 20 are shown
	found := content(alice.press(page, "find", url.Values{"find": {"number 9 role"}}).part("offer"))
	if strings.Count(found, "role-") != 19 {
		t.Errorf("found %s", found)
	}
	if none := content(alice.press(page, "find", url.Values{"find": {"nowhere"}}).part("offer")); !strings.Contains(none, "Nothing more that you may ask for") {
		t.Errorf("found %s", none)
	}
}
