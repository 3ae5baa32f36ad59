package servicenow

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/standin"
)

func TestAWebhookAndAPollMakeOneReview(t *testing.T) {
	w := newWorld(t, viaWebhook)
	_, record := w.posted()
	w.faults(standin.Faults{DeliverTwice: 1})
	reaction, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: record["number"], Action: "approve"})
	if err != nil || reaction.Status != http.StatusNoContent {
		t.Fatalf("%+v, %v", reaction, err)
	}
	w.poll()
	w.bot = w.open(true)
	w.poll()
	if all, distinct := w.decisions.All(), w.decisions.Distinct(); len(distinct) != 1 || len(all) != 2 {
		t.Errorf("%d decisions with %d ids: %+v", len(all), len(distinct), all)
	}
}

func TestForgedWebhooksAreRefused(t *testing.T) {
	w := newWorld(t, viaWebhook)
	_, record := w.posted()
	w.decide(servicenowsim.Choice{Person: "ivan", Record: record["number"], Verdict: "approve"})
	before := w.sim.AllCalls()
	for _, kind := range []string{"bad_secret", "no_secret"} {
		status, err := w.sim.Forge(t.Context(), servicenowsim.Forgery{Kind: kind})
		if err != nil || status != http.StatusUnauthorized {
			t.Errorf("%s: %d, %v", kind, status, err)
		}
	}
	for _, body := range []string{"x", "{}", `{"approval_sys_id":"^ORstate=approved"}`, `{"approval_sys_id":7}`, `[]`, strings.Repeat("x", maxHint+1)} {
		status, err := w.sim.Forge(t.Context(), servicenowsim.Forgery{Kind: "replay", Body: body})
		if err != nil || status < 400 || status > 499 {
			t.Errorf("%.40s: %d, %v", body, status, err)
		}
	}
	if after := w.sim.AllCalls(); after != before {
		t.Errorf("forged webhooks cost %d calls of ServiceNow", after-before)
	}
	for range 5 {
		if status, err := w.sim.Forge(t.Context(), servicenowsim.Forgery{Kind: "replay"}); err != nil || status != http.StatusNoContent {
			t.Errorf("replay: %d, %v", status, err)
		}
	}
	if got := w.decisions.All(); len(got) != 1 {
		t.Errorf("%d decisions, want 1", len(got))
	}
}

func TestAWebhookAboutSomethingElseIsNothing(t *testing.T) {
	w := newWorld(t, viaWebhook)
	_, mine := w.posted()
	w.decide(servicenowsim.Choice{Person: "ivan", Record: mine["number"], Verdict: "approve"})
	foreign := func(values map[string]string) string {
		return w.sim.Insert(approvalTable, values, "bob")
	}
	stray := w.sim.Insert("incident", map[string]string{"correlation_display": marker{requestID, fingerprint, 1}.String()}, "mallory")
	for name, id := range map[string]string{
		"unknown":                strings.Repeat("f", 32),
		"about nothing":          foreign(map[string]string{"approver": servicenowsim.DemoBob, "state": "approved", "source_table": "incident"}),
		"a record with our mark": foreign(map[string]string{"approver": servicenowsim.DemoBob, "state": "approved", "document_id": stray, "source_table": "incident"}),
		"still asked":            w.approvalOf(mine["sys_id"], servicenowsim.DemoBob)["sys_id"],
	} {
		body := `{"table":"incident","sys_id":"` + mine["sys_id"] + `","approval_sys_id":"` + id + `"}`
		status, err := w.sim.Forge(t.Context(), servicenowsim.Forgery{Kind: "replay", Body: body})
		if err != nil || status != http.StatusNoContent || len(w.decisions.All()) != 1 {
			t.Errorf("%s: %d, %v, %d decisions", name, status, err, len(w.decisions.All()))
		}
	}
}

func TestAWebhookThatCannotBeFollowedIsLeftToThePoll(t *testing.T) {
	for name, spoil := range map[string]func(*world){
		"instance": func(w *world) { w.faults(standin.Faults{FailBefore: 1, Only: []string{"GET " + approvalTable}}) },
		"core":     func(w *world) { w.board.Fail(errors.New("away")) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, viaWebhook)
			_, record := w.posted()
			spoil(w)
			reaction, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: record["number"], Action: "approve"})
			if err != nil || reaction.Status != http.StatusServiceUnavailable {
				t.Errorf("%+v, %v", reaction, err)
			}
			w.faults(standin.Faults{})
			w.poll()
			if got := w.decisions.All(); len(got) != 1 {
				t.Errorf("%d decisions, want 1", len(got))
			}
		})
	}
}

func TestWebhooksAreTakenOnlyWithASecret(t *testing.T) {
	for name, change := range map[string]func(*setting){
		"no secret": func(*setting) {},
		"link only": func(s *setting) {
			s.config.WebhookSecret = secret.New(servicenowsim.DemoWebhookSecret)
			s.decides = false
		},
	} {
		w := newWorld(t, change)
		if _, receives := w.bot.(plugins.Receiver); receives {
			t.Errorf("%s: the plugin takes webhooks", name)
		}
	}
	if sameSecret("", "") || sameSecret("a", "b") || !sameSecret("a", "a") {
		t.Error("secrets are compared wrongly")
	}
	w := newWorld(t, viaWebhook)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.hook, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := w.http.Do(request)
	if err != nil || response.StatusCode != http.StatusMethodNotAllowed {
		t.Fatalf("%v, %v", response, err)
	}
	_ = response.Body.Close()
}

func FuzzHint(f *testing.F) {
	f.Add([]byte(`{"table":"incident","approval_sys_id":"05e2000000000000000000000000a11c"}`))
	f.Add([]byte(`{"approval_sys_id":{"value":"x"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		id, err := parseHint(body)
		if (err == nil) != sysID.MatchString(id) {
			t.Errorf("%q gives %q, %v", body, id, err)
		}
	})
}
