package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func coreFilter() core.RequestFilter { return core.RequestFilter{} }

func (h *house) approve(request v1.Request, names ...string) {
	h.t.Helper()
	for _, name := range names {
		if _, err := h.Review(h.t.Context(), h.as(name), request.ID, v1.ReviewInput{Verdict: v1.Approve}); err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestHome(t *testing.T) {
	h := open(t)
	h.browser().get("/").leads("/sign-in")
	first := h.ask("the first")
	h.clock.Advance(time.Minute)
	second := h.ask("the second")
	ivan := h.signedIn("ivan")
	page := ivan.get("/").want(http.StatusOK, "Hello, ", "Waits for you", `data-waiting>2<`)
	if text := content(page.part("lists")); strings.Index(text, "the first") > strings.Index(text, "the second") {
		t.Errorf("not the oldest first: %s", text)
	}
	h.approve(first, "ivan")
	text := content(ivan.get("/").part("lists"))
	if strings.Contains(text, "the first") || !strings.Contains(text, "the second") {
		t.Errorf("after reviewing the first: %s", text)
	}
	alice := h.signedIn("alice")
	alice.get("/").want(http.StatusOK, "Your open requests", "1 of 2", "What you are granted for a time").without("Waits for you", "data-waiting")
	h.approve(first, "bob")
	h.approve(second, "ivan", "bob")
	text = content(alice.get("/").part("lists"))
	for _, want := range []string{"nothing that is still open", "dba Running", "ends in 7 hours · 1 Mar 2026, 17:00 UTC"} {
		if !strings.Contains(text, want) {
			t.Errorf("alice's home lacks %q: %s", want, text)
		}
	}
	ivan.get("/").want(http.StatusOK, "Nothing waits for your decision.", "hidden></span>")
	h.clock.Advance(59 * time.Minute)
	h.clock.Advance(8 * time.Hour)
	h.signedIn("alice").get("/").want(http.StatusOK, "What you are granted for a time")
}

func TestHomeShowsAccessThatHasNotBegun(t *testing.T) {
	h := open(t)
	h.apply(strings.Replace(documents, "max_duration: 8h", "max_duration: 8h\n      access_clock: first_use", 1))
	request := h.ask("later")
	h.approve(request, "ivan", "bob")
	alice := h.signedIn("alice")
	alice.get("/").want(http.StatusOK, "Waits for its first use", "to be used before", "Begin now")
	alice.post("/requests/"+request.ID+"/use", url.Values{}).leads("/requests/" + request.ID)
	alice.get("/").want(http.StatusOK, "Running").without("Begin now")

	input := v1.RequestInput{Roles: []string{"dba"}, Reason: "tomorrow", AssumeStart: opening.Add(24 * time.Hour)}
	tomorrow, _, err := h.Create(t.Context(), h.as("alice"), input)
	if err != nil {
		t.Fatal(err)
	}
	h.approve(tomorrow, "ivan", "bob")
	alice.get("/").want(http.StatusOK, "Begins in 24 hours").without("Begin now")
}

func TestWaitingInPages(t *testing.T) {
	h := open(t)
	for i := range 60 {
		h.ask(fmt.Sprintf("number %02d.", i))
	}
	ivan := h.signedIn("ivan")
	ivan.get("/").want(http.StatusOK, "number 09.", "All that waits for you", `data-waiting>60<`).without("number 10.")
	seen := 0
	path := "/waiting"
	for path != "" {
		page := ivan.get(path).want(http.StatusOK)
		seen += strings.Count(page.body, "number ")
		path = next(page)
	}
	if seen != 60 {
		t.Errorf("the pages show %d", seen)
	}
	if got := ivan.get("/waiting/count"); got.body != "60" {
		t.Errorf("the count is %q", got.body)
	}
	for i := range 60 {
		h.ask(fmt.Sprintf("more %02d.", i))
	}
	if got := ivan.get("/waiting/count").want(http.StatusOK); got.body != "99+" {
		t.Errorf("the count is %q", got.body)
	}
	if got := h.signedIn("alice").get("/waiting/count").want(http.StatusOK); got.body != "" {
		t.Errorf("alice's count is %q", got.body)
	}
	h.signedIn("alice").get("/waiting").want(http.StatusOK, "Nothing waits for your decision.").without("number ")
	ivan.get("/waiting?after=x").want(http.StatusNotFound)
	h.browser().get("/waiting/count").leads("/sign-in?next=%2Fwaiting%2Fcount")
}

// next is where the link to more leads; empty if there is none.
func next(page answer) string {
	at := strings.Index(page.body, `rel="next"`)
	if at < 0 {
		return ""
	}
	before := page.body[:at]
	path := before[strings.LastIndex(before, `href="`)+len(`href="`):]
	return strings.ReplaceAll(path[:strings.Index(path, `"`)], "&amp;", "&")
}

func TestSensitiveRequestsAreMarked(t *testing.T) {
	h := open(t)
	h.ask("plain")
	ivan := h.signedIn("ivan")
	ivan.get("/").want(http.StatusOK, "plain").without("Sensitive")
	h.apply(manyRoles)
	h.ask("with care")
	for _, path := range []string{"/", "/waiting", "/requests"} {
		page := ivan.get(path).want(http.StatusOK)
		if got := strings.Count(page.body, "Sensitive: customer data"); got != 1 {
			t.Errorf("%s marks %d", path, got)
		}
	}
}

func TestHistoryIsNarrowed(t *testing.T) {
	h := open(t)
	asked := map[string]v1.Request{}
	for i, name := range []string{"one", "two", "three"} {
		h.clock.Set(opening.Add(time.Duration(i) * 24 * time.Hour))
		asked[name] = h.ask("reason-" + name + ".")
	}
	h.clock.Set(opening.Add(2*24*time.Hour + time.Minute))
	h.approve(asked["three"], "bob", "ivan")
	carols, _, err := h.Create(t.Context(), core.Actor{Person: v1.Person{Name: "carol", Roles: []string{"contractor"}}}, v1.RequestInput{Roles: []string{"dba"}, Reason: "reason-carol."})
	if err != nil {
		t.Fatal(err)
	}
	ivan := h.signedIn("ivan")
	shows := func(b *browser, query string) string {
		t.Helper()
		page := b.get("/requests?" + query).want(http.StatusOK)
		var found []string
		for _, name := range []string{"one", "two", "three", "carol"} {
			if strings.Contains(page.body, "reason-"+name+".") {
				found = append(found, name)
			}
		}
		return strings.Join(found, " ")
	}
	for query, want := range map[string]string{
		"":                                  "one two three carol",
		"state=approved":                    "three",
		"state=APPROVED&state=pending":      "one two three carol",
		"state=denied":                      "",
		"asker=alice":                       "one two three",
		"asker=alice%40example.com":         "one two three",
		"asker=me":                          "",
		"reviewer=me":                       "one two three carol",
		"reviewer=bob":                      "three",
		"role=dba&text=REASON-T":            "two three",
		"role=other":                        "",
		"text=carol":                        "carol",
		"since=2026-03-02":                  "two three carol",
		"since=2026-03-02&until=2026-03-02": "two",
		"until=2026-03-01":                  "one",
		"asker=nobody":                      "",
	} {
		if got := shows(ivan, query); got != want {
			t.Errorf("%q shows %q, want %q", query, got, want)
		}
	}
	if got := shows(h.signedIn("alice"), ""); got != "one two three" {
		t.Errorf("alice sees %q", got)
	}
	if got := shows(h.signedIn("carol"), ""); got != "carol" {
		t.Errorf("carol sees %q", got)
	}
	if got := shows(h.signedIn("carol"), "asker=alice"); got != "" {
		t.Errorf("carol sees of alice's %q", got)
	}
	h.signedIn("carol").get("/requests/" + asked["one"].ID).want(http.StatusNotFound)
	h.signedIn("alice").get("/requests/" + carols.ID).want(http.StatusNotFound)

	for query, want := range map[string]string{
		"since=yesterday": "Write a date", "until=2026-13-01": "Write a date", "state=lost": "no such state",
		"text=" + strings.Repeat("x", 257): "too long",
	} {
		ivan.get("/requests?"+query).want(http.StatusUnprocessableEntity, want, "Nothing was looked for").without("reason-one")
		ivan.get("/requests/export?format=csv&"+query).want(http.StatusUnprocessableEntity, "cannot be read")
	}
	ivan.get("/requests?before=x").want(http.StatusNotFound)
	ivan.get("/requests?asker=alice").want(http.StatusOK, `/requests/export?asker=alice&amp;format=csv`)
	h.browser().get("/requests").leads("/sign-in?next=%2Frequests")
}

// Days begin and end where the reader is.
func TestDaysAreThoseOfTheReader(t *testing.T) {
	h := open(t)
	h.clock.Set(time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)) // already the 2nd in Berlin
	h.ask("late at night")
	ivan := h.signedIn("ivan")
	for zone, want := range map[string]bool{"Europe%2FBerlin": true, "UTC": false} {
		page := h.browser().do(http.MethodGet, "/requests?since=2026-03-02", nil,
			map[string]string{"Cookie": sessionCookie + "=" + ivan.session() + "; accede_zone=" + zone}).want(http.StatusOK)
		if got := strings.Contains(page.body, "late at night"); got != want {
			t.Errorf("in %s: %v", zone, got)
		}
	}
}

func TestHistoryInPagesAndAsAFile(t *testing.T) {
	h := open(t)
	for i := range 60 {
		h.ask(fmt.Sprintf("=number %02d.", i))
	}
	alice := h.signedIn("alice")
	var seen []string
	for path := "/requests?asker=me"; path != ""; {
		page := alice.get(path).want(http.StatusOK)
		for i := range 60 {
			if name := fmt.Sprintf("=number %02d.", i); strings.Contains(page.body, name) {
				seen = append(seen, name)
			}
		}
		path = next(page)
	}
	if len(seen) != 60 {
		t.Errorf("the pages show %d: %q", len(seen), seen)
	}
	for name, count := range map[string]int{"alice": 60, "ivan": 60, "carol": 0} {
		file := h.signedIn(name).get("/requests/export?format=csv&text=number").want(http.StatusOK)
		if got := file.header.Get("Content-Disposition"); got != `attachment; filename="requests-2026-03-01.csv"` {
			t.Errorf("the file is %q", got)
		}
		lines, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
		if err != nil || len(lines) != count+1 {
			t.Fatalf("%s gets %d lines, %v", name, len(lines), err)
		}
		if count > 0 {
			if diff := cmp.Diff("'=number 59.", lines[1][5]); diff != "" {
				t.Error(diff)
			}
		}
	}
	file := alice.get("/requests/export?format=jsonl&state=pending").want(http.StatusOK)
	if got := strings.Count(file.body, "\n"); got != 60 || file.header.Get("Content-Type") != "application/jsonl; charset=utf-8" {
		t.Errorf("%d lines of %s", got, file.header.Get("Content-Type"))
	}
	alice.get("/requests/export?format=xlsx").want(http.StatusUnprocessableEntity, "csv or as jsonl")
	alice.do(http.MethodHead, "/requests/export?format=csv", nil, nil).want(http.StatusOK)
	h.browser().get("/requests/export?format=csv").leads("/sign-in?next=%2Frequests%2Fexport%3Fformat%3Dcsv")
}

// GET changes nothing, whatever the address says.
func TestLookingChangesNothing(t *testing.T) {
	h := open(t)
	alice := h.signedIn("alice")
	for _, path := range []string{"/ask?role=dba&do=send&reason=x", "/requests?do=send&role=dba", "/?do=send&role=dba", "/waiting?do=send"} {
		alice.get(path).want(http.StatusOK)
		alice.do(http.MethodHead, path, nil, nil).want(http.StatusOK)
	}
	if got := h.all(); len(got) != 0 {
		t.Errorf("made %d requests", len(got))
	}
	alice.do(http.MethodPost, "/ask", url.Values{"do": {"send"}, "role": {"dba"}}, map[string]string{"Sec-Fetch-Site": "cross-site"}).want(http.StatusForbidden)
	for _, path := range []string{"/", "/requests", "/waiting", "/waiting/count", "/requests/export"} {
		if got := alice.post(path, url.Values{}); got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, got.status)
		}
	}
	if got := h.all(); len(got) != 0 {
		t.Errorf("made %d requests", len(got))
	}
}

