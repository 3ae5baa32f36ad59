package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	// submitWait is how long Submit waits for the broker: vendors want an answer to a callback within three seconds.
	submitWait = 1500 * time.Millisecond
	// resultWait is how long a person looks at nothing before they are told that the result follows.
	resultWait = 2 * time.Second
	// storeFor is how long storing a decision is tried when the broker cannot be reached.
	storeFor     = 10 * time.Minute
	storeAttempt = 2 * time.Second
	// chaseFor and chaseEvery bound the wait for a result; after that the core's answer event remains.
	chaseFor   = 15 * time.Minute
	chaseEvery = 3 * time.Second
	// askEvery is how often the result is asked for while the person looks at nothing.
	askEvery   = 400 * time.Millisecond
	sayTimeout = 15 * time.Second
	// maxOpenDecisions bounds the clicks that are being carried at a time.
	maxOpenDecisions = 1000
)

// desk takes verified clicks, carries them to the core and tells people what became of them.
type desk struct {
	plugin    string
	mode      DecisionMode
	sign      func([]byte) ([]byte, error)
	publisher broker.Publisher
	deliverer *deliverer
	answerer  plugins.Answerer
	metrics   *metrics
	logger    *slog.Logger
	url       func(requestID string) string
	refresh   func(v1.Request)
	work      *workGroup
	results   *mailbox
	// stopping closes when the host begins to stop: what is stored by then is told by the core's answer event.
	stopping <-chan struct{}
}

var _ plugins.Decisions = (*desk)(nil)

// Submit takes one decision.
func (d *desk) Submit(ctx context.Context, decision v1.Decision) error {
	if err := d.check(decision); err != nil {
		return err
	}
	if d.mode != DecideInChat {
		d.metrics.decisions.WithLabelValues(string(v1.CodeForbidden)).Inc()
		return d.work.start(func(ctx context.Context) { d.say(ctx, decision, d.notHere(decision)) })
	}
	message, err := d.seal(decision)
	if err != nil {
		return err
	}
	stored := make(chan struct{})
	// Expected before it is published: the result may be back before Publish returns.
	results := d.results.expect(decision.ID)
	err = d.work.start(func(ctx context.Context) {
		defer d.results.forget(decision.ID, results)
		d.carry(ctx, decision, message, stored, results)
	})
	if err != nil {
		d.results.forget(decision.ID, results)
		return err
	}
	d.await(ctx, stored)
	return nil
}

func (*desk) await(ctx context.Context, stored <-chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, submitWait)
	defer cancel()
	select {
	case <-stored:
	case <-ctx.Done():
	}
}

func (d *desk) check(decision v1.Decision) error {
	switch {
	case decision.ID == "":
		return errors.New("decision has no id")
	case decision.Identity.Plugin != d.plugin || decision.Identity.User == "":
		return fmt.Errorf("decision does not name an account of %s", d.plugin)
	case !decision.Verdict.Valid():
		return fmt.Errorf("decision has verdict %q, want approve or deny", decision.Verdict)
	case len(decision.Reason) > v1.MaxReasonBytes:
		return fmt.Errorf("reason has %d bytes, the limit is %d", len(decision.Reason), v1.MaxReasonBytes)
	case !utf8.ValidString(decision.Reason):
		return errors.New("reason is not valid UTF-8")
	}
	if _, err := uuid.Parse(decision.RequestID); err != nil {
		return fmt.Errorf("decision names no request: %w", err)
	}
	return nil
}

// seal signs the exact bytes that travel.
func (d *desk) seal(decision v1.Decision) (broker.Message, error) {
	payload, err := json.Marshal(decision)
	if err != nil {
		return broker.Message{}, fmt.Errorf("encoding decision: %w", err)
	}
	signature, err := d.sign(payload)
	if err != nil {
		return broker.Message{}, fmt.Errorf("signing decision: %w", err)
	}
	body, err := json.Marshal(v1.SignedDecision{Payload: payload, Signature: signature})
	if err != nil {
		return broker.Message{}, fmt.Errorf("encoding decision: %w", err)
	}
	return broker.Message{Subject: broker.ActionSubject(d.plugin, decision.RequestID), ID: decision.ID, Data: body}, nil
}

// carry stores the decision and sees to it that the person hears the result.
func (d *desk) carry(ctx context.Context, decision v1.Decision, message broker.Message, stored chan<- struct{}, results <-chan v1.DecisionResult) {
	if !d.store(ctx, decision, message) {
		return
	}
	close(stored)
	if d.chase(ctx, decision, results, resultWait, askEvery) || ctx.Err() != nil {
		return
	}
	d.say(ctx, decision, v1.DecisionResult{Code: v1.CodeRecorded, Message: "Recorded. The result follows."})
	d.chase(ctx, decision, results, chaseFor, chaseEvery)
}

