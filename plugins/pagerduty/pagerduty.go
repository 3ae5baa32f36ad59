package pagerduty

import (
	"context"
	_ "embed" // the example is part of the binary
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

// Name is the plugin's name in subjects, credentials, identities and configurations.
const Name = "pagerduty"

//go:embed example.yaml
var example []byte

// Spec describes the plugin to the host.
func Spec() plugins.Spec {
	spec := plugins.Define(Name, "PagerDuty", example, NewConfig, open)
	spec.Services = true
	return spec
}

// bot is what every PagerDuty plugin can do. What lets people decide there is added by [pollBot] and [hookBot].
type bot struct {
	api    *api
	config *Config
	log    *slog.Logger
	now    func() time.Time
	cards  plugins.Cards

	mu  sync.Mutex
	own string
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
	b := &bot{api: newAPI(c, deps.HTTP, deps.Now), config: c, log: deps.Logger, now: deps.Now, cards: deps.Cards}
	if len(c.DecideBy) == 0 || !deps.DecideInChat {
		return b, nil
	}
	polling := &pollBot{bot: b, journal: newJournal(b)}
	if c.WebhookSecret.IsZero() {
		return polling, nil
	}
	return &hookBot{pollBot: polling, seen: newRecent()}, nil
}

// ref is where a card or a note is. The delivery key is part of it: it is what the incident's own key has to be.
type ref struct{ incident, key, note string }

func (r ref) encode() plugins.Ref {
	text := r.incident + "/" + r.key
	if r.note != "" {
		text += "/" + r.note
	}
	return plugins.Ref(text)
}

func decodeRef(r plugins.Ref) (ref, error) {
	parts := strings.Split(string(r), "/")
	if len(parts) < 2 || len(parts) > 3 || !objectID.MatchString(parts[0]) || parts[1] == "" {
		return ref{}, &plugins.Error{
			Op: "reading reference", Kind: plugins.Gone,
			Public: "The ledger's reference to the incident is not one of PagerDuty's.",
		}
	}
	out := ref{incident: parts[0], key: parts[1]}
	if len(parts) == 3 {
		out.note = parts[2]
	}
	return out, nil
}

// Post opens an incident in a service. Its key is the delivery's, so that PagerDuty refuses a second one while the first is
// open; that one is then taken as ours.
func (b *bot) Post(ctx context.Context, to plugins.Destination, key string, card plugins.Card) (plugins.Ref, error) {
	id, err := b.api.create(ctx, draft{
		service: to.ID, key: key, title: title(card), details: details(card, b.config),
		urgency: b.config.Urgency, policy: b.config.EscalationPolicy, priority: b.config.Priority,
	})
	if said(err, http.StatusBadRequest) {
		return b.adopt(ctx, to, key, err)
	}
	if err != nil {
		return "", err
	}
	return ref{incident: id, key: key}.encode(), nil
}

// adopt looks for the incident that made PagerDuty refuse another one.
func (b *bot) adopt(ctx context.Context, to plugins.Destination, key string, refusal error) (plugins.Ref, error) {
	found, ok, err := b.Find(ctx, to, plugins.Search{Key: key})
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", refusal
	default:
		return found, nil
	}
}

// Find looks up an incident by its key, or a note of an incident by its marker. Of several incidents with one key the
// oldest is ours: another one can only have come after it was resolved.
func (b *bot) Find(ctx context.Context, at plugins.Destination, search plugins.Search) (plugins.Ref, bool, error) {
	if search.Key == "" {
		return "", false, nil
	}
	if search.Parent != "" {
		return b.findNote(ctx, search)
	}
	found, err := b.api.incidentsWithKey(ctx, at.ID, search.Key)
	if err != nil || len(found) == 0 {
		return "", false, err
	}
	oldest := slices.MinFunc(found, func(a, b incident) int { return a.Number - b.Number })
	return ref{incident: oldest.ID, key: search.Key}.encode(), true, nil
}

func (b *bot) findNote(ctx context.Context, search plugins.Search) (plugins.Ref, bool, error) {
	parent, err := decodeRef(search.Parent)
	if err != nil {
		return "", false, err
	}
	id, found, err := b.api.noteWith(ctx, parent.incident, marker(search.Key))
	if err != nil || !found {
		return "", false, err
	}
	return ref{parent.incident, parent.key, id}.encode(), true, nil
}

// Update sets the incident's title, and resolves it once the request has ended. What an incident says in its details
// cannot be changed, so what came to be known later is added as notes. An incident that somebody resolved stays resolved.
func (b *bot) Update(ctx context.Context, r plugins.Ref, card plugins.Card) error {
	at, err := decodeRef(r)
	if err != nil {
		return err
	}
	if err := b.addMissing(ctx, at, card.Notes); err != nil {
		return gone(err)
	}
	to := change{Title: title(card)}
	if card.State.Resolved() {
		to.Status, to.Resolution = "resolved", brief().Ending(card)
	}
	err = b.api.update(ctx, at.incident, to)
	if alreadyResolved(err) {
		return nil
	}
	return gone(err)
}

// gone says of an incident that is not found that it no longer exists: there was one.
func gone(err error) error {
	if !notFound(err) {
		return err
	}
	return &plugins.Error{Op: "updating incident", Kind: plugins.Gone, Err: err, Public: "The incident no longer exists in PagerDuty."}
}

// addMissing adds those sentences as notes that the incident does not show yet, neither in its details nor in a note.
func (b *bot) addMissing(ctx context.Context, at ref, sentences []string) error {
	if len(sentences) == 0 {
		return nil
	}
	found, err := b.api.incident(ctx, at.incident)
	if err != nil {
		return err
	}
	notes, err := b.api.notes(ctx, at.incident)
	if err != nil {
		return err
	}
	for _, sentence := range sentences[max(0, len(sentences)-maxSaid):] {
		text := quoted(sentence, maxWords)
		shows := func(n writing) bool { return strings.Contains(n.Content, text) }
		if strings.Contains(found.Body.Details, text) || slices.ContainsFunc(notes, shows) {
			continue
		}
		if _, err := b.api.addNote(ctx, at.incident, text); err != nil {
			return err
		}
	}
	return nil
}

// Reply adds a note to the incident.
func (b *bot) Reply(ctx context.Context, r plugins.Ref, key string, n plugins.Note) (plugins.Ref, error) {
	at, err := decodeRef(r)
	if err != nil {
		return "", err
	}
	id, err := b.api.addNote(ctx, at.incident, note(n)+"\n"+marker(key))
	if err != nil {
		return "", err
	}
	return ref{at.incident, at.key, id}.encode(), nil
}

// self is the id of the user in whose name the plugin writes; what it did itself is no decision.
func (b *bot) self(ctx context.Context) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.own != "" {
		return b.own, nil
	}
	found, err := b.api.usersWithEmail(ctx, b.config.From)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", &plugins.Error{
			Op: "looking up the plugin's own user", Kind: plugins.Auth,
			Public: "from must be the e-mail address of exactly one PagerDuty user who accepted the invitation.",
		}
	}
	b.own = found[0].ID
	return b.own, nil
}
