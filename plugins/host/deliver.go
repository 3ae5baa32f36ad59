package host

import (
	"context"
	"log/slog"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
)

// nowhere is recorded as the reference of what was deliberately not posted: the card of a request that was resolved
// before anybody saw it.
const nowhere plugins.Ref = "accede:not-posted"

const (
	// maxRounds bounds how often one delivery is claimed in a row: adopting, then updating, then mending takes three.
	maxRounds = 5
	// firstVersion is the oldest version that a card found by its key can show.
	firstVersion = 1
	// searchMargin widens a look-up for clocks that differ.
	searchMargin = time.Minute
)

// job is one delivery to bring about.
type job struct {
	v1.DeliveryKey
	name    string
	version int64
	// operation names it in metrics: card, reply, outcome, access, answer.
	operation string
	// lapsed says that what is not there yet shall not be posted any more.
	lapsed bool
	// repeatable says that doing it twice is as good as once.
	repeatable bool
	// post creates it at the vendor under the delivery's key.
	post func(ctx context.Context, key string) (plugins.Ref, error)
	// update brings it to the version; nil if it never changes once it is there.
	update func(ctx context.Context, ref plugins.Ref) error
	// find looks it up by its key; nil if the vendor cannot.
	find func(ctx context.Context, search plugins.Search) (plugins.Ref, bool, error)
}

func (j job) id() string { return j.Destination + "\x00" + j.RequestID + "\x00" + j.Slot }

// status is what became of a delivery.
type status int

const (
	// settled: it is there and shows the version.
	settled status = iota
	// scheduled: it failed, and the ledger knows when to try again.
	scheduled
	// parked: it failed for good.
	parked
	// busy: somebody else holds it, or its destination is paused.
	busy
	// broken: the core could not be asked or told.
	broken
)

type result struct {
	status status
	ref    plugins.Ref
	after  time.Duration
	err    error
}

// deliverer brings deliveries about through the ledger.
type deliverer struct {
	core    core
	owner   string
	lease   time.Duration
	settle  time.Duration
	logger  *slog.Logger
	metrics *metrics
	hit     func(point string)
	// dirty marks deliveries that this replica may have set back to an older version after losing its lease.
	dirty *memory[bool]
	// streaks counts failures in a row.
	streaks *memory[streak]
}

type streak struct {
	failures, panics int
	last             time.Duration
}

// bring claims the delivery and does what the ledger says until it is settled or somebody else's.
func (d *deliverer) bring(ctx context.Context, j job) result {
	for range maxRounds {
		done, again := d.round(ctx, j)
		if !again {
			return done
		}
	}
	return result{status: busy, after: time.Second}
}

func (d *deliverer) round(ctx context.Context, j job) (done result, again bool) {
	d.hit(BeforeClaim)
	// The lease is counted from before it was asked for, on this machine's monotonic clock.
	deadline := time.Now().Add(d.lease - d.lease/10)
	force, _ := d.dirty.get(j.id())
	reply, err := d.core.claim(ctx, v1.Claim{
		DeliveryKey: j.DeliveryKey, DestinationName: j.name, Owner: d.owner,
		Version: j.version, Lease: v1.Duration(d.lease), Force: force,
	})
	if err != nil {
		return d.unclaimed(j, err), false
	}
	d.hit(AfterClaim)
	switch {
	case reply.Mode == v1.ClaimDone:
		return result{ref: plugins.Ref(reply.Ref)}, false
	case reply.Mode == v1.ClaimParked:
		return result{status: parked}, false
	case !reply.Mode.Leased():
		return result{status: busy, after: reply.RetryAfter.Std()}, false
	}
	return d.leased(ctx, j, reply, deadline)
}

func (d *deliverer) unclaimed(j job, err error) result {
	if refusedForGood(err) {
		d.logger.Error("claim refused", "request_id", j.RequestID, "destination", j.name, "slot", j.Slot, "err", err)
		return result{status: parked, err: err}
	}
	return result{status: broken, err: err}
}

// leased does one thing at the vendor and reports it before the lease ends.
func (d *deliverer) leased(ctx context.Context, j job, reply v1.ClaimReply, deadline time.Time) (result, bool) {
	l := lease{job: j, reply: reply, deadline: deadline.Add(d.lease / 10)}
	if reply.ShownVersion > j.version {
		return d.giveBack(ctx, l), false
	}
	vendorCtx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	did, err := d.act(vendorCtx, l)
	if err != nil {
		return d.failed(ctx, l, err), false
	}
	d.hit(AfterPost)
	return d.record(ctx, l, did)
}

// giveBack ends a lease on a delivery that shows, or should show, more than this replica knows: it becomes due at once,
// and whoever asks for what is due gets the newest snapshot.
func (d *deliverer) giveBack(ctx context.Context, l lease) result {
	stale, err := d.core.conclude(ctx, l.deadline, broker.MethodFail, v1.Failure{
		DeliveryKey: l.job.DeliveryKey, Attempt: l.reply.Attempt, Kind: string(plugins.Transient),
		Error: "a newer version of the request has to be fetched first",
	})
	return concluded(stale, err, result{status: scheduled})
}

// lease is a claimed delivery.
type lease struct {
	job      job
	reply    v1.ClaimReply
	deadline time.Time
}

// deed is what was done under a lease.
type deed struct {
	ref     plugins.Ref
	adopted bool
	posted  bool
	updated bool
}

// shows is the version that the delivery certainly shows after the deed.
func (did deed) shows(j job) int64 {
	if did.adopted && j.update != nil {
		return firstVersion
	}
	return j.version
}

// level is how loud a deed is logged: what is new to people is worth a line.
func (did deed) level() slog.Level {
	if did.posted || did.adopted {
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

func (d *deliverer) record(ctx context.Context, l lease, did deed) (result, bool) {
	stale, err := d.core.conclude(ctx, l.deadline, broker.MethodRecord, v1.Record{
		DeliveryKey: l.job.DeliveryKey, Attempt: l.reply.Attempt, Ref: string(did.ref),
		Version: did.shows(l.job), Adopted: did.adopted,
	})
	if err != nil {
		return result{status: broken, err: err}, false
	}
	d.hit(AfterRecord)
	if stale {
		d.metrics.stale.Inc()
		if did.updated {
			d.dirty.put(l.job.id(), true)
		}
		return result{}, true
	}
	d.count(l.job, did)
	d.logger.Log(ctx, did.level(), "delivery recorded", "request_id", l.job.RequestID, "destination", l.job.name,
		"slot", l.job.Slot, "attempt", l.reply.Attempt, "version", did.shows(l.job), "adopted", did.adopted)
	d.dirty.forget(l.job.id())
	d.streaks.forget(l.job.id())
	if did.shows(l.job) < l.job.version {
		return result{}, true
	}
	return result{ref: did.ref}, false
}

func (d *deliverer) count(j job, did deed) {
	switch {
	case did.adopted:
		d.metrics.duplicatesAvoided.add()
	case did.posted && j.operation == opCard:
		d.metrics.posted.add()
	case did.posted:
		d.metrics.replies.WithLabelValues(j.operation).Inc()
	case did.updated:
		d.metrics.updated.add()
	}
}

func concluded(stale bool, err error, otherwise result) result {
	switch {
	case err != nil:
		return result{status: broken, err: err}
	case stale:
		return result{status: busy, after: time.Second}
	default:
		return otherwise
	}
}
