package slacksim

import (
	"fmt"
)

// wireTeam, wireUser and wireChannel are the short forms that interaction payloads carry.
type wireTeam struct {
	ID     string `json:"id"`
	Domain string `json:"domain"`
}

type wireUser struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	TeamID   string `json:"team_id"`
}

type wireChannel struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type wireContainer struct {
	Type        string `json:"type"`
	MessageTS   string `json:"message_ts"`
	ChannelID   string `json:"channel_id"`
	ThreadTS    string `json:"thread_ts,omitempty"`
	IsEphemeral bool   `json:"is_ephemeral"`
	IsAppUnfurl bool   `json:"is_app_unfurl"`
}

type wireAction struct {
	Type     string      `json:"type"`
	ActionID string      `json:"action_id"`
	BlockID  string      `json:"block_id"`
	Text     *textObject `json:"text,omitempty"`
	Value    string      `json:"value,omitempty"`
	URL      string      `json:"url,omitempty"`
	Style    string      `json:"style,omitempty"`
	ActionTS string      `json:"action_ts"`
}

// blockActions is what Slack sends for a click: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload.
type blockActions struct {
	Type                string        `json:"type"`
	User                wireUser      `json:"user"`
	APIAppID            string        `json:"api_app_id"`
	Token               string        `json:"token"`
	Container           wireContainer `json:"container"`
	TriggerID           string        `json:"trigger_id"`
	Team                wireTeam      `json:"team"`
	Enterprise          *struct{}     `json:"enterprise"`
	IsEnterpriseInstall bool          `json:"is_enterprise_install"`
	Channel             wireChannel   `json:"channel"`
	Message             *wireMessage  `json:"message,omitempty"`
	State               viewState     `json:"state"`
	ResponseURL         string        `json:"response_url"`
	Actions             []wireAction  `json:"actions"`
}

// viewEvent is view_submission or view_closed: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload.
type viewEvent struct {
	Type                string     `json:"type"`
	Team                wireTeam   `json:"team"`
	User                wireUser   `json:"user"`
	APIAppID            string     `json:"api_app_id"`
	Token               string     `json:"token"`
	TriggerID           string     `json:"trigger_id,omitempty"`
	View                wireView   `json:"view"`
	ResponseURLs        []struct{} `json:"response_urls,omitempty"`
	IsCleared           *bool      `json:"is_cleared,omitempty"`
	IsEnterpriseInstall bool       `json:"is_enterprise_install"`
	Enterprise          *struct{}  `json:"enterprise"`
}

// legacyToken is the old verification token, which apps must ignore.
const legacyToken = "legacy-verification-token"

func (s *Sim) wireTeam() wireTeam {
	return wireTeam{ID: s.cfg.Workspace.ID, Domain: s.cfg.Workspace.Domain}
}

func wireUserOf(u User) wireUser {
	return wireUser{ID: u.ID, Username: u.Name, Name: u.Name, TeamID: u.TeamID}
}

func (c *channel) wire() wireChannel {
	switch c.kind {
	case directMessage:
		return wireChannel{ID: c.id, Name: "directmessage"}
	case privateChannel, groupMessage:
		return wireChannel{ID: c.id, Name: "privategroup"}
	default:
		return wireChannel{ID: c.id, Name: c.name}
	}
}

// newTrigger hands out a trigger id that the person's next view may be opened with.
func (s *Sim) newTrigger(user string) string {
	id := fmt.Sprintf("%d.%d.%016x", s.opts.Clock().UnixMilli(), s.dice.Uint64()%1e10, s.dice.Uint64())
	s.triggers.add(id, user)
	return id
}
