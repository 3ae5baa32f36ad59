package slacksim

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// Click is a person pressing a button of a message.
type Click struct {
	// User is an id or a name.
	User    string `json:"user"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	// ActionID names the button.
	ActionID string `json:"action_id"`
	// Value, when set, replaces the button's own value, which an honest client cannot do.
	Value *string `json:"value,omitempty"`
}

// Result says what came of handing something to the app, and what the person was shown.
type Result struct {
	ID   int    `json:"id"`
	Kind string `json:"kind"`
	User string `json:"user"`
	// Via is http or socket.
	Via string `json:"via"`
	// OK means the app acknowledged in time.
	OK bool `json:"ok"`
	// Status is that of the HTTP answer, 0 over a socket or without an answer.
	Status    int     `json:"status,omitempty"`
	LatencyMS float64 `json:"latency_ms"`
	// ShownError is what the person sees when the app failed them.
	ShownError string `json:"shown_error,omitempty"`
	// FieldErrors are shown beside the inputs of a modal, by block id.
	FieldErrors map[string]string `json:"field_errors,omitempty"`
	// Answer is what the app sent back.
	Answer    string `json:"answer,omitempty"`
	TriggerID string `json:"trigger_id,omitempty"`
	// ViewID is the modal that the person has open now.
	ViewID string `json:"view_id,omitempty"`
	Twice  bool   `json:"twice,omitempty"`
}

// target is what a click hits.
type target struct {
	user    User
	channel *channel
	message *message
	payload blockActions
}

// Click presses a button as a person and waits until the app acknowledged or 3 seconds have passed. The error says why
// that person could not have pressed it.
func (s *Sim) Click(ctx context.Context, c Click) (Result, error) {
	t, err := s.aim(c)
	if err != nil {
		return Result{}, err
	}
	t.payload.TriggerID = s.newTrigger(t.user.ID)
	payload, err := json.Marshal(t.payload)
	if err != nil {
		return Result{}, fmt.Errorf("encoding the click: %w", err)
	}
	return s.finish("block_actions", t.user, t.payload.TriggerID, s.handOver(ctx, payload)), nil
}

func (s *Sim) finish(kind string, u User, triggerID string, out outcome) Result {
	r := Result{
		Kind: kind, User: u.ID, Via: out.via, OK: out.problem == "", Status: out.status,
		LatencyMS: float64(out.latency.Microseconds()) / 1000, ShownError: out.problem, Answer: string(out.body),
		FieldErrors: out.fields, TriggerID: triggerID, ViewID: s.openView(u.ID), Twice: out.twice,
	}
	s.changes.Touch()
	return s.log.Add(func(id int) Result {
		r.ID = id
		return r
	})
}

func (s *Sim) openView(user string) string {
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	if v := s.views.top(user); v != nil {
		return v.id
	}
	return ""
}

func (s *Sim) aim(c Click) (*target, error) {
	u, known := s.userNamed(c.User)
	if !known {
		return nil, standin.Refuse("there is nobody called %q", c.User)
	}
	ch := s.channelByID(c.Channel)
	if ch == nil || !ch.hasMember(u.ID) {
		return nil, standin.Refuse("%s is not in a channel %q", u.Name, c.Channel)
	}
	t := &target{user: u, channel: ch}
	ch.mu.RLock()
	defer ch.mu.RUnlock()
	if t.message = ch.live(c.TS); t.message == nil {
		t.message = ch.liveEphemeral(c.TS, u.ID)
	}
	if t.message == nil {
		return nil, standin.Refuse("%s sees no message %q in %s", u.Name, c.TS, ch.id)
	}
	b, e := t.message.layout.find(c.ActionID)
	if e == nil || e.Type != "button" {
		return nil, standin.Refuse("message %s has no button %q (any more)", c.TS, c.ActionID)
	}
	t.payload = s.describeClick(t, b, e, c.Value)
	return t, nil
}

// describeClick makes the payload. The channel's lock must be held.
func (s *Sim) describeClick(t *target, b *block, e *element, value *string) blockActions {
	m := t.message
	out := blockActions{
		Type: "block_actions", User: wireUserOf(t.user), APIAppID: s.cfg.App.ID, Token: legacyToken, Team: s.wireTeam(),
		Container: wireContainer{
			Type: "message", MessageTS: m.ts, ChannelID: t.channel.id, IsEphemeral: m.onlyFor != "",
		},
		Channel: t.channel.wire(), State: viewState{Values: map[string]map[string]viewValue{}},
		Actions: []wireAction{{
			Type: e.Type, ActionID: e.ActionID, BlockID: b.ID, Text: e.Text, Value: e.Value, URL: e.URL, Style: e.style(),
			ActionTS: formatTS(s.opts.Clock().UnixMicro()),
		}},
	}
	if value != nil {
		out.Actions[0].Value = *value
	}
	if m.onlyFor == "" {
		w := s.wire(m, true)
		out.Message, out.Container.ThreadTS = &w, w.ThreadTS
	}
	out.ResponseURL = s.newResponseURL(t)
	return out
}

func (s *Sim) newResponseURL(t *target) string {
	id, secret := fmt.Sprint(s.dice.Uint64()%1e13), s.randomID("")+s.randomID("")
	s.links.add(id, &responseLink{secret: secret, channel: t.channel, source: t.message, user: t.user.ID})
	return strings.Join([]string{s.external(), "actions", s.cfg.Workspace.ID, id, secret}, "/")
}
