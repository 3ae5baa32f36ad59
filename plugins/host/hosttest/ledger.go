package hosttest

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
)

// answer deals with one call. The lock is held.
func (c *Core) answer(method string, data []byte) []byte {
	c.calls[method]++
	switch method {
	case broker.MethodClaim:
		return on(data, c.claim)
	case broker.MethodRecord:
		return on(data, c.record)
	case broker.MethodFail:
		return on(data, c.fail)
	case broker.MethodSync:
		return on(data, c.sync)
	case broker.MethodResolve:
		return on(data, c.resolve)
	case broker.MethodOutcome:
		return on(data, c.outcome)
	case broker.MethodHeartbeat:
		return on(data, c.heartbeat)
	case broker.MethodCards:
		return on(data, c.cards)
	case broker.MethodDuty:
		return on(data, c.takeDuty)
	case broker.MethodNote:
		return on(data, c.note)
	case broker.MethodKeep:
		return on(data, c.keep)
	case broker.MethodRecall:
		return on(data, c.recall)
	}
	return refuse(404, v1.CodeNotFound, "no such method")
}

func on[Question, Answer any](data []byte, handle func(Question) Answer) []byte {
	var question Question
	if err := json.Unmarshal(data, &question); err != nil {
		return refuse(400, v1.CodeInvalid, err.Error())
	}
	return encode(v1.CallReply{Result: encode(handle(question))})
}

func refuse(status int, code v1.Code, detail string) []byte {
	return encode(v1.CallReply{Error: &v1.Problem{Status: status, Code: code, Detail: detail}})
}

func encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // every type here encodes
	}
	return data
}

func (c *Core) claim(claim v1.Claim) v1.ClaimReply {
	now := time.Now()
	r := c.rows[claim.DeliveryKey]
	paused := c.pauses[claim.Destination].Sub(now)
	switch {
	case r != nil && r.State == v1.DeliveryParked:
		return v1.ClaimReply{Mode: v1.ClaimParked}
	case r != nil && r.State == v1.DeliveryClaimed && now.Before(r.LeaseUntil):
		return v1.ClaimReply{Mode: v1.ClaimBusy, RetryAfter: v1.Duration(r.LeaseUntil.Sub(now))}
	case r != nil && r.State == v1.DeliveryPosted && r.ShownVersion >= claim.Version && !claim.Force:
		return v1.ClaimReply{Mode: v1.ClaimDone, Ref: r.Ref, ShownVersion: r.ShownVersion, Key: r.Key}
	case r != nil && r.State == v1.DeliveryRetry && now.Before(r.NextTry):
		return v1.ClaimReply{Mode: v1.ClaimBusy, RetryAfter: v1.Duration(r.NextTry.Sub(now))}
	case paused > 0:
		return v1.ClaimReply{Mode: v1.ClaimBusy, RetryAfter: v1.Duration(paused)}
	}
	mode := modeOf(r)
	if r == nil {
		r = &row{Delivery: v1.Delivery{ID: uuid.NewString(), Plugin: c.plugin, DeliveryKey: claim.DeliveryKey, Key: uuid.NewString(), FirstTried: now}}
		c.rows[claim.DeliveryKey] = r
	}
	r.State, r.Owner, r.LeaseUntil, r.unsent = v1.DeliveryClaimed, claim.Owner, now.Add(claim.Lease.Std()), false
	r.DestinationName = claim.DestinationName
	r.Attempt++
	return v1.ClaimReply{
		Mode: mode, Attempt: r.Attempt, Key: r.Key, FirstTried: r.FirstTried, Ref: r.Ref, ShownVersion: r.ShownVersion,
	}
}

func modeOf(r *row) v1.ClaimMode {
	switch {
	case r == nil, r.State == v1.DeliveryRetry && r.unsent && r.Ref == "":
		return v1.ClaimPost
	case r.State == v1.DeliveryPosted, r.State == v1.DeliveryRetry && r.Ref != "":
		return v1.ClaimUpdate
	default:
		return v1.ClaimRecover
	}
}

