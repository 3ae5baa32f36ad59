package service

import (
	"context"
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const (
	// longestDuty bounds how long a silent owner keeps a duty.
	longestDuty = 10 * time.Minute
	// maxDuties bounds what one plugin can make the core remember.
	maxDuties = 16
)

// Duties says which replica of a plugin does what one replica does for all. It is kept in memory: after a restart of the
// core two replicas may do the same for one lease, which costs calls and changes nothing.
type Duties struct {
	Now func() time.Time

	mu    sync.Mutex
	taken map[string]map[string]duty
}

type duty struct {
	owner string
	until time.Time
}

// Take gives the duty to the asker if nobody else holds it, or lengthens the asker's own lease.
func (d *Duties) Take(_ context.Context, plugin string, question v1.DutyRequest) (v1.DutyReply, error) {
	lease := question.Lease.Std()
	if question.Duty == "" || question.Owner == "" || lease <= 0 || lease > longestDuty {
		return v1.DutyReply{}, core.Refuse(v1.CodeInvalid, "A duty has a name, an owner and a lease of at most %s.", longestDuty)
	}
	now := d.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	of := d.of(plugin)
	held, known := of[question.Duty]
	if known && held.owner != question.Owner && now.Before(held.until) {
		return v1.DutyReply{}, nil
	}
	if !known && len(of) >= maxDuties {
		return v1.DutyReply{}, core.Refuse(v1.CodeRateLimited, "The plugin has more than %d duties.", maxDuties)
	}
	of[question.Duty] = duty{owner: question.Owner, until: now.Add(lease)}
	return v1.DutyReply{Granted: true}, nil
}

func (d *Duties) of(plugin string) map[string]duty {
	if d.taken == nil {
		d.taken = map[string]map[string]duty{}
	}
	if d.taken[plugin] == nil {
		d.taken[plugin] = map[string]duty{}
	}
	return d.taken[plugin]
}
