package discordsim

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// outcome is what came of handing one interaction to the app.
type outcome struct {
	via     string
	status  int
	latency time.Duration
	// problem is why it did not work, shown what the person sees then.
	problem, shown string
	twice          bool
}

// handOver gives an interaction to the app, over HTTP when there is a callback address and over the Gateway otherwise,
// late or twice when the switches say so, and waits for the first answer.
func (s *Sim) handOver(ctx context.Context, i *interaction, payload []byte) outcome {
	ctx, cancel := standin.WhileOpen(ctx, s.ctx)
	defer cancel()
	ctx, done := context.WithTimeout(ctx, answerDeadline)
	defer done()
	s.log.Remember(payload)
	started := time.Now()
	fate := s.faults.DrawDelivery()
	out := outcome{via: "gateway", twice: fate.Twice}
	if !standin.Pause(ctx, fate.Late) {
		out.problem = "it was delivered too late"
	} else {
		s.deliver(ctx, i, payload, &out)
	}
	out.latency = time.Since(started)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i.answered() {
		out.problem = ""
		return out
	}
	i.failed = true
	if out.problem == "" {
		out.problem = "there was no answer within 3 seconds"
	}
	out.shown = shownNothing
	if out.status != 0 {
		out.shown = shownFailed
	}
	return out
}

// deliver hands over and waits until there is an answer or there can be none.
func (s *Sim) deliver(ctx context.Context, i *interaction, payload []byte, out *outcome) {
	times := 1
	if out.twice {
		times = 2
	}
	if s.opts.CallbackURL == "" {
		for range times {
			if s.gateway.dispatch("INTERACTION_CREATE", payload) == 0 {
				out.problem = "the app is not connected"
				return
			}
		}
	} else if !s.post(ctx, i, payload, times, out) {
		return
	}
	select {
	case <-i.done:
	case <-ctx.Done():
	}
}

// post sends the signed callback. It returns whether an answer may still come by another way.
func (s *Sim) post(ctx context.Context, i *interaction, payload []byte, times int, out *outcome) bool {
	out.via = "http"
	if problem := s.verifyEndpoint(ctx); problem != "" {
		out.problem = problem
		return false
	}
	for range times - 1 {
		again := context.WithoutCancel(ctx)
		s.work.Go(func() { _ = s.send(again, payload, s.signature(payload, s.opts.Clock())) })
	}
	answer := s.send(ctx, payload, s.signature(payload, s.opts.Clock()))
	out.status = answer.Status
	switch {
	case answer.Err != nil:
		out.problem = answer.Err.Error()
		return false
	case answer.Status == http.StatusAccepted:
		return true
	}
	if err := s.inline(i, answer.Status, answer.Body); err != nil {
		out.problem = err.Error()
		return false
	}
	return false
}

// Sign makes the signature that Discord puts on a callback:
// https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint-validating-security-request-headers.
func Sign(key ed25519.PrivateKey, timestamp string, body []byte) string {
	return hex.EncodeToString(ed25519.Sign(key, append([]byte(timestamp), body...)))
}

func (s *Sim) signature(body []byte, at time.Time) http.Header {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{
		"X-Signature-Timestamp": {timestamp},
		"X-Signature-Ed25519":   {Sign(s.key, timestamp, body)},
	}
}

func (s *Sim) send(ctx context.Context, body []byte, signature http.Header) standin.Answer {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.CallbackURL, bytes.NewReader(body))
	if err != nil {
		return standin.Answer{Err: fmt.Errorf("the callback address cannot be used: %w", err)}
	}
	for name, values := range signature {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Discord-Interactions/1.0 (+https://discord.com)")
	return s.courier.Send(ctx, answerDeadline, req)
}

// verifyEndpoint does once what Discord does when the address is entered: it must answer a ping, and refuse one whose
// signature is wrong.
func (s *Sim) verifyEndpoint(ctx context.Context) (problem string) {
	s.mu.RLock()
	verified := s.verified
	s.mu.RUnlock()
	if verified {
		return ""
	}
	if problem = s.Probe(ctx); problem == "" {
		s.mu.Lock()
		s.verified = true
		s.mu.Unlock()
	}
	return problem
}

// Probe sends the app a ping and a forged one, and says what is wrong with its answers; empty if nothing is.
func (s *Sim) Probe(ctx context.Context) string {
	s.mu.Lock()
	ping, err := json.Marshal(map[string]any{
		"id": s.newID(), "application_id": s.cfg.Application.ID, "type": kindPing, "token": s.newToken(), "version": 1,
		"user": wireUser(s.cfg.Users[0]),
	})
	s.mu.Unlock()
	if err != nil {
		return err.Error()
	}
	forged := s.signature(ping, s.opts.Clock())
	forged.Set("X-Signature-Ed25519", hex.EncodeToString(make([]byte, ed25519.SignatureSize)))
	if answer := s.send(ctx, ping, forged); answer.Status != http.StatusUnauthorized {
		return fmt.Sprintf("the specified interactions endpoint url could not be verified: it answered %d to a wrong signature, not 401", answer.Status)
	}
	answer := s.send(ctx, ping, s.signature(ping, s.opts.Clock()))
	var pong firstAnswer
	if answer.Status != http.StatusOK || json.Unmarshal(answer.Body, &pong) != nil || pong.Type != answerPong {
		return fmt.Sprintf("the specified interactions endpoint url could not be verified: it answered %d to a ping", answer.Status)
	}
	return ""
}