func (c *Core) record(record v1.Record) v1.LedgerReply {
	r := c.rows[record.DeliveryKey]
	switch {
	case r == nil || r.Attempt != record.Attempt:
		return v1.LedgerReply{Stale: true}
	case r.State == v1.DeliveryPosted && r.Ref == record.Ref:
		return v1.LedgerReply{} // told twice
	case r.State != v1.DeliveryClaimed:
		return v1.LedgerReply{Stale: true}
	}
	r.State, r.Ref, r.ShownVersion = v1.DeliveryPosted, record.Ref, record.Version
	r.LastError, r.LastKind, r.NextTry = "", "", time.Time{}
	return v1.LedgerReply{}
}

func (c *Core) fail(failure v1.Failure) v1.LedgerReply {
	r := c.rows[failure.DeliveryKey]
	if r == nil || r.Attempt != failure.Attempt || r.State == v1.DeliveryPosted {
		return v1.LedgerReply{Stale: true}
	}
	now := time.Now()
	r.State, r.unsent = v1.DeliveryRetry, failure.Unsent
	r.LastError, r.LastKind, r.NextTry = failure.Error, failure.Kind, now.Add(failure.RetryAfter.Std())
	if failure.Park {
		r.State = v1.DeliveryParked
	}
	if failure.PauseDestination {
		c.pauses[failure.Destination] = now.Add(failure.RetryAfter.Std())
	}
	return v1.LedgerReply{}
}

func (c *Core) sync(request v1.SyncRequest) v1.SyncReply {
	reply := v1.SyncReply{Epoch: c.epoch}
	wanted := map[string]bool{}
	for id, known := range c.requests {
		wanted[id] = !request.Due && known.State == v1.StatePending
	}
	now := time.Now()
	for key, r := range c.rows {
		due := r.State == v1.DeliveryRetry && !now.Before(r.NextTry) || r.State == v1.DeliveryClaimed && !now.Before(r.LeaseUntil)
		behind := !request.Due && r.ShownVersion < c.requests[key.RequestID].Version
		if decision, late := strings.CutPrefix(key.Slot, v1.SlotAnswerPrefix); late {
			if due {
				reply.Answers = append(reply.Answers, c.decisions[decision])
			}
			continue
		}
		wanted[key.RequestID] = wanted[key.RequestID] || due || behind
	}
	reply.Requests, reply.Next = c.page(wanted, request)
	return reply
}

// page returns the wanted requests in order of id, and where to go on.
func (c *Core) page(wanted map[string]bool, request v1.SyncRequest) (page []v1.Request, next string) {
	for _, id := range sortedTrue(wanted) {
		if id <= request.Cursor {
			continue
		}
		if request.Limit > 0 && len(page) == request.Limit {
			return page, page[len(page)-1].ID
		}
		page = append(page, c.requests[id])
	}
	return page, ""
}

func (c *Core) resolve(request v1.ResolveRequest) v1.ResolveReply {
	reply := v1.ResolveReply{Identities: map[string][]v1.Identity{}}
	for _, person := range request.People {
		if known := c.identities[person]; len(known) > 0 {
			reply.Identities[person] = known
		}
	}
	return reply
}

func (c *Core) outcome(request v1.OutcomeRequest) v1.OutcomeReply {
	answer, ok := c.decisions[request.DecisionID]
	if !ok || answer.Result.Code == "" {
		return v1.OutcomeReply{}
	}
	return v1.OutcomeReply{Result: &answer.Result}
}

func (c *Core) heartbeat(beat v1.Heartbeat) v1.HeartbeatReply {
	c.beats = append(c.beats, beat)
	return v1.HeartbeatReply{CoreVersion: "test", Epoch: c.epoch, PublicURL: c.PublicURL}
}
