package teamssim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// answerDeadline is how long Teams waits for the answer to a button. Microsoft names none; others measured ten to fifteen
// seconds.
const answerDeadline = 10 * time.Second

// What the person who clicked gets to see when the app fails them.
const (
	shownNoAnswer    = "Something went wrong. Please try again. (The app did not answer in time.)"
	shownUnreachable = "Unable to reach app. Please try again."
	shownBad         = "Something went wrong. Please try again."
)

// wireAccount is an account in an activity.
type wireAccount struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	ObjectID string `json:"aadObjectId,omitempty"`
}

// wireActivity is an activity as the Bot Framework sends it.
type wireActivity struct {
	Type           string         `json:"type"`
	Name           string         `json:"name,omitempty"`
	ID             string         `json:"id"`
	Action         string         `json:"action,omitempty"`
	Timestamp      string         `json:"timestamp"`
	ChannelID      string         `json:"channelId"`
	ServiceURL     string         `json:"serviceUrl"`
	From           wireAccount    `json:"from"`
	Recipient      wireAccount    `json:"recipient"`
	Conversation   map[string]any `json:"conversation"`
	ReplyTo        string         `json:"replyToId,omitempty"`
	Text           string         `json:"text,omitempty"`
	MembersAdded   []wireAccount  `json:"membersAdded,omitempty"`
	MembersRemoved []wireAccount  `json:"membersRemoved,omitempty"`
	ChannelData    map[string]any `json:"channelData"`
	Value          any            `json:"value,omitempty"`
}

func (p *person) account() wireAccount {
	return wireAccount{ID: p.mri, Name: p.DisplayName, ObjectID: p.ID}
}

// activity is what the bot is told about a person in a room; m is the message it is about, nil for none.
func (s *Sim) activity(kind string, p *person, r *room, m *message) wireActivity {
	conversation := map[string]any{"id": r.id, "conversationType": string(r.kind), "tenantId": s.cfg.Tenant.ID}
	data := map[string]any{"tenant": map[string]string{"id": s.cfg.Tenant.ID}}
	if r.kind != kindPersonal {
		conversation["isGroup"] = true
	}
	if r.kind == kindChannel {
		data["channel"], data["team"] = map[string]string{"id": r.id}, map[string]string{"id": r.teamID}
	}
	a := wireActivity{
		Type: kind, ID: "f:" + s.randomText(32), Timestamp: s.now().UTC().Format(time.RFC3339Nano), ChannelID: "msteams",
		ServiceURL: s.serviceURL(), From: p.account(), Recipient: wireAccount{ID: s.botID(), Name: s.cfg.App.Name},
		Conversation: conversation, ChannelData: data,
	}
	if m != nil {
		conversation["id"], a.ReplyTo = r.conversationID(m), m.id
	}
	return a
}

// outcome is what came of handing one activity to the app.
type outcome struct {
	status  int
	body    []byte
	latency time.Duration
	problem string
}

// deliver gives an activity to the app, late or twice when the switches say so. An event that the app does not take is
// sent once more.
func (s *Sim) deliver(ctx context.Context, a wireActivity) outcome {
	ctx, cancel := standin.WhileOpen(ctx, s.ctx)
	defer cancel()
	body, err := json.Marshal(a)
	if err != nil || s.opts.CallbackURL == "" {
		return outcome{problem: shownUnreachable}
	}
	s.log.Remember(body)
	fate := s.faults.DrawDelivery()
	if !standin.Pause(ctx, fate.Late) {
		return outcome{problem: shownNoAnswer}
	}
	if fate.Twice {
		again := context.WithoutCancel(ctx)
		s.work.Go(func() { s.deliverOnce(again, body) })
	}
	defer s.answered.Add(1)
	out := s.deliverOnce(ctx, body)
	if a.Type != "invoke" && out.status >= http.StatusInternalServerError {
		return s.deliverOnce(ctx, body)
	}
	return out
}

func (s *Sim) deliverOnce(ctx context.Context, body []byte) outcome {
	current, _ := s.signers()
	token, err := current.token(s.pass())
	if err != nil {
		return outcome{problem: shownUnreachable}
	}
	return s.send1(ctx, body, token)
}

// send1 posts a body with a token, or without if it is empty.
func (s *Sim) send1(ctx context.Context, body []byte, token string) outcome {
	ctx, cancel := standin.WhileOpen(ctx, s.ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.CallbackURL, bytes.NewReader(body))
	if err != nil {
		return outcome{problem: shownUnreachable}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	answer := s.courier.Send(ctx, answerDeadline, req)
	out := outcome{status: answer.Status, body: answer.Body, latency: answer.Latency}
	switch {
	case errors.Is(answer.Err, standin.ErrNoAnswer):
		out.problem = shownNoAnswer
	case answer.Err != nil:
		out.problem = shownUnreachable
	case answer.Status < 200 || answer.Status > 299:
		out.problem = fmt.Sprintf("%s (The app answered with status %d.)", shownBad, answer.Status)
	}
	return out
}

// tellLater delivers an event in the background.
func (s *Sim) tellLater(a wireActivity) {
	s.work.Go(func() { s.deliver(s.ctx, a) })
}

// install adds the app for a person, or takes it away, and tells the bot. The lock must be held.
func (s *Sim) install(p *person, add bool) {
	p.Installed = add
	r := s.personal(p)
	a := s.activity("installationUpdate", p, r, nil)
	a.Action = "remove"
	if add {
		a.Action = "add"
		began := s.activity("conversationUpdate", p, r, nil)
		began.MembersAdded = []wireAccount{began.Recipient}
		s.tellLater(began)
	}
	s.tellLater(a)
	s.changes.Touch()
}

// Install adds the app for a person or takes it away, as they do in the app's details.
func (s *Sim) Install(name string, add bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.named(name)
	if p == nil {
		return refusedPerson
	}
	s.install(p, add)
	return nil
}

// Change changes a person's state, such as whether they have blocked the bot.
func (s *Sim) Change(name string, change func(*User)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.named(name)
	if p == nil {
		return refusedPerson
	}
	change(&p.User)
	return nil
}
