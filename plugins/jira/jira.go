package jira

import (
	"context"
	_ "embed" // the example is part of the binary
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Name is the plugin's name in subjects, credentials, identities and configurations.
const Name = "jira"

//go:embed example.yaml
var example []byte

// Spec describes the plugin to the host.
func Spec() plugins.Spec { return plugins.Define(Name, "Jira", example, NewConfig, open) }

// bot is what every Jira plugin can do; webhooks are added by [webhookBot].
type bot struct {
	api    *api
	config *Config
	log    *slog.Logger
	now    func() time.Time
	cards  plugins.Cards
	self   *self
	names  *names
	// handled remembers the moves that were dealt with, missing the issues that are gone, sought since when a delivery is
	// looked for, swept the requests whose duplicates were looked for.
	handled *memory[bool]
	missing *memory[bool]
	sought  *memory[time.Time]
	swept   *memory[bool]
}

var (
	_ plugins.Notifier = (*bot)(nil)
	_ plugins.Updater  = (*bot)(nil)
	_ plugins.Replier  = (*bot)(nil)
	_ plugins.Finder   = (*bot)(nil)
	_ plugins.Resolver = (*bot)(nil)
	_ plugins.Answerer = (*bot)(nil)
	_ plugins.Poller   = (*bot)(nil)
	_ plugins.Checker  = (*bot)(nil)
	_ plugins.Closer   = (*bot)(nil)
	_ plugins.Receiver = (*webhookBot)(nil)
)

func open(_ context.Context, c *Config, deps plugins.Deps) (plugins.Notifier, error) {
	b, err := newBot(c, deps)
	if err != nil {
		return nil, fmt.Errorf("opening jira: %w", err)
	}
	if c.webhooks() {
		return newWebhookBot(b), nil
	}
	return b, nil
}

func newBot(c *Config, deps plugins.Deps) (*bot, error) {
	client, err := newAPI(c, deps.HTTP)
	if err != nil {
		return nil, err
	}
	return &bot{
		api: client, config: c, log: deps.Logger, now: deps.Now, cards: deps.Cards,
		self: &self{api: client}, names: &names{api: client},
		handled: newMemory[bool](), missing: newMemory[bool](), sought: newMemory[time.Time](), swept: newMemory[bool](),
	}, nil
}

// Close lets go of idle connections.
func (b *bot) Close() error {
	b.api.http.CloseIdleConnections()
	return nil
}

// Post makes an issue.
func (b *bot) Post(ctx context.Context, to plugins.Destination, key string, card plugins.Card) (plugins.Ref, error) {
	if !labelled.MatchString(key) || !labelled.MatchString(card.RequestID) {
		return "", &plugins.Error{
			Op: "creating issue", Kind: plugins.Invalid,
			Public: "The request has no proper id; please report this as a fault of the plugin.",
		}
	}
	b.sought.forget(key)
	var made struct {
		ID string `json:"id"`
	}
	q := question{
		op: "creating issue", method: http.MethodPost, path: "rest/api/" + b.api.version + "/issue", effect: creates,
		body: map[string]any{
			"fields":     b.fields(ctx, to, key, card),
			"properties": []property{{Key: propertyKey, Value: markOf(card, key)}},
		},
	}
	if err := b.api.ask(ctx, q, &made); err != nil {
		return "", err
	}
	if !issueID.MatchString(made.ID) {
		return "", &plugins.Error{Op: q.op, Kind: plugins.Unknown, Public: sayBroken, Err: fmt.Errorf("the answer names no issue")}
	}
	b.begin(ctx, made.ID, card)
	return plugins.Ref(made.ID), nil
}

func (b *bot) fields(ctx context.Context, to plugins.Destination, key string, card plugins.Card) map[string]any {
	all := map[string]any{}
	for name, value := range b.config.Fields {
		all[name] = value
	}
	all["project"] = map[string]string{"id": to.ID}
	all["issuetype"] = named{Name: b.config.IssueType}.reference()
	all["summary"] = summary(card)
	all["description"] = describe(card, b.names.of(ctx, b.config.Statuses)).render(b.api.cloud)
	all["labels"] = []string{requestLabel + card.RequestID, deliveryLabel + key}
	return all
}

// reference names a thing by its id if the name is one.
func (n named) reference() map[string]string {
	if issueID.MatchString(n.Name) {
		return map[string]string{"id": n.Name}
	}
	return map[string]string{"name": n.Name}
}

// begin moves a new issue to where its request stands, for workflows that begin elsewhere. Should it fail, the issue is
// there all the same.
func (b *bot) begin(ctx context.Context, id string, card plugins.Card) {
	wanted := b.config.Statuses.wanted(card.State)
	at, err := b.api.issue(ctx, "reading new issue", id, "")
	if err != nil {
		b.log.Warn("new issue could not be read back", "request_id", card.RequestID, "issue", id, "err", err)
		return
	}
	if moved, err := b.transition(ctx, at, wanted); err != nil || !moved {
		b.log.Warn("new issue does not stand in the status of its request; add a transition to the workflow",
			"request_id", card.RequestID, "issue", at.Key, "status", at.Fields.Status.ID, "wanted", wanted, "err", err)
	}
}

// Update makes the issue show a card, in its text and in its status.
func (b *bot) Update(ctx context.Context, ref plugins.Ref, card plugins.Card) error {
	id, err := decodeRef(ref)
	if err != nil {
		return err
	}
	at, err := b.api.issue(ctx, "reading issue", id, "")
	if err != nil {
		return gone(err)
	}
	if shown := at.mark(); shown.Version != card.Version || shown.Request != card.RequestID {
		if err := b.redraw(ctx, at, card); err != nil {
			return err
		}
	}
	if err := b.settle(ctx, at, card.State); err != nil {
		return err
	}
	if card.State.Resolved() {
		if err := b.tidy(ctx, at, card.RequestID); err != nil {
			b.log.Warn("duplicates were not looked for", "request_id", card.RequestID, "err", err)
		}
	}
	return nil
}

func (b *bot) redraw(ctx context.Context, at issue, card plugins.Card) error {
	return b.api.ask(ctx, question{
		op: "updating issue", method: http.MethodPut, path: issuePath(b.api.version, at.ID),
		body: map[string]any{
			"fields": map[string]any{
				"summary":     summary(card),
				"description": describe(card, b.names.of(ctx, b.config.Statuses)).render(b.api.cloud),
			},
			"properties": []property{{Key: propertyKey, Value: at.mark().next(card, b.now())}},
		},
	}, nil)
}

// Reply comments on the issue.
func (b *bot) Reply(ctx context.Context, ref plugins.Ref, key string, n plugins.Note) (plugins.Ref, error) {
	id, err := decodeRef(ref)
	if err != nil {
		return "", err
	}
	made, err := b.comment(ctx, id, comment{key: key, text: note(n)})
	return commentRef(id, made), gone(err)
}

func commentRef(id, made string) plugins.Ref {
	if made == "" {
		return ""
	}
	return plugins.Ref(id + "/" + made)
}

// Resolve turns a project's key into the project.
func (b *bot) Resolve(ctx context.Context, r plugins.Recipient) ([]plugins.Destination, error) {
	name := strings.TrimSpace(r.Name)
	if r.Person != nil || !projectKey.MatchString(name) {
		return nil, nil // Jira has no place that belongs to one person
	}
	var found named
	err := b.api.ask(ctx, question{op: "looking up project", method: http.MethodGet, path: "rest/api/2/project/" + name}, &found)
	if isKind(err, plugins.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []plugins.Destination{{ID: found.ID, Name: "project " + found.Key}}, nil
}

// wanted is the status that stands for a state.
func (s Statuses) wanted(state v1.State) string {
	switch state {
	case v1.StateApproved, v1.StatePromoted:
		return s.Approved
	case v1.StateDenied:
		return s.Denied
	case v1.StateExpired:
		return first(s.Expired, s.Denied)
	case v1.StateWithdrawn:
		return first(s.Withdrawn, s.Denied)
	default:
		return s.Pending
	}
}

// final says whether a status says that a request is over.
func (s Statuses) final(id string) bool {
	return id != "" && (id == s.Approved || id == s.Denied || id == s.Expired || id == s.Withdrawn)
}

// verdict is what moving an issue to a status says.
func (s Statuses) verdict(id string) (v1.Verdict, bool) {
	switch id {
	case s.Approved:
		return v1.Approve, true
	case s.Denied:
		return v1.Deny, true
	default:
		return "", false
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
