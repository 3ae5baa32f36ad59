package host

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/version"
)

const (
	syncPage = 100
	// maxDuePages bounds one look at what is due; the next one follows in a second.
	maxDuePages                 = 20
	firstSyncWait, lastSyncWait = time.Second, 30 * time.Second
)

// resyncs compares everything with the core: at the start, when asked to, and from time to time.
func (h *Host) resyncs(ctx context.Context) {
	wait, failures := firstSyncWait, 0
	for ctx.Err() == nil {
		pages, err := h.sync(ctx, v1.SyncRequest{Limit: syncPage}, 0)
		next := h.settings.Resync.Std()
		if err != nil {
			failures++
			h.logger.Warn("resync failed", "attempt", failures, "wait", wait.String(), "err", err)
			next, wait = wait, min(2*wait, lastSyncWait)
		} else {
			h.logger.Debug("resync done", "pages", pages)
			wait, failures = firstSyncWait, 0
		}
		timer := time.NewTimer(next + jitter(next/10))
		select {
		case <-timer.C:
		case <-h.resyncNow:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// wantResync asks for a resync soon. Several asks in a row are one.
func (h *Host) wantResync() {
	select {
	case h.resyncNow <- struct{}{}:
	default:
	}
}

// polls works through what the ledger says is due again, and what this replica put off.
func (h *Host) polls(ctx context.Context) {
	failures := 0
	for pause(ctx, h.settings.Poll.Std()+jitter(h.settings.Poll.Std()/4)) {
		h.each(h.later.due())
		_, err := h.sync(ctx, v1.SyncRequest{Due: true, Limit: syncPage}, maxDuePages)
		if err == nil {
			failures = 0
		} else if ctx.Err() == nil {
			failures++
			h.logger.Warn("asking for due deliveries failed", "attempt", failures, "err", err)
		}
	}
}

// sync goes through the pages of one sync; most, when positive, bounds their number.
func (h *Host) sync(ctx context.Context, request v1.SyncRequest, most int) (pages int, err error) {
	for ctx.Err() == nil {
		reply, err := h.deliverer.core.sync(ctx, request)
		if err != nil {
			return pages, err
		}
		pages++
		h.each(reply.Requests)
		for _, answer := range reply.Answers {
			h.desk.tellLate(h.work, answer.Decision, answer.Result) //nolint:contextcheck // what has begun is finished
		}
		if reply.Next == "" || reply.Next == request.Cursor || pages == most {
			return pages, nil
		}
		request.Cursor = reply.Next
	}
	return pages, ctx.Err()
}

// each converges requests side by side and puts off those that are busy.
func (h *Host) each(requests []v1.Request) {
	var group errgroup.Group
	group.SetLimit(h.settings.Workers)
	for _, request := range requests {
		if h.stopping() {
			break
		}
		group.Go(func() error {
			left := h.converge(h.work, request, true)
			if left.again {
				h.later.put(request, left.wait(patientDeliveries))
			}
			return nil
		})
	}
	_ = group.Wait() // what went wrong was logged or put off
}

// heartbeats tells the core about this replica and learns from it.
func (h *Host) heartbeats(ctx context.Context) {
	for {
		h.beat(ctx)
		if !pause(ctx, h.settings.Heartbeat.Std()) {
			return
		}
	}
}

func (h *Host) beat(ctx context.Context) {
	beat := v1.Heartbeat{
		Replica: h.replica, Version: version.String(), Started: h.started, Capabilities: h.can.names(),
		Problem: h.problem(ctx),
	}
	h.metrics.fill(&beat)
	reply, err := h.deliverer.core.heartbeat(ctx, beat)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		h.logger.Warn("the core does not answer", "attempt", h.coreState.lost(), "err", err)
		return
	}
	if h.coreState.heard(reply) {
		h.wantResync()
	}
}

// errStopping is why a replica that stops is not ready.
var errStopping = errors.New("the plugin is stopping")
