package slack

import (
	"context"
	_ "embed" // the example is part of the binary
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
)

// Name is the plugin's name in subjects, credentials, identities and configurations.
const Name = "slack"

//go:embed example.yaml
var example []byte

// Spec describes the plugin to the host.
func Spec() plugins.Spec { return plugins.Define(Name, "Slack", example, NewConfig, open) }

// bot is what every Slack plugin can do. How clicks arrive is added by [socketBot] or [httpBot].
type bot struct {
	api    *api
	config *Config
	log    *slog.Logger
	now    func() time.Time
	seal   plugins.Sealer
	artist artist
	people *people
	rooms  *rooms
	// histories serve look-ups.
	histories *histories
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
	_ plugins.Listener = (*socketBot)(nil)
	_ plugins.Receiver = (*httpBot)(nil)
)

func open(_ context.Context, c *Config, deps plugins.Deps) (plugins.Notifier, error) {
	if err := c.mayListen(deps.DecideInChat); err != nil {
		return nil, fmt.Errorf("opening slack: %w", err)
	}
	b := newBot(c, deps)
	switch c.inbound() {
	case ModeSocket:
		return &socketBot{bot: b}, nil
	case ModeHTTP:
		return &httpBot{bot: b}, nil
	default:
		return b, nil
	}
}

func newBot(c *Config, deps plugins.Deps) *bot {
	client := newAPI(c, deps.HTTP)
	return &bot{
		api: client, config: c, log: deps.Logger, now: deps.Now, seal: deps.Seal, decides: deps.DecideInChat,
		artist:    artist{seal: deps.Seal, answers: c.inbound() != ""},
		people:    newPeople(client, c.Workspace, deps.Now),
		rooms:     newRooms(client, deps.Now),
		histories: newHistories(client),
	}
}

// ref is where a message is.
type ref struct{ channel, ts string }

func (r ref) encode() plugins.Ref { return plugins.Ref(r.channel + "/" + r.ts) }

func decodeRef(r plugins.Ref) (ref, error) {
	channel, ts, ok := strings.Cut(string(r), "/")
	if !ok || channel == "" || ts == "" {
		return ref{}, &plugins.Error{
			Op: "reading reference", Kind: plugins.Gone,
			Public: "The ledger's reference to the message is not one of Slack's.",
		}
	}
	return ref{channel: channel, ts: ts}, nil
}

// Post puts a card into a channel or direct message.
func (b *bot) Post(ctx context.Context, to plugins.Destination, key string, card plugins.Card) (plugins.Ref, error) {
	m, err := b.artist.card(card)
	if err != nil {
		return "", err
	}
	m.key = key
	return b.create(ctx, "posting message", to.ID, m)
}

func (b *bot) create(ctx context.Context, op, channel string, m message) (plugins.Ref, error) {
	at, err := b.api.post(ctx, channel, m)
	if err != nil {
		return "", failure(op, creates, err)
	}
	return at.encode(), nil
}

// Update redraws a card.
func (b *bot) Update(ctx context.Context, r plugins.Ref, card plugins.Card) error {
	at, err := decodeRef(r)
	if err != nil {
		return err
	}
	m, err := b.artist.card(card)
	if err != nil {
		return err
	}
	return failure("updating message", repeatable, b.api.update(ctx, at, m))
}

// Reply answers in the card's thread. Slack tells nobody about a reply in a thread they do not follow, so what
// has to be noticed is a message of its own in the same conversation.
func (b *bot) Reply(ctx context.Context, r plugins.Ref, key string, n plugins.Note) (plugins.Ref, error) {
	at, err := decodeRef(r)
	if err != nil {
		return "", err
	}
	m := note(n)
	m.key = key
	if !n.Kind.Noticed() {
		m.thread = at.ts
	}
	return b.create(ctx, "posting reply", at.channel, m)
}
