package pagerduty

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
)

func TestSignatures(t *testing.T) {
	body := []byte(`{"event":{}}`)
	good, bad := pagerdutysim.Sign("secret", body), pagerdutysim.Sign("other", body)
	for _, c := range []struct {
		name   string
		values []string
		secret string
		ok     bool
	}{
		{"one", []string{good}, "secret", true},
		{"the second of two", []string{bad + "," + good}, "secret", true},
		{"the second of two after a blank", []string{bad + ", " + good}, "secret", true},
		{"the first of two", []string{good + ", " + bad}, "secret", true},
		{"in two headers", []string{bad, good}, "secret", true},
		{"blanks around", []string{"  " + good + " "}, "secret", true},
		{"another secret", []string{bad}, "secret", false},
		{"none", nil, "secret", false},
		{"empty", []string{""}, "secret", false},
		{"without a version", []string{strings.TrimPrefix(good, "v1=")}, "secret", false},
		{"another version", []string{"v2=" + strings.TrimPrefix(good, "v1=")}, "secret", false},
		{"no hexadecimal", []string{"v1=zz"}, "secret", false},
		{"no signature", []string{"v1="}, "secret", false},
		{"no secret of ours", []string{pagerdutysim.Sign("", body)}, "", false},
	} {
		if err := verify(c.secret, http.Header{headerSignature: c.values}, body); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// hook sends a webhook straight to the plugin.
func (w *world) hook(body string, header http.Header) int {
	w.t.Helper()
	receiver, ok := w.bot.(plugins.Receiver)
	if !ok {
		w.t.Fatal("the plugin takes no webhooks")
	}
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/callback", strings.NewReader(body))
	request.Header = header
	receiver.Handler(w.decisions).ServeHTTP(answer, request)
	return answer.Code
}

func signedBy(secret, body string) http.Header {
	return http.Header{headerSignature: {pagerdutysim.Sign(secret, []byte(body))}}
}

// noteEvent is a webhook about a note on an incident.
func noteEvent(w *world, incident string, change func(event map[string]any)) string {
	w.t.Helper()
	event := map[string]any{
		"id": "01", "event_type": "incident.annotated", "resource_type": "incident", "occurred_at": w.clock.Now().Format(time.RFC3339),
		"agent": map[string]any{"id": "PIVAN01", "type": "user_reference"},
		"data":  map[string]any{"incident": map[string]any{"id": incident}, "content": "/approve", "type": "incident_note"},
	}
	if change != nil {
		change(event)
	}
	body, err := json.Marshal(map[string]any{"event": event})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(body)
}

func TestABodyIsOnlyAHint(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	id := w.incidentOf(w.post(deliveryKey, demoCard()))
	// Rightly signed, and saying what nobody did.
	body := noteEvent(w, id, nil)
	if status := w.hook(body, signedBy(pagerdutysim.DemoWebhookSecret, body)); status != http.StatusAccepted {
		t.Errorf("answered %d", status)
	}
	w.wantDecisions()
}

func TestForgedWebhooksAreRefused(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	id := w.incidentOf(w.post(deliveryKey, demoCard()))
	w.act("ivan", id, "note", "/approve")
	w.wantDecisions("PIVAN01 approve")
	w.decisions.Forget()
	for _, kind := range []string{"bad_signature", "missing_signature", "tampered", "stale"} {
		if status, err := w.sim.Forge(kind, nil); err != nil || status < 400 || status > 499 {
			t.Errorf("%s: answered %d, %v", kind, status, err)
		}
	}
	w.wantDecisions()
}

func TestWebhooksThatHoldNoDecision(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	id := w.incidentOf(w.post(deliveryKey, demoCard()))
	before := w.calls("get_incident")
	for name, body := range map[string]string{
		"ping":          `{"event":{"event_type":"pagey.ping","occurred_at":"` + w.clock.Now().Format(time.RFC3339) + `","data":{"type":"ping"}}}`,
		"acknowledged":  noteEvent(w, id, func(e map[string]any) { e["event_type"] = "incident.acknowledged" }),
		"another way":   noteEvent(w, id, func(e map[string]any) { e["event_type"] = "incident.workflow.started" }),
		"automation":    noteEvent(w, id, func(e map[string]any) { e["agent"] = nil }),
		"strange id":    noteEvent(w, "../users", nil),
		"no id":         noteEvent(w, "", nil),
		"no event":      `{}`,
		"no JSON":       `hello`,
		"an odd event":  `{"event":[]}`,
		"an odd moment": `{"event":{"event_type":"incident.annotated","occurred_at":"yesterday"}}`,
	} {
		if status := w.hook(body, signedBy(pagerdutysim.DemoWebhookSecret, body)); status != http.StatusAccepted {
			t.Errorf("%s: answered %d", name, status)
		}
	}
	if n := w.calls("get_incident") - before; n != 0 {
		t.Errorf("PagerDuty was asked %d times", n)
	}
	w.wantDecisions()
}

func TestTheSameWebhookIsLookedAtOnce(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	id := w.incidentOf(w.post(deliveryKey, demoCard()))
	body := noteEvent(w, id, nil)
	header := signedBy(pagerdutysim.DemoWebhookSecret, body)
	header.Set(headerID, "webhook-1")
	before := w.calls("get_incident")
	for range 5 {
		if status := w.hook(body, header); status != http.StatusAccepted {
			t.Errorf("answered %d", status)
		}
	}
	if n := w.calls("get_incident") - before; n != 1 {
		t.Errorf("PagerDuty was asked %d times", n)
	}
}

func TestOnlyPostsOfAReasonableSizeAreRead(t *testing.T) {
	w := newWorld(t, deciding(ByNote))
	receiver, ok := w.bot.(plugins.Receiver)
	if !ok {
		t.Fatal("the plugin takes no webhooks")
	}
	for want, request := range map[int]*http.Request{
		http.StatusMethodNotAllowed:      httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/callback", nil),
		http.StatusRequestEntityTooLarge: httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/callback", bytes.NewReader(make([]byte, maxWebhook+1))),
	} {
		answer := httptest.NewRecorder()
		receiver.Handler(w.decisions).ServeHTTP(answer, request)
		if answer.Code != want {
			t.Errorf("answered %d, want %d", answer.Code, want)
		}
	}
}

func TestASecretThatIsBeingReplaced(t *testing.T) {
	w := newWorld(t, deciding(ByNote), account(func(c *pagerdutysim.Config) {
		c.Subscriptions[0].Secrets = []string{"the-new-secret", pagerdutysim.DemoWebhookSecret}
	}))
	id := w.incidentOf(w.post(deliveryKey, demoCard()))
	if got := w.act("ivan", id, "note", "/approve"); got.Status != http.StatusAccepted {
		t.Errorf("answered %d", got.Status)
	}
	w.wantDecisions("PIVAN01 approve")
}

func TestRecentForgetsTheOldest(t *testing.T) {
	r := newRecent()
	for i := range maxRecent + 1 {
		r.add(string(rune('a'+i%26)) + time.Duration(i).String())
	}
	if r.has("a0s") || len(r.ids) != maxRecent || r.has("") {
		t.Errorf("%d webhooks are remembered", len(r.ids))
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add(`{"event":{"event_type":"incident.annotated","occurred_at":"2026-01-01T00:00:00Z","agent":{"id":"P"},"data":{"incident":{"id":"Q1234"}}}}`)
	f.Add(`{"event":{"data":{"id":"../x","type":"incident"}}}`)
	c := &Config{DecideBy: []Way{ByNote, ByField, ByWorkflow}}
	f.Fuzz(func(t *testing.T, body string) {
		event, err := parseEvent([]byte(body))
		if err == nil && event.wanted(c) && !objectID.MatchString(event.incident()) {
			t.Errorf("%q leads to %q", body, event.incident())
		}
	})
}

func FuzzSignature(f *testing.F) {
	f.Add("v1=00, v1=ff", "body")
	f.Fuzz(func(t *testing.T, header, body string) {
		if verify("a secret nobody knows", http.Header{headerSignature: {header}}, []byte(body)) == nil {
			t.Errorf("%q passes for a signature of %q", header, body)
		}
	})
}

func FuzzHistory(f *testing.F) {
	f.Add(`{"id":"R","type":"annotate_log_entry","agent":{"id":"P","type":"user_reference"},"channel":{"type":"note"}}`)
	f.Add(`{"channel":{"type":7,"changeset":{"customer_fields":[{"name":"d","value":["approve"]}]}}}`)
	f.Add(`{"type":"incident_workflow_log_entry","agent":{"id":"P","type":"user"},"channel":{"type":"website","x":[{"id":"PWFAPPR"}]}}`)
	c := &Config{DecideBy: []Way{ByNote, ByField, ByWorkflow}, Field: "d", ApproveWorkflow: "PWFAPPR", DenyWorkflow: "PWFDENY"}
	f.Fuzz(func(t *testing.T, text string) {
		var e entry
		if json.Unmarshal([]byte(text), &e) != nil {
			return
		}
		if e.matters(c) && (e.Agent.ID == "" || e.Channel.Type == "api") {
			t.Errorf("%q matters", text)
		}
		e.setTo("d")
		e.runs(c)
	})
}
