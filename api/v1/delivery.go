package v1

import (
	"encoding/json"
	"fmt"
	"time"
)

// Slots of a delivery: what is put once at a destination for a request.
const (
	// SlotCard is the card itself.
	SlotCard = "card"
	// SlotOutcome is the message that tells the requester how it ended.
	SlotOutcome = "outcome"
	// SlotAccessStarted is the message that tells the requester that an access has begun later than it was granted.
	SlotAccessStarted = "access_started"
	// SlotAccessEnding is the message that tells the requester that their access ends soon.
	SlotAccessEnding = "access_ending"
	// SlotOnCall is the look whether the requester is on call, at the destination [OnCallDestination].
	SlotOnCall = "on_call"
	// SlotReviewPrefix starts the slot of the reply about one review; the review's id follows.
	SlotReviewPrefix = "review:"
	// SlotAnswerPrefix starts the slot of a late private answer; the decision's id follows.
	SlotAnswerPrefix = "answer:"
)

// OnCallDestination stands for the vendor's on-call schedules.
const OnCallDestination = "on-call schedules"

// DeliveryKey names one row of the delivery ledger within a plugin.
type DeliveryKey struct {
	Destination string `json:"destination"`
	RequestID   string `json:"request_id"`
	Slot        string `json:"slot"`
}

// ClaimMode tells a replica what to do with the delivery it asked for.
type ClaimMode string

// The claim modes.
const (
	// ClaimPost: nothing was ever sent; post it.
	ClaimPost ClaimMode = "post"
	// ClaimRecover: somebody may have posted it and died; look it up by its key before posting again.
	ClaimRecover ClaimMode = "recover"
	// ClaimUpdate: it is there and shows an older version; update it.
	ClaimUpdate ClaimMode = "update"
	// ClaimDone: it is there and up to date.
	ClaimDone ClaimMode = "done"
	// ClaimBusy: another replica holds the lease, or the destination is paused; come back after RetryAfter.
	ClaimBusy ClaimMode = "busy"
	// ClaimParked: it failed for good and waits for an operator.
	ClaimParked ClaimMode = "parked"
)

// Leased says whether the mode gives the asker a lease that it must end with a record or a failure.
func (m ClaimMode) Leased() bool { return m == ClaimPost || m == ClaimRecover || m == ClaimUpdate }

// Claim asks for the right to bring one delivery to a version.
type Claim struct {
	DeliveryKey
	// DestinationName is what people call the destination, for status pages.
	DestinationName string `json:"destination_name,omitempty"`
	// Owner is the replica that asks.
	Owner string `json:"owner"`
	// Version is the request's version to be shown.
	Version int64 `json:"version"`
	// Lease is how long the asker needs at most.
	Lease Duration `json:"lease"`
	// Force asks for an update even if the ledger believes the version is shown already.
	Force bool `json:"force,omitempty"`
}

// ClaimReply answers a [Claim].
type ClaimReply struct {
	Mode ClaimMode `json:"mode"`
	// Attempt is the fence: a record or failure that names an older attempt is refused as stale.
	Attempt int64 `json:"attempt,omitempty"`
	// Key is the delivery's key at the vendor: fixed before the first byte leaves, the same in every attempt.
	Key string `json:"key,omitempty"`
	// FirstTried is when the key was made; a look-up need not search before it.
	FirstTried time.Time `json:"first_tried,omitzero"`
	// Ref is the vendor's reference, once recorded.
	Ref          string   `json:"ref,omitempty"`
	ShownVersion int64    `json:"shown_version,omitempty"`
	RetryAfter   Duration `json:"retry_after,omitempty"`
}

// Record says that a claimed delivery is now there and shows a version.
type Record struct {
	DeliveryKey
	Attempt int64  `json:"attempt"`
	Ref     string `json:"ref"`
	Version int64  `json:"version"`
	// Adopted says that a look-up found it already there: a duplicate was avoided.
	Adopted bool `json:"adopted,omitempty"`
}

// Failure says that a claimed delivery was not brought about.
type Failure struct {
	DeliveryKey
	Attempt int64 `json:"attempt"`
	// Kind is the kind of the plugin's error.
	Kind string `json:"kind"`
	// Error is its text, without secrets.
	Error string `json:"error"`
	// RetryAfter is how long to wait before the next try.
	RetryAfter Duration `json:"retry_after,omitempty"`
	// PauseDestination stops every claim on the destination for RetryAfter.
	PauseDestination bool `json:"pause_destination,omitempty"`
	// Park ends the tries until an operator asks for another.
	Park bool `json:"park,omitempty"`
	// Unsent says that the vendor certainly did not do it, so that the next try need not look it up.
	Unsent bool `json:"unsent,omitempty"`
}

// LedgerReply answers a [Record] or a [Failure].
type LedgerReply struct {
	// Stale says that the lease had passed to somebody else; nothing was changed.
	Stale bool `json:"stale,omitempty"`
}

