package opsgenie

import (
	"context"
	"net/url"
	"time"

	"github.com/accede/accede/plugins"
)

// period is somebody's turn in a rotation. Opsgenie calls who has it recipient, Jira Service Management responder.
type period struct {
	Start     time.Time   `json:"startDate"`
	End       time.Time   `json:"endDate"`
	Recipient participant `json:"recipient"`
	Responder participant `json:"responder"`
}

// timeline is a schedule with its overrides taken into account.
type timeline struct {
	Final struct {
		Rotations []struct {
			Deleted bool     `json:"deleted"`
			Periods []period `json:"periods"`
		} `json:"rotations"`
	} `json:"finalTimeline"`
}

// shiftEnds tells when the turn of whoever has one now ends.
type shiftEnds map[string]time.Time

// of returns when the turn ends that puts a participant on call, zero if the service does not say.
func (e shiftEnds) of(root participant) time.Time {
	if end, known := e[root.ID]; known {
		return end
	}
	if root.From != nil {
		return e[root.From.ID]
	}
	return time.Time{}
}

// ends reads when the present turns end. A service that does not show its timeline, because the plan or the credential does
// not reach so far, leaves that open; one that is away now has to be asked again.
func (b *bot) ends(ctx context.Context, schedule string) (shiftEnds, error) {
	// Two weeks are enough: a turn that lasts longer than the timeline seems to end with it.
	window := url.Values{"interval": {"2"}, "intervalUnit": {"weeks"}}
	got, err := fetch[timeline](ctx, b.api, reading("reading timeline", "/schedules/"+url.PathEscape(schedule)+"/timeline", window))
	switch kind := plugins.KindOf(err); {
	case err == nil:
		return got.present(b.now()), nil
	case kind == plugins.Auth || kind == plugins.NotFound || kind == plugins.Invalid:
		b.log.Info("the schedule's timeline cannot be read, so nobody knows when a shift ends", "schedule", schedule, "err", err)
		return nil, nil
	default:
		return nil, err
	}
}

// present keeps, of the turns that cover a moment, the one that ends last.
func (t timeline) present(now time.Time) shiftEnds {
	ends := shiftEnds{}
	for _, rotation := range t.Final.Rotations {
		for _, p := range rotation.Periods {
			id := p.Recipient.ID + p.Responder.ID
			if rotation.Deleted || id == "" || p.Start.After(now) || !now.Before(p.End) {
				continue
			}
			if p.End.After(ends[id]) {
				ends[id] = p.End
			}
		}
	}
	return ends
}
