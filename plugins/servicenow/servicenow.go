package servicenow

import (
	"context"
	_ "embed" // the example is part of the binary
	"log/slog"
	"maps"
	"time"

	"github.com/accede/accede/plugins"
)

// Name is the plugin's name in subjects, credentials, identities and configurations.
const Name = "servicenow"

//go:embed example.yaml
var example []byte

// Spec describes the plugin to the host.
func Spec() plugins.Spec {
	spec := plugins.Define(Name, "ServiceNow", example, NewConfig, open)
	spec.Services = true
	return spec
}

// bot is what every ServiceNow plugin can do. That webhooks are taken is added by [hookedBot].
type bot struct {
	api    *api
	config *Config
	log    *slog.Logger
	now    func() time.Time
	cards  plugins.Cards
	people *people
	seen   *sightings
	// decides says whether approvals decide.
	decides bool
}

var (
	_ plugins.Notifier = (*bot)(nil)
	_ plugins.Updater  = (*bot)(nil)
	_ plugins.Replier  = (*bot)(nil)
	_ plugins.Finder   = (*bot)(nil)
	_ plugins.Resolver = (*bot)(nil)
	_ plugins.Answerer = (*bot)(nil)
	_ plugins.Poller   = (*bot)(nil)
	_ plugins.OnCaller = (*bot)(nil)
	_ plugins.Checker  = (*bot)(nil)
	_ plugins.Receiver = (*hookedBot)(nil)
)

func open(_ context.Context, c *Config, deps plugins.Deps) (plugins.Notifier, error) {
	b := newBot(c, deps)
	if !c.WebhookSecret.IsZero() && deps.DecideInChat {
		return &hookedBot{bot: b}, nil
	}
	return b, nil
}

func newBot(c *Config, deps plugins.Deps) *bot {
	client := newAPI(c, deps.HTTP, deps.Now)
	return &bot{
		api: client, config: c, log: deps.Logger, now: deps.Now, cards: deps.Cards, decides: deps.DecideInChat,
		people: newPeople(client, deps.Now), seen: newSightings(deps.Now),
	}
}

// Post makes a record for a card or, at a person, asks them to approve the record that is there.
func (b *bot) Post(ctx context.Context, to plugins.Destination, key string, card plugins.Card) (plugins.Ref, error) {
	at, err := b.placeOf(to)
	if err != nil {
		return "", err
	}
	if at.person != "" {
		return b.postToPerson(ctx, at.person, key, card)
	}
	known, found, err := b.record(ctx, key)
	if err != nil || found {
		return known.encode(), err
	}
	values, err := b.newRecord(ctx, at, key, card)
	if err != nil {
		return "", err
	}
	made, err := b.api.insert(ctx, "creating record", b.config.Table, values, "number", "correlation_id")
	if err != nil {
		return "", err
	}
	if made.get("correlation_id") != key {
		b.log.Error("ServiceNow did not keep correlation_id, so a crash may make it open a record twice; let the integration "+
			"user read and write that field", "request_id", card.RequestID, "record", oneLine(made.get("number"), maxName))
	}
	return ref{kind: b.config.Table, record: made.id()}.encode(), nil
}

// newRecord returns the fields of a new record.
func (b *bot) newRecord(ctx context.Context, at place, key string, card plugins.Card) (map[string]string, error) {
	values := map[string]string{}
	maps.Copy(values, b.config.Fields)
	if len(card.Actions) > 0 {
		maps.Copy(values, b.config.asking())
	}
	if at.group != "" && b.config.GroupField != "" {
		values[b.config.GroupField] = at.group
	}
	if b.config.RequesterField != "" {
		requester, found, err := b.people.byEmail(ctx, card.Requester.Email)
		if err != nil {
			return nil, err
		}
		if found {
			values[b.config.RequesterField] = requester.id
		}
	}
	maps.Copy(values, draw(card))
	if card.State.Resolved() {
		b.config.closed(card, values)
	}
	values["correlation_id"] = key
	return values, nil
}

// Update makes a record show a card, and closes it once the request is resolved. A record that was closed already stays
// as it is.
func (b *bot) Update(ctx context.Context, encoded plugins.Ref, card plugins.Card) error {
	at, err := decodeRef(encoded)
	if err != nil {
		return err
	}
	switch at.kind {
	case refCaller, refNone, refNote:
		return nil // what they show is the record, which is another delivery
	case refApproval:
		return b.withdrawOne(ctx, at.approval, card)
	}
	current, found, err := b.api.get(ctx, "reading record", at.kind, at.record, "state", "active", "correlation_display")
	if err != nil {
		return err
	}
	if !found {
		return gone()
	}
	if err := sameRequest(current, card); err != nil {
		return err
	}
	if current.get("active") != "false" {
		if err := b.bring(ctx, at, current, card); err != nil {
			return err
		}
	}
	return b.withdraw(ctx, at, card)
}

// bring sets a record's fields.
func (b *bot) bring(ctx context.Context, at ref, current row, card plugins.Card) error {
	values := draw(card)
	outcome := outcomeOf(card.State)
	if closing := b.config.closing(outcome); outcome != "" && closing["state"] != current.get("state") {
		b.config.closed(card, values)
	}
	return b.api.change(ctx, "updating record", repeatable, at.kind, at.record, values)
}

func gone() error {
	return &plugins.Error{
		Op: "reading record", Kind: plugins.Gone,
		Public: "The record was deleted in ServiceNow, or its access rules hide it from the integration user.",
	}
}

// sameRequest refuses to touch a record that names another request. One whose marker is hidden is taken on trust: the
// reference to it is ours.
func sameRequest(current row, card plugins.Card) error {
	shown, ok := parseMarker(current.get("correlation_display"))
	if !ok || shown.request == card.RequestID {
		return nil
	}
	return &plugins.Error{
		Op: "reading record", Kind: plugins.Invalid,
		Public: "Somebody changed correlation_display: the record now names another request. Put back what the record's history " +
			"shows.",
	}
}

// Reply adds a work note to the record or, for its requester, a comment.
func (b *bot) Reply(ctx context.Context, encoded plugins.Ref, key string, n plugins.Note) (plugins.Ref, error) {
	at, err := decodeRef(encoded)
	if err != nil {
		return "", err
	}
	j, found, err := b.journalOf(ctx, at)
	if err != nil || !found {
		return ref{kind: refNone}.encode(), err
	}
	return b.write(ctx, j.table, j.record, j.field, key, noteText(n))
}

// commentsField is the journal that a record's requester can read.
const commentsField = "comments"

// journal is a journal field of a record.
type journal struct{ table, record, field string }

// journalOf is where notes about something go; found is false if there is nowhere, because another delivery has them.
func (b *bot) journalOf(ctx context.Context, at ref) (j journal, found bool, err error) {
	switch at.kind {
	case refNone, refApproval, refNote:
		return journal{}, false, nil
	case refCaller:
		record, found, err := b.recordOf(ctx, at.request)
		return journal{b.config.Table, record, commentsField}, found, err
	default:
		return journal{at.kind, at.record, b.config.NotesField}, true, nil
	}
}

// write adds an entry to a journal. Repeating it adds another one.
func (b *bot) write(ctx context.Context, table, record, field, key, text string) (plugins.Ref, error) {
	err := b.api.change(ctx, "adding note", creates, table, record, map[string]string{field: signed(text, key)})
	if err != nil {
		return "", err
	}
	return ref{kind: refNote, record: record, key: key}.encode(), nil
}
