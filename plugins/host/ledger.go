package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
)

// callTimeout bounds one question to the core.
const callTimeout = 5 * time.Second

// core asks the core on behalf of one plugin.
type core struct {
	caller broker.Caller
	plugin string
}

// ask puts one question to the core. The error is [broker.ErrUnavailable] when nobody answered, a [*v1.Problem] when the
// core refused.
func ask[Answer any](ctx context.Context, c core, method string, question any) (Answer, error) {
	var answer Answer
	body, err := json.Marshal(question)
	if err != nil {
		return answer, fmt.Errorf("encoding %s: %w", method, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	data, err := c.caller.Call(ctx, broker.CallSubject(c.plugin, method), body)
	if err != nil {
		return answer, fmt.Errorf("asking the core to %s: %w", method, err)
	}
	if err := v1.ParseCallReply(data, &answer); err != nil {
		return answer, fmt.Errorf("asking the core to %s: %w", method, err)
	}
	return answer, nil
}

// refusedForGood says that asking the same again is useless.
func refusedForGood(err error) bool {
	problem, ok := asProblem(err)
	return ok && problem.Status < 500 && problem.Code != v1.CodeRateLimited && problem.Code != v1.CodeConflict
}

func asProblem(err error) (*v1.Problem, bool) { return errors.AsType[*v1.Problem](err) }

func (c core) claim(ctx context.Context, claim v1.Claim) (v1.ClaimReply, error) {
	return ask[v1.ClaimReply](ctx, c, broker.MethodClaim, claim)
}

func (c core) sync(ctx context.Context, request v1.SyncRequest) (v1.SyncReply, error) {
	return ask[v1.SyncReply](ctx, c, broker.MethodSync, request)
}

func (c core) heartbeat(ctx context.Context, beat v1.Heartbeat) (v1.HeartbeatReply, error) {
	return ask[v1.HeartbeatReply](ctx, c, broker.MethodHeartbeat, beat)
}

func (c core) outcome(ctx context.Context, decisionID string) (*v1.DecisionResult, error) {
	reply, err := ask[v1.OutcomeReply](ctx, c, broker.MethodOutcome, v1.OutcomeRequest{DecisionID: decisionID})
	return reply.Result, err
}

func (c core) identities(ctx context.Context, people []string) (map[string][]v1.Identity, error) {
	reply, err := ask[v1.ResolveReply](ctx, c, broker.MethodResolve, v1.ResolveRequest{People: people})
	return reply.Identities, err
}

// conclude ends a lease with a record or a failure. It tries again until the deadline, for what the vendor did must not
// be forgotten, and goes on when the process is stopping. After the deadline it is still tried once: the answer tells
// whether somebody else took over.
func (c core) conclude(ctx context.Context, deadline time.Time, method string, report any) (stale bool, err error) {
	if soonest := time.Now().Add(callTimeout); deadline.Before(soonest) {
		deadline = soonest
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	wait := 50 * time.Millisecond
	for {
		reply, err := ask[v1.LedgerReply](ctx, c, method, report)
		if err == nil || refusedForGood(err) {
			return reply.Stale, err
		}
		if !pause(ctx, wait+jitter(wait)) {
			return false, err
		}
		wait = min(2*wait, time.Second)
	}
}

// pause waits, and says whether the context lasted that long.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
