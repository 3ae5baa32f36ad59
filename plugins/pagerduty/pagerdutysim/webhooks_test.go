package pagerdutysim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/standin"
)

const patience = 10 * time.Second

func (w *world) act(person, incident, do, text string) standin.Reaction {
	w.t.Helper()
	reaction, err := w.sim.Act(w.t.Context(), pagerdutysim.Act{Person: person, Incident: incident, Do: do, Text: text})
	if err != nil {
		w.t.Fatal(err)
	}
	return reaction
}

func TestWebhooksAreSignedWithEverySecret(t *testing.T) {
	account := pagerdutysim.Deciding("note")
	account.Subscriptions[0].Secrets = []string{"new", "old"}
	w := newWorld(t, account)
	id := w.open(newIncident)
	if got := w.act("ivan", id, "note", "/approve"); !got.OK || got.Status != http.StatusAccepted {
		t.Errorf("%+v", got)
	}
	w.hooks.mu.Lock()
	defer w.hooks.mu.Unlock()
	last := len(w.hooks.got) - 1
	body, got := w.hooks.bodies[last], w.hooks.got[last]
	want := pagerdutysim.Sign("new", []byte(body)) + ", " + pagerdutysim.Sign("old", []byte(body))
	if got.Header.Get("X-PagerDuty-Signature") != want || got.Header.Get("X-Webhook-Id") == "" {
		t.Errorf("headers %v", got.Header)
	}
	var envelope object
	if err := json.Unmarshal([]byte(body), &envelope); err != nil {
		t.Fatal(err)
	}
	if dig(envelope, "event", "event_type") != "incident.annotated" || dig(envelope, "event", "agent", "id") != "PIVAN01" ||
		dig(envelope, "event", "data", "incident", "id") != id || dig(envelope, "event", "data", "content") != "/approve" {
		t.Errorf("%s", body)
	}
}

func TestAutomationHasNoAgent(t *testing.T) {
	w := newWorld(t, pagerdutysim.Deciding("workflow"))
	id := w.open(newIncident)
	if err := w.sim.Automate(id, "PWFAPPR"); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, patience, "both webhooks", func() bool { return w.hooks.count() == 2 })
	w.hooks.mu.Lock()
	defer w.hooks.mu.Unlock()
	if body := w.hooks.bodies[len(w.hooks.bodies)-1]; !strings.Contains(body, `"agent":null`) || !strings.Contains(body, "incident.workflow.started") {
		t.Errorf("%s", body)
	}
	if err := w.sim.Automate(id, "PNONE"); err == nil {
		t.Error("a workflow that does not exist ran")
	}
}

func TestWebhooksComeAgainUntilTheyAreTaken(t *testing.T) {
	w := newWorld(t, pagerdutysim.Deciding("note"))
	id := w.open(newIncident)
	eventually.True(t, patience, "the opening to be told", func() bool { return w.hooks.count() == 1 })
	w.hooks.answer(http.StatusServiceUnavailable)
	if got := w.act("ivan", id, "note", "/approve"); got.OK || got.Status != http.StatusServiceUnavailable {
		t.Errorf("%+v", got)
	}
	w.hooks.answer(http.StatusAccepted)
	eventually.True(t, patience, "the second attempt", func() bool {
		all := w.sim.Deliveries()
		last := all[len(all)-1]
		return last.Attempt > 1 && last.Status == http.StatusAccepted
	})
	ids := map[string]bool{}
	for _, d := range w.sim.Deliveries() {
		if d.Event == "incident.annotated" {
			ids[d.ID] = true
		}
	}
	if len(ids) != 1 {
		t.Errorf("the attempts have %d ids", len(ids))
	}
}

func TestThreeRefusalsInARowSwitchASubscriptionOff(t *testing.T) {
	w := newWorld(t, pagerdutysim.Deciding("note"))
	id := w.open(newIncident)
	eventually.True(t, patience, "the opening to be told", func() bool { return w.hooks.count() == 1 })
	w.hooks.answer(http.StatusForbidden)
	for range 3 {
		w.act("ivan", id, "note", "x")
	}
	eventually.True(t, patience, "the subscription to be switched off", func() bool {
		_, got := w.ask(http.MethodGet, "/webhook_subscriptions/PSUB001", "")
		return dig(got, "webhook_subscription", "delivery_method", "temporarily_disabled") == true
	})
	w.hooks.answer(http.StatusAccepted)
	before := w.hooks.count()
	if got := w.act("ivan", id, "note", "x"); got.Status != 0 || w.hooks.count() != before {
		t.Errorf("a subscription that is off sent %+v", got)
	}
	if status, _ := w.ask(http.MethodPost, "/webhook_subscriptions/PSUB001/enable", ""); status != 200 {
		t.Errorf("enabling: %d", status)
	}
	if got := w.act("ivan", id, "note", "x"); got.Status != http.StatusAccepted {
		t.Errorf("after enabling: %+v", got)
	}
}

func TestASubscriptionTellsItsSecretOnce(t *testing.T) {
	w := newWorld(t, pagerdutysim.Demo())
	status, got := w.ask(http.MethodPost, "/webhook_subscriptions", `{"webhook_subscription":{"type":"webhook_subscription","events":["incident.annotated"],
		"delivery_method":{"type":"http_delivery_method","url":"http://127.0.0.1:1/x"},"filter":{"type":"service_reference","id":"PSVCREQ"}}}`)
	id, _ := dig(got, "webhook_subscription", "id").(string)
	if status != 201 || dig(got, "webhook_subscription", "delivery_method", "secret") == nil {
		t.Fatalf("%d %v", status, got)
	}
	for _, path := range []string{"/webhook_subscriptions/" + id, "/webhook_subscriptions"} {
		if _, got := w.ask(http.MethodGet, path, ""); strings.Contains(strings.ToLower(jsonOf(t, got)), `"secret":"`) {
			t.Errorf("%s tells the secret: %v", path, got)
		}
	}
	if status, _ := w.ask(http.MethodPost, "/webhook_subscriptions", `{"webhook_subscription":{}}`); status != 400 {
		t.Errorf("an empty subscription: %d", status)
	}
	if status, _ := w.ask(http.MethodPost, "/webhook_subscriptions/PNONE/ping", ""); status != 404 {
		t.Errorf("an unknown subscription: %d", status)
	}
}

func TestPing(t *testing.T) {
	w := newWorld(t, pagerdutysim.Deciding("note"))
	if status, _ := w.ask(http.MethodPost, "/webhook_subscriptions/PSUB001/ping", ""); status != 202 {
		t.Errorf("answered %d", status)
	}
	eventually.True(t, patience, "the ping", func() bool { return w.hooks.count() == 1 })
}

func TestForgeries(t *testing.T) {
	w := newWorld(t, pagerdutysim.Deciding("note"))
	if _, err := w.sim.Forge("replay", nil); err == nil {
		t.Error("nothing was sent, and it was forged")
	}
	id := w.open(newIncident)
	w.act("ivan", id, "note", "/approve")
	for _, kind := range []string{"bad_signature", "missing_signature", "tampered", "stale", "replay", "signed"} {
		if status, err := w.sim.Forge(kind, nil); err != nil || status != http.StatusAccepted {
			t.Errorf("%s: %d %v", kind, status, err)
		}
	}
	if _, err := w.sim.Forge("nonsense", nil); err == nil {
		t.Error("nonsense was forged")
	}
	bare := newWorld(t, pagerdutysim.Demo())
	if _, err := bare.sim.Forge("replay", []byte("x")); err == nil {
		t.Error("without a subscription something was sent")
	}
}

func jsonOf(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
