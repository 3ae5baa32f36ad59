package pagerdutysim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accede/accede/plugins/standin"
)

const (
	// webhookDeadline, webhookTries and dropsAllowed are how PagerDuty delivers, with 48 hours of retries made short:
	// https://developer.pagerduty.com/docs/webhooks-behavior.
	webhookDeadline = 5 * time.Second
	webhookTries    = 6
	firstRetry      = 200 * time.Millisecond
	dropsAllowed    = 3
	disabledFor     = 24 * time.Hour
	queueLength     = 1000
	maxDeliveries   = 500
)

// subscription sends what happens to one address, in order.
type subscription struct {
	Subscription
	url      string
	queue    chan webhook
	drops    int
	disabled time.Time
}

// webhook is one event on its way.
type webhook struct {
	id, event string
	body      []byte
	// first gets the status of the first attempt.
	first chan<- int
}

// Delivery is one attempt to deliver a webhook.
type Delivery struct {
	ID      string `json:"id"`
	Event   string `json:"event"`
	Attempt int    `json:"attempt"`
	Status  int    `json:"status"`
	Body    string `json:"body"`
}

// newSubscription starts the worker of a subscription. One without an address uses that of the options.
func (s *Sim) newSubscription(configured Subscription) *subscription {
	sub := &subscription{Subscription: configured, url: configured.URL, queue: make(chan webhook, queueLength)}
	if sub.url == "" {
		sub.url = s.opts.CallbackURL
	}
	s.work.Go(func() { s.attend(sub) })
	return sub
}

func (s *Sim) attend(sub *subscription) {
	for {
		select {
		case <-s.ctx.Done():
			return
		case hook := <-sub.queue:
			s.deliver(sub, hook)
		}
	}
}

// announce queues an event for every subscription that wants it, and returns where the first answers arrive. The state's
// lock must be held.
func (s *Sim) announce(i *incident, event, agent string, data object) []<-chan int {
	envelope := object{"event": object{
		"id": s.newID("01"), "event_type": event, "resource_type": "incident", "occurred_at": s.now().Format(time.RFC3339Nano),
		"agent": nil, "client": nil, "data": data,
	}}
	if agent != "" {
		envelope["event"].(object)["agent"] = s.userRef(agent) //nolint:errcheck // made above
	}
	body, err := json.Marshal(envelope)
	if err != nil {
		return nil
	}
	var answers []<-chan int
	for _, sub := range s.outbox {
		if sub.wants(event, i, s.now()) {
			answers = append(answers, s.enqueue(sub, event, body))
		}
	}
	return answers
}

func (sub *subscription) wants(event string, i *incident, now time.Time) bool {
	return sub.url != "" && slices.Contains(sub.Events, event) && (sub.Service == "" || i == nil || sub.Service == i.service) &&
		!now.Before(sub.disabled)
}

func (s *Sim) enqueue(sub *subscription, event string, body []byte) <-chan int {
	first := make(chan int, 1)
	select {
	case sub.queue <- webhook{id: s.newID("webhook-"), event: event, body: body, first: first}:
	default:
		first <- 0
	}
	return first
}

// deliver posts until the receiver takes it or refuses it for good.
func (s *Sim) deliver(sub *subscription, hook webhook) {
	fate := s.faults.DrawDelivery()
	if !standin.Pause(s.ctx, fate.Late) {
		return
	}
	pause := firstRetry
	for attempt := 1; attempt <= webhookTries; attempt++ {
		status := s.post(sub, hook, s.signed(sub.Secrets, hook.body))
		s.note(Delivery{hook.id, hook.event, attempt, status, string(hook.body)})
		if attempt == 1 {
			hook.first <- status
		}
		switch {
		case status >= 200 && status < 300:
			s.delivered(sub, hook, fate.Twice)
			return
		case status >= 400 && status < 500 && status != http.StatusTooManyRequests:
			s.dropped(sub)
			return
		}
		if !standin.Pause(s.ctx, pause) {
			return
		}
		pause *= 2
	}
	s.dropped(sub)
}

func (s *Sim) delivered(sub *subscription, hook webhook, twice bool) {
	s.mu.Lock()
	sub.drops = 0
	s.mu.Unlock()
	if twice {
		s.note(Delivery{hook.id, hook.event, 2, s.post(sub, hook, s.signed(sub.Secrets, hook.body)), string(hook.body)})
	}
}

// dropped counts a webhook that was given up. Three in a row disable the subscription and empty its queue.
func (s *Sim) dropped(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sub.drops++; sub.drops < dropsAllowed {
		return
	}
	sub.drops, sub.disabled = 0, s.now().Add(disabledFor)
	for {
		select {
		case hook := <-sub.queue:
			hook.first <- 0
		default:
			return
		}
	}
}

func (s *Sim) note(d Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, d)
	if len(s.sent) > maxDeliveries {
		s.sent = s.sent[1:]
	}
}

// Deliveries lists the attempts to deliver webhooks, oldest first.
func (s *Sim) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery{}, s.sent...)
}

func (s *Sim) post(sub *subscription, hook webhook, signature string) int {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, sub.url, bytes.NewReader(hook.body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "PagerDuty-Webhook/V3.0")
	req.Header.Set("X-Webhook-Id", hook.id)
	req.Header.Set("X-Webhook-Subscription", sub.ID)
	if signature != "" {
		req.Header.Set("X-Pagerduty-Signature", signature)
	}
	return s.courier.Send(s.ctx, webhookDeadline, req).Status
}

// Sign is PagerDuty's signature, version 1: https://developer.pagerduty.com/docs/verifying-webhook-signatures.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// signed signs with every secret, as while one is being replaced.
func (*Sim) signed(secrets []string, body []byte) string {
	signatures := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		signatures = append(signatures, Sign(secret, body))
	}
	return strings.Join(signatures, ", ")
}

// eventIncident is an incident as webhooks carry it.
func (s *Sim) eventIncident(i *incident) object {
	return object{
		"id": i.id, "type": "incident", "self": s.apiURL("incidents/" + i.id), "html_url": s.webURL("incidents/" + i.id),
		"number": i.number, "status": i.status, "incident_key": i.key, "created_at": stamp(i.created), "title": i.title,
		"service": s.serviceRef(i.service), "urgency": i.urgency, "assignees": []object{}, "teams": []object{}, "priority": nil,
	}
}
