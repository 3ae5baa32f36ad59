package servicenowsim

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// secretHeader is what the business rule of the demo sends along; there is no signature of the vendor's own.
const secretHeader = "X-Accede-Secret" //nolint:gosec // the name of a header

// webhookDeadline is how long the instance waits for an outbound call.
const webhookDeadline = 10 * time.Second

// hint is the body of a webhook: a business rule on approvals sends it.
type hint struct {
	Table         string `json:"table"`
	SysID         string `json:"sys_id"`
	CorrelationID string `json:"correlation_id"`
	Approval      string `json:"approval_sys_id"`
}

// announce runs the business rule for an approval that changed, and returns what the plugin answered; 0 without an answer
// or without somewhere to call.
func (s *Sim) announce(ctx context.Context, approvalID string) int {
	body, ok := s.hintAbout(approvalID)
	if !ok {
		return 0
	}
	delivery := s.faults.DrawDelivery()
	if !standin.Pause(ctx, delivery.Late) {
		return 0
	}
	status := s.send(ctx, body, s.cfg.WebhookSecret)
	if delivery.Twice {
		status = s.send(ctx, body, s.cfg.WebhookSecret)
	}
	return status
}

func (s *Sim) hintAbout(approvalID string) ([]byte, bool) {
	if s.opts.CallbackURL == "" || s.cfg.WebhookSecret == "" {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	approval, there := s.db.tables[tableApproval].byID[approvalID]
	if !there {
		return nil, false
	}
	h := hint{Table: (*approval)["source_table"], SysID: (*approval)["document_id"], Approval: approvalID}
	if record, there := s.db.tables[s.cfg.Table].byID[h.SysID]; there {
		h.CorrelationID = (*record)["correlation_id"]
	}
	body, err := json.Marshal(h)
	s.last = body
	return body, err == nil
}

func (s *Sim) send(ctx context.Context, body []byte, secret string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.CallbackURL, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	if secret != "" {
		req.Header.Set(secretHeader, secret)
	}
	answer := s.courier.Send(ctx, webhookDeadline, req)
	if answer.Err != nil {
		s.opts.Logger.Warn("servicenow stand-in got no answer to a webhook", "err", answer.Err)
	}
	return answer.Status
}

// Forgery is a webhook that the instance would not have sent.
type Forgery struct {
	// Kind is bad_secret, no_secret, or replay.
	Kind string `json:"kind"`
	// Body replaces that of the last webhook.
	Body string `json:"body,omitempty"`
}

// Forge plays an attacker and returns the status that the plugin answered.
func (s *Sim) Forge(ctx context.Context, f Forgery) (int, error) {
	s.mu.Lock()
	body := s.last
	s.mu.Unlock()
	if f.Body != "" {
		body = []byte(f.Body)
	}
	if s.opts.CallbackURL == "" || body == nil {
		return 0, standin.RefusedError("no webhook was sent yet, or there is nowhere to send one")
	}
	secret, known := map[string]string{
		"bad_secret": "another-" + s.cfg.WebhookSecret, "no_secret": "", "replay": s.cfg.WebhookSecret,
	}[f.Kind]
	if !known {
		return 0, standin.RefusedError("kind must be bad_secret, no_secret or replay")
	}
	return s.send(ctx, body, secret), nil
}
