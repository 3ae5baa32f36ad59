package mattermost

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mattermost/mattermost-server/v6/model"
)

// press is what Mattermost sends when somebody uses a button; only what the plugin needs is read.
// https://developers.mattermost.com/integrate/plugins/interactive-messages/
type press struct {
	UserID    string         `json:"user_id"`
	UserName  string         `json:"user_name"`
	ChannelID string         `json:"channel_id"`
	TeamID    string         `json:"team_id"`
	PostID    string         `json:"post_id"`
	TriggerID string         `json:"trigger_id"`
	Context   map[string]any `json:"context"`
}

func (p press) text(key string) string {
	text, _ := p.Context[key].(string) // whatever else it is counts as nothing
	return text
}

var errNobody = errors.New("the callback names no account or no post")

func parsePress(raw []byte) (press, error) {
	var p press
	if err := json.Unmarshal(raw, &p); err != nil {
		return press{}, fmt.Errorf("parsing callback: %w", err)
	}
	if !model.IsValidId(p.UserID) || !model.IsValidId(p.ChannelID) || !model.IsValidId(p.PostID) {
		return press{}, errNobody
	}
	return p, nil
}

// submission is what Mattermost sends when somebody sends off a dialog. All of it but the account comes from that
// person's own client.
// https://developers.mattermost.com/integrate/plugins/interactive-dialogs/
type submission struct {
	Type       string         `json:"type"`
	CallbackID string         `json:"callback_id"`
	State      string         `json:"state"`
	UserID     string         `json:"user_id"`
	Submission map[string]any `json:"submission"`
	Cancelled  bool           `json:"cancelled"`
}

func (s submission) text(key string) string {
	text, _ := s.Submission[key].(string) // whatever else it is counts as nothing
	return text
}

func parseSubmission(raw []byte) (submission, error) {
	var s submission
	if err := json.Unmarshal(raw, &s); err != nil {
		return submission{}, fmt.Errorf("parsing dialog: %w", err)
	}
	if !model.IsValidId(s.UserID) {
		return submission{}, errNobody
	}
	return s, nil
}

// spot is where a click came from; it travels in the decision's evidence.
type spot struct {
	Channel string `json:"channel"`
	Post    string `json:"post"`
	// Click is what the server calls the click; unique.
	Click string `json:"click"`
}

// Keys of the evidence.
const (
	evidenceChannel = "channel"
	evidencePost    = "post"
	evidenceClick   = "click"
	evidenceSigned  = "signed_by_server"
)
