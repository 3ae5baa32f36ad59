package host

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
)

const (
	// parallelDestinations bounds how many destinations of one request are worked on at a time.
	parallelDestinations = 4
	// patientDeliveries is how often a message is taken back for a delivery that is busy before it is acknowledged and the
	// request is kept in memory instead; the resync is the net under that.
	patientDeliveries         = 20
	shortestWait, longestWait = 200 * time.Millisecond, 15 * time.Second
)

// verdict is what a convergence leaves to be done.
type verdict struct {
	// again says that something is not yet where it belongs and that nothing durable will remind anybody.
	again bool
	// after is how long to wait; zero means that nobody said.
	after time.Duration
	// broken says that the core could not be asked: waiting in memory would not be safe.
	broken bool
	err    error
}

// merge keeps the more urgent of two verdicts.
func (v verdict) merge(other verdict) verdict {
	merged := verdict{again: v.again || other.again, broken: v.broken || other.broken, after: v.after, err: v.err}
	if other.again && (!v.again || other.after < v.after) {
		merged.after = other.after
	}
	if merged.err == nil {
		merged.err = other.err
	}
	return merged
}

func verdictOf(r result) verdict {
	switch r.status {
	case busy:
		return verdict{again: true, after: r.after}
	case broken:
		return verdict{again: true, broken: true, err: r.err}
	case settled, scheduled, parked:
	}
	return verdict{}
}

// converge brings every place where the request belongs to the newest version known here. One request is worked on by
// one goroutine at a time. Due says that the ledger asked for it, so that having been there before is no reason to skip.
func (h *Host) converge(ctx context.Context, request v1.Request, due bool) verdict {
	h.snapshots.enter(request)
	defer h.snapshots.leave(request.ID)
	release, err := h.requests.lock(ctx, request.ID)
	if err != nil {
		return verdict{again: true, broken: true, err: err}
	}
	defer release()
	request = h.snapshots.get(request.ID)
	reached, seen := h.converged.get(request.ID)
	if seen && (reached > request.Version || reached == request.Version && !due) {
		return verdict{}
	}
	left := h.show(ctx, request)
	if !left.again {
		h.converged.put(request.ID, request.Version)
	}
	return left
}

func (h *Host) show(ctx context.Context, request v1.Request) verdict {
	targets, err := h.targets(ctx, request)
	left := verdict{}
	if err != nil {
		left = verdict{again: true, broken: true, err: err}
	}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(parallelDestinations)
	begin := func(bring func() verdict) {
		group.Go(func() error {
			one := bring()
			mu.Lock()
			defer mu.Unlock()
			left = left.merge(one)
			return nil
		})
	}
	begin(func() verdict { return h.reviewOnCall(ctx, request) })
	for _, to := range targets {
		begin(func() verdict { return h.showAt(ctx, request, to) })
	}
	_ = group.Wait() // what went wrong is in the verdict
	return left
}

// showAt brings one destination to the request's version: the card, then what belongs to it in the order it happened.
func (h *Host) showAt(ctx context.Context, request v1.Request, to target) verdict {
	card := plugins.NewCard(request, to.audience, h.publicURL(), h.settings.Decisions == DecideInChat)
	shown := h.deliverer.bring(ctx, h.cardJob(request, to, card))
	switch {
	case shown.status == busy, shown.status == broken, shown.status == scheduled:
		return verdictOf(shown)
	case to.audience == plugins.ForRequester:
		return h.tellRequester(ctx, request, to, card, shown)
	case shown.place() != "":
		return h.tellReviews(ctx, request, to, card, shown.ref)
	default:
		return verdict{}
	}
}

// tellReviews adds a reply for each review, in order: a later one waits until an earlier one is there or given up.
func (h *Host) tellReviews(ctx context.Context, request v1.Request, to target, card plugins.Card, parent plugins.Ref) verdict {
	if h.can.Replier == nil {
		return verdict{}
	}
	for i := range request.Reviews {
		note := plugins.Note{Kind: plugins.NoteReview, Card: card, Review: &request.Reviews[i]}
		slot := v1.SlotReviewPrefix + request.Reviews[i].ID
		told := h.deliverer.bring(ctx, h.replyJob(request, to, slot, opReply, parent, note))
		if told.status != settled && told.status != parked {
			return verdictOf(told)
		}
	}
	return verdict{}
}

// tellRequester says how it ended, and then what they have to know of their access: under their card if there is one that
// takes replies, else as messages of their own.
func (h *Host) tellRequester(ctx context.Context, request v1.Request, to target, card plugins.Card, shown result) verdict {
	if !request.State.Resolved() {
		return verdict{}
	}
	parent := shown.place()
	note := plugins.Note{Kind: plugins.NoteOutcome, Card: card}
	told := h.deliverer.bring(ctx, h.noticeJob(request, to, v1.SlotOutcome, opOutcome, parent, note))
	if told.status != settled && told.status != parked {
		return verdictOf(told)
	}
	if parent == "" {
		parent = told.place()
	}
	return h.tellAccess(ctx, request, to, card, parent)
}

