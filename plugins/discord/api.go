package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/bwmarrin/discordgo"

	"github.com/accede/accede/internal/secret"
)

// userAgent has the form that Discord asks for: https://discord.com/developers/docs/reference#user-agent.
const userAgent = "DiscordBot (https://github.com/accede/accede, 1)"

// api is the part of Discord that the plugin uses, without the client library's types. It retries nothing and waits for
// nothing.
type api struct {
	session *discordgo.Session
	token   string
	// secure says that Discord is reached over TLS, so that the Gateway has to be as well.
	secure bool
}

func newAPI(token secret.String, base *url.URL, client *http.Client) (*api, error) {
	session, err := discordgo.New("Bot " + token.Reveal())
	if err != nil {
		return nil, fmt.Errorf("preparing discord's client library: %w", err)
	}
	led := *client
	led.Transport = newTransport(base, client.Transport)
	session.Client, session.UserAgent = &led, userAgent
	session.MaxRestRetries, session.ShouldRetryOnRateLimit = 0, false
	session.LogLevel = -1 // it would write to the process's own log
	return &api{session: session, token: token.Reveal(), secure: base.Scheme == "https"}, nil
}

var errUnreadable = errors.New("discord's answer cannot be read")

// call makes one request. Path is relative to the API's address.
func (a *api) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encoding request: %w", err)
		}
		body = encoded
	}
	// A bucket of its own keeps the client library from waiting; limits.go knows the real ones.
	free := discordgo.NewRatelimiter().LockBucket(path)
	answer, err := a.session.RequestWithLockedBucket(method, discordgo.EndpointAPI+path, "application/json", body, free, 0,
		discordgo.WithContext(ctx))
	if err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return nil
}

// creation is a message with what the client library does not know: Discord creates one message per author and nonce
// within a few minutes, see https://discord.com/developers/docs/resources/message#create-message.
type creation struct {
	*discordgo.MessageSend
	Nonce        string `json:"nonce"`
	EnforceNonce bool   `json:"enforce_nonce"`
}

func channelPath(channel string) string { return "channels/" + url.PathEscape(channel) }

func (a *api) post(ctx context.Context, channel, mark string, m message) (id string, err error) {
	var created thing
	err = a.call(ctx, http.MethodPost, channelPath(channel)+"/messages",
		creation{MessageSend: m.send(channel), Nonce: mark, EnforceNonce: true}, &created)
	if err == nil && created.ID == "" {
		err = errUnreadable
	}
	return created.ID, err
}

func (a *api) edit(ctx context.Context, channel, id string, m message) error {
	return a.call(ctx, http.MethodPatch, channelPath(channel)+"/messages/"+url.PathEscape(id), m.edit(), nil)
}

// openDirect returns the direct message with an account; it is the same each time.
func (a *api) openDirect(ctx context.Context, user string) (string, error) {
	var opened thing
	err := a.call(ctx, http.MethodPost, "users/@me/channels", map[string]string{"recipient_id": user}, &opened)
	if err == nil && opened.ID == "" {
		err = errUnreadable
	}
	return opened.ID, err
}

// respond answers an interaction for the first time, for which the interaction's token suffices.
func (a *api) respond(ctx context.Context, id, token string, response *discordgo.InteractionResponse) error {
	return a.call(ctx, http.MethodPost, "interactions/"+url.PathEscape(id)+"/"+url.PathEscape(token)+"/callback", response, nil)
}

// whisper adds a message to an answered interaction that only the person who clicked sees.
func (a *api) whisper(ctx context.Context, application, token string, m message) error {
	return a.call(ctx, http.MethodPost, "webhooks/"+url.PathEscape(application)+"/"+url.PathEscape(token), m.whisper(), nil)
}

// thing is whatever has an id.
type thing struct {
	ID string `json:"id"`
}

// application is what Discord knows of the bot token's application.
type application struct {
	ID        string `json:"id"`
	VerifyKey string `json:"verify_key"`
	// EndpointURL is where clicks are posted; while it is set, the Gateway does not carry them.
	EndpointURL string `json:"interactions_endpoint_url"`
}

