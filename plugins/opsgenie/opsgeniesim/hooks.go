package opsgeniesim

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/accede/accede/plugins/standin"
)

const (
	webhookDeadline = 10 * time.Second
	maxDeliveries   = 500
	// maxHookText is where the vendor cuts descriptions in webhooks.
	maxHookText = 1000
	// staleBy is how old a stale forgery is.
	staleBy = 40 * time.Hour

	headerSecret = "X-Accede-Secret" //nolint:gosec // the header's name
)

// webhook is one event on its way.
type webhook struct {
	url, action string
	body        []byte
}

// Delivery is one attempt to deliver a webhook.
type Delivery struct {
	Action string `json:"action"`
	Status int    `json:"status"`
	Body   string `json:"body"`
}

// hookFor is the webhook for what somebody did, nil if nobody wants it: https://docs.opsgenie.com/docs/webhook-integration.
// The state's lock must be held.
func (s *Sim) hookFor(a *alert, who User, action, channel string) *webhook {
	address := s.cfg.Webhook.URL
	if address == "" {
		address = s.opts.CallbackURL
	}
	if address == "" || !slices.Contains(s.cfg.Webhook.Actions, action) {
		return nil
	}
	alert := object{
		"alertId": a.id, "id": a.id, "message": a.message, "tinyId": a.tiny, "alias": a.alias, "entity": "", "source": a.source,
		"createdAt": a.created.UnixMilli(), "updatedAt": s.now().UnixNano(), "tags": nonNil(a.tags), "username": who.Email, "userId": who.ID,
		"teams": []string{}, "recipients": []string{},
	}
	if slices.Contains(a.actions, action) {
		alert["description"] = cut(a.description, maxHookText)
	}
	body, err := json.Marshal(object{
		"action": action, "alert": alert, "source": object{"name": "", "type": channel},
		"integrationId": s.cfg.CloudID, "integrationName": "Accede",
	})
	if err != nil {
		return nil
	}
	return &webhook{url: address, action: action, body: body}
}

// deliver sends a webhook, once or as often as the switches say.
func (s *Sim) deliver(ctx context.Context, hook webhook) standin.Reaction {
	fate := s.faults.DrawDelivery()
	if !standin.Pause(ctx, fate.Late) {
		return standin.Reaction{}
	}
	times := 1
	if fate.Twice {
		times = 2
	}
	status := 0
	for range times {
		status = s.post(hook, s.cfg.Webhook.Secret)
		s.mu.Lock()
		s.sent = append(s.sent, Delivery{hook.action, status, string(hook.body)})
		s.sent = s.sent[max(0, len(s.sent)-maxDeliveries):]
		s.mu.Unlock()
	}
	return standin.Reaction{OK: status >= 200 && status < 300, Status: status}
}

func (s *Sim) post(hook webhook, secret string) int {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, hook.url, bytes.NewReader(hook.body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Opsgenie Http Client")
	if secret != "" {
		req.Header.Set(headerSecret, secret)
	}
	return s.courier.Send(s.ctx, webhookDeadline, req).Status
}

// Deliveries lists the attempts to deliver webhooks, oldest first.
func (s *Sim) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery{}, s.sent...)
}

// Forge sends a webhook that the vendor would not have sent, made of the last genuine one, and returns what was answered.
// Kind is bad_signature, missing_signature, stale, tampered or replay. A body may take the place of the genuine one.
func (s *Sim) Forge(kind string, body []byte) (int, error) {
	s.mu.Lock()
	hook := webhook{url: s.opts.CallbackURL, body: body}
	if len(body) == 0 && len(s.sent) > 0 {
		hook.body = []byte(s.sent[len(s.sent)-1].Body)
	}
	s.mu.Unlock()
	if len(hook.body) == 0 {
		return 0, standin.RefusedError("nothing has been sent yet that could be forged")
	}
	secret := s.cfg.Webhook.Secret
	switch kind {
	case "bad_signature":
		secret = "not the secret, but as long as one could be"
	case "missing_signature":
		secret = ""
	case "stale":
		hook.body = rewritten(hook.body, func(alert object) { alert["updatedAt"] = s.now().Add(-staleBy).UnixNano() })
	case "tampered": // there is no signature to break; another alert's id is the worst that can be written
		hook.body = rewritten(hook.body, func(alert object) { alert["alertId"] = "00000000-0000-4000-8000-000000000bad" })
	case "replay", "genuine":
	default:
		return 0, standin.RefusedError("no forgery is called " + kind)
	}
	return s.post(hook, secret), nil
}

func rewritten(body []byte, change func(alert object)) []byte {
	var event struct {
		Action string `json:"action"`
		Alert  object `json:"alert"`
	}
	if json.Unmarshal(body, &event) != nil || event.Alert == nil {
		return body
	}
	change(event.Alert)
	out, err := json.Marshal(event)
	if err != nil {
		return body
	}
	return out
}
