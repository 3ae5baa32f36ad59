package slack

import (
	"encoding/json"
	"errors"
	"fmt"

	v1 "github.com/accede/accede/api/v1"
)

// payload is what Slack sends when somebody uses a button or a form; only what the plugin needs is read.
// https://docs.slack.dev/reference/interaction-payloads
type payload struct {
	Type        string   `json:"type"`
	APIAppID    string   `json:"api_app_id"`
	TriggerID   string   `json:"trigger_id"`
	ResponseURL string   `json:"response_url"`
	Team        *tenant  `json:"team"`
	Enterprise  *tenant  `json:"enterprise"`
	User        account  `json:"user"`
	Container   place    `json:"container"`
	Channel     *tenant  `json:"channel"`
	Message     *source  `json:"message"`
	Actions     []action `json:"actions"`
	View        *form    `json:"view"`
}

type tenant struct {
	ID string `json:"id"`
}

type account struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	TeamID   string `json:"team_id"`
}

type place struct {
	MessageTS string `json:"message_ts"`
	ChannelID string `json:"channel_id"`
	ThreadTS  string `json:"thread_ts"`
}

type source struct {
	BotID string `json:"bot_id"`
}

type action struct {
	ActionID string `json:"action_id"`
	BlockID  string `json:"block_id"`
	Value    string `json:"value"`
	ActionTS string `json:"action_ts"`
}

type form struct {
	ID              string `json:"id"`
	CallbackID      string `json:"callback_id"`
	PrivateMetadata string `json:"private_metadata"`
	State           struct {
		Values map[string]map[string]struct {
			Value string `json:"value"`
		} `json:"values"`
	} `json:"state"`
}

// Types of payload that mean something here.
const (
	typePressed   = "block_actions"
	typeSubmitted = "view_submission"
)

var errNobody = errors.New("payload names no user")

func parsePayload(raw []byte) (payload, error) {
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		return payload{}, fmt.Errorf("parsing payload: %w", err)
	}
	if p.User.ID == "" {
		return payload{}, errNobody
	}
	return p, nil
}

// pressed returns the button of ours that was used, if it was one that decides.
func (p payload) pressed() (action, bool) {
	for _, a := range p.Actions {
		if a.ActionID == actionApprove || a.ActionID == actionDeny {
			return a, true
		}
	}
	return action{}, false
}

func (p payload) team() string {
	if p.Team == nil {
		return ""
	}
	return p.Team.ID
}

func (p payload) enterprise() string {
	if p.Enterprise == nil {
		return ""
	}
	return p.Enterprise.ID
}

func (p payload) userName() string {
	if p.User.Username != "" {
		return p.User.Username
	}
	return p.User.Name
}

// spot is where a click came from and how to answer it; it travels in the decision's evidence.
type spot struct {
	Channel     string `json:"channel"`
	MessageTS   string `json:"message_ts"`
	ThreadTS    string `json:"thread_ts,omitempty"`
	ResponseURL string `json:"response_url,omitempty"`
}

func (p payload) spot() spot {
	s := spot{
		Channel: p.Container.ChannelID, MessageTS: p.Container.MessageTS, ThreadTS: p.Container.ThreadTS,
		ResponseURL: p.ResponseURL,
	}
	if s.Channel == "" && p.Channel != nil {
		s.Channel = p.Channel.ID
	}
	return s
}

// Keys of the evidence.
const (
	evidenceChannel     = "channel"
	evidenceMessage     = "message_ts"
	evidenceThread      = "thread_ts"
	evidenceResponseURL = "response_url"
	evidenceApp         = "app_id"
	evidenceDoor        = "door"
)

func (s spot) evidence() map[string]string {
	out := map[string]string{evidenceChannel: s.Channel, evidenceMessage: s.MessageTS}
	if s.ThreadTS != "" {
		out[evidenceThread] = s.ThreadTS
	}
	if s.ResponseURL != "" {
		out[evidenceResponseURL] = s.ResponseURL
	}
	return out
}

func spotOf(d v1.Decision) spot {
	return spot{
		Channel: d.Evidence[evidenceChannel], MessageTS: d.Evidence[evidenceMessage], ThreadTS: d.Evidence[evidenceThread],
		ResponseURL: d.Evidence[evidenceResponseURL],
	}
}
