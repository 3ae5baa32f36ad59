package servicenow

import (
	"context"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Resolve turns a recipient into a destination: the table itself, a group by name or sys_id, or a person. People are
// reached where the plugin asks them to approve, and the requester where a field of the record names them.
func (b *bot) Resolve(ctx context.Context, r plugins.Recipient) ([]plugins.Destination, error) {
	if r.Person != nil {
		return b.resolvePerson(ctx, *r.Person, r.Accounts)
	}
	name := strings.TrimSpace(r.Name)
	switch {
	case name == b.config.Table:
		return []plugins.Destination{{ID: name, Name: name}}, nil
	case !strings.Contains(name, "@"):
		return b.resolveGroup(ctx, name)
	case b.config.Approvals.Mode != ModeCreate:
		return nil, nil
	}
	found, ok, err := b.people.byEmail(ctx, name)
	if err != nil || !ok {
		return nil, err
	}
	return personAt(found), nil
}

func (b *bot) resolveGroup(ctx context.Context, name string) ([]plugins.Destination, error) {
	id, shown, found, err := b.group(ctx, name)
	if err != nil || !found {
		return nil, err
	}
	return []plugins.Destination{{ID: b.config.Table + "/" + id, Name: b.config.Table + " for " + shown}}, nil
}

// resolvePerson prefers the accounts that the person linked. Their e-mail address serves to tell and to ask them, never to
// say who approved.
func (b *bot) resolvePerson(ctx context.Context, p v1.PersonRef, accounts []v1.Identity) ([]plugins.Destination, error) {
	if b.config.Approvals.Mode != ModeCreate && b.config.RequesterField == "" {
		return nil, nil
	}
	for _, account := range accounts {
		if account.Plugin == Name && account.Tenant == b.config.tenant() && sysID.MatchString(account.User) {
			return personAt(user{id: account.User, name: p.Shown()}), nil
		}
	}
	found, ok, err := b.people.byEmail(ctx, p.Email)
	if err != nil || !ok {
		return nil, err
	}
	return personAt(found), nil
}

func personAt(u user) []plugins.Destination {
	return []plugins.Destination{{ID: personPlace + u.id, Name: oneLine(u.name, maxName)}}
}