func (a *api) application(ctx context.Context) (application, error) {
	var got application
	err := a.call(ctx, http.MethodGet, "applications/@me", nil, &got)
	return got, err
}

// account is a person or a bot.
type account struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	GlobalName string `json:"global_name"`
	Bot        bool   `json:"bot"`
	System     bool   `json:"system"`
}

func (a *api) self(ctx context.Context) (account, error) {
	var got account
	err := a.call(ctx, http.MethodGet, "users/@me", nil, &got)
	return got, err
}

// room is a channel or thread.
type room struct {
	ID         string      `json:"id"`
	Type       int         `json:"type"`
	Name       string      `json:"name"`
	GuildID    string      `json:"guild_id"`
	ParentID   string      `json:"parent_id"`
	Overwrites []overwrite `json:"permission_overwrites"`
}

func (a *api) room(ctx context.Context, id string) (room, error) {
	var got room
	err := a.call(ctx, http.MethodGet, channelPath(id), nil, &got)
	return got, err
}

// server is a guild.
type server struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	OwnerID string `json:"owner_id"`
	Roles   []role `json:"roles"`
}

// maxServers is how many servers one request lists: https://discord.com/developers/docs/resources/user#get-current-user-guilds.
const maxServers = 200

// servers lists the bot's servers after the one named.
func (a *api) servers(ctx context.Context, after string) ([]server, error) {
	var got []server
	query := url.Values{"limit": {strconv.Itoa(maxServers)}}
	if after != "" {
		query.Set("after", after)
	}
	err := a.call(ctx, http.MethodGet, "users/@me/guilds?"+query.Encode(), nil, &got)
	return got, err
}

func (a *api) server(ctx context.Context, id string) (server, error) {
	var got server
	err := a.call(ctx, http.MethodGet, "guilds/"+url.PathEscape(id), nil, &got)
	return got, err
}

func (a *api) rooms(ctx context.Context, guild string) ([]room, error) {
	var got []room
	err := a.call(ctx, http.MethodGet, "guilds/"+url.PathEscape(guild)+"/channels", nil, &got)
	return got, err
}

// member is an account in a server.
type member struct {
	User  account  `json:"user"`
	Roles []string `json:"roles"`
}

func (a *api) member(ctx context.Context, guild, user string) (member, error) {
	var got member
	err := a.call(ctx, http.MethodGet, "guilds/"+url.PathEscape(guild)+"/members/"+url.PathEscape(user), nil, &got)
	return got, err
}

// posted is a message read back.
type posted struct {
	ID         string  `json:"id"`
	Author     account `json:"author"`
	Components []struct {
		Components []struct {
			CustomID string `json:"custom_id"`
		} `json:"components"`
	} `json:"components"`
}

// mark returns the mark that the message carries, empty if it has none.
func (p posted) mark() string {
	for _, row := range p.Components {
		for _, component := range row.Components {
			if mark := markIn(component.CustomID); mark != "" {
				return mark
			}
		}
	}
	return ""
}

// messages returns the messages next after an id.
func (a *api) messages(ctx context.Context, channel, after string) ([]posted, error) {
	var got []posted
	query := url.Values{"after": {after}, "limit": {strconv.Itoa(pageSize)}}
	err := a.call(ctx, http.MethodGet, channelPath(channel)+"/messages?"+query.Encode(), nil, &got)
	return got, err
}

// entrance is where the Gateway is and how often it may still be entered.
type entrance struct {
	URL   string `json:"url"`
	Limit struct {
		Total      int   `json:"total"`
		Remaining  int   `json:"remaining"`
		ResetAfter int64 `json:"reset_after"`
	} `json:"session_start_limit"`
}

func (a *api) entrance(ctx context.Context) (entrance, error) {
	var got entrance
	err := a.call(ctx, http.MethodGet, "gateway/bot", nil, &got)
	return got, err
}
