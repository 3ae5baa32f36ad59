package v1

import "time"

// PersonRef names a person inside other records, as they were called at that time.
type PersonRef struct {
	// Name is the stable, unique login name.
	Name        string `json:"name"`
	DisplayName string `json:"display_name,omitempty"`
	Email       string `json:"email,omitempty"`
}

// Shown returns the name to show to people: the display name if there is one.
func (p PersonRef) Shown() string {
	if p.DisplayName != "" {
		return p.DisplayName
	}
	return p.Name
}

// PersonKind tells people from service users.
type PersonKind string

// The kinds of person.
const (
	KindHuman   PersonKind = "human"
	KindService PersonKind = "service"
)

// Person is somebody who may ask, review or administer.
type Person struct {
	Name        string              `json:"name"`
	DisplayName string              `json:"display_name,omitempty"`
	Email       string              `json:"email,omitempty"`
	Kind        PersonKind          `json:"kind"`
	Roles       []string            `json:"roles"`
	Traits      map[string][]string `json:"traits,omitempty"`
	// Admin may manage people, roles, plugins and links, and override requests.
	Admin    bool      `json:"admin,omitempty"`
	Disabled bool      `json:"disabled,omitempty"`
	Created  time.Time `json:"created"`
}

// Ref returns the reference that other records keep of p.
func (p Person) Ref() PersonRef {
	return PersonRef{Name: p.Name, DisplayName: p.DisplayName, Email: p.Email}
}

// SignInProvider stands where a plugin's name does in the identity of an account at the OpenID provider, whose tenant is the
// issuer. It can be no plugin's name.
const SignInProvider = "sign-in"

// Identity is an account at a vendor. Tenant and User are the vendor's immutable ids, never names or addresses.
type Identity struct {
	Plugin string `json:"plugin"`
	Tenant string `json:"tenant"`
	User   string `json:"user"`
}

// Link says that an identity belongs to a person.
type Link struct {
	Identity
	Person  string    `json:"person"`
	Created time.Time `json:"created"`
	// CreatedBy is the person who made the link: the person themselves or an administrator.
	CreatedBy string `json:"created_by"`
}

// Token is an API token or a session as lists show it; its secret is shown once, when it is made.
type Token struct {
	ID       string    `json:"id"`
	Person   string    `json:"person"`
	Title    string    `json:"title"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires,omitzero"`
	LastUsed time.Time `json:"last_used,omitzero"`
	// Browser marks the session of a browser: its secret is a cookie's, and no bearer token.
	Browser bool `json:"browser,omitempty"`
	// Device is what signed in, as it called itself.
	Device string `json:"device,omitempty"`
}
