package jirasim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/accede/accede/plugins/standin"
)

const (
	// webhookDeadline is how long Jira waits for an answer.
	webhookDeadline = 30 * time.Second
	// webhookTries is how often Cloud tries a webhook. Data Center tries once.
	webhookTries = 5
)

// Sign is the signature of a webhook's body.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// delivery is one webhook and what became of it.
type delivery struct {
	id   string
	body []byte
}

// webhookBody writes an event as webhooks of administrators have it. The lock must be held.
func (s *Sim) webhookBody(i *issue, event string, by User, entry *change) ([]byte, error) {
	asked := view{fields: []string{"summary", "status", "labels", "project", "creator", "issuetype"}}
	body := map[string]any{
		"timestamp": s.opts.Clock().UnixMilli(), "webhookEvent": event, "user": s.wireUser(by.ID), "issue": s.wireIssue(i, "2", asked),
	}
	if entry != nil {
		body["issue_event_type_name"] = "issue_generic"
		body["changelog"] = map[string]any{"id": entry.id, "items": entry.items}
	}
	return json.Marshal(body)
}

func (s *Sim) webhookID(payload []byte) string {
	sum := sha256.Sum256(append([]byte(s.opts.BaseURL), payload...))
	return hex.EncodeToString(sum[:16])
}

// deliver sends a webhook until it is taken, and returns the first answer.
func (s *Sim) deliver(ctx context.Context, id string, payload []byte) standin.Answer {
	s.mu.Lock()
	s.last = delivery{id: id, body: payload}
	s.mu.Unlock()
	fate := s.faults.DrawDelivery()
	if !standin.Pause(ctx, fate.Late) {
		return standin.Answer{Err: ctx.Err()}
	}
	first := s.send(ctx, id, 0, payload, s.signature(payload))
	if fate.Twice {
		s.work.Go(func() { s.send(s.ctx, id, 0, payload, s.signature(payload)) })
	}
	if s.cfg.Cloud && again(first) {
		s.work.Go(func() { s.retry(id, payload) })
	}
	s.changes.Touch()
	return first
}

func (s *Sim) retry(id string, payload []byte) {
	wait := s.cfg.RetryWebhook
	for try := 1; try < webhookTries; try++ {
		if !standin.Pause(s.ctx, wait) || !again(s.send(s.ctx, id, try, payload, s.signature(payload))) {
			return
		}
		wait *= 2
	}
}

// again says whether Cloud tries once more after such an answer.
func again(a standin.Answer) bool {
	switch a.Status {
	case 0, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return a.Status >= http.StatusInternalServerError
}

func (s *Sim) signature(payload []byte) string {
	if s.cfg.WebhookSecret == "" {
		return ""
	}
	return Sign(s.cfg.WebhookSecret, payload)
}

func (s *Sim) send(ctx context.Context, id string, try int, payload []byte, signature string) standin.Answer {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.CallbackURL, bytes.NewReader(payload))
	if err != nil {
		return standin.Answer{Err: err}
	}
	h := request.Header
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("User-Agent", "Atlassian Webhook HTTP Client")
	h.Set("X-Atlassian-Webhook-Identifier", id)
	h.Set("X-Atlassian-Webhook-Flow", "Primary")
	if try > 0 {
		h.Set("X-Atlassian-Webhook-Retry", strconv.Itoa(try))
	}
	if signature != "" {
		h.Set("X-Hub-Signature", signature)
	}
	return s.courier.Send(ctx, webhookDeadline, request)
}

// Forge plays an attacker after a webhook and returns the status that the plugin answered. Kinds are bad_signature,
// missing_signature, stale, tampered, other_method, replay, and signed, which sends the body given.
func (s *Sim) Forge(ctx context.Context, kind string, body []byte) (int, error) {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if body == nil {
		body = last.body
	}
	if len(body) == 0 {
		return 0, standin.RefusedError("nothing has been sent yet that could be forged")
	}
	signature := s.signature(body)
	switch kind {
	case "bad_signature":
		signature = Sign("not "+s.cfg.WebhookSecret, body)
	case "missing_signature":
		signature = ""
	case "tampered":
		body = append(bytes.Clone(body), ' ')
	case "other_method":
		signature = "sha1=" + signature[len("sha256="):]
	case "stale":
		body = s.aged(body)
		signature = s.signature(body)
	case "replay", "signed":
	default:
		return 0, fmt.Errorf("no forgery is called %q", kind)
	}
	got := s.send(ctx, "forged-"+kind+"-"+last.id, 0, body, signature)
	return got.Status, got.Err
}

// aged is a body as it was written a day ago.
func (s *Sim) aged(body []byte) []byte {
	var fields map[string]any
	if json.Unmarshal(body, &fields) != nil {
		return body
	}
	fields["timestamp"] = s.opts.Clock().Add(-24 * time.Hour).UnixMilli()
	old, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return old
}