// store publishes until the broker has confirmed. While it cannot, the person knows that nothing is recorded yet.
func (d *desk) store(ctx context.Context, decision v1.Decision, message broker.Message) bool {
	started, told, wait := time.Now(), false, 500*time.Millisecond
	for attempt := 1; ; attempt++ {
		err := d.publish(ctx, message)
		if err == nil {
			return true
		}
		d.logger.Warn("storing decision", "request_id", decision.RequestID, "attempt", attempt, "err", err)
		if errors.Is(err, broker.ErrDenied) || time.Since(started) > storeFor {
			d.giveUp(ctx, decision)
			return false
		}
		if !told {
			told = true
			d.say(ctx, decision, notYet())
		}
		if !pause(ctx, wait+jitter(wait)) {
			d.giveUp(ctx, decision)
			return false
		}
		wait = min(2*wait, 10*time.Second)
	}
}

func (d *desk) publish(ctx context.Context, message broker.Message) error {
	ctx, cancel := context.WithTimeout(ctx, storeAttempt)
	defer cancel()
	return d.publisher.Publish(ctx, message)
}

func notYet() v1.DecisionResult {
	return v1.DecisionResult{Code: v1.CodeUnavailable, Message: fmt.Sprintf(
		"Accede cannot be reached right now, so nothing is recorded yet. Trying for %d minutes; you will hear.",
		int(storeFor.Minutes()))}
}

// giveUp tells the person that they have to click again; also while the process is stopping.
func (d *desk) giveUp(ctx context.Context, decision v1.Decision) {
	d.metrics.decisions.WithLabelValues(string(v1.CodeUnavailable)).Inc()
	d.say(context.WithoutCancel(ctx), decision, v1.DecisionResult{
		Code: v1.CodeUnavailable, Message: "Your decision could not be recorded. Please click again in a while.",
	})
}

// chase waits for the result until it is there, and asks for it from time to time: a result that was sent while nobody
// listened, or before a repeated click, is not sent again. When time runs out, the core's answer event is what remains.
func (d *desk) chase(ctx context.Context, decision v1.Decision, results <-chan v1.DecisionResult,
	limit, every time.Duration,
) (told bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return false
		case <-d.stopping:
			return false
		case result := <-results:
			d.finish(ctx, decision, result)
			return true
		case <-ticker.C:
		}
		result, err := d.deliverer.core.outcome(ctx, decision.ID)
		if err == nil && result != nil && result.Code != v1.CodeRecorded {
			d.finish(ctx, decision, *result)
			return true
		}
	}
}

// finish tells the result once, whichever replica heard it first, and refreshes the card that was clicked.
func (d *desk) finish(ctx context.Context, decision v1.Decision, result v1.DecisionResult) {
	d.metrics.decisions.WithLabelValues(string(result.Code)).Inc()
	if result.Request != nil {
		d.refresh(*result.Request)
	}
	told := d.tellLate(ctx, decision, result)
	if told.status == broken {
		d.say(ctx, decision, result) // the ledger is away; hearing it twice is better than not at all
	}
}

// tellLate tells a result under the guard of the ledger.
func (d *desk) tellLate(ctx context.Context, decision v1.Decision, answer v1.DecisionResult) result {
	if d.answerer == nil || decision.Identity.Plugin != d.plugin || decision.Identity.IsService() {
		return result{}
	}
	return d.deliverer.bring(ctx, job{
		DeliveryKey: v1.DeliveryKey{
			Destination: "account:" + decision.Identity.Tenant + "/" + decision.Identity.User,
			RequestID:   decision.RequestID, Slot: v1.SlotAnswerPrefix + decision.ID,
		},
		name: decision.UserName, version: firstVersion, operation: opAnswer,
		post: func(ctx context.Context, _ string) (plugins.Ref, error) {
			return "told", d.answerer.Answer(ctx, decision, answer)
		},
	})
}

// say tells something on the way, without the ledger: should it get lost, the result still follows.
func (d *desk) say(ctx context.Context, decision v1.Decision, answer v1.DecisionResult) {
	if d.answerer == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sayTimeout)
	defer cancel()
	err := d.deliverer.call(ctx, opAnswer, func(ctx context.Context) error { return d.answerer.Answer(ctx, decision, answer) })
	if err != nil {
		d.logger.Warn("answering the person who clicked", "request_id", decision.RequestID, "code", answer.Code,
			"err", vendorhttp.Redact(err.Error()))
	}
}

// notHere says where decisions are taken when it is not in this chat.
func (d *desk) notHere(decision v1.Decision) v1.DecisionResult {
	text := "Decisions are not taken in this chat; nothing was recorded."
	if link := d.url(decision.RequestID); link != "" {
		text += " Open " + link
	}
	return v1.DecisionResult{Code: v1.CodeForbidden, Message: text}
}

// handleAnswer tells a result that comes as an event, if the click came through this plugin.
func (h *Host) handleAnswer(ctx context.Context, event v1.Event, message broker.Message) broker.Outcome {
	answer, ok := event.Answer()
	if !ok {
		return h.ignore("malformed", "answer cannot be read", fmt.Errorf("event %s", event.ID))
	}
	left := verdictOf(h.desk.tellLate(ctx, answer.Decision, answer.Result))
	if left.again {
		return broker.RetryAfter(left.wait(message.Deliveries))
	}
	return broker.Done()
}
