package teams

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
const Name = "teams"

//go:embed example.yaml
var example []byte

// Spec describes the plugin to the host.
func Spec() plugins.Spec {
	spec := plugins.Define(Name, "Microsoft Teams", example, NewConfig, open)
	spec.Commands = []plugins.Command{{
		Name: "package", Arguments: "[FILE]", About: "write the app package to upload to Teams", Run: packageCommand,
	}}
	return spec
}

// bot is the plugin.
type bot struct {
	api      *api
	graph    *graph
	config   *Config
	log      *slog.Logger
	now      func() time.Time
	seal     plugins.Sealer
	artist   artist
	cards    plugins.Cards
	services serviceHosts
	verifier *verifier
	prover   *prover
	rosters  *rosters
	people   *people
	memory   *memory
	waiting  *waiting
}

var (
	_ plugins.Notifier = (*bot)(nil)
	_ plugins.Updater  = (*bot)(nil)
	_ plugins.Replier  = (*bot)(nil)
	_ plugins.Resolver = (*bot)(nil)
	_ plugins.Answerer = (*bot)(nil)
	_ plugins.Checker  = (*bot)(nil)
	_ plugins.Receiver = (*bot)(nil)
)

func open(_ context.Context, c *Config, deps plugins.Deps) (plugins.Notifier, error) {
	var p *prover
	if !c.Certificate.IsZero() {
		var err error
		if p, err = parseCertificate(c.Certificate, c.PrivateKey); err != nil {
			return nil, fmt.Errorf("opening teams: certificate %w", err)
		}
	}
	realm := c.realm()
	b := &bot{
		config: c, log: deps.Logger, now: deps.Now, seal: deps.Seal, cards: deps.Cards, prover: p,
		api:      &api{http: deps.HTTP, tokens: newTokens(c, realm.scope, p, deps.HTTP, deps.Now), botID: c.botID()},
		graph:    newGraph(c, p, deps.HTTP, deps.Now),
		artist:   artist{seal: deps.Seal, decides: deps.DecideInChat},
		services: newServiceHosts(c), waiting: newWaiting(),
	}
	b.verifier = &verifier{
		config: c, issuer: realm.issuer, now: deps.Now, services: b.services,
		keys: newKeyring(realm.OpenID.String(), deps.HTTP, deps.Now, deps.Logger),
	}
	b.memory = newMemory(deps.Notebook, strings.TrimSuffix(realm.Connector.String(), "/"), b.services, deps.Now, deps.Logger)
	b.rosters = newRosters(b.api, b.memory, c.Tenant, deps.Now)
	b.people = newPeople(b.api, deps.Now)
	return b, nil
}

// Post puts a card into a channel, a group chat or the chat with a person.
func (b *bot) Post(ctx context.Context, to plugins.Destination, key string, c plugins.Card) (plugins.Ref, error) {
	at, ok := placeOf(to.ID)
	if !ok {
		return "", &plugins.Error{
			Op: "posting message", Kind: plugins.NotFound, Public: "The destination is neither a channel of Teams nor a person.",
		}
	}
	m, err := b.artist.card(picture{Card: c, key: key, viewers: b.viewers(ctx, at)})
	if err != nil {
		return "", err
	}
	made, err := b.post(ctx, at, m)
	if err != nil {
		return "", failure("posting message", creates, err)
	}
	made.key = key
	if at.channel == "" {
		made.viewer = b.memory.person(ctx, at.tenant, at.oid).Account
	}
	return made.encode(), nil
}

// post sends a new message to a place.
func (b *bot) post(ctx context.Context, at place, m outgoing) (ref, error) {
	if at.channel == "" {
		return b.postToPerson(ctx, at, m.alerting())
	}
	service := b.memory.service(ctx, b.config.Tenant)
	if groupID.MatchString(at.channel) {
		return b.postInto(ctx, service, at.channel, m)
	}
	conversation, activity, err := b.api.startThread(ctx, service, at.channel, m)
	return ref{service: service, conversation: conversation, activity: activity}, err
}

func (b *bot) postInto(ctx context.Context, service, conversation string, m outgoing) (ref, error) {
	activity, err := b.api.send(ctx, service, conversation, m)
	return ref{service: service, conversation: conversation, activity: activity}, err
}

// Update redraws a card. For everybody who looks at it, this takes the place of what only they were shown.
func (b *bot) Update(ctx context.Context, r plugins.Ref, c plugins.Card) error {
	at, err := b.decodeRef(r)
	if err != nil {
		return err
	}
	m, err := b.artist.card(picture{Card: c, key: at.key, viewers: b.viewersAt(ctx, at)})
	if err != nil {
		return err
	}
	err = failure("updating message", repeatable, b.api.edit(ctx, at.service, at.conversation, at.activity, m))
	if plugins.KindOf(err) == plugins.NotFound {
		return gone(err)
	}
	return err
}

func (b *bot) viewersAt(ctx context.Context, at ref) []string {
	if at.viewer != "" {
		return []string{at.viewer}
	}
	return b.viewers(ctx, place{channel: roomOf(at.conversation)})
}

// gone says that a message that cannot be reached any more is not to be updated.
func gone(err error) error {
	return &plugins.Error{
		Op: "updating message", Kind: plugins.Gone, Err: err,
		Public: "The message is out of the bot's reach: it was deleted, or the app was removed from its channel or chat.",
	}
}

// Reply answers below the card: in its thread in a channel, as the next message in a chat. Teams lifts a thread with a
// new reply to the end of the channel.
func (b *bot) Reply(ctx context.Context, r plugins.Ref, _ string, n plugins.Note) (plugins.Ref, error) {
	at, err := b.decodeRef(r)
	if err != nil {
		return "", err
	}
	m := note(n)
	if n.Kind.Noticed() {
		m = m.alerting()
	}
	activity, err := b.api.answer(ctx, at.service, at.conversation, at.activity, m)
	if err != nil {
		return "", failure("posting reply", creates, err)
	}
	return ref{service: at.service, conversation: at.conversation, activity: activity, viewer: at.viewer}.encode(), nil
}
