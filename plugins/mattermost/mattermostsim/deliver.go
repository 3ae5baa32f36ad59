package mattermostsim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// answerWithin is how long the server waits for an integration (OutgoingIntegrationRequestsTimeout):
// https://docs.mattermost.com/configure/environment-configuration-settings.html.
const answerWithin = 30 * time.Second

// shownFailure is all that people see when a callback fails; the cause is in the server's log.
const shownFailure = "Action integration error."

// outcome is what came of calling the integration.
type outcome struct {
	status  int
	body    []byte
	latency time.Duration
	problem *problem
	twice   bool
}

// callIntegration posts a body, late or twice when the switches say so.
func (s *Sim) callIntegration(ctx context.Context, address string, body []byte) outcome {
	ctx, cancel := standin.WhileOpen(ctx, s.ctx)
	defer cancel()
	fate := s.faults.DrawDelivery()
	if !standin.Pause(ctx, fate.Late) {
		return outcome{problem: integrationError("context canceled")}
	}
	first := make(chan outcome, 1)
	s.work.Go(func() { first <- s.callOnce(ctx, address, body) })
	if fate.Twice {
		again := context.WithoutCancel(ctx)
		s.work.Go(func() { s.callOnce(again, address, body) })
	}
	out := <-first
	out.twice = fate.Twice
	return out
}

func integrationError(detail string) *problem {
	return fail(http.StatusBadRequest, "api.post.do_action.action_integration.app_error", shownFailure).because(detail)
}

// callOnce keeps to the configured callback address; a server calls no private address that it was not told of.
func (s *Sim) callOnce(ctx context.Context, address string, body []byte) outcome {
	server := s.Server()
	switch {
	case server.ForbidCallbacks, s.opts.CallbackURL == "", !strings.HasPrefix(address, s.opts.CallbackURL):
		return outcome{problem: integrationError("err=Post " + address + ": address forbidden, you may need to set " +
			"AllowedUntrustedInternalConnections to allow an integration access to your internal network")}
	case server.SignInProxy:
		return outcome{status: http.StatusUnauthorized, problem: integrationError("status=401")}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body)) //nolint:gosec // it begins with the configured callback address
	if err != nil {
		return outcome{problem: integrationError("err=" + err.Error())}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Mattermost-Bot/1.1")
	answer := s.courier.Send(ctx, answerWithin, req)
	out := outcome{status: answer.Status, body: answer.Body, latency: answer.Latency}
	switch {
	case errors.Is(answer.Err, standin.ErrNoAnswer):
		out.problem = integrationError("err=context deadline exceeded")
	case answer.Err != nil:
		out.problem = integrationError("err=" + answer.Err.Error())
	case answer.Status != http.StatusOK:
		out.problem = integrationError(fmt.Sprintf("status=%d", answer.Status))
	}
	return out
}

// Result says what came of a click or a dialog, and what the person was shown.
type Result struct {
	ID   int    `json:"id"`
	Kind string `json:"kind"`
	User string `json:"user"`
	// OK means that the app answered well and in time.
	OK bool `json:"ok"`
	// Status is that of the app's HTTP answer, 0 if there was none.
	Status    int     `json:"status,omitempty"`
	LatencyMS float64 `json:"latency_ms"`
	// ShownError is what the person sees when it failed.
	ShownError string `json:"shown_error,omitempty"`
	// FieldErrors are shown beside the inputs of a dialog, by their names.
	FieldErrors map[string]string `json:"field_errors,omitempty"`
	// Answer is what the app sent back.
	Answer    string `json:"answer,omitempty"`
	TriggerID string `json:"trigger_id,omitempty"`
	// Whispered is the ephemeral text that the person was shown at once.
	Whispered string `json:"whispered,omitempty"`
	// Dialog says that the person has a dialog open now.
	Dialog bool `json:"dialog,omitempty"`
	Twice  bool `json:"twice,omitempty"`
}

func (s *Sim) finish(kind string, u User, out outcome, more func(*Result)) Result {
	r := Result{
		Kind: kind, User: u.ID, OK: out.problem == nil, Status: out.status, Twice: out.twice,
		LatencyMS: float64(out.latency.Microseconds()) / 1000, Answer: string(out.body),
	}
	if out.problem != nil {
		r.ShownError = out.problem.Message
	}
	if more != nil {
		more(&r)
	}
	s.mu.RLock()
	r.Dialog = s.dialogs[u.ID] != nil
	s.mu.RUnlock()
	s.changes.Touch()
	return s.log.Add(func(id int) Result {
		r.ID = id
		return r
	})
}

// callbackLog keeps what was sent and what came of it.
type callbackLog struct {
	standin.Deliveries[Result]

	mu     sync.Mutex
	press  []byte
	dialog []byte
}

func (l *callbackLog) sent(into *[]byte, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*into = bytes.Clone(body)
}

// last decodes the last press or dialog that was sent.
func (l *callbackLog) last(from *[]byte, into any) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(*from) > 0 && json.Unmarshal(*from, into) == nil
}
