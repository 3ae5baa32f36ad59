package host

import (
	"context"
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

const (
	rememberFound   = 5 * time.Minute
	rememberMissing = 30 * time.Second
	resolveTimeout  = 15 * time.Second
	resolutions     = 4096
)

// target is a destination and for whom its card is drawn.
type target struct {
	plugins.Destination
	audience plugins.Audience
}

// targets returns every place where the request belongs: the requester first, whose own place never becomes a
// reviewer's; then the configured recipients of its roles; then the suggested reviewers. The error says that some could
// not be looked up for now; the others are returned all the same.
func (h *Host) targets(ctx context.Context, request v1.Request) ([]target, error) {
	list := &targetList{seen: map[string]bool{}}
	people, firstErr := h.people(ctx, request)
	for _, person := range people {
		audience := plugins.ForReviewers
		if person.Person.Name == request.Requester.Name {
			audience = plugins.ForRequester
		}
		found, err := h.resolve(ctx, person)
		if err != nil {
			firstErr = first(firstErr, err)
			if audience == plugins.ForRequester {
				// Without knowing the requester's own place, a reviewer's card could end up there.
				return nil, firstErr
			}
		}
		list.add(audience, found)
	}
	for _, name := range h.recipients(request) {
		found, err := h.resolve(ctx, plugins.Recipient{Name: name})
		firstErr = first(firstErr, err)
		list.add(plugins.ForReviewers, found)
	}
	return list.targets, firstErr
}

// recipients are the configured ones and, where the vendor has services that annotations can name, those.
func (h *Host) recipients(request v1.Request) []string {
	names := h.routes.recipients(request.Roles)
	if h.spec.Services {
		names = append(names, request.NotifyServices(h.spec.Name)...)
	}
	return names
}

type targetList struct {
	seen    map[string]bool
	targets []target
}

func (l *targetList) add(audience plugins.Audience, found []plugins.Destination) {
	for _, destination := range found {
		if destination.ID == "" || l.seen[destination.ID] {
			continue
		}
		l.seen[destination.ID] = true
		l.targets = append(l.targets, target{Destination: destination, audience: audience})
	}
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// people returns the requester and the suggested reviewers with their linked accounts. A vendor without a resolver
// cannot reach people.
func (h *Host) people(ctx context.Context, request v1.Request) ([]plugins.Recipient, error) {
	if h.can.Resolver == nil {
		return nil, nil
	}
	refs := append([]v1.PersonRef{request.Requester}, request.SuggestedReviewers...)
	names := make([]string, 0, len(refs))
	for _, ref := range refs {
		names = append(names, ref.Name)
	}
	accounts, err := h.accounts(ctx, names)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var people []plugins.Recipient
	for i, ref := range refs {
		if !seen[ref.Name] {
			seen[ref.Name] = true
			people = append(people, plugins.Recipient{Person: &refs[i], Accounts: accounts[ref.Name]})
		}
	}
	return people, nil
}

// accounts asks the core for linked accounts, and remembers its answer for a short while.
func (h *Host) accounts(ctx context.Context, names []string) (map[string][]v1.Identity, error) {
	key := strings.Join(names, "\x00")
	if known, ok := h.linked.get(key); ok && time.Now().Before(known.until) {
		return known.value, nil
	}
	accounts, err := h.deliverer.core.identities(ctx, names)
	if err != nil {
		return nil, err
	}
	h.linked.put(key, remembered[map[string][]v1.Identity]{accounts, time.Now().Add(rememberMissing)})
	return accounts, nil
}

// remembered is a value with the time at which it is forgotten.
type remembered[V any] struct {
	value V
	until time.Time
}

// resolve turns a recipient into destinations. A recipient that the vendor does not know has none; an error is one that
// may pass.
func (h *Host) resolve(ctx context.Context, recipient plugins.Recipient) ([]plugins.Destination, error) {
	if h.can.Resolver == nil {
		return []plugins.Destination{{ID: recipient.Name, Name: recipient.Name}}, nil
	}
	key := resolveKey(recipient)
	if known, ok := h.resolved.get(key); ok && time.Now().Before(known.until) {
		return known.value, nil
	}
	found, err := h.lookUp(ctx, recipient)
	if err != nil && !neverFound(plugins.KindOf(err)) {
		return nil, fmt.Errorf("resolving %s: %w", shown(recipient), err)
	}
	lasts := rememberFound
	if len(found) == 0 {
		lasts = rememberMissing
		h.missing(recipient, err)
	}
	h.resolved.put(key, remembered[[]plugins.Destination]{found, time.Now().Add(lasts)})
	return found, nil
}

func (h *Host) lookUp(ctx context.Context, recipient plugins.Recipient) (found []plugins.Destination, err error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	err = h.deliverer.call(ctx, "resolve", func(ctx context.Context) (err error) {
		found, err = h.can.Resolver.Resolve(ctx, recipient)
		return err
	})
	return found, err
}

func neverFound(kind plugins.Kind) bool {
	return kind == plugins.NotFound || kind == plugins.Invalid || kind == plugins.Gone
}

// missing reports a recipient that cannot be reached: a mistake in the configuration, but for people a matter of course.
func (h *Host) missing(recipient plugins.Recipient, err error) {
	h.metrics.unreachable.Inc()
	if recipient.Person != nil {
		h.logger.Debug("person cannot be reached at this vendor", "person", recipient.Person.Name)
		return
	}
	h.logger.Error("recipient is unknown to the vendor; mend role_to_recipients or invite the bot",
		"recipient", recipient.Name, "err", err)
}

func resolveKey(recipient plugins.Recipient) string {
	if recipient.Person == nil {
		return "name\x00" + recipient.Name
	}
	key := "person\x00" + recipient.Person.Name + "\x00" + recipient.Person.Email
	for _, account := range recipient.Accounts {
		key += "\x00" + account.Tenant + "\x00" + account.User
	}
	return key
}

func shown(recipient plugins.Recipient) string {
	if recipient.Person != nil {
		return recipient.Person.Name
	}
	return recipient.Name
}
