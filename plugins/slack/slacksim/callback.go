package slacksim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// ackDeadline is how long Slack waits: https://docs.slack.dev/interactivity/handling-user-interaction.
const ackDeadline = 3 * time.Second

// What the person who clicked gets to see when the app fails them.
const (
	shownNoAnswer     = "The app did not answer within 3 seconds."
	shownNotConnected = "The app is not connected."
	shownUnreachable  = "The app could not be reached."
)

// Sign is Slack's request signature, version 0: https://docs.slack.dev/authentication/verifying-requests-from-slack.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "v0:%s:", timestamp)
	_, _ = mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// outcome is what came of handing one payload to the app.
type outcome struct {
	via     string
	status  int
	body    json.RawMessage
	latency time.Duration
	problem string
	twice   bool
	// fields are the app's words beside the inputs of a modal.
	fields map[string]string
}

// handOver gives a payload to the app, over HTTP when there is a callback address and over a socket otherwise, late or
// twice when the switches say so.
func (s *Sim) handOver(ctx context.Context, payload []byte) outcome {
	ctx, cancel := standin.WhileOpen(ctx, s.ctx)
	defer cancel()
	fate := s.faults.DrawDelivery()
	if !standin.Pause(ctx, fate.Late) {
		return outcome{problem: shownNoAnswer}
	}
	s.log.Remember(payload)
	first := make(chan outcome, 1)
	s.work.Go(func() { first <- s.handOverOnce(ctx, payload) })
	if fate.Twice {
		again := context.WithoutCancel(ctx)
		s.work.Go(func() { s.handOverOnce(again, payload) })
	}
	out := <-first
	out.twice = fate.Twice
	return out
}

func (s *Sim) handOverOnce(ctx context.Context, payload []byte) outcome {
	if s.opts.CallbackURL != "" {
		body := formBody(payload)
		return s.postSigned(ctx, body, s.signature(body, s.opts.Clock()))
	}
	ctx, cancel := context.WithTimeout(ctx, ackDeadline)
	defer cancel()
	started := time.Now()
	ack, problem := s.sockets.deliver(ctx, payload)
	return outcome{via: "socket", body: ack, latency: time.Since(started), problem: problem}
}

func formBody(payload []byte) []byte {
	return []byte(url.Values{"payload": {string(payload)}}.Encode())
}

func (s *Sim) signature(body []byte, at time.Time) http.Header {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{
		"X-Slack-Request-Timestamp": {timestamp},
		"X-Slack-Signature":         {Sign(s.cfg.SigningSecret, timestamp, body)},
	}
}

func (s *Sim) postSigned(ctx context.Context, body []byte, signature http.Header) outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.CallbackURL, bytes.NewReader(body))
	if err != nil {
		return outcome{via: "http", problem: shownUnreachable}
	}
	for name, values := range signature {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	answer := s.courier.Send(ctx, ackDeadline, req)
	return outcome{
		via: "http", status: answer.Status, body: answer.Body, latency: answer.Latency, problem: shown(answer),
	}
}

func shown(answer standin.Answer) string {
	switch {
	case errors.Is(answer.Err, standin.ErrNoAnswer):
		return shownNoAnswer
	case answer.Err != nil:
		return shownUnreachable
	case answer.Status != http.StatusOK:
		return fmt.Sprintf("The app answered with status %d.", answer.Status)
	default:
		return ""
	}
}
