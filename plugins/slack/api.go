package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	slackgo "github.com/slack-go/slack"
)

// metadataType marks our messages; the payload holds the delivery's key and nothing else, because every app and member
// of the conversation can read it.
const metadataType = "accede_delivery"

// api is the part of Slack that the plugin uses, without the client library's types. It retries nothing.
type api struct {
	client *slackgo.Client
	http   *http.Client
	base   string
}

func newAPI(c *Config, client *http.Client) *api {
	base := strings.TrimSuffix(c.APIURL.String(), "/") + "/"
	return &api{
		http: client, base: base,
		client: slackgo.New(c.BotToken.Reveal(), slackgo.OptionHTTPClient(client), slackgo.OptionAPIURL(base),
			slackgo.OptionAppLevelToken(c.AppToken.Reveal()), slackgo.OptionLog(silent{})),
	}
}

// silent keeps the client library from logging on its own.
type silent struct{}

// Output drops the line.
func (silent) Output(int, string) error { return nil }

// BlockType lets the client library carry our blocks.
func (b block) BlockType() slackgo.MessageBlockType { return slackgo.MessageBlockType(b.Type) }

// ID lets the client library carry our blocks.
func (b block) ID() string { return b.BlockID }

func carried(blocks []block) []slackgo.Block {
	out := make([]slackgo.Block, 0, len(blocks))
	for _, b := range blocks {
		out = append(out, b)
	}
	return out
}

func (m message) options() []slackgo.MsgOption {
	options := []slackgo.MsgOption{
		slackgo.MsgOptionText(m.text, false), slackgo.MsgOptionBlocks(carried(m.blocks)...),
		slackgo.MsgOptionDisableLinkUnfurl(), slackgo.MsgOptionDisableMediaUnfurl(),
	}
	if m.thread != "" {
		options = append(options, slackgo.MsgOptionTS(m.thread))
	}
	if m.key != "" {
		options = append(options, slackgo.MsgOptionMetadata(slackgo.SlackMetadata{
			EventType: metadataType, EventPayload: map[string]any{"key": m.key},
		}))
	}
	return options
}

var errNoTimestamp = errors.New("slack's answer names no message")

func (a *api) post(ctx context.Context, channel string, m message) (ref, error) {
	in, ts, err := a.client.PostMessageContext(ctx, channel, m.options()...)
	if err != nil {
		return ref{}, err
	}
	if in == "" || ts == "" {
		return ref{}, errNoTimestamp
	}
	return ref{channel: in, ts: ts}, nil
}

func (a *api) update(ctx context.Context, at ref, m message) error {
	_, _, _, err := a.client.UpdateMessageContext(ctx, at.channel, at.ts, m.options()...)
	return err
}

func (a *api) whisper(ctx context.Context, channel, user string, m message) error {
	_, err := a.client.PostEphemeralContext(ctx, channel, user, m.options()...)
	return err
}

