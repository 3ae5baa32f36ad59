package plugins

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// Spec describes a plugin to the host.
type Spec struct {
	// Name is the plugin's name in subjects, credentials and configs: lower-case letters and digits.
	Name string
	// Title is what people call the vendor.
	Title string
	// Example is a commented configuration file that loads.
	Example []byte
	// NewConfig returns a pointer to the vendor's part of the configuration, holding its defaults. It is decoded strictly.
	NewConfig func() any
	// Services says that the notify-services annotations of a request name recipients of this plugin.
	Services bool
	// Commands are what the plugin's binary can do besides what every plugin's can.
	Commands []Command
	// Open makes the plugin from what NewConfig returned. It must not call the vendor; [Checker] does.
	Open func(ctx context.Context, config any, deps Deps) (Notifier, error)
}

// Command is something that one plugin's binary can do besides what every plugin's can.
type Command struct {
	// Name is what people type, Arguments what they type after it, About what it does in a few words.
	Name, Arguments, About string
	// Run is given what NewConfig returned, filled in and valid, and the arguments that are no flags. It speaks to people on
	// out.
	Run func(ctx context.Context, config any, arguments []string, out io.Writer) error
}

// Validator is a configuration that can find its own faults. Validate returns all of them, joined, each with the dotted
// path of its field.
type Validator interface {
	Validate() error
}

// Define makes a Spec from functions that know the type of their configuration.
func Define[C any](name, title string, example []byte, newConfig func() *C,
	open func(ctx context.Context, config *C, deps Deps) (Notifier, error),
) Spec {
	return Spec{
		Name: name, Title: title, Example: example,
		NewConfig: func() any { return newConfig() },
		Open: func(ctx context.Context, config any, deps Deps) (Notifier, error) {
			typed, ok := config.(*C)
			if !ok {
				return nil, fmt.Errorf("opening %s: configuration is a %T", name, config)
			}
			return open(ctx, typed, deps)
		},
	}
}

// Deps is what the host gives a plugin to work with. Everything in it outlives the plugin.
type Deps struct {
	Logger *slog.Logger
	// HTTP is the client for the vendor: bounded in time and size, no redirects to other hosts, no retries.
	HTTP *http.Client
	Now  func() time.Time
	// Seal protects what a button carries, so that a callback can prove that its button came from one of our cards.
	Seal Sealer
	// Cards looks up what this plugin has posted. It must not be asked before Open has returned.
	Cards Cards
	// Notebook keeps what the plugin learns from its vendor. It must not be asked before Open has returned.
	Notebook Notebook
	// DecideInChat says whether cards may carry buttons that decide; otherwise a click only points to the core.
	DecideInChat bool
}

// Notifier puts cards at a vendor.
type Notifier interface {
	// Post puts one card at the destination. Key is the delivery's key: the vendor's idempotency key where there is one,
	// and stored inside the message where it can be read back. The context ends with the lease.
	Post(ctx context.Context, to Destination, key string, card Card) (Ref, error)
}

// Updater changes a card that was posted.
type Updater interface {
	// Update makes the card show this content. It may be repeated. An error of kind [Gone] says that the message no longer
	// exists.
	Update(ctx context.Context, ref Ref, card Card) error
}

// Replier adds a note to a card: a thread reply, a comment, a work note.
type Replier interface {
	Reply(ctx context.Context, ref Ref, key string, note Note) (Ref, error)
}

// Finder looks up what an earlier attempt may have posted.
type Finder interface {
	// Find returns the message at the destination that carries the key of the search.
	Find(ctx context.Context, at Destination, search Search) (ref Ref, found bool, err error)
}

// Resolver turns recipients into destinations.
type Resolver interface {
	// Resolve returns where the recipient can be reached, nothing if the vendor does not know them. The host remembers the
	// answer for a few minutes.
	Resolve(ctx context.Context, recipient Recipient) ([]Destination, error)
}

// Answerer tells the person who clicked, and nobody else, what became of it.
type Answerer interface {
	// Answer speaks to the account that made the decision. It may come seconds or, after an outage, hours later.
	Answer(ctx context.Context, decision v1.Decision, result v1.DecisionResult) error
}

// Receiver takes callbacks that the vendor sends over HTTP.
type Receiver interface {
	// Handler returns the handler for the vendor's callbacks. It verifies that the vendor sent the raw body before reading
	// it, translates and hands over.
	Handler(decisions Decisions) http.Handler
}

// Listener takes callbacks over a connection that it opens to the vendor.
type Listener interface {
	// Listen keeps the connection until the context ends. It returns an error only when it cannot go on; the host then
	// calls it again after a while.
	Listen(ctx context.Context, decisions Decisions) error
}

// Decisions takes verified clicks.
type Decisions interface {
	// Submit stores a decision durably. It returns within about a second and a half, well inside the deadline that vendors
	// set for answering a callback; the person who clicked hears the result through [Answerer], also when storing it took
	// longer. The error, if any, is that the decision is not well formed.
	Submit(ctx context.Context, decision v1.Decision) error
}

// Checker looks whether the plugin can work: credentials, permissions, destinations.
type Checker interface {
	// Check returns everything that is wrong. Recipients are the configured ones.
	Check(ctx context.Context, recipients []string) []Finding
}

// Finding is something wrong, in words a person can act on.
type Finding struct {
	What string
	Fix  string
	// Warning says that the plugin works without it, with less.
	Warning bool
}

// Closer releases what Open or Listen took. It may be called more than once.
type Closer interface {
	Close() error
}

// Destination is a place at the vendor: a channel, a direct message, a project.
type Destination struct {
	// ID names it for good in the delivery ledger.
	ID string
	// Name is what people call it.
	Name string
}

// Ref is the vendor's reference to a posted message, in an encoding of the plugin's own.
type Ref string

// Search describes a message to look up.
type Search struct {
	Key string
	// Since is when the first attempt was made.
	Since time.Time
	// Parent is the card a reply belongs to; empty for cards.
	Parent Ref
}

// Recipient is somebody or something that a request's card should reach.
type Recipient struct {
	// Name is a configured recipient such as "#access-requests" or an e-mail address; empty for a person.
	Name string
	// Person is set for the requester and for suggested reviewers.
	Person *v1.PersonRef
	// Accounts are the person's linked accounts at this vendor.
	Accounts []v1.Identity
}
