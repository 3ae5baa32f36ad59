package v1

import "time"

// RequestInput asks for access.
type RequestInput struct {
	Roles []string `json:"roles,omitempty"`
	// Resources asks for single things instead of roles; the two cannot be mixed.
	Resources []Resource `json:"resources,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	// SuggestedReviewers are names or e-mail addresses of people.
	SuggestedReviewers []string `json:"suggested_reviewers,omitempty"`
	// MaxDuration and SessionTTL ask for less than the roles allow; zero takes what they allow.
	MaxDuration Duration `json:"max_duration,omitempty"`
	SessionTTL  Duration `json:"session_ttl,omitempty"`
	// PendingTTL is how long the request waits for reviews.
	PendingTTL Duration `json:"pending_ttl,omitempty"`
	// AssumeStart is when the access should begin, at most seven days ahead; the zero time means as soon as it is approved.
	AssumeStart time.Time `json:"assume_start_time,omitzero"`
	// DryRun checks and expands everything and stores nothing.
	DryRun bool `json:"dry_run,omitempty"`
}

// ReviewInput is a review as submitted.
type ReviewInput struct {
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason,omitempty"`
	// MaxDuration shortens the access and AssumeStart makes it begin later; only with an approval.
	MaxDuration Duration  `json:"max_duration,omitempty"`
	AssumeStart time.Time `json:"assume_start_time,omitzero"`
	// Annotations are what the door says about the review; filters can look at them.
	Annotations map[string][]string `json:"annotations,omitempty"`
	// SeenVersion and SeenFingerprint are those of the request as the reviewer saw it.
	SeenVersion     int64  `json:"seen_version,omitempty"`
	SeenFingerprint string `json:"seen_fingerprint,omitempty"`
}

// OverrideInput is an administrator's decision past all review rules. The reason is required.
type OverrideInput struct {
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
	// Roles, when approving, may be a subset of those asked for.
	Roles []string `json:"roles,omitempty"`
}

// WithdrawInput takes a pending request back.
type WithdrawInput struct {
	Reason string `json:"reason,omitempty"`
}

// RequestPage is a page of requests, newest first; an empty Next ends the list.
type RequestPage struct {
	Requests []Request `json:"requests"`
	Next     string    `json:"next,omitempty"`
}

// SignInInput starts a session.
type SignInInput struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// SecretToken is a token with its secret, which is shown this once.
type SecretToken struct {
	Token
	Secret string `json:"secret"`
}

// TokenInput makes an API token.
type TokenInput struct {
	Title string   `json:"title"`
	TTL   Duration `json:"ttl,omitempty"`
	// Person, for administrators, makes it for somebody else.
	Person string `json:"person,omitempty"`
}

// PersonInput creates or changes a person. Absent members of a change stay as they are.
type PersonInput struct {
	DisplayName *string              `json:"display_name,omitempty"`
	Email       *string              `json:"email,omitempty"`
	Kind        *PersonKind          `json:"kind,omitempty"`
	Roles       *[]string            `json:"roles,omitempty"`
	Traits      *map[string][]string `json:"traits,omitempty"`
	Admin       *bool                `json:"admin,omitempty"`
	Disabled    *bool                `json:"disabled,omitempty"`
	Password    *string              `json:"password,omitempty"`
}

// LinkClaim connects the vendor account behind a one-time code to the person who is signed in.
type LinkClaim struct {
	Code string `json:"code"`
	// Confirm makes the link; without it the answer only says which account the code belongs to.
	Confirm bool `json:"confirm,omitempty"`
}

// LinkClaimed says which account a code belongs to and whether it is linked now.
type LinkClaimed struct {
	Identity Identity  `json:"identity"`
	UserName string    `json:"user_name,omitempty"`
	Linked   bool      `json:"linked"`
	Expires  time.Time `json:"expires"`
}

// PersonDocument is a person as a file for `accede apply`.
type PersonDocument struct {
	Kind     string     `json:"kind" yaml:"kind"`
	Version  string     `json:"version" yaml:"version"`
	Metadata Metadata   `json:"metadata" yaml:"metadata"`
	Spec     PersonSpec `json:"spec" yaml:"spec"`
}

// PersonDocumentKind is the kind of a person document.
const PersonDocumentKind = "user"

// PersonSpec is the content of a person document.
type PersonSpec struct {
	DisplayName string              `json:"display_name,omitempty" yaml:"display_name,omitempty"`
	Email       string              `json:"email,omitempty" yaml:"email,omitempty"`
	Kind        PersonKind          `json:"kind,omitempty" yaml:"kind,omitempty"`
	Roles       []string            `json:"roles,omitempty" yaml:"roles,omitempty"`
	Traits      map[string][]string `json:"traits,omitempty" yaml:"traits,omitempty"`
	Admin       bool                `json:"admin,omitempty" yaml:"admin,omitempty"`
	Disabled    bool                `json:"disabled,omitempty" yaml:"disabled,omitempty"`
}

// ApplyInput is a set of documents to be applied together or not at all.
type ApplyInput struct {
	Documents []ApplyDocument `json:"documents"`
	// DryRun checks everything and changes nothing.
	DryRun bool `json:"dry_run,omitempty"`
}

// ApplyDocument is one file or one part of a file, in YAML.
type ApplyDocument struct {
	// Name is the file's name, for messages.
	Name string `json:"name"`
	YAML string `json:"yaml"`
}

// ApplyResult says what became of each document.
type ApplyResult struct {
	Applied []Applied `json:"applied"`
}

// Applied is what became of one document: created, changed or unchanged.
type Applied struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Change string `json:"change"`
	// Diff says line by line how the document as it was stored and as it is applied differ, both as YAML: hunks of a
	// unified diff without file names. It is empty where nothing changes.
	Diff string `json:"diff,omitempty"`
	// Warnings say what in the document has no effect.
	Warnings []string `json:"warnings,omitempty"`
}

// PluginInput registers a plugin.
type PluginInput struct {
	Name string `json:"name"`
}

// PluginCredential is a plugin's credential file, shown this once.
type PluginCredential struct {
	Plugin     string `json:"plugin"`
	Credential string `json:"credential"`
}

// Session says who is signed in and until when.
type Session struct {
	Person Person `json:"person"`
	Token  Token  `json:"token"`
	// Version is the core's.
	Version string `json:"version"`
}
