package host

import (
	"context"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	// dutyPoll names what one replica does for all: asking the vendor what happened to open cards.
	dutyPoll = "poll"
	// pollTogether bounds the cards of one call of the plugin, and pollTimeout how long that may take.
	pollTogether = 200
	pollTimeout  = time.Minute
	// longestPollWait bounds the wait that a vendor can ask for.
	longestPollWait = 10 * time.Minute
	handedOver      = 8192
)

// pollsVendor asks the vendor what people decided there, on one replica at a time, for as long as there are open cards.
func (h *Host) pollsVendor(ctx context.Context) {
	if h.can.Poller == nil || h.settings.Decisions != DecideInChat {
		return
	}
	every := h.settings.VendorPoll.Std()
	polled := &polledDecisions{desk: h.desk, known: newMemory[bool](handedOver)}
	wait := every
	for failures := 0; pause(ctx, wait+jitter(every/10)); {
		wait = every
		err := h.pollVendor(ctx, polled)
		if err == nil || ctx.Err() != nil {
			failures = 0
			continue
		}
		failures++
		wait = max(every, min(max(vendorWait(err), every<<min(failures-1, 4)), longestPollWait))
		h.metrics.retry(plugins.KindOf(err))
		h.logger.Warn("asking the vendor about open cards failed", "attempt", failures, "wait", wait.String(),
			"err", vendorhttp.Redact(err.Error()))
	}
}

// pollVendor goes through every open card once, if this replica has the duty.
func (h *Host) pollVendor(ctx context.Context, decisions plugins.Decisions) error {
	question := v1.CardsRequest{}
	for ctx.Err() == nil {
		mine, err := h.takeDuty(ctx)
		if err != nil || !mine {
			return err
		}
		open, next, err := h.openCards(ctx, question.Cursor)
		if err != nil || len(open) == 0 {
			return err
		}
		if err := h.pollCards(ctx, open, decisions); err != nil {
			return err
		}
		if next == "" {
			return nil
		}
		question.Cursor = next
	}
	return ctx.Err()
}

func (h *Host) takeDuty(ctx context.Context) (bool, error) {
	lease := pollTimeout + 2*h.settings.VendorPoll.Std()
	return h.deliverer.core.duty(ctx, v1.DutyRequest{Duty: dutyPoll, Owner: h.replica, Lease: v1.Duration(lease)})
}

// openCards gathers pages of the core until there are enough for one call of the plugin.
func (h *Host) openCards(ctx context.Context, cursor string) (open []plugins.Posted, next string, err error) {
	for len(open) < pollTogether {
		reply, err := h.deliverer.core.cards(ctx, v1.CardsRequest{Cursor: cursor})
		if err != nil {
			return nil, "", err
		}
		open = append(open, h.posted(reply.Cards)...)
		if cursor = reply.Next; cursor == "" {
			break
		}
	}
	return open, cursor, nil
}

func (h *Host) pollCards(ctx context.Context, open []plugins.Posted, decisions plugins.Decisions) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	return h.deliverer.call(ctx, "poll", func(ctx context.Context) error { return h.can.Poller.Poll(ctx, open, decisions) })
}

// polledDecisions takes what a poll finds. The vendor shows the same decision in every poll while a request is pending, so
// what was handed over is not handed over again. A decision counts from when it was read, not from when it was made: while
// nobody asked the vendor, nothing became stale.
type polledDecisions struct {
	desk  *desk
	known *memory[bool]
}

// Submit implements [plugins.Decisions].
func (p *polledDecisions) Submit(ctx context.Context, decision v1.Decision) error {
	if known, _ := p.known.get(decision.ID); known {
		return nil
	}
	decision.Made = time.Now().UTC()
	if err := p.desk.Submit(ctx, decision); err != nil {
		return err
	}
	p.known.put(decision.ID, true)
	return nil
}
