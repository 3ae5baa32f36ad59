package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

func TestLifeOfARequest(t *testing.T) {
	h := open(t)
	request := h.ask("Nightly import is stuck,\nticket #4711.")
	path := "/requests/" + request.ID

	ivan := h.browser()
	ivan.get(path).leads("/sign-in?next=" + url.QueryEscape(path))
	page := ivan.get("/sign-in?next=" + url.QueryEscape(path)).want(http.StatusOK)
	ivan.post("/sign-in", url.Values{"name": {"Ivan@Example.com"}, "password": {passwordOf("ivan")}, "next": {page.field("next")}}).leads(path)

	page = ivan.get(path).want(http.StatusOK, "Alice Moreau", "Nightly import is stuck,\nticket #4711.", "managers", "0 of 2",
		"4 hours", "Ivan Petrov", "Your decision", shown(request.Fingerprint))
	form := page.decision(v1.Approve)
	form.Set("reason", "fine by me")
	form.Set("duration", "2h")
	ivan.post(path+"/reviews", form).leads(path)
	ivan.get(path).want(http.StatusOK, "Your approval is recorded; the request stands at managers 1 of 2.", "1 of 2", "fine by me",
		"Shortened to 2 hours", "You have reviewed").without("Your decision")
	ivan.get(path).without("Your approval is recorded")

	h.signedIn("alice").get(path).want(http.StatusOK, "You asked for this access yourself", "Take this request back")

	bob := h.signedIn("bob")
	bob.post(path+"/reviews", bob.get(path).decision(v1.Approve)).leads(path)
	bob.get(path).want(http.StatusOK, "Approved", "Access began", "fine by me").without("Your decision")

	got := h.find(request.ID)
	if got.State != v1.StateApproved || got.Length().Std() != 2*time.Hour || got.Reviews[0].Via != v1.ViaWeb {
		t.Errorf("request is %+v", got)
	}
	if got.Reviews[0].SeenVersion != 1 || got.Reviews[0].SeenFingerprint != request.Fingerprint {
		t.Errorf("review says that version %d, %s was seen", got.Reviews[0].SeenVersion, got.Reviews[0].SeenFingerprint)
	}
}

func shown(fingerprint string) string {
	return strings.Join([]string{fingerprint[:4], fingerprint[4:8], fingerprint[8:12], fingerprint[12:16]}, "-")
}

func TestDenying(t *testing.T) {
	h := open(t)
	request := h.ask("")
	path := "/requests/" + request.ID
	ivan := h.signedIn("ivan")
	page := ivan.get(path).want(http.StatusOK, "No reason was given.")
	form := page.decision(v1.Deny)
	form.Set("reason", "ask the\r\nowner first")
	form.Set("duration", "what is typed here belongs to approving")
	ivan.post(path+"/reviews", form).leads(path)
	h.signedIn("alice").get(path).want(http.StatusOK, "Denied", "ask the\nowner first").without("Take this request back")
	if got := h.find(request.ID); got.State != v1.StateDenied || got.Reviews[0].Reason != "ask the\nowner first" {
		t.Errorf("request is %s, %q", got.State, got.Reviews[0].Reason)
	}
}