// place is what replies can be put under, empty if nothing is there.
func (r result) place() plugins.Ref {
	if r.status != settled || r.ref == nowhere {
		return ""
	}
	return r.ref
}

func (h *Host) job(request v1.Request, to target, slot, operation string) job {
	return job{
		DeliveryKey: v1.DeliveryKey{Destination: to.ID, RequestID: request.ID, Slot: slot},
		name:        to.Name, version: request.Version, operation: operation,
	}
}

// cardJob is the card itself. Once the request is resolved, a card that is not there yet is not posted any more.
func (h *Host) cardJob(request v1.Request, to target, card plugins.Card) job {
	j := h.job(request, to, v1.SlotCard, opCard)
	j.lapsed = request.State.Resolved()
	j.post = func(ctx context.Context, key string) (plugins.Ref, error) {
		return h.plugin.Post(ctx, to.Destination, key, card)
	}
	if h.can.Updater != nil {
		j.update = func(ctx context.Context, ref plugins.Ref) error { return h.can.Updater.Update(ctx, ref, card) }
	}
	if h.can.Finder != nil {
		j.find = func(ctx context.Context, search plugins.Search) (plugins.Ref, bool, error) {
			return h.can.Finder.Find(ctx, to.Destination, search)
		}
	}
	return j
}

func (h *Host) replyJob(request v1.Request, to target, slot, operation string, parent plugins.Ref, note plugins.Note) job {
	j := h.job(request, to, slot, operation)
	j.post = func(ctx context.Context, key string) (plugins.Ref, error) {
		return h.can.Replier.Reply(ctx, parent, key, note)
	}
	if h.can.Finder != nil {
		j.find = func(ctx context.Context, search plugins.Search) (plugins.Ref, bool, error) {
			search.Parent = parent
			return h.can.Finder.Find(ctx, to.Destination, search)
		}
	}
	return j
}

// noticeJob puts a note where the requester notices it: under the parent, or as a card of its own that never changes.
func (h *Host) noticeJob(request v1.Request, to target, slot, operation string, parent plugins.Ref, note plugins.Note) job {
	if h.can.Replier != nil && parent != "" {
		return h.replyJob(request, to, slot, operation, parent, note)
	}
	j := h.cardJob(request, to, note.Card)
	j.Slot, j.operation, j.lapsed, j.update = slot, operation, false, nil
	return j
}

// handle deals with one event.
func (h *Host) handle(_ context.Context, message broker.Message) broker.Outcome {
	// Work that has begun is finished when the host stops: it ends with the host's own context.
	ctx := h.work
	event, err := v1.ParseEvent(message.Data)
	if err != nil {
		return h.ignore("malformed", "event cannot be read", err)
	}
	switch event.Type {
	case v1.EventAnswer:
		return h.handleAnswer(ctx, event, message) //nolint:contextcheck // as said above
	case v1.EventCreated, v1.EventReviewed, v1.EventNoted, v1.EventResolved, v1.EventAccessStarted, v1.EventAccessEnding,
		v1.EventAccessEnded, v1.EventResync:
	default:
		h.metrics.ignored.WithLabelValues("unknown_type").Inc()
		return broker.Done()
	}
	request, err := event.Request()
	if err != nil {
		return h.ignore("malformed", "event cannot be read", err)
	}
	left := h.converge(ctx, request, false) //nolint:contextcheck // as said above
	if !left.again {
		h.metrics.handled(message.Published)
	}
	return h.settle(request, left, message.Deliveries)
}

func (h *Host) ignore(why, text string, err error) broker.Outcome {
	h.metrics.ignored.WithLabelValues(why).Inc()
	h.logger.Error(text, "err", err)
	return broker.Done()
}

// settle turns a verdict into what is done with the message.
func (h *Host) settle(request v1.Request, left verdict, deliveries int) broker.Outcome {
	if !left.again {
		h.failpoint(BeforeAck)
		return broker.Done()
	}
	wait := left.wait(deliveries)
	if left.err != nil {
		h.logger.Warn("request not shown everywhere yet", "request_id", request.ID, "attempt", deliveries,
			"wait", wait.String(), "err", left.err)
	}
	if left.broken || deliveries < patientDeliveries {
		return broker.RetryAfter(wait)
	}
	h.later.put(request, wait)
	return broker.Done()
}

// wait bounds and spreads what the ledger asked for; where nobody asked, it grows with every delivery of the message.
func (v verdict) wait(deliveries int) time.Duration {
	asked := v.after
	if asked == 0 {
		asked = shortestWait << min(max(deliveries-1, 0), 7)
	}
	asked = min(max(asked, shortestWait), longestWait)
	return asked + jitter(asked/4)
}
