package opsgenie

import (
	"context"
	"errors"
	"fmt"
	"slices"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

const opSchedule = "reading schedule"

// OnCall returns who is on call now on a schedule, with the level at which each is called. A person who stands on the
// schedule themselves is on the first level. So is the first step of an escalation that stands on it; every later step is one
// level further. The members of a team that stands on it come after that: the schedule names the team and not them, and who
// belongs to a team is decided elsewhere.
func (b *bot) OnCall(ctx context.Context, schedule string) ([]plugins.Shift, error) {
	if !alertID.MatchString(schedule) {
		return nil, &plugins.Error{
			Op: opSchedule, Kind: plugins.NotFound,
			Public: fmt.Sprintf("%q is no id of a schedule; it is in the address of the schedule's page, such as "+
				"d875e654-9b4e-4219-a803-0c26936d18de. Names are not taken: they can be changed.", oneLine(schedule, maxName)),
		}
	}
	now, err := b.api.speaks.schedule(ctx, b.api, schedule)
	if err != nil || !now.enabled {
		return nil, err
	}
	called := ranked(now.participants)
	if len(called) == 0 {
		return nil, nil
	}
	ends, err := b.ends(ctx, schedule)
	if err != nil {
		return nil, err
	}
	shifts := make([]plugins.Shift, 0, len(called))
	for _, one := range called {
		shifts = append(shifts, plugins.Shift{
			Schedule: schedule, ScheduleName: now.name, Level: one.level, User: one.id, UserName: one.name, Until: ends.of(one.root),
		})
	}
	return shifts, nil
}

// rota is a schedule at one moment.
type rota struct {
	name         string
	enabled      bool
	participants []participant
}

// head is what a service says of a schedule itself. Without a word whether it is switched on, it cannot be relied on.
type head struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Enabled *bool  `json:"enabled"`
}

func (h head) with(a *api, c call, id string, participants []participant) (rota, error) {
	if h.ID != id || h.Enabled == nil {
		return rota{}, a.unreadable(c, errors.New("the answer does not say whether this schedule is switched on"))
	}
	return rota{name: h.Name, enabled: *h.Enabled, participants: participants}, nil
}

// participant is somebody or something on call: https://docs.opsgenie.com/docs/who-is-on-call-api#get-on-calls.
type participant struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	// Minutes is when the step of an escalation calls; nil if the service does not say.
	Minutes *float64      `json:"escalationTime"`
	Inside  []participant `json:"onCallParticipants"`
	From    *participant  `json:"forwardedFrom"`
}

// called is somebody who is called, at a level, because of what stands on the schedule.
type called struct {
	id, name string
	level    int
	root     participant
}

// deepest bounds how far participants are looked for inside one another.
const deepest = 6

// ranked lists everybody once per level, the first level first.
func ranked(participants []participant) []called {
	var all []called
	for _, p := range participants {
		all = append(all, p.reach(1, p, deepest)...)
	}
	slices.SortStableFunc(all, func(x, y called) int { return x.level - y.level })
	var out []called
	for _, one := range all {
		if !slices.ContainsFunc(out, func(c called) bool { return c.id == one.id && c.level == one.level }) {
			out = append(out, one)
		}
	}
	return out
}

// reach lists whom a participant reaches when it is called at a level.
func (p participant) reach(level int, root participant, depth int) []called {
	if depth == 0 {
		return nil
	}
	switch p.Type {
	case "user":
		if p.ID == "" {
			return nil
		}
		return []called{{p.ID, p.Name, level, root}}
	case "schedule":
	case "escalation", "team":
		if p.Type == "team" {
			level++
		}
	default:
		return nil
	}
	steps := p.steps()
	var out []called
	for _, inside := range p.Inside {
		out = append(out, inside.reach(level+inside.step(p.Type, steps), root, depth-1)...)
	}
	return out
}

// steps are the later times at which what is inside is called.
func (p participant) steps() []float64 {
	var steps []float64
	for _, inside := range p.Inside {
		if inside.Minutes != nil && *inside.Minutes > 0 {
			steps = append(steps, *inside.Minutes)
		}
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}

// step counts the steps before this one. Inside an escalation, one without a time is not taken for the first.
func (p participant) step(within string, steps []float64) int {
	switch {
	case p.Minutes == nil && within == "escalation":
		return 1
	case p.Minutes == nil || *p.Minutes <= 0:
		return 0
	default:
		return 1 + slices.Index(steps, *p.Minutes)
	}
}

// Account returns the id of the one active person with the address.
func (b *bot) Account(ctx context.Context, person v1.PersonRef) (string, bool, error) {
	if person.Email == "" {
		return "", false, nil
	}
	found, ok, err := b.api.speaks.userByEmail(ctx, b.api, person.Email)
	if err != nil || !ok {
		return "", false, err
	}
	return found.id, true, nil
}