// Whatever people write, in any field of any of these pages, is shown as they wrote it and is never markup.
func TestListsAndFormsNeverTakeTextForMarkup(t *testing.T) {
	h := open(t)
	quoted := "'" + strings.ReplaceAll(hostile, "'", "''") + "'"
	h.apply(strings.NewReplacer("managers", quoted, "Alice Moreau", "'"+strings.ReplaceAll(hostile[:100], "'", "''")+"'",
		"max_duration: 8h", "max_duration: 8h\n      search_as_roles: [dba]\n      reason: {mode: optional, prompt: "+quoted+"}\n      annotations: {accede.dev/sensitive: ["+quoted+"]}",
		"metadata: {name: dba}", "metadata: {name: dba, description: "+quoted+"}").Replace(documents))
	request := h.ask(hostile)
	alice, ivan := h.signedIn("alice"), h.signedIn("ivan")
	pages := map[string]answer{}
	for _, path := range []string{"/", "/waiting", "/requests", "/ask", "/ask?role=" + url.QueryEscape(hostile)} {
		pages["alice "+path], pages["ivan "+path] = alice.get(path), ivan.get(path)
	}
	for _, field := range []string{"text", "state", "role", "asker", "reviewer", "since", "until"} {
		query := url.Values{field: {hostile}}.Encode()
		pages["history "+field] = ivan.get("/requests?" + query)
		pages["export "+field] = ivan.get("/requests/export?format=x&" + query)
	}
	form := alice.get("/ask?again=" + request.ID)
	pages["again"] = form
	for _, field := range []string{"find", "kind", "name", "reason", "duration", "start", "zone", "others", "reviewer", "role", "resource", "do"} {
		pages["form "+field] = alice.press(form, "look", url.Values{field: {hostile}})
	}
	odd := fmt.Sprintf(`{"kind":%q,"name":%q,"labels":{%q:%q}}`, hostile, hostile, hostile, hostile)
	pages["resource"] = alice.press(form, "look", url.Values{"resource": {odd}, "role": nil})
	for _, verb := range []string{"add:", "drop:", "drop-resource:", "add-resource:", ""} {
		pages["button "+verb] = alice.press(form, verb+hostile, url.Values{"kind": {hostile}, "name": {hostile}})
	}
	h.approve(request, "ivan", "bob")
	pages["access"], pages["history"] = alice.get("/"), ivan.get("/requests")
	for name, page := range pages {
		if found := scripts(t, page.body); len(found) > 0 {
			t.Errorf("%s could run %q", name, found)
		}
		if page.status >= http.StatusInternalServerError {
			t.Errorf("%s: status %d", name, page.status)
		}
	}
	for _, name := range []string{"alice /ask", "ivan /", "ivan /waiting", "ivan /requests", "again", "history text", "form reason", "resource"} {
		if !strings.Contains(pages[name].body, "{{7*7}}") {
			t.Errorf("%s does not show what was written", name)
		}
	}
}
