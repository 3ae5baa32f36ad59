package v1

// RoleKind is the kind of a role document.
const RoleKind = "role"

// RoleVersion is the version written into role documents that Accede makes itself.
const RoleVersion = "v1"

// Role is a role document: what its holders may request and review.
type Role struct {
	Kind     string   `json:"kind" yaml:"kind"`
	Version  string   `json:"version" yaml:"version"`
	Metadata Metadata `json:"metadata" yaml:"metadata"`
	Spec     RoleSpec `json:"spec" yaml:"spec"`
}

// Metadata names a document.
type Metadata struct {
	Name        string            `json:"name" yaml:"name"`
	Description string            `json:"description,omitempty" yaml:"description,omitempty"`
	Labels      map[string]string `json:"labels,omitempty" yaml:"labels,omitempty"`
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
}

// RequestConditions says which roles may be requested and what it takes. Entries of Roles are matchers: literal, glob,
// ^regular expression$ or a regexp template.
type RequestConditions struct {
	Roles              []string             `json:"roles,omitempty" yaml:"roles,omitempty"`
	SuggestedReviewers []string             `json:"suggested_reviewers,omitempty" yaml:"suggested_reviewers,omitempty"`
	Thresholds         []ThresholdCondition `json:"thresholds,omitempty" yaml:"thresholds,omitempty"`
	Require            Require              `json:"require,omitempty" yaml:"require,omitempty"`
	// MaxDuration is the longest access to the roles matched here; at most 14 days.
	MaxDuration Duration         `json:"max_duration,omitempty" yaml:"max_duration,omitempty"`
	Reason      *ReasonCondition `json:"reason,omitempty" yaml:"reason,omitempty"`
}

// ThresholdCondition is a threshold as written in a role; Approve and Deny default to 1.
type ThresholdCondition struct {
	Name    string `json:"name,omitempty" yaml:"name,omitempty"`
	Approve int    `json:"approve,omitempty" yaml:"approve,omitempty"`
	Deny    int    `json:"deny,omitempty" yaml:"deny,omitempty"`
}

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
	Roles []string `json:"roles,omitempty" yaml:"roles,omitempty"`
}

// RoleOptions bounds sessions of the role's holders.
type RoleOptions struct {
	// MaxSessionTTL bounds a session elevated to this role.
	MaxSessionTTL Duration `json:"max_session_ttl,omitempty" yaml:"max_session_ttl,omitempty"`
}
