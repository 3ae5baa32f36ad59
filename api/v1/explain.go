package v1

// Explanation says how a request stands and why. It comes from the evaluation that decides.
type Explanation struct {
	RequestID string `json:"request_id,omitempty"`
	Version   int64  `json:"version,omitempty"`
	State     State  `json:"state"`
	// Summary says in one sentence how the request stands, or what resolved it.
	Summary    string              `json:"summary"`
	Thresholds []ThresholdProgress `json:"thresholds"`
	Rules      []RuleProgress      `json:"rules"`
	// People are those who may review and, when they were asked about, those who may not.
	People []PersonRuling `json:"people"`
	// Notes say what did not work as the roles mean it.
	Notes []string `json:"notes,omitempty"`
}

// ThresholdProgress is how far one threshold is.
type ThresholdProgress struct {
	Threshold
	Index   int  `json:"index"`
	Reached bool `json:"reached"`
	// Missing is how many more approvals it takes.
	Missing int `json:"missing"`
	// By are the people whose reviews count for it.
	By []string `json:"by,omitempty"`
	// Text says it as people read it: "managers 1 of 2".
	Text string `json:"text"`
}

// RuleProgress is how far one rule is; all rules of a request must be satisfied.
type RuleProgress struct {
	Rule
	Satisfied bool   `json:"satisfied"`
	Text      string `json:"text"`
}

// PersonRuling says whether somebody may review a request, and why.
type PersonRuling struct {
	Person PersonRef `json:"person"`
	May    bool      `json:"may"`
	// Code is why not; empty if they may.
	Code Code   `json:"code,omitempty"`
	Why  string `json:"why"`
	// Counts are the indexes of the thresholds their review would count for.
	Counts []int    `json:"counts,omitempty"`
	Notes  []string `json:"notes,omitempty"`
}

// Capabilities is what somebody may ask for.
type Capabilities struct {
	RequestableRoles []string `json:"requestable_roles"`
	// SearchAsRoles are the roles through which resources may be requested.
	SearchAsRoles      []string      `json:"search_as_roles,omitempty"`
	SuggestedReviewers []string      `json:"suggested_reviewers,omitempty"`
	Prompts            []string      `json:"prompts,omitempty"`
	RequestAccess      RequestAccess `json:"request_access"`
	// ReasonRequired says whether every request needs a reason; RolesWithReason lists the roles that need one in any case.
	ReasonRequired  bool          `json:"reason_required"`
	RolesWithReason []string      `json:"roles_with_reason,omitempty"`
	Limits          RequestLimits `json:"limits"`
}

// RequestLimits are the limits of any request.
type RequestLimits struct {
	MaxRoles       int      `json:"max_roles"`
	MaxResources   int      `json:"max_resources"`
	MaxReasonBytes int      `json:"max_reason_bytes"`
	MaxSession     Duration `json:"max_session"`
	MaxDuration    Duration `json:"max_duration"`
	MaxPending     Duration `json:"max_pending"`
	MaxStartAhead  Duration `json:"max_start_ahead"`
}
