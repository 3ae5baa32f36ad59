package discord

import (
	"context"
	_ "embed" // the example is part of the binary
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
)

// Name is the plugin's name in subjects, credentials, identities and configurations.
const Name = "discord"

//go:embed example.yaml
var example []byte

// Spec describes the plugin to the host.
func Spec() plugins.Spec { return plugins.Define(Name, "Discord", example, NewConfig, open) }

// bot is what every Discord plugin can do. How clicks arrive is added by [gatewayBot] or [httpBot].
type bot struct {
	api    *api
	config *Config
	log    *slog.Logger
	now    func() time.Time
	seal   plugins.Sealer
	artist artist
	people *people
	books  *books
	acks   *acks
	seen   *seen
	// decides says whether a click may decide.
	decides bool
}

var (
	_ plugins.Notifier = (*bot)(nil)
	_ plugins.Updater  = (*bot)(nil)
	_ plugins.Replier  = (*bot)(nil)
	_ plugins.Finder   = (*bot)(nil)
	_ plugins.Resolver = (*bot)(nil)
	_ plugins.Answerer = (*bot)(nil)
	_ plugins.Checker  = (*bot)(nil)
	_ plugins.Listener = (*gatewayBot)(nil)
	_ plugins.Receiver = (*httpBot)(nil)
)

func open(_ context.Context, c *Config, deps plugins.Deps) (plugins.Notifier, error) {
	b, err := newBot(c, deps)
	if err != nil {
		return nil, fmt.Errorf("opening discord: %w", err)
	}
	if c.Mode == ModeHTTP {
		return &httpBot{bot: b, key: c.key()}, nil
	}
	return &gatewayBot{bot: b}, nil
}

func newBot(c *Config, deps plugins.Deps) (*bot, error) {
	base, err := url.Parse(strings.TrimSuffix(c.APIURL.String(), "/"))
	if err != nil {
		return nil, fmt.Errorf("reading api_url: %w", err)
	}
	client, err := newAPI(c.BotToken, base, deps.HTTP)
	if err != nil {
		return nil, err
	}
	return &bot{
		api: client, config: c, log: deps.Logger, now: deps.Now, seal: deps.Seal, decides: deps.DecideInChat,
		artist: artist{seal: deps.Seal}, people: newPeople(client, c, deps.Now), books: newBooks(client),
		acks: newAcks(), seen: newSeen(deps.Now),
	}, nil
}

// ref is where a message is, and the mark by which it can be looked up.
type ref struct{ channel, message, mark string }

func (r ref) encode() plugins.Ref { return plugins.Ref(r.channel + "/" + r.message + "/" + r.mark) }

func decodeRef(r plugins.Ref) (ref, error) {
	parts := strings.Split(string(r), "/")
	if len(parts) != 3 || !snowflake.MatchString(parts[0]) || !snowflake.MatchString(parts[1]) {
		return ref{}, &plugins.Error{
			Op: "reading reference", Kind: plugins.Gone,
			Public: "The ledger's reference to the message is not one of Discord's.",
		}
	}
	return ref{channel: parts[0], message: parts[1], mark: parts[2]}, nil
}

// Post puts a card into a channel or direct message.
func (b *bot) Post(ctx context.Context, to plugins.Destination, key string, card plugins.Card) (plugins.Ref, error) {
	m, err := b.artist.card(card, markOf(key))
	if err != nil {
		return "", err
	}
	return b.create(ctx, "posting message", to.ID, markOf(key), m)
}

func (b *bot) create(ctx context.Context, op, channel, mark string, m message) (plugins.Ref, error) {
	id, err := b.api.post(ctx, channel, mark, m)
	if err != nil {
		return "", failure(op, creates, err)
	}
	return ref{channel: channel, message: id, mark: mark}.encode(), nil
}

// Update redraws a card.
func (b *bot) Update(ctx context.Context, r plugins.Ref, card plugins.Card) error {
	at, err := decodeRef(r)
	if err != nil {
		return err
	}
	m, err := b.artist.card(card, at.mark)
	if err != nil {
		return err
	}
	err = b.api.edit(ctx, at.channel, at.message, m)
	if codeOf(err) == codeUnknownChannel { // with its channel, the message is gone
		return &plugins.Error{Op: "updating message", Kind: plugins.Gone, Public: "The channel was deleted in Discord.", Err: plainError(err)}
	}
	return failure("updating message", repeatable, err)
}

// Reply answers the card's message, in the same channel.
func (b *bot) Reply(ctx context.Context, r plugins.Ref, key string, n plugins.Note) (plugins.Ref, error) {
	at, err := decodeRef(r)
	if err != nil {
		return "", err
	}
	m := note(n, markOf(key))
	m.replyTo = at.message
	return b.create(ctx, "posting reply", at.channel, markOf(key), m)
}
