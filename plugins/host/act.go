package host

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// act does what the claim calls for at the vendor.
func (d *deliverer) act(ctx context.Context, l lease) (deed, error) {
	ref := plugins.Ref(l.reply.Ref)
	switch {
	case ref == nowhere, ref != "" && l.job.update == nil:
		return deed{ref: ref}, nil
	case ref != "":
		err := d.call(ctx, "update", func(ctx context.Context) error { return l.job.update(ctx, ref) })
		return deed{ref: ref, updated: true}, err
	case l.reply.Mode == v1.ClaimRecover:
		return d.recover(ctx, l)
	default:
		return d.post(ctx, l)
	}
}

// recover looks for what an earlier attempt may have left before it posts.
func (d *deliverer) recover(ctx context.Context, l lease) (deed, error) {
	if l.job.find == nil {
		if !l.job.lapsed && !l.job.repeatable {
			d.metrics.blindReposts.Inc()
		}
		return d.post(ctx, l)
	}
	var ref plugins.Ref
	var found bool
	err := d.call(ctx, "find", func(ctx context.Context) (err error) {
		search := plugins.Search{Key: l.reply.Key, Since: l.reply.FirstTried.Add(-searchMargin)}
		ref, found, err = l.job.find(ctx, search)
		return err
	})
	if err != nil {
		return deed{}, err
	}
	if found {
		return deed{ref: ref, adopted: true}, nil
	}
	return d.post(ctx, l)
}

func (d *deliverer) post(ctx context.Context, l lease) (did deed, err error) {
	if l.job.lapsed {
		return deed{ref: nowhere}, nil
	}
	err = d.call(ctx, l.job.operation, func(ctx context.Context) (err error) {
		did.ref, err = l.job.post(ctx, l.reply.Key)
		return err
	})
	did.posted = true
	return did, err
}

// call runs one vendor call: not at all once the lease is nearly over, timed, and with a panic turned into an error.
func (d *deliverer) call(ctx context.Context, operation string, do func(context.Context) error) error {
	if ctx.Err() != nil {
		return &plugins.Error{Op: operation, Kind: plugins.Transient, Err: errors.New("no time left on the lease")}
	}
	start := time.Now()
	err := guarded(ctx, do)
	d.metrics.vendor.WithLabelValues(operation).Observe(time.Since(start).Seconds())
	if panicked, ok := errors.AsType[*panicError](err); ok {
		d.metrics.panics.Inc()
		d.logger.Error("plugin panicked", "operation", operation, "err", panicked, "stack", panicked.stack)
	}
	return err
}

// panicError is a panic of a plugin.
type panicError struct {
	value string
	stack string
}

func (e *panicError) Error() string { return "plugin panicked: " + e.value }

func guarded(ctx context.Context, do func(context.Context) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value: vendorhttp.Redact(fmt.Sprint(value)), stack: string(debug.Stack())}
		}
	}()
	return do(ctx)
}

// failed tells the ledger what went wrong and when to try again.
func (d *deliverer) failed(ctx context.Context, l lease, cause error) result {
	failure := d.judge(l, cause)
	stale, err := d.core.conclude(ctx, l.deadline, broker.MethodFail, failure)
	d.report(ctx, l, failure, cause)
	if failure.Park {
		return concluded(stale, err, result{status: parked})
	}
	return concluded(stale, err, result{status: scheduled})
}

// judge applies the treatment of the error's kind.
func (d *deliverer) judge(l lease, cause error) v1.Failure {
	kind := plugins.KindOf(cause)
	treat := treatmentOf(kind)
	s := d.fail(l, treat, cause)
	failure := v1.Failure{
		DeliveryKey: l.job.DeliveryKey, Attempt: l.reply.Attempt, Kind: string(kind), Error: explain(cause),
		RetryAfter: v1.Duration(s.last), PauseDestination: treat.pause,
		// Only a first, plain post that was refused is known to have left nothing behind.
		Unsent: treat.unsent && l.reply.Mode == v1.ClaimPost,
		Park:   s.failures >= treat.parkAfter || s.panics >= parkPanicsAfter,
	}
	if failure.Park {
		failure.RetryAfter, failure.PauseDestination = 0, false
	}
	return failure
}

// fail lengthens the streak of a delivery and returns it with the wait before the next try.
func (d *deliverer) fail(l lease, treat treatment, cause error) streak {
	s, known := d.streaks.get(l.job.id())
	if !known && l.reply.Ref == "" {
		s.failures = int(min(max(l.reply.Attempt-1, 0), aboutAWeek)) // other replicas, or this one before it started anew
	}
	s.failures++
	if _, ok := errors.AsType[*panicError](cause); ok {
		s.panics++
	}
	s.last = treat.backoff(s.last)
	if asked := vendorWait(cause); asked > 0 {
		s.last = min(asked, longestPause) + jitter(asked/10)
	}
	d.streaks.put(l.job.id(), s)
	if treat.settle {
		s.last += d.settle
	}
	return s
}

func vendorWait(err error) time.Duration {
	if typed, ok := errors.AsType[*plugins.Error](err); ok {
		return typed.RetryAfter
	}
	return 0
}

func (d *deliverer) report(ctx context.Context, l lease, failure v1.Failure, cause error) {
	kind := plugins.Kind(failure.Kind)
	logger := d.logger.With("request_id", l.job.RequestID, "destination", l.job.name, "slot", l.job.Slot,
		"attempt", l.reply.Attempt, "kind", failure.Kind)
	if failure.Park {
		d.metrics.parked.WithLabelValues(failure.Kind).Inc()
		logger.Error("delivery parked; mend the cause, then ask for another try", "err", vendorhttp.Redact(cause.Error()))
		return
	}
	d.metrics.retry(kind)
	logger.Log(ctx, treatmentOf(kind).level, "delivery failed and will be tried again",
		"wait", failure.RetryAfter.String(), "err", vendorhttp.Redact(cause.Error()))
}

// maxExplanation bounds, in bytes, what the ledger keeps of an error.
const maxExplanation = 500

// explain returns what a status page may show of an error.
func explain(err error) string {
	text := vendorhttp.Redact(err.Error())
	typed, ok := errors.AsType[*plugins.Error](err)
	switch {
	case ok && typed.Public != "":
		text = vendorhttp.Redact(typed.Public)
	case ok && typed.Kind == plugins.Gone:
		text = "the message was deleted at the vendor and is not posted again by itself (" + text + ")"
	}
	if len(text) > maxExplanation {
		text = cut(text, maxExplanation)
	}
	return text
}

// cut shortens text to at most limit bytes without splitting a character.
func cut(text string, limit int) string {
	end := 0
	for at := range text {
		if at > limit {
			break
		}
		end = at
	}
	return text[:end]
}
