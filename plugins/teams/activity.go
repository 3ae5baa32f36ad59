package teams

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kinds of activity and names of invokes that the plugin knows:
// https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference#activity-object.
const (
	typeInvoke       = "invoke"
	typeMessage      = "message"
	typeInstallation = "installationUpdate"
	typeConversation = "conversationUpdate"

	invokeCard = "adaptiveCard/action"
)

// account is a person or a bot in a conversation.
type account struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	ObjectID string `json:"aadObjectId,omitempty"`
}

type idOnly struct {
	ID string `json:"id"`
}

// channelData is what Teams adds to an activity.
type channelData struct {
	Tenant  *idOnly `json:"tenant,omitempty"`
	Channel *idOnly `json:"channel,omitempty"`
	Team    *idOnly `json:"team,omitempty"`
}

// activity is what Teams tells the bot.
type activity struct {
	Type         string  `json:"type"`
	Name         string  `json:"name"`
	ID           string  `json:"id"`
	Action       string  `json:"action"`
	ChannelID    string  `json:"channelId"`
	ServiceURL   string  `json:"serviceUrl"`
	From         account `json:"from"`
	Recipient    account `json:"recipient"`
	Conversation struct {
		ID     string `json:"id"`
		Type   string `json:"conversationType"`
		Tenant string `json:"tenantId"`
	} `json:"conversation"`
	ReplyTo        string          `json:"replyToId"`
	Text           string          `json:"text"`
	MembersAdded   []account       `json:"membersAdded"`
	MembersRemoved []account       `json:"membersRemoved"`
	ChannelData    channelData     `json:"channelData"`
	Value          json.RawMessage `json:"value"`
}

func parseActivity(body []byte) (activity, error) {
	var a activity
	if err := json.Unmarshal(body, &a); err != nil {
		return activity{}, fmt.Errorf("reading activity: %w", err)
	}
	if a.Type == "" || a.Conversation.ID == "" || a.ServiceURL == "" {
		return activity{}, errors.New("reading activity: it has no type, conversation or service address")
	}
	return a, nil
}

// tenant is the directory that the activity comes from; empty if the activity contradicts itself.
func (a activity) tenant() string {
	said := a.Conversation.Tenant
	if t := a.ChannelData.Tenant; t != nil {
		if said != "" && !strings.EqualFold(said, t.ID) {
			return ""
		}
		said = t.ID
	}
	return strings.ToLower(said)
}

// personal says that the conversation is the bot's own with one person.
func (a activity) personal() bool { return a.Conversation.Type == "personal" }

// hasValue says that a message comes from a button.
func (a activity) hasValue() bool { return len(a.Value) > 0 && string(a.Value) != "null" }

// removesBot says that the app was taken out of the conversation.
func (a activity) removesBot() bool {
	return a.Action == "remove" || slices.ContainsFunc(a.MembersRemoved, func(gone account) bool { return gone.ID == a.Recipient.ID })
}

// service is the address to answer to.
func (a activity) service() string { return strings.TrimSuffix(a.ServiceURL, "/") }

// room is the conversation without the thread in it.
func (a activity) room() string { return roomOf(a.Conversation.ID) }

func roomOf(conversation string) string {
	room, _, _ := strings.Cut(conversation, ";")
	return room
}

// verb is what a button asks for.
type verb string

// The verbs.
const (
	verbApprove verb = "approve"
	verbDeny    verb = "deny"
	// verbConfirm denies with the reason that the form asked for.
	verbConfirm verb = "confirm"
	// verbShow asks for the card as it is now.
	verbShow verb = "show"
)

// press is a click on a button of a card.
type press struct {
	Verb verb
	pressData
}

// pressData is what our buttons carry, with what the person wrote.
type pressData struct {
	Seal   string `json:"accede"`
	Key    string `json:"key"`
	Verb   string `json:"verb"`
	Reason string `json:"reason"`
	Mute   bool   `json:"mute"`
}

// parsePress reads a click: the value of an invoke, or that of a message for clients that know Action.Submit only.
func parsePress(a activity) (press, error) {
	if a.Type == typeMessage {
		var data pressData
		if err := json.Unmarshal(a.Value, &data); err != nil {
			return press{}, fmt.Errorf("reading click: %w", err)
		}
		return press{Verb: verb(data.Verb), pressData: data}, nil
	}
	var value struct {
		Action struct {
			Type string    `json:"type"`
			Verb verb      `json:"verb"`
			Data pressData `json:"data"`
		} `json:"action"`
	}
	if err := json.Unmarshal(a.Value, &value); err != nil {
		return press{}, fmt.Errorf("reading click: %w", err)
	}
	if value.Action.Type != "Action.Execute" {
		return press{}, fmt.Errorf("reading click: it is an %.64q", value.Action.Type)
	}
	return press{Verb: value.Action.Verb, pressData: value.Action.Data}, nil
}
