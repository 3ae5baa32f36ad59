package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
)

const (
	// inboxWorkers is how many decisions are dealt with at a time. They mostly wait for the same commit.
	inboxWorkers = 64
	// maxDecisionBytes bounds a signed decision, and maxDecisionText each of its identifying texts.
	maxDecisionBytes = 64 << 10
	maxDecisionText  = 512
	// decisionAge and decisionLead bound how long before and after its click a decision may have reached the broker. The
	// broker's time counts and not the core's: a click that is stored safely waits for a core that is down.
	decisionAge  = 15 * time.Minute
	decisionLead = 5 * time.Minute
	// promptly is how long a plugin waits for a result before it tells the person that it follows.
	promptly = time.Second
	// maxDecisionTries bounds how often a decision is tried that fails by itself and not with the store.
	maxDecisionTries = 10

	firstDecisionWait, lastDecisionWait = 200 * time.Millisecond, 30 * time.Second
)

// DecideFunc turns a verified decision into a result. Refusals are results; an error means that nothing could be decided.
type DecideFunc func(tx core.Tx, decision v1.Decision, now time.Time) (v1.DecisionResult, error)

// Inbox takes the decisions that plugins publish. The result of a decision commits together with what it changes, so that
// a repeat of the decision has the same result and changes nothing.
type Inbox struct {
	Store      core.Store
	Subscriber broker.Subscriber
	// Send sends data to whoever listens now, without storing it.
	Send   func(subject string, data []byte) error
	Decide DecideFunc
	// Touched is called after each commit that may have changed a request.
	Touched func()
	Now     func() time.Time
	Logger  *slog.Logger
	// Counted, when set, is called with the fate of each message: a result's code, or one of the reasons for dropping it.
	Counted func(fate string)
}

// Fates of messages that are dropped.
const (
	fateMalformed = "malformed"
	fateForged    = "forged"
	fatePoisoned  = "poisoned"
)

// Run takes decisions until ctx ends.
func (i *Inbox) Run(ctx context.Context) error {
	consumer := broker.ActionConsumer()
	return i.Subscriber.Consume(ctx, consumer.Stream, consumer.Name, inboxWorkers, i.Handle)
}

// Handle deals with one message.
func (i *Inbox) Handle(ctx context.Context, message broker.Message) broker.Outcome {
	ctx = context.WithoutCancel(ctx) // what has begun is finished: a commit is short
	click, err := i.open(ctx, message)
	if rejection, ok := errors.AsType[*rejection](err); ok {
		return i.reject(ctx, message, rejection)
	}
	if err != nil {
		return i.again(ctx, message, "verifying a decision", err)
	}
	result, err := i.settle(ctx, click)
	if rejection, ok := errors.AsType[*rejection](err); ok {
		return i.reject(ctx, message, rejection)
	}
	failure, own := errors.AsType[*decideError](err)
	switch {
	case own && message.Deliveries >= maxDecisionTries:
		return i.giveUp(ctx, click, failure)
	case err != nil:
		return i.again(ctx, message, "dealing with a decision", err)
	}
	i.Touched()
	i.tell(ctx, click, result)
	i.count(string(result.Code))
	return broker.Done()
}

// click is a decision whose sender is proven, and the message it came in.
type click struct {
	plugin   string
	decision v1.Decision
	message  broker.Message
}

// rejection is why a message is no decision of the plugin that it seems to come from.
type rejection struct {
	fate   string
	plugin string
	reason string
}

func (r *rejection) Error() string { return r.fate + ": " + r.reason }

