package v1

import "time"

// State is where a request stands. Only PENDING may still change into another state.
type State string

// The states of a request.
const (
	StatePending   State = "PENDING"
	StateApproved  State = "APPROVED"
	StateDenied    State = "DENIED"
	StateExpired   State = "EXPIRED"
	StateWithdrawn State = "WITHDRAWN"
	StatePromoted  State = "PROMOTED"
)

// States lists every state in the order people read them.
func States() []State {
	return []State{StatePending, StateApproved, StateDenied, StateExpired, StateWithdrawn, StatePromoted}
}

// Resolved says whether a request in this state takes no more reviews.
func (s State) Resolved() bool { return s != StatePending }

// Limits that hold for every request, whichever door it came through.
const (
	// MaxReasonBytes bounds the reason of a request and of a review; more is an error, never a cut.
	MaxReasonBytes = 4096
	// MaxRoles bounds the roles one request may ask for.
	MaxRoles = 50
	// MaxResources bounds the resources one request may ask for.
	MaxResources = 300
)

// Request is a request for access as everybody sees it: the API, the events and the cards carry this same snapshot.
type Request struct {
	ID string `json:"id"`
	// Version rises by one with every change of the request, reviews included.
	Version int64 `json:"version"`
	// Fingerprint identifies what is asked: it changes when the ask changes and stays when only reviews are added.
	Fingerprint        string      `json:"fingerprint"`
	State              State       `json:"state"`
	Requester          PersonRef   `json:"requester"`
	Roles              []string    `json:"roles"`
	Reason             string      `json:"reason"`
	SuggestedReviewers []PersonRef `json:"suggested_reviewers,omitempty"`
	Created            time.Time   `json:"created"`
	Updated            time.Time   `json:"updated"`
	// Expires is when a pending request turns EXPIRED.
	Expires time.Time `json:"expires"`
	// SessionTTL bounds one elevated session; MaxDuration, when set, is how long the whole access may last.
	SessionTTL  Duration `json:"session_ttl"`
	MaxDuration Duration `json:"max_duration,omitempty"`
	// Thresholds and Rules are copied from the roles when the request is made; later role changes do not touch them.
	Thresholds []Threshold `json:"thresholds"`
	Rules      []Rule      `json:"rules"`
	Reviews    []Review    `json:"reviews,omitempty"`
	Resolution *Resolution `json:"resolution,omitempty"`
	Access     *Access     `json:"access,omitempty"`
	// Resources, in a request for resources, is what is asked for; Roles are then the roles that open it.
	Resources []Resource `json:"resources,omitempty"`
	// Annotations and Prompts are copied from the roles when the request is made, like the thresholds.
	Annotations map[string][]string `json:"annotations,omitempty"`
	Prompts     []string            `json:"prompts,omitempty"`
	// RequesterTraits are the requester's traits when they asked; expressions look at them.
	RequesterTraits map[string][]string `json:"requester_traits,omitempty"`
	// AccessClock says when the access window starts to run; empty means at creation.
	AccessClock AccessClock `json:"access_clock,omitempty"`
	// AssumeStart is the start that was asked for; access does not begin before it.
	AssumeStart time.Time `json:"assume_start_time,omitzero"`
	// SessionAsked is the session that was asked for; zero if none was.
	SessionAsked Duration `json:"session_asked,omitempty"`
	// DryRun marks an answer to "what would become of this": nothing is stored.
	DryRun bool `json:"dry_run,omitempty"`
	// Notes say what people should know besides: an expression that failed and so counted as false, or why being on call did
	// not approve the request.
	Notes []string `json:"notes,omitempty"`
}

// Length is how long the whole access may last.
func (r Request) Length() Duration {
	if r.MaxDuration > 0 {
		return r.MaxDuration
	}
	return r.SessionTTL
}

// Resource is one thing a request can ask for.
type Resource struct {
	Kind   string            `json:"kind"`
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
}

// Threshold counts reviews towards a decision.
type Threshold struct {
	Name string `json:"name,omitempty"`
	// Filter is a boolean expression; only reviews for which it was true when they were made count.
	Filter string `json:"filter,omitempty"`
	// Approve and Deny are how many distinct people it takes; Approvals and Denials how many have spoken.
	Approve   int `json:"approve"`
	Deny      int `json:"deny"`
	Approvals int `json:"approvals"`
	Denials   int `json:"denials"`
}

