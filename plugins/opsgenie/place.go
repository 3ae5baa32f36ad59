package opsgenie

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
)

// placeKind is what an alert can be for.
type placeKind string

const (
	kindTeam       placeKind = "team"
	kindSchedule   placeKind = "schedule"
	kindEscalation placeKind = "escalation"
	kindUser       placeKind = "user"
)

// place is whom an alert is for.
type place struct {
	kind     placeKind
	id, name string
}

func (p place) destination() plugins.Destination {
	return plugins.Destination{ID: string(p.kind) + "/" + p.id, Name: p.shown()}
}

func (p place) shown() string {
	if p.kind == kindTeam {
		return p.name
	}
	return string(p.kind) + " " + p.name
}

// placeOf reads a destination of [place.destination] back.
func placeOf(to plugins.Destination) (place, error) {
	kind, id, _ := strings.Cut(to.ID, "/")
	if !isKind(kind) || id == "" {
		return place{}, &plugins.Error{
			Op: "reading destination", Kind: plugins.NotFound, Public: "The ledger's destination is none of this plugin's.",
		}
	}
	return place{kind: placeKind(kind), id: id, name: to.Name}, nil
}

func isKind(text string) bool {
	return slices.Contains([]placeKind{kindTeam, kindSchedule, kindEscalation, kindUser}, placeKind(text))
}

// splitRecipient splits a recipient as people write it: "Database" is a team, "schedule: Database" a schedule.
func splitRecipient(recipient string) (placeKind, string) {
	before, after, found := strings.Cut(recipient, ":")
	if kind := strings.TrimSpace(before); found && isKind(kind) {
		return placeKind(kind), strings.TrimSpace(after)
	}
	return kindTeam, strings.TrimSpace(recipient)
}

// Resolve turns the name or id of a team into the team, and with a word before it that of a schedule, an escalation or a
// user. People of Accede are not reached here: whom an alert calls is the business of the team it is for.
func (b *bot) Resolve(ctx context.Context, r plugins.Recipient) ([]plugins.Destination, error) {
	kind, name := splitRecipient(r.Name)
	if r.Person != nil || name == "" {
		return nil, nil
	}
	found, err := b.api.speaks.lookUp(ctx, b.api, kind, name)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if len(found) > 1 {
		return nil, &plugins.Error{
			Op: "looking up recipient", Kind: plugins.Invalid,
			Public: fmt.Sprintf("%d of the kind %s are called %q; give the id of one of them.", len(found), kind, name),
		}
	}
	return []plugins.Destination{found[0].destination()}, nil
}
