package opsgenie

import (
	"context"
	_ "embed" // the example is part of the binary
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
)

// Name is the plugin's name in subjects, credentials, identities and configurations.
const Name = "opsgenie"

//go:embed example.yaml
var example []byte

// Spec describes the plugin to the host.
func Spec() plugins.Spec {
	spec := plugins.Define(Name, "Opsgenie", example, NewConfig, open)
	spec.Services = true
	return spec
}

// bot is what every Opsgenie plugin can do. What lets people decide there is added by [pollBot] and [hookBot].
type bot struct {
	api    *api
	config *Config
	log    *slog.Logger
	now    func() time.Time
	cards  plugins.Cards
	// buttons says whether cards may carry buttons that decide.
	buttons bool
}

var (
	_ plugins.Notifier = (*bot)(nil)
	_ plugins.Updater  = (*bot)(nil)
	_ plugins.Replier  = (*bot)(nil)
	_ plugins.Finder   = (*bot)(nil)
	_ plugins.Resolver = (*bot)(nil)
	_ plugins.OnCaller = (*bot)(nil)
	_ plugins.Checker  = (*bot)(nil)
	_ plugins.Poller   = (*pollBot)(nil)
	_ plugins.Answerer = (*pollBot)(nil)
	_ plugins.Receiver = (*hookBot)(nil)
)

func open(_ context.Context, c *Config, deps plugins.Deps) (plugins.Notifier, error) {
	b := &bot{
		api: newAPI(c, deps.HTTP), config: c, log: deps.Logger, now: deps.Now, cards: deps.Cards,
		buttons: c.CustomActions && deps.DecideInChat,
	}
	if !b.buttons {
		return b, nil
	}
	pattern, err := regexp.Compile(c.ActionLog)
	if err != nil {
		return nil, &plugins.Error{Op: "reading action_log", Kind: plugins.Invalid, Err: err, Public: "action_log is no regular expression."}
	}
	polling := &pollBot{bot: b, pattern: pattern, watch: newWatch(b)}
	if c.WebhookSecret.IsZero() {
		return polling, nil
	}
	return &hookBot{pollBot: polling, seen: newRecent()}, nil
}

// Post makes an alert. Its alias is the delivery's key, so that there is no second one while the first is open.
func (b *bot) Post(ctx context.Context, to plugins.Destination, key string, card plugins.Card) (plugins.Ref, error) {
	at, err := placeOf(to)
	if err != nil {
		return "", err
	}
	d := draft{
		place: at, alias: key, message: message(card), description: description(card, b.offers(card)), priority: b.config.Priority,
	}
	if b.offers(card) {
		d.actions = []string{actionApprove, actionDeny}
	}
	id, err := b.api.create(ctx, d)
	if err != nil {
		return "", err
	}
	return ref{alert: id, key: key}.encode(), nil
}

// offers says whether the card's alert has buttons.
func (b *bot) offers(card plugins.Card) bool { return b.buttons && len(card.Actions) > 0 }

// Find looks up an alert by its alias, or a note by its marker.
func (b *bot) Find(ctx context.Context, _ plugins.Destination, search plugins.Search) (plugins.Ref, bool, error) {
	if search.Key == "" {
		return "", false, nil
	}
	if search.Parent != "" {
		return b.findNote(ctx, search)
	}
	found, ok, err := b.api.withAlias(ctx, search.Key)
	if err != nil || !ok {
		return "", false, err
	}
	return ref{alert: found.ID, key: search.Key}.encode(), true, nil
}

func (b *bot) findNote(ctx context.Context, search plugins.Search) (plugins.Ref, bool, error) {
	parent, err := decodeRef(search.Parent)
	if err != nil {
		return "", false, err
	}
	found, err := b.api.hasNote(ctx, parent.alert, marker(search.Key))
	if err != nil || !found {
		return "", false, err
	}
	return ref{parent.alert, parent.key, search.Key}.encode(), true, nil
}

// Update sets the alert's message, adds what came to be known as notes, and closes the alert once the request has ended. The
// description stays as it was: it is what people decide about. A closed alert stays closed, and as it is.
func (b *bot) Update(ctx context.Context, r plugins.Ref, card plugins.Card) error {
	at, err := decodeRef(r)
	if err != nil {
		return err
	}
	found, err := b.api.alert(ctx, at.alert)
	if err != nil {
		return gone(err)
	}
	if found.Status == statusClosed {
		return nil
	}
	if err := b.bring(ctx, found, card); err != nil {
		return b.settled(ctx, at.alert, err)
	}
	return nil
}

func (b *bot) bring(ctx context.Context, found alert, card plugins.Card) error {
	if err := b.addMissing(ctx, found, card.Notes); err != nil {
		return err
	}
	if wanted := message(card); found.Message != wanted {
		if err := b.api.rename(ctx, found.ID, wanted); err != nil {
			return err
		}
	}
	if !card.State.Resolved() {
		return nil
	}
	return b.api.closeAlert(ctx, found.ID)
}

// settled looks whether a change failed because the alert was closed or deleted meanwhile. Closed is what it should be, or
// what somebody wanted.
func (b *bot) settled(ctx context.Context, id string, failure error) error {
	if kind := plugins.KindOf(failure); kind != plugins.Invalid && kind != plugins.NotFound {
		return failure
	}
	found, err := b.api.alert(ctx, id)
	switch {
	case notFound(err):
		return gone(err)
	case err == nil && found.Status == statusClosed:
		return nil
	default:
		return failure
	}
}

// addMissing adds those sentences as notes that the alert does not show yet.
func (b *bot) addMissing(ctx context.Context, found alert, sentences []string) error {
	var wanted []string
	for _, sentence := range sentences[max(0, len(sentences)-maxSaid):] {
		if text := quoted(sentence, maxWords); !strings.Contains(found.Description, text) {
			wanted = append(wanted, text)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	notes, err := b.api.notes(ctx, found.ID)
	if err != nil {
		return err
	}
	for _, text := range wanted {
		if slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, text) }) {
			continue
		}
		if err := b.api.annotate(ctx, found.ID, text); err != nil {
			return err
		}
	}
	return nil
}

// Reply adds a note to the alert.
func (b *bot) Reply(ctx context.Context, r plugins.Ref, key string, n plugins.Note) (plugins.Ref, error) {
	at, err := decodeRef(r)
	if err != nil {
		return "", err
	}
	if err := b.api.annotate(ctx, at.alert, note(n)+"\n"+marker(key)); err != nil {
		return "", b.missing(ctx, at.alert, err)
	}
	return ref{at.alert, at.key, key}.encode(), nil
}

// missing says of a note that was refused whether its alert is gone.
func (b *bot) missing(ctx context.Context, id string, failure error) error {
	if plugins.KindOf(failure) != plugins.Invalid {
		return gone(failure)
	}
	if _, err := b.api.alert(ctx, id); notFound(err) {
		return gone(err)
	}
	return failure
}
