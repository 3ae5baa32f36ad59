package v1

// RoleKind is the kind of a role document.
const RoleKind = "role"

// RoleVersion is the version written into role documents that Accede makes itself.
const RoleVersion = "v1"

// Role is a role document: what its holders may request and review. Documents written for Teleport are roles, too; what
// Accede does not act on is in the embedded Kept types.
type Role struct {
	Kind     string   `json:"kind" yaml:"kind"`
	SubKind  string   `json:"sub_kind,omitempty" yaml:"sub_kind,omitempty"`
	Version  string   `json:"version" yaml:"version"`
	Metadata Metadata `json:"metadata" yaml:"metadata"`
	Spec     RoleSpec `json:"spec" yaml:"spec"`
}

// Metadata names a document.
type Metadata struct {
	Name         string            `json:"name" yaml:"name"`
	Description  string            `json:"description,omitempty" yaml:"description,omitempty"`
	Labels       map[string]string `json:"labels,omitempty" yaml:"labels,omitempty"`
	KeptMetadata `yaml:",inline"`
}

// RoleSpec holds what a role allows, what it denies whatever other roles allow, and its options.
type RoleSpec struct {
	Allow   RoleConditions `json:"allow,omitzero" yaml:"allow,omitempty"`
	Deny    RoleConditions `json:"deny,omitzero" yaml:"deny,omitempty"`
	Options RoleOptions    `json:"options,omitzero" yaml:"options,omitempty"`
}

// RoleConditions is one side, allow or deny, of a role.
type RoleConditions struct {
	Request        *RequestConditions `json:"request,omitempty" yaml:"request,omitempty"`
	ReviewRequests *ReviewConditions  `json:"review_requests,omitempty" yaml:"review_requests,omitempty"`
	KeptConditions `yaml:",inline"`
}

// RequestConditions says which roles may be requested and what it takes. Entries of Roles are matchers: literal, glob,
// ^regular expression$ or a regexp template.
type RequestConditions struct {
	Roles []string `json:"roles,omitempty" yaml:"roles,omitempty"`
	// ClaimsToRoles adds matchers for people with certain traits.
	ClaimsToRoles []ClaimMapping `json:"claims_to_roles,omitempty" yaml:"claims_to_roles,omitempty"`
	// SearchAsRoles names the roles through which resources may be requested.
	SearchAsRoles      []string             `json:"search_as_roles,omitempty" yaml:"search_as_roles,omitempty"`
	SuggestedReviewers []string             `json:"suggested_reviewers,omitempty" yaml:"suggested_reviewers,omitempty"`
	Thresholds         []ThresholdCondition `json:"thresholds,omitempty" yaml:"thresholds,omitempty"`
	Require            Require              `json:"require,omitempty" yaml:"require,omitempty"`
	// Annotations are attached to requests; values are literals or templates over the requester's traits.
	Annotations map[string][]string `json:"annotations,omitempty" yaml:"annotations,omitempty"`
	// MaxDuration is the longest access to the roles matched here; at most 14 days.
	MaxDuration Duration         `json:"max_duration,omitempty" yaml:"max_duration,omitempty"`
	Reason      *ReasonCondition `json:"reason,omitempty" yaml:"reason,omitempty"`
	// AccessClock says when the access window starts to run.
	AccessClock           AccessClock `json:"access_clock,omitempty" yaml:"access_clock,omitempty"`
	KeptRequestConditions `yaml:",inline"`
}

// ClaimMapping adds Roles as matchers for people whose trait Claim has a value that matches Value. Where Value is a
// pattern, Roles may refer to what it captured as $1, $2 and so on.
type ClaimMapping struct {
	Claim string   `json:"claim" yaml:"claim"`
	Value string   `json:"value" yaml:"value"`
	Roles []string `json:"roles,omitempty" yaml:"roles,omitempty"`
}

// ThresholdCondition is a threshold as written in a role; Approve and Deny default to 1.
type ThresholdCondition struct {
	Name string `json:"name,omitempty" yaml:"name,omitempty"`
	// Filter is a boolean expression; only reviews for which it is true count.
	Filter  string `json:"filter,omitempty" yaml:"filter,omitempty"`
	Approve int    `json:"approve,omitempty" yaml:"approve,omitempty"`
	Deny    int    `json:"deny,omitempty" yaml:"deny,omitempty"`
}

// AccessClock says when an access window starts to run.
type AccessClock string

// The access clocks, the earliest-starting first.
const (
	// ClockCreation runs from the moment of asking; it is the default.
	ClockCreation AccessClock = "creation"
	// ClockApproval runs from the approval, or from the start that was asked for if that is later.
	ClockApproval AccessClock = "approval"
	// ClockFirstUse runs from the first use of the access.
	ClockFirstUse AccessClock = "first_use"
)

// ReasonMode says whether a request needs a reason.
type ReasonMode string

// The reason modes.
const (
	ReasonOptional ReasonMode = "optional"
	ReasonRequired ReasonMode = "required"
)

// ReasonCondition says whether the roles matched here need a reason, and what to ask for.
type ReasonCondition struct {
	Mode   ReasonMode `json:"mode,omitempty" yaml:"mode,omitempty"`
	Prompt string     `json:"prompt,omitempty" yaml:"prompt,omitempty"`
}

// ReviewConditions says which requested roles may be reviewed. Entries of Roles are matchers.
type ReviewConditions struct {
	Roles         []string       `json:"roles,omitempty" yaml:"roles,omitempty"`
	ClaimsToRoles []ClaimMapping `json:"claims_to_roles,omitempty" yaml:"claims_to_roles,omitempty"`
	// Where is a boolean expression; the block only holds for requests for which it is true.
	Where                string `json:"where,omitempty" yaml:"where,omitempty"`
	KeptReviewConditions `yaml:",inline"`
}

// RequestAccess says how a client treats requesting at sign-in.
type RequestAccess string

// The strategies at sign-in, the mildest first.
const (
	RequestOptional RequestAccess = "optional"
	// RequestAlways asks for every requestable role at sign-in.
	RequestAlways RequestAccess = "always"
	// RequestReason does so, too, and every request needs a reason.
	RequestReason RequestAccess = "reason"
)

// RoleOptions bounds sessions of the role's holders and says how they request.
type RoleOptions struct {
	// MaxSessionTTL bounds a session elevated to this role.
	MaxSessionTTL Duration      `json:"max_session_ttl,omitempty" yaml:"max_session_ttl,omitempty"`
	RequestAccess RequestAccess `json:"request_access,omitempty" yaml:"request_access,omitempty"`
	// RequestPrompt is shown to holders of the role when they request.
	RequestPrompt string `json:"request_prompt,omitempty" yaml:"request_prompt,omitempty"`
	KeptOptions   `yaml:",inline"`
}