// open proves who sent a message and reads what it says.
func (i *Inbox) open(ctx context.Context, message broker.Message) (click, error) {
	plugin, requestID, ok := broker.ActionPlugin(message.Subject)
	if !ok {
		return click{}, &rejection{fateMalformed, "", "the subject names no plugin and request"}
	}
	malformed := func(reason string) error { return &rejection{fateMalformed, plugin, reason} }
	if len(message.Data) > maxDecisionBytes {
		return click{}, malformed(fmt.Sprintf("the message has %d bytes, the limit is %d", len(message.Data), maxDecisionBytes))
	}
	var signed v1.SignedDecision
	if err := json.Unmarshal(message.Data, &signed); err != nil {
		return click{}, malformed("the message is no signed decision")
	}
	if err := i.verify(ctx, plugin, signed); err != nil {
		return click{}, err
	}
	var decision v1.Decision
	if err := json.Unmarshal(signed.Payload, &decision); err != nil {
		return click{}, malformed("the payload is no decision")
	}
	if reason := flaw(decision, plugin, requestID); reason != "" {
		return click{}, malformed(reason)
	}
	return click{plugin: plugin, decision: decision, message: message}, nil
}

// verify checks the signature against the key with which the plugin was registered.
func (i *Inbox) verify(ctx context.Context, plugin string, signed v1.SignedDecision) error {
	var record core.PluginRecord
	err := i.Store.View(ctx, func(reader core.Reader) (err error) {
		record, err = reader.Plugin(plugin)
		return err
	})
	if errors.Is(err, core.ErrNotFound) {
		return &rejection{fateForged, plugin, "the plugin is not registered"}
	}
	if err != nil {
		return err
	}
	if !broker.VerifySignature(record.PublicKey, signed.Payload, signed.Signature) {
		return &rejection{fateForged, plugin, "the signature is not the plugin's"}
	}
	return nil
}

// flaw says what is wrong with a decision, if anything.
func flaw(decision v1.Decision, plugin, requestID string) string {
	identity := decision.Identity
	switch {
	case identity.Plugin != plugin:
		return "the decision names an account of another plugin"
	case decision.RequestID != requestID:
		return "the decision is about another request than its subject"
	case !usableID(decision.ID):
		return "the decision has no usable id"
	case identity.User == "" || len(identity.User) > maxDecisionText || len(identity.Tenant) > maxDecisionText:
		return "the decision names no usable account"
	case !decision.Verdict.Valid():
		return "the verdict is neither approve nor deny"
	case len(decision.Reason) > v1.MaxReasonBytes:
		return fmt.Sprintf("the reason has %d bytes, the limit is %d", len(decision.Reason), v1.MaxReasonBytes)
	}
	if _, err := uuid.Parse(decision.RequestID); err != nil {
		return "the decision names no request"
	}
	return ""
}