func TestRefusalsKeepWhatWasTyped(t *testing.T) {
	h := open(t)
	request := h.ask("why")
	path := "/requests/" + request.ID
	ivan := h.signedIn("ivan")
	for name, tt := range map[string]struct {
		set    url.Values
		status int
		want   string
	}{
		"no version":     {url.Values{"version": {""}}, 409, "did not say what it showed you"},
		"no fingerprint": {url.Values{"fingerprint": {""}}, 409, "did not say what it showed you"},
		"another ask":    {url.Values{"fingerprint": {strings.Repeat("0", 64)}}, 409, "has changed since you saw it"},
		"a later one":    {url.Values{"version": {"7"}}, 409, "has changed since you saw it"},
		"no verdict":     {url.Values{"verdict": {""}}, 422, "Nothing is decided yet."},
		"odd verdict":    {url.Values{"verdict": {"maybe"}}, 422, "approve or deny"},
		"odd duration":   {url.Values{"duration": {"soon"}}, 422, "is not a duration"},
		"longer":         {url.Values{"duration": {"9h"}}, 422, "8h"},
		"odd start":      {url.Values{"start": {"tomorrow"}}, 422, "is not a start"},
		"no zone":        {url.Values{"start": {"2026-03-02T09:00"}, "zone": {"Atlantis"}}, 422, "time zone"},
		"past":           {url.Values{"start": {"2026-02-01T09:00"}}, 422, "which is past"},
		"long reason":    {url.Values{"reason": {strings.Repeat("x", 4097)}}, 422, "4096"},
	} {
		form := ivan.get(path).decision(v1.Approve)
		form.Set("reason", "typed with care")
		for key, values := range tt.set {
			form[key] = values
		}
		got := ivan.post(path+"/reviews", form)
		if got.status != tt.status || !strings.Contains(got.body, tt.want) || !strings.Contains(got.body, form.Get("reason")) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := h.find(request.ID); got.Version != 1 {
		t.Errorf("the request changed to %+v", got)
	}
}

func TestStartIsReadInTheReadersZone(t *testing.T) {
	h := open(t)
	request := h.ask("why")
	path := "/requests/" + request.ID
	ivan := h.signedIn("ivan")
	page := h.browser().do(http.MethodGet, path, nil, map[string]string{"Cookie": sessionCookie + "=" + ivan.session() + "; accede_zone=Europe%2FBerlin"})
	page.want(http.StatusOK, `data-zone="Europe/Berlin"`, "1 Mar 2026, 10:00 CET")
	form := page.decision(v1.Approve)
	form.Set("start", "2026-03-01T12:30")
	ivan.post(path+"/reviews", form).leads(path)
	if got := h.find(request.ID).AssumeStart; !got.Equal(time.Date(2026, 3, 1, 11, 30, 0, 0, time.UTC)) {
		t.Errorf("access starts at %s", got)
	}
	for _, zone := range []string{"Local", "..%2F..%2Fetc", "%zz", strings.Repeat("x", 70)} {
		h.browser().do(http.MethodGet, path, nil, map[string]string{"Cookie": sessionCookie + "=" + ivan.session() + "; accede_zone=" + zone}).
			want(http.StatusOK, "1 Mar 2026, 09:00 UTC")
	}
}

func TestWithdrawing(t *testing.T) {
	h := open(t)
	request := h.ask("why")
	path := "/requests/" + request.ID
	h.signedIn("ivan").post(path+"/withdrawal", url.Values{}).want(http.StatusForbidden)
	alice := h.signedIn("alice")
	alice.post(path+"/withdrawal", url.Values{"reason": {"not needed"}}).leads(path)
	alice.get(path).want(http.StatusOK, "Withdrawn", "took the request back", "not needed")
	alice.post(path+"/withdrawal", url.Values{}).want(http.StatusConflict, "already withdrawn")
}

func TestFirstUse(t *testing.T) {
	h := open(t)
	h.apply(strings.Replace(documents, "max_duration: 8h", "max_duration: 8h\n      access_clock: first_use", 1))
	request := h.ask("why")
	path := "/requests/" + request.ID
	for _, name := range []string{"ivan", "bob"} {
		b := h.signedIn(name)
		b.post(path+"/reviews", b.get(path).decision(v1.Approve)).leads(path)
	}
	alice := h.signedIn("alice")
	alice.get(path).want(http.StatusOK, "Your access waits for you")
	alice.post(path+"/use", url.Values{}).leads(path)
	alice.get(path).want(http.StatusOK, "Your access has begun.", "Access began").without("waits for you")
	alice.post(path+"/use", url.Values{}).want(http.StatusConflict, "does not wait")
}

func TestUnavailableStore(t *testing.T) {
	h := open(t)
	ivan := h.signedIn("ivan")
	if err := h.Store.Close(); err != nil {
		t.Fatal(err)
	}
	got := ivan.get("/requests/"+h.admin.Person.Name).want(http.StatusServiceUnavailable, "try again in a moment")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}
