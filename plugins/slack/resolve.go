package slack

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

var (
	channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{2,30}$`)
	userID    = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)
)

// Resolve turns "#channel", a channel's or account's id, an e-mail address or a person into a conversation.
func (b *bot) Resolve(ctx context.Context, r plugins.Recipient) ([]plugins.Destination, error) {
	if r.Person != nil {
		return b.resolvePerson(ctx, *r.Person, r.Accounts)
	}
	return b.resolveName(ctx, strings.TrimSpace(r.Name))
}

func (b *bot) resolveName(ctx context.Context, name string) ([]plugins.Destination, error) {
	switch {
	case channelID.MatchString(name):
		return []plugins.Destination{{ID: name, Name: name}}, nil
	case userID.MatchString(name):
		return b.direct(ctx, name, name)
	case !strings.HasPrefix(name, "#") && strings.Contains(name, "@"):
		return b.resolveEmail(ctx, name, name)
	}
	found, ok, err := b.rooms.named(ctx, strings.TrimPrefix(name, "#"))
	if err != nil {
		return nil, failure("listing channels", repeatable, err)
	}
	if !ok {
		return nil, nil
	}
	return []plugins.Destination{{ID: found.id, Name: "#" + found.name}}, nil
}

// resolvePerson prefers the accounts that the person linked. Their e-mail address serves to tell them, never to say who
// clicked.
func (b *bot) resolvePerson(ctx context.Context, p v1.PersonRef, accounts []v1.Identity) ([]plugins.Destination, error) {
	own, err := b.people.self(ctx)
	if err != nil {
		return nil, failure("resolving person", repeatable, err)
	}
	var found []plugins.Destination
	for _, account := range accounts {
		if account.Plugin != Name || account.Tenant != own.team {
			continue
		}
		direct, err := b.direct(ctx, account.User, p.Shown())
		if err != nil {
			return nil, err
		}
		found = append(found, direct...)
	}
	if len(found) > 0 || p.Email == "" {
		return found, nil
	}
	found, err = b.resolveEmail(ctx, p.Email, p.Shown())
	if codeOf(err) == "missing_scope" {
		return nil, nil // an app without users:read.email reaches people once they linked their account
	}
	return found, err
}

func (b *bot) resolveEmail(ctx context.Context, email, shown string) ([]plugins.Destination, error) {
	m, err := b.api.memberByEmail(ctx, email)
	if code := codeOf(err); code == "users_not_found" || code == "user_not_found" {
		return nil, nil
	}
	if err != nil {
		return nil, failure("looking up e-mail address", repeatable, err)
	}
	if m.deleted || m.bot || m.stranger {
		return nil, nil
	}
	return b.direct(ctx, m.id, shown)
}

// direct returns the direct message with an account, nothing if Slack does not allow one.
func (b *bot) direct(ctx context.Context, user, shown string) ([]plugins.Destination, error) {
	channel, err := b.api.openDirect(ctx, user)
	switch codeOf(err) {
	case "user_not_found", "users_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot":
		return nil, nil
	}
	if err != nil {
		return nil, failure("opening direct message", repeatable, err)
	}
	return []plugins.Destination{{ID: channel, Name: "direct message with " + oneLine(shown, maxName)}}, nil
}

// roomsFresh is how long a list of channels is believed.
const roomsFresh = 10 * time.Minute

// rooms knows the channels by name.
type rooms struct {
	api *api
	now func() time.Time

	mu     sync.Mutex
	byName map[string]room
	listed time.Time
}

func newRooms(client *api, now func() time.Time) *rooms { return &rooms{api: client, now: now} }

// named finds a channel by its name without the #. A name that the last list lacks makes Slack be asked again.
func (r *rooms) named(ctx context.Context, name string) (room, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if found, ok := r.byName[name]; ok && r.now().Sub(r.listed) < roomsFresh {
		return found, true, nil
	}
	byName, err := r.list(ctx)
	if err != nil {
		return room{}, false, err
	}
	r.byName, r.listed = byName, r.now()
	found, ok := byName[name]
	return found, ok, nil
}

// list reads public channels and, if the app may, private ones.
func (r *rooms) list(ctx context.Context) (map[string]room, error) {
	byName := map[string]room{}
	err := r.listInto(ctx, byName, "public_channel", "private_channel")
	if codeOf(err) == "missing_scope" {
		clear(byName)
		err = r.listInto(ctx, byName, "public_channel")
	}
	return byName, err
}

func (r *rooms) listInto(ctx context.Context, byName map[string]room, types ...string) error {
	cursor := ""
	for range maxPages {
		page, next, err := r.api.rooms(ctx, cursor, types...)
		if err != nil {
			return err
		}
		for _, found := range page {
			if known, ok := byName[found.name]; !ok || known.archived {
				byName[found.name] = found
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
	return nil
}
