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
