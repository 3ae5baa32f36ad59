package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/test/stack"
)

// A mail leads to a page; scanners that follow its link change nothing, and people decide there after signing in.
func TestMailDecidesOnThePageOnly(t *testing.T) {
	s := up(t, stack.Options{PluginNames: []string{"email"}, PluginSettings: quick})
	made := ask(t, s, "by mail")
	mail, err := s.Vendor("email").Await(within(t), made.ID, "ivan's mail", func(p standin.Post) bool { return p.Place == "ivan" || p.Place == "reviewers" })
	if err != nil {
		t.Fatal(err)
	}
	address := s.CoreURL + "/requests/" + made.ID
	if !strings.Contains(mail.Text, address) || len(mail.Actions) != 0 {
		t.Fatalf("the mail should lead to %s and decide nothing: %+v", address, mail)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost} {
		scan(t, method, address)
	}
	if shown := show(t, s, made.ID); len(shown.Reviews) != 0 || shown.State != "PENDING" || shown.Version != made.Version {
		t.Fatalf("after a scanner the request is %+v", shown)
	}
	if _, err := s.Vendor("email").Do(within(t), standin.Deed{Person: "ivan", Post: mail.ID, Action: "approve"}); err == nil {
		t.Error("somebody can approve inside a mail")
	}
	for _, person := range []string{"ivan", "bob"} {
		browser, err := s.Browse(within(t), person)
		if err != nil {
			t.Fatal(err)
		}
		page, err := browser.Decide(within(t), address, "approve", "read by "+person)
		if err != nil || !strings.Contains(page, "read by "+person) {
			t.Fatalf("%s decides: %v\n%.2000s", person, err, page)
		}
	}
	awaitApproved(t, s, made.ID)
	for _, review := range show(t, s, made.ID).Reviews {
		if review.Via != "web" {
			t.Errorf("a review came through %s", review.Via)
		}
	}
	_, err = s.Vendor("email").Await(within(t), made.ID, "alice's mail about the outcome", func(p standin.Post) bool {
		return p.Place == "alice" && strings.Contains(strings.ToLower(p.Text), "approved")
	})
	if err != nil {
		t.Error(err)
	}
}

func scan(t *testing.T, method, address string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: patient}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}