// Reached says whether enough people approved.
func (t Threshold) Reached() bool { return t.Approvals >= t.Approve }

// Refused says whether enough people denied.
func (t Threshold) Refused() bool { return t.Denials >= t.Deny }

// Require says how the thresholds of one rule combine.
type Require string

// The ways in which thresholds combine.
const (
	RequireAny Require = "any"
	RequireAll Require = "all"
)

// Rule is one set of thresholds that has to agree before Role is granted. All rules of a request must agree.
type Rule struct {
	Role string `json:"role"`
	// From is the requester's own role that lets them ask and sets these thresholds.
	From    string  `json:"from"`
	Require Require `json:"require"`
	// Thresholds are indexes into the request's thresholds.
	Thresholds []int `json:"thresholds"`
}

// Verdict is what a reviewer says.
type Verdict string

// The verdicts.
const (
	Approve Verdict = "approve"
	Deny    Verdict = "deny"
)

// Valid says whether v is one of the verdicts.
func (v Verdict) Valid() bool { return v == Approve || v == Deny }

// Doors through which a review can come; a plugin's name is the third kind.
const (
	ViaCLI = "cli"
	ViaAPI = "api"
	ViaWeb = "web"
)

// Review is one person's word on a request.
type Review struct {
	ID      string    `json:"id"`
	Author  PersonRef `json:"author"`
	Verdict Verdict   `json:"verdict"`
	Reason  string    `json:"reason,omitempty"`
	Created time.Time `json:"created"`
	// Via is the door it came through: cli, api, web or the name of a plugin.
	Via string `json:"via"`
	// Identity is the vendor account that clicked, when it came through a plugin.
	Identity *Identity `json:"identity,omitempty"`
	// Thresholds are the indexes of the thresholds this review counted for.
	Thresholds []int `json:"thresholds,omitempty"`
	// Override marks an administrator's decision that skipped thresholds and review rules.
	Override bool `json:"override,omitempty"`
	// Roles is the approved subset when an override approved fewer roles than asked.
	Roles []string `json:"roles,omitempty"`
	// Annotations are what the door says about the review, such as the shift of a person on call.
	Annotations map[string][]string `json:"annotations,omitempty"`
	// MaxDuration and AssumeStart are a shorter access and a later start that the reviewer set when approving.
	MaxDuration Duration  `json:"max_duration,omitempty"`
	AssumeStart time.Time `json:"assume_start_time,omitzero"`
	// SeenVersion and SeenFingerprint are what the reviewer had in front of them.
	SeenVersion     int64  `json:"seen_version,omitempty"`
	SeenFingerprint string `json:"seen_fingerprint,omitempty"`
}

// Resolution says how a request ended being pending.
type Resolution struct {
	State State     `json:"state"`
	At    time.Time `json:"at"`
	// By is who decided or withdrew; empty when time decided.
	By       *PersonRef `json:"by,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	Override bool       `json:"override,omitempty"`
	// ReviewID is the review that resolved the request, if one did.
	ReviewID string `json:"review_id,omitempty"`
}

// NoEffect says whether the review was permitted and recorded, but matched no threshold.
func (r Review) NoEffect() bool { return len(r.Thresholds) == 0 && !r.Override }

// Access is the window of an approved request.
type Access struct {
	Roles  []string  `json:"roles"`
	Starts time.Time `json:"starts"`
	// Expires is when the access ends at the latest; while an access that runs from its first use is unused, it is until when
	// it has to be used.
	Expires time.Time `json:"expires"`
	// Started is when the access began; absent while it waits for its start or its first use.
	Started *time.Time `json:"started,omitempty"`
	// Reminded is when its holder was told that it is about to end.
	Reminded *time.Time `json:"reminded,omitempty"`
	// Ended is when access actually ended; EndedBy is a person's name or "expiry".
	Ended     *time.Time `json:"ended,omitempty"`
	EndedBy   string     `json:"ended_by,omitempty"`
	EndReason string     `json:"end_reason,omitempty"`
}
