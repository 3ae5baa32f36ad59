package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Slack drives the sandbox's Slack as its people would, and looks at what they would see.
type Slack struct {
	// Base is the address of the stand-in.
	Base string
}

// SlackSim returns the Slack of the stack's sandbox.
func (s *Stack) SlackSim() Slack { return Slack{Base: s.SandboxURL + "/slack"} }

// Message is what people see of a message.
type Message struct {
	Channel  string          `json:"channel"`
	TS       string          `json:"ts"`
	ThreadTS string          `json:"thread_ts"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks"`
	Key      string          `json:"key"`
	Deleted  bool            `json:"deleted"`
	Updates  int             `json:"updates"`
	OnlyFor  string          `json:"only_for"`
}

// IsReply says whether the message stands in a thread below another one.
func (m Message) IsReply() bool { return m.ThreadTS != "" && m.ThreadTS != m.TS }

// Buttons returns the action ids and values of the message's buttons.
func (m Message) Buttons() map[string]string {
	var blocks []struct {
		Elements []struct {
			Type     string `json:"type"`
			ActionID string `json:"action_id"`
			Value    string `json:"value"`
			URL      string `json:"url"`
		} `json:"elements"`
	}
	_ = json.Unmarshal(m.Blocks, &blocks)
	buttons := map[string]string{}
	for _, block := range blocks {
		for _, element := range block.Elements {
			if element.Type == "button" && element.URL == "" {
				buttons[element.ActionID] = element.Value
			}
		}
	}
	return buttons
}

// Shows says whether the message shows a text, in its fallback or its blocks.
func (m Message) Shows(text string) bool {
	encoded, _ := json.Marshal(text)
	return strings.Contains(m.Text, text) || bytes.Contains(m.Blocks, bytes.Trim(encoded, `"`))
}

// ClickResult says what came of a click.
type ClickResult struct {
	OK         bool   `json:"ok"`
	Status     int    `json:"status"`
	ShownError string `json:"shown_error"`
	ViewID     string `json:"view_id"`
}

// Messages lists what is in a channel, everything if it is empty.
func (s Slack) Messages(ctx context.Context, channel string) ([]Message, error) {
	var answer struct {
		Messages []Message `json:"messages"`
	}
	err := s.get(ctx, "/sandbox/messages?channel="+url.QueryEscape(channel), &answer)
	return answer.Messages, err
}

// Private lists what only one person sees.
func (s Slack) Private(ctx context.Context, user string) ([]Message, error) {
	var answer struct {
		Messages []Message `json:"messages"`
	}
	err := s.get(ctx, "/sandbox/ephemerals?user="+url.QueryEscape(user), &answer)
	return answer.Messages, err
}

// Stats counts what the stand-in accepted, by delivery key.
type Stats struct {
	Accepted int `json:"accepted"`
	Keys     map[string]struct {
		Accepted int `json:"accepted"`
		Live     int `json:"live"`
	} `json:"keys"`
}

// Stats returns the counts.
func (s Slack) Stats(ctx context.Context) (Stats, error) {
	var stats Stats
	err := s.get(ctx, "/sandbox/stats", &stats)
	return stats, err
}

// Click presses a button as a person.
func (s Slack) Click(ctx context.Context, user string, message Message, action string) (ClickResult, error) {
	var result ClickResult
	ask := map[string]string{"user": user, "channel": message.Channel, "ts": message.TS, "action_id": action}
	return result, s.post(ctx, "/sandbox/click", ask, &result)
}

// Forge sends a callback that Slack would not have sent.
func (s Slack) Forge(ctx context.Context, kind string) (ClickResult, error) {
	var result ClickResult
	return result, s.post(ctx, "/sandbox/forge", map[string]string{"kind": kind}, &result)
}

// Faults makes the stand-in misbehave; the keys are its switches.
func (s Slack) Faults(ctx context.Context, faults map[string]any) error {
	return send(ctx, http.MethodPut, s.Base+"/sandbox/faults", faults, nil)
}

// Await waits until a message in the channel satisfies a condition and returns it.
func (s Slack) Await(ctx context.Context, channel, what string, is func(Message) bool) (Message, error) {
	return await(ctx, what, func() ([]Message, error) { return s.Messages(ctx, channel) }, shownAnd(is))
}

// AwaitPrivate waits until a person privately sees a message that satisfies a condition.
func (s Slack) AwaitPrivate(ctx context.Context, user, what string, is func(Message) bool) (Message, error) {
	return await(ctx, what, func() ([]Message, error) { return s.Private(ctx, user) }, shownAnd(is))
}

func shownAnd(is func(Message) bool) func(Message) bool {
	return func(m Message) bool { return !m.Deleted && is(m) }
}

func (s Slack) get(ctx context.Context, path string, into any) error {
	return send(ctx, http.MethodGet, s.Base+path, nil, into)
}

func (s Slack) post(ctx context.Context, path string, ask, into any) error {
	return send(ctx, http.MethodPost, s.Base+path, ask, into)
}