// Delivery states as lists show them.
const (
	DeliveryClaimed = "claimed"
	DeliveryPosted  = "posted"
	DeliveryRetry   = "retry"
	DeliveryParked  = "parked"
	// DeliveryDropped: an operator gave it up.
	DeliveryDropped = "dropped"
)

// Delivery is one row of the ledger.
type Delivery struct {
	ID     string `json:"id"`
	Plugin string `json:"plugin"`
	DeliveryKey
	DestinationName string    `json:"destination_name,omitempty"`
	State           string    `json:"state"`
	Attempt         int64     `json:"attempt"`
	Owner           string    `json:"owner,omitempty"`
	LeaseUntil      time.Time `json:"lease_until,omitzero"`
	Key             string    `json:"key"`
	FirstTried      time.Time `json:"first_tried"`
	// Unsure says that an earlier attempt may have reached the vendor without being recorded.
	Unsure       bool      `json:"unsure,omitempty"`
	Ref          string    `json:"ref,omitempty"`
	ShownVersion int64     `json:"shown_version,omitempty"`
	LastError    string    `json:"last_error,omitempty"`
	LastKind     string    `json:"last_kind,omitempty"`
	NextTry      time.Time `json:"next_try,omitzero"`
}

// SyncRequest asks for requests that a plugin should look at again.
type SyncRequest struct {
	// Due asks only for deliveries whose next try has come or whose lease ran out.
	Due bool `json:"due,omitempty"`
	// Cursor continues an earlier page.
	Cursor string `json:"cursor,omitempty"`
	Limit  int    `json:"limit,omitempty"`
}

// SyncReply is one page of requests to look at; an empty Next ends the list.
type SyncReply struct {
	Requests []Request `json:"requests"`
	// Answers are late private answers that are due again.
	Answers []Answer `json:"answers,omitempty"`
	Next    string   `json:"next,omitempty"`
	// Epoch is the core's broker epoch.
	Epoch int64 `json:"epoch"`
}

// ResolveRequest asks which accounts of the asking plugin's vendor belong to people.
type ResolveRequest struct {
	People []string `json:"people"`
}

// ResolveReply lists the linked accounts by person's name; people without one are absent.
type ResolveReply struct {
	Identities map[string][]Identity `json:"identities"`
}

// OutcomeRequest asks for the result of a decision.
type OutcomeRequest struct {
	DecisionID string `json:"decision_id"`
}

// OutcomeReply is the result of a decision, absent while the core has not decided.
type OutcomeReply struct {
	Result *DecisionResult `json:"result,omitempty"`
}

// Heartbeat is what a replica tells about itself every few seconds.
type Heartbeat struct {
	Replica      string    `json:"replica"`
	Version      string    `json:"version"`
	Started      time.Time `json:"started"`
	Capabilities []string  `json:"capabilities"`
	// Problem is why the replica is not ready, empty when it is.
	Problem string `json:"problem,omitempty"`
	Posted  int64  `json:"posted"`
	Updated int64  `json:"updated"`
	// DuplicatesAvoided counts posts that a look-up found already there.
	DuplicatesAvoided int64 `json:"duplicates_avoided"`
	Retries           int64 `json:"retries"`
	// LagMillis is the age of the newest handled event when it was handled.
	LagMillis int64 `json:"lag_millis"`
}

// HeartbeatReply tells a replica about the core.
type HeartbeatReply struct {
	CoreVersion string `json:"core_version"`
	Epoch       int64  `json:"epoch"`
	// PublicURL is where people open the core.
	PublicURL string `json:"public_url,omitempty"`
}

// Replica is a heartbeat and when it came.
type Replica struct {
	Heartbeat
	Seen  time.Time `json:"seen"`
	Alive bool      `json:"alive"`
}

// PluginStatus is what an operator sees of a plugin.
type PluginStatus struct {
	Name      string    `json:"name"`
	Created   time.Time `json:"created"`
	Replicas  []Replica `json:"replicas"`
	Delivered int64     `json:"delivered"`
	Retrying  int64     `json:"retrying"`
	// Failing are some of the deliveries that are tried again, with what went wrong the last time.
	Failing []Delivery `json:"failing"`
	// Pending is how many events the plugin has not handled yet.
	Pending int64      `json:"pending"`
	Parked  []Delivery `json:"parked"`
}

// CallReply is the core's answer to any call of a plugin: a result or a problem, never both.
type CallReply struct {
	Error  *Problem        `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

// ParseCallReply reads an encoded [CallReply] and decodes its result into the value that result points to. A problem comes
// back as the error, a [*Problem].
func ParseCallReply(data []byte, result any) error {
	var reply CallReply
	if err := json.Unmarshal(data, &reply); err != nil {
		return fmt.Errorf("parsing reply: %w", err)
	}
	if reply.Error != nil {
		return reply.Error
	}
	if len(reply.Result) == 0 {
		return fmt.Errorf("parsing reply: it holds neither a result nor a problem")
	}
	if err := json.Unmarshal(reply.Result, result); err != nil {
		return fmt.Errorf("parsing result: %w", err)
	}
	return nil
}