// respond posts to a response_url, which needs no token. The error never holds the address, which is a credential.
func (a *api) respond(ctx context.Context, address string, m message) error {
	body, err := json.Marshal(map[string]any{
		"text": m.text, "blocks": m.blocks, "response_type": "ephemeral", "replace_original": false,
	})
	if err != nil {
		return fmt.Errorf("encoding answer: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return errors.New("response address is malformed")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	answer, err := a.http.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return slackgo.StatusCodeError{Code: answer.StatusCode, Status: answer.Status}
	}
	return nil
}

// self is what auth.test says about the bot token.
type self struct {
	team, enterprise, bot, user string
	scopes                      []string
}

func (a *api) authTest(ctx context.Context) (self, error) {
	got, err := a.client.AuthTestContext(ctx)
	if err != nil {
		return self{}, err
	}
	return self{
		team: got.TeamID, enterprise: got.EnterpriseID, bot: got.BotID, user: got.UserID,
		scopes: strings.FieldsFunc(got.Header.Get("X-OAuth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' }),
	}, nil
}

// openSocket asks for a Socket Mode address and lets it go unused.
func (a *api) openSocket(ctx context.Context) error {
	_, _, err := a.client.StartSocketModeContext(ctx)
	return err
}

// member is what Slack knows of an account.
type member struct {
	id, team, enterprise, name                  string
	deleted, bot, guest, stranger, unregistered bool
}

func newMember(u *slackgo.User) member {
	return member{
		id: u.ID, team: u.TeamID, enterprise: u.Enterprise.EnterpriseID, name: u.Name, deleted: u.Deleted,
		bot: u.IsBot || u.IsConnectorBot || u.IsWorkflowBot, guest: u.IsRestricted || u.IsUltraRestricted,
		stranger: u.IsStranger, unregistered: u.IsInvitedUser,
	}
}

func (a *api) memberByID(ctx context.Context, id string) (member, error) {
	u, err := a.client.GetUserInfoContext(ctx, id)
	if err != nil {
		return member{}, err
	}
	return newMember(u), nil
}

func (a *api) memberByEmail(ctx context.Context, email string) (member, error) {
	u, err := a.client.GetUserByEmailContext(ctx, email)
	if err != nil {
		return member{}, err
	}
	return newMember(u), nil
}

// openDirect returns the direct message with an account; it is the same each time.
func (a *api) openDirect(ctx context.Context, user string) (string, error) {
	channel, _, _, err := a.client.OpenConversationContext(ctx, &slackgo.OpenConversationParameters{Users: []string{user}})
	if err != nil {
		return "", err
	}
	if channel == nil || channel.ID == "" {
		return "", errors.New("slack's answer names no conversation")
	}
	return channel.ID, nil
}

// room is a channel as the bot sees it.
type room struct {
	id, name         string
	member, archived bool
}

func newRoom(c slackgo.Channel) room {
	return room{id: c.ID, name: c.Name, member: c.IsMember, archived: c.IsArchived}
}

func (a *api) room(ctx context.Context, id string) (room, error) {
	c, err := a.client.GetConversationInfoContext(ctx, &slackgo.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		return room{}, err
	}
	return newRoom(*c), nil
}

// rooms lists one page of channels of these types.
func (a *api) rooms(ctx context.Context, cursor string, types ...string) ([]room, string, error) {
	channels, next, err := a.client.GetConversationsContext(ctx, &slackgo.GetConversationsParameters{
		Cursor: cursor, Limit: pageSize, Types: types,
	})
	if err != nil {
		return nil, "", err
	}
	out := make([]room, 0, len(channels))
	for _, c := range channels {
		out = append(out, newRoom(c))
	}
	return out, next, nil
}

// posted is a message read back.
type posted struct{ ts, bot, key string }

func newPosted(messages []slackgo.Message) []posted {
	out := make([]posted, 0, len(messages))
	for i := range messages {
		m := &messages[i]
		found := posted{ts: m.Timestamp, bot: m.BotID}
		if m.Metadata.EventType == metadataType {
			found.key, _ = m.Metadata.EventPayload["key"].(string)
		}
		out = append(out, found)
	}
	return out
}

func (a *api) history(ctx context.Context, channel, oldest, latest, cursor string) ([]posted, string, error) {
	got, err := a.client.GetConversationHistoryContext(ctx, &slackgo.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: oldest, Latest: latest, Cursor: cursor, Limit: pageSize, Inclusive: true, IncludeAllMetadata: true,
	})
	if err != nil {
		return nil, "", err
	}
	return newPosted(got.Messages), got.ResponseMetaData.NextCursor, nil
}

func (a *api) replies(ctx context.Context, parent ref, oldest, cursor string) ([]posted, string, error) {
	got, _, next, err := a.client.GetConversationRepliesContext(ctx, &slackgo.GetConversationRepliesParameters{
		ChannelID: parent.channel, Timestamp: parent.ts, Oldest: oldest, Cursor: cursor, Limit: pageSize, Inclusive: true,
		IncludeAllMetadata: true,
	})
	if err != nil {
		return nil, "", err
	}
	return newPosted(got), next, nil
}

func (a *api) openView(ctx context.Context, trigger string, m modal) error {
	title, submit, closing := m.title, m.submit, m.cancel
	_, err := a.client.OpenViewContext(ctx, trigger, slackgo.ModalViewRequest{
		Type: slackgo.VTModal, CallbackID: m.callback, PrivateMetadata: m.private,
		Title: plainObject(title), Submit: plainObject(submit), Close: plainObject(closing),
		Blocks: slackgo.Blocks{BlockSet: carried(m.blocks)},
	})
	return err
}

func plainObject(text string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.PlainTextType, text, false, false)
}
