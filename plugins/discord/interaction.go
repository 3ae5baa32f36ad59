package discord

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	v1 "github.com/accede/accede/api/v1"
)

// interaction is what Discord sends when somebody uses a button or a form; only what the plugin needs is read.
// https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object
type interaction struct {
	ID            string `json:"id"`
	ApplicationID string `json:"application_id"`
	Type          int    `json:"type"`
	Token         string `json:"token"`
	GuildID       string `json:"guild_id"`
	ChannelID     string `json:"channel_id"`
	// Member is set in a server, User in a direct message.
	Member  *member  `json:"member"`
	User    *account `json:"user"`
	Message *struct {
		ID        string `json:"id"`
		ChannelID string `json:"channel_id"`
	} `json:"message"`
	Data struct {
		CustomID   string      `json:"custom_id"`
		Components []formInput `json:"components"`
	} `json:"data"`
}

// formInput is an input of a form, or the row or label around one.
type formInput struct {
	CustomID   string      `json:"custom_id"`
	Value      string      `json:"value"`
	Components []formInput `json:"components"`
	Component  *formInput  `json:"component"`
}

// Types of interaction that mean something here.
const (
	typePing      = 1
	typePressed   = 3
	typeSubmitted = 5
)

var (
	errNobody = errors.New("interaction names no account")
	errNoID   = errors.New("interaction has no proper id or token")
	// tokenForm keeps what goes into an address from leading elsewhere.
	tokenForm = regexp.MustCompile(`^[A-Za-z0-9._~=+:-]{1,1000}$`)
)

func parseInteraction(raw []byte) (interaction, error) {
	var i interaction
	if err := json.Unmarshal(raw, &i); err != nil {
		return interaction{}, fmt.Errorf("parsing interaction: %w", err)
	}
	switch {
	case i.Type == typePing:
		return i, nil
	case !snowflake.MatchString(i.ID) || !snowflake.MatchString(i.ApplicationID) || !tokenForm.MatchString(i.Token):
		return interaction{}, errNoID
	case !snowflake.MatchString(i.by().ID):
		return interaction{}, errNobody
	}
	return i, nil
}

// by is who clicked.
func (i interaction) by() account {
	switch {
	case i.Member != nil:
		return i.Member.User
	case i.User != nil:
		return *i.User
	default:
		return account{}
	}
}

func (i interaction) userName() string {
	by := i.by()
	if by.GlobalName != "" && by.GlobalName != by.Username {
		return by.GlobalName + " (" + by.Username + ")"
	}
	return by.Username
}

// written is what was typed into the input of that name.
func (i interaction) written(customID string) string {
	text, _ := find(i.Data.Components, customID, maxDepth)
	return text
}

// maxDepth is how deep a form's parts are looked into: a row or label, and the input in it.
const maxDepth = 3

func find(parts []formInput, customID string, depth int) (string, bool) {
	if depth == 0 {
		return "", false
	}
	for _, part := range parts {
		if part.CustomID == customID {
			return part.Value, true
		}
		inside := part.Components
		if part.Component != nil {
			inside = append(inside[:len(inside):len(inside)], *part.Component)
		}
		if text, ok := find(inside, customID, depth-1); ok {
			return text, true
		}
	}
	return "", false
}

// Keys of the evidence. The token answers privately for fifteen minutes, and opens nothing else.
const (
	evidenceInteraction = "interaction_id"
	evidenceToken       = "interaction_token"
	evidenceGuild       = "guild_id"
	evidenceChannel     = "channel_id"
	evidenceMessage     = "message_id"
	evidenceDoor        = "door"
)

func (i interaction) evidence() map[string]string {
	out := map[string]string{evidenceInteraction: i.ID, evidenceToken: i.Token, evidenceChannel: i.ChannelID}
	if i.GuildID != "" {
		out[evidenceGuild] = i.GuildID
	}
	if i.Message != nil {
		out[evidenceMessage] = i.Message.ID
	}
	return out
}

// spot is where an answer to a decision goes.
type spot struct{ interaction, token string }

func spotOf(d v1.Decision) spot {
	s := spot{interaction: d.Evidence[evidenceInteraction], token: d.Evidence[evidenceToken]}
	if !tokenForm.MatchString(s.token) {
		s.token = ""
	}
	return s
}