// usableID says whether an id can be one part of a subject.
func usableID(id string) bool {
	for _, r := range []byte(id) {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return id != "" && len(id) <= maxDecisionText
}

// decideError is a failure to decide, as opposed to one of the store around it.
type decideError struct{ err error }

func (e *decideError) Error() string { return "deciding: " + e.err.Error() }
func (e *decideError) Unwrap() error { return e.err }

// settle decides once and returns the same result ever after.
func (i *Inbox) settle(ctx context.Context, c click) (result v1.DecisionResult, err error) {
	err = i.Store.Update(ctx, func(tx core.Tx) error {
		now := i.Now()
		known, err := tx.Action(c.decision.ID)
		if err == nil {
			result = known.Answer.Result
			return i.repeat(tx, c, known, now)
		}
		if !errors.Is(err, core.ErrNotFound) {
			return err
		}
		if result, err = i.decide(tx, c, now); err != nil {
			return &decideError{err}
		}
		return i.keep(tx, c, result, now)
	})
	return result, err
}

// repeat answers a decision that was dealt with before. Whoever waited for the first answer may be gone.
func (*Inbox) repeat(tx core.Tx, c click, known core.ActionRecord, now time.Time) error {
	if known.Plugin != c.plugin {
		return &rejection{fateForged, c.plugin, "the decision's id belongs to another plugin"}
	}
	if c.message.Deliveries <= 1 {
		return nil
	}
	return emitAnswer(tx, known.Answer, now)
}

// decide asks the domain, unless the click is too old to count.
func (i *Inbox) decide(tx core.Tx, c click, now time.Time) (result v1.DecisionResult, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	age := c.message.Published.Sub(c.decision.Made)
	if !c.message.Published.IsZero() && (age > decisionAge || age < -decisionLead) {
		entry := audited{
			actor: "plugin:" + c.plugin, action: "decision.stale", requestID: c.decision.RequestID, via: c.plugin, detail: c.decision,
		}
		return v1.DecisionResult{
			Code:    v1.CodeExpired,
			Message: "This click reached Accede too late to count, or the clocks differ; nothing was recorded. Please click again.",
		}, audit(tx, entry, now)
	}
	return i.Decide(tx, c.decision, now)
}

// keep stores the result. If nobody may be waiting for it any more, it also goes out as an event.
func (*Inbox) keep(tx core.Tx, c click, result v1.DecisionResult, now time.Time) error {
	answer := v1.Answer{Decision: c.decision, Result: result}
	err := tx.InsertAction(core.ActionRecord{ID: c.decision.ID, Plugin: c.plugin, Answer: answer, Created: now})
	if err != nil {
		return err
	}
	if c.message.Deliveries <= 1 && now.Sub(c.message.Published) <= promptly {
		return nil
	}
	return emitAnswer(tx, answer, now)
}

// tell sends the result to the plugin's replicas; the one that holds the click answers the person.
func (i *Inbox) tell(ctx context.Context, c click, result v1.DecisionResult) {
	body, err := json.Marshal(result)
	if err == nil {
		err = i.Send(broker.ResultSubject(c.plugin, c.decision.ID), body)
	}
	if err != nil {
		i.Logger.WarnContext(ctx, "telling a plugin the result of a decision",
			slog.String("plugin", c.plugin), slog.String("request_id", c.decision.RequestID), slog.Any("err", err))
	}
}

// reject drops a message that nobody can answer for, and writes that down.
func (i *Inbox) reject(ctx context.Context, message broker.Message, why *rejection) broker.Outcome {
	entry := audited{
		actor: "plugin:" + why.plugin, action: "decision." + why.fate, via: why.plugin,
		detail: map[string]string{"subject": cut(message.Subject), "reason": why.reason},
	}
	err := i.Store.Update(ctx, func(tx core.Tx) error { return audit(tx, entry, i.Now()) })
	if err != nil {
		return i.again(ctx, message, "auditing a dropped decision", err)
	}
	i.Logger.WarnContext(ctx, "dropped a decision", slog.String("plugin", why.plugin), slog.Any("err", why))
	i.count(why.fate)
	return broker.Done()
}

// giveUp ends a decision that fails every time, with a result that says so.
func (i *Inbox) giveUp(ctx context.Context, c click, cause *decideError) broker.Outcome {
	result := v1.DecisionResult{
		Code:    v1.CodeInternal,
		Message: "Accede could not process this click; nothing was recorded. Please open the request and decide there.",
	}
	err := i.Store.Update(ctx, func(tx core.Tx) error {
		now := i.Now()
		entry := audited{
			actor: "plugin:" + c.plugin, action: "decision." + fatePoisoned, requestID: c.decision.RequestID, via: c.plugin,
			detail: map[string]string{"decision": c.decision.ID, "error": cut(cause.Error())},
		}
		if err := audit(tx, entry, now); err != nil {
			return err
		}
		return i.keep(tx, c, result, now)
	})
	if err != nil {
		return i.again(ctx, c.message, "giving up a decision", err)
	}
	i.Logger.ErrorContext(ctx, "gave up a decision", slog.String("plugin", c.plugin),
		slog.String("request_id", c.decision.RequestID), slog.Int("attempt", c.message.Deliveries), slog.Any("err", cause))
	i.Touched()
	i.tell(ctx, c, result)
	i.count(fatePoisoned)
	return broker.Done()
}

// again asks for the message once more, later each time.
func (i *Inbox) again(ctx context.Context, message broker.Message, doing string, err error) broker.Outcome {
	i.Logger.WarnContext(ctx, doing+"; trying again", slog.Int("attempt", message.Deliveries), slog.Any("err", err))
	wait := firstDecisionWait << min(max(message.Deliveries-1, 0), 10)
	return broker.RetryAfter(min(wait, lastDecisionWait))
}

func (i *Inbox) count(fate string) {
	if i.Counted != nil {
		i.Counted(fate)
	}
}
