package mattermost

import (
	"context"
	_ "embed" // the example is part of the binary
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
)

// Name is the plugin's name in subjects, credentials, identities and configurations.
const Name = "mattermost"

//go:embed example.yaml
var example []byte

// Spec describes the plugin to the host.
func Spec() plugins.Spec { return plugins.Define(Name, "Mattermost", example, NewConfig, open) }

// bot is what the plugin can do without callbacks; [clickable] adds those.
type bot struct {
	api    *api
	http   *http.Client
	config *Config
	log    *slog.Logger
	now    func() time.Time
	seal   plugins.Sealer
	cards  plugins.Cards
	artist artist
	people *people
	server *server
	books  *books
	// waiting are the clicks whose callback is still open.
	waiting *waiting
	// whispers remembers whether the bot may post ephemeral messages.
	whispers *permission
	// inlineWait is how long a callback is kept open for the result.
	inlineWait time.Duration
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
	_ plugins.Receiver = (*clickable)(nil)
)

func open(_ context.Context, c *Config, deps plugins.Deps) (plugins.Notifier, error) {
	if err := c.mayListen(deps.DecideInChat); err != nil {
		return nil, fmt.Errorf("opening mattermost: %w", err)
	}
	b := newBot(c, deps)
	if c.CallbackURL == "" {
		return b, nil
	}
	return &clickable{bot: b}, nil
}

func newBot(c *Config, deps plugins.Deps) *bot {
	client := newAPI(c, deps.HTTP)
	return &bot{
		api: client, http: deps.HTTP, config: c, log: deps.Logger, now: deps.Now, seal: deps.Seal, cards: deps.Cards,
		artist:     artist{seal: deps.Seal, action: c.callback(doorAction), answers: c.CallbackURL != ""},
		people:     newPeople(client, deps.Now),
		server:     newServer(client, deps.Now),
		books:      newBooks(client),
		waiting:    newWaiting(),
		whispers:   &permission{now: deps.Now},
		inlineWait: inlineWait, decides: deps.DecideInChat,
	}
}

// ref is where a message is, and the delivery key that it carries: a change has to repeat it, because Mattermost replaces
// all of a post's props at once.
type ref struct{ channel, post, key string }

func (r ref) encode() plugins.Ref { return plugins.Ref(r.channel + "/" + r.post + "/" + r.key) }

func decodeRef(r plugins.Ref) (ref, error) {
	parts := strings.SplitN(string(r), "/", 3)
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
		return ref{}, &plugins.Error{
			Op: "reading reference", Kind: plugins.Gone,
			Public: "The ledger's reference to the message is not one of Mattermost's.",
		}
	}
	return ref{channel: parts[0], post: parts[1], key: parts[2]}, nil
}

// Post puts a card into a channel or direct message.
func (b *bot) Post(ctx context.Context, to plugins.Destination, key string, card plugins.Card) (plugins.Ref, error) {
	m, err := b.artist.card(card, to.ID, key)
	if err != nil {
		return "", err
	}
	return b.create(ctx, "posting message", to.ID, key, m)
}

// create posts a message under its delivery key. Mattermost answers a repeat within half a minute with the first post.
func (b *bot) create(ctx context.Context, op, channel, key string, m message) (plugins.Ref, error) {
	own, err := b.people.self(ctx)
	if err != nil {
		return "", failure("asking who the bot is", repeatable, err)
	}
	m.pending = own.id + ":" + key
	post, err := b.api.createPost(ctx, channel, m)
	if err != nil {
		return "", failure(op, creates, err)
	}
	return ref{channel: channel, post: post, key: key}.encode(), nil
}

// Update redraws a card. Its message stays as it was posted, so that a limit on editing posts does not stand in the way.
func (b *bot) Update(ctx context.Context, r plugins.Ref, card plugins.Card) error {
	at, err := decodeRef(r)
	if err != nil {
		return err
	}
	m, err := b.artist.card(card, at.channel, at.key)
	if err != nil {
		return err
	}
	err = b.api.patchProps(ctx, at.post, m.props)
	if idOf(err) == idPermissions && b.isGone(ctx, at.post) {
		return goneError("updating message")
	}
	return failure("updating message", repeatable, err)
}

// isGone tells a deleted post from one that the bot may not change: Mattermost refuses both in the same words.
func (b *bot) isGone(ctx context.Context, post string) bool {
	_, err := b.api.post(ctx, post)
	return statusOf(err) == http.StatusNotFound
}

// Reply answers in the card's thread. People hear of a reply only in threads they follow, so what has to be noticed is a
// message of its own in the same conversation.
func (b *bot) Reply(ctx context.Context, r plugins.Ref, key string, n plugins.Note) (plugins.Ref, error) {
	at, err := decodeRef(r)
	if err != nil {
		return "", err
	}
	m := note(n, key)
	if !n.Kind.Noticed() {
		m.thread = at.post
	}
	return b.create(ctx, "posting reply", at.channel, key, m)
}
