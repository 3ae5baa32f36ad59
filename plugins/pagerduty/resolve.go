package pagerduty

import (
	"context"
	"fmt"
	"strings"

	"github.com/accede/accede/plugins"
)

// Resolve turns a service's id or exact name into the service. People are not reached here: an incident belongs to a
// service, and whom PagerDuty then calls is the business of its escalation policy.
func (b *bot) Resolve(ctx context.Context, r plugins.Recipient) ([]plugins.Destination, error) {
	name := strings.TrimSpace(r.Name)
	if r.Person != nil || name == "" {
		return nil, nil
	}
	found, err := b.service(ctx, name)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if len(found) > 1 {
		return nil, &plugins.Error{
			Op: "looking up service", Kind: plugins.Invalid,
			Public: fmt.Sprintf("%d services are called %q; give the id of one of them.", len(found), name),
		}
	}
	return []plugins.Destination{{ID: found[0].ID, Name: found[0].Name}}, nil
}

// service finds services by id, and if there is none by name: a name may look like an id.
func (b *bot) service(ctx context.Context, name string) ([]service, error) {
	if objectID.MatchString(name) {
		found, err := b.api.serviceByID(ctx, name)
		if err == nil {
			return []service{found}, nil
		}
		if !notFound(err) {
			return nil, err
		}
	}
	return b.api.servicesNamed(ctx, name)
}
