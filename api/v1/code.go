package v1

// Code is a stable name for what went wrong, the same in the API, the command line and the chats.
type Code string

// The codes.
const (
	CodeInvalidRole         Code = "invalid_role"
	CodeRoleNotRequestable  Code = "role_not_requestable"
	CodeReasonRequired      Code = "reason_required"
	CodeTooLong             Code = "too_long"
	CodeDurationTooLong     Code = "duration_too_long"
	CodeNotFound            Code = "not_found"
	CodeNotAReviewer        Code = "not_a_reviewer"
	CodeSelfReview          Code = "self_review"
	CodeAlreadyReviewed     Code = "already_reviewed"
	CodeAlreadyResolved     Code = "already_resolved"
	CodeRequestChanged      Code = "request_changed"
	CodeExpired             Code = "expired"
	CodeIdentityNotLinked   Code = "identity_not_linked"
	CodeIdentityAmbiguous   Code = "identity_ambiguous"
	CodeMixedRequest        Code = "mixed_request"
	CodeTooManyResources    Code = "too_many_resources"
	CodeIdempotencyConflict Code = "idempotency_conflict"
	CodeUnauthenticated     Code = "unauthenticated"
	CodeForbidden           Code = "forbidden"
	CodeRateLimited         Code = "rate_limited"
	CodeUnavailable         Code = "unavailable"
	CodeInvalid             Code = "invalid"
	CodeConflict            Code = "conflict"
	CodeInternal            Code = "internal"
)

// Problem is an RFC 9457 problem document with Accede's stable code.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail says what happened and what to do.
	Detail string `json:"detail"`
	Code   Code   `json:"code"`
	// Errors lists single faults in the input.
	Errors []Fault `json:"errors,omitempty"`
	// Request is the current state of the request in question, when that helps.
	Request *Request `json:"request,omitempty"`
}

// Fault is one thing wrong with an input.
type Fault struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error makes a problem usable as an error.
func (p *Problem) Error() string { return p.Detail }
