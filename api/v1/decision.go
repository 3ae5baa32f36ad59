package v1

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Decision is a click, verified by the plugin that received it: this vendor account said this about that request. It
// grants nothing; the core decides whether the person behind the account may decide.
type Decision struct {
	// ID is the same for every repeat of the same click, see [DecisionID].
	ID       string   `json:"id"`
	Identity Identity `json:"identity"`
	// UserName is what the vendor calls the account; for logs and sentences only.
	UserName  string  `json:"user_name,omitempty"`
	RequestID string  `json:"request_id"`
	Verdict   Verdict `json:"verdict"`
	Reason    string  `json:"reason,omitempty"`
	// SeenVersion and SeenFingerprint are what the card showed.
	SeenVersion     int64     `json:"seen_version"`
	SeenFingerprint string    `json:"seen_fingerprint"`
	Made            time.Time `json:"made"`
	// Annotations are kept with the review, where filters can look at them.
	Annotations map[string][]string `json:"annotations,omitempty"`
	// MaxDuration shortens the access; only with an approval.
	MaxDuration Duration `json:"max_duration,omitempty"`
	// Evidence is the vendor's own proof, kept for the audit; it also holds what the plugin needs to answer privately.
	Evidence map[string]string `json:"evidence,omitempty"`
}

// DecisionID derives a decision's id from what makes a click unique at its vendor.
func DecisionID(plugin, interaction, user, requestID string, verdict Verdict) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{plugin, interaction, user, requestID, string(verdict)}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// SignedDecision is a decision as it travels: the exact bytes of a [Decision] and the plugin's signature over them.
type SignedDecision struct {
	Payload   []byte `json:"payload"`
	Signature []byte `json:"signature"`
}

// Codes of a decision's result that are no errors.
const (
	// CodeCounted: the review was recorded.
	CodeCounted Code = "counted"
	// CodeRecorded: the click is stored, its result follows.
	CodeRecorded Code = "recorded"
)

// DecisionResult is what became of a decision. The same decision always has the same result.
type DecisionResult struct {
	// Code is [CodeCounted], [CodeRecorded] or one of the error codes.
	Code Code `json:"code"`
	// Message is a sentence for the person who clicked.
	Message string `json:"message"`
	// LinkCode is a one-time code by which the owner of an unknown account connects it; shown to them privately.
	LinkCode string `json:"link_code,omitempty"`
	// Request is the current state, when the decision named a known request.
	Request *Request `json:"request,omitempty"`
}

// Counted says whether the review was recorded.
func (r DecisionResult) Counted() bool { return r.Code == CodeCounted }
