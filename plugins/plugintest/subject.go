package plugintest

import (
	"context"
	"net/http"
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Subject is a plugin to be tested.
type Subject struct {
	Spec plugins.Spec
	// NewVendor starts a stand-in in good health and stops it with t.Cleanup. CallbackURL is where the plugin takes
	// callbacks.
	NewVendor func(t *testing.T, callbackURL string) Vendor
	// Secrets are the credentials in the configuration; none may show up in an error or a log.
	Secrets []string
	// Kinds are statuses that this vendor uses in a way of its own, with the kind they then have.
	Kinds map[int]plugins.Kind
	// Golden is the folder of golden cards, testdata/cards by default; Update rewrites them instead of comparing.
	Golden string
	Update bool
}

// Vendor is a running stand-in as the suite sees it.
type Vendor struct {
	// Config points the plugin at the stand-in; it is what the spec's NewConfig returns, filled in.
	Config any
	// Destination takes cards. Recipient is the configured name that leads there; it is the destination's ID if empty.
	Destination plugins.Destination
	Recipient   string
	// Creates says whether a request makes the vendor show a new message. Nil if the plugin does not speak HTTP; then
	// faults are not put in its way.
	Creates func(*http.Request) bool
	// Messages lists what people see at the destination, oldest first, private answers left out.
	Messages func() []Message
	// Click lets somebody press a button of a message and waits for the plugin's answer to the vendor. Nil if the vendor
	// has no buttons.
	Click func(ctx context.Context, message Message, verdict v1.Verdict) error
	// Forge plays an attacker after a click and returns the HTTP status that the plugin answered. Nil if callbacks do not
	// come over HTTP.
	Forge func(ctx context.Context, forgery Forgery) (status int, err error)
}

// Message is something that the vendor shows.
type Message struct {
	// ID is the vendor's own.
	ID string
	// Key is the delivery key inside the message, empty if the vendor has no place for it.
	Key string
	// Reply says that the message belongs to another one.
	Reply bool
	// Text is everything that people can read of it.
	Text string
	// Buttons is how many buttons decide something.
	Buttons int
	// Live are mentions, links and markup in it that the vendor would act on, those of the plugin itself left out.
	Live []string
	// Golden is the message as the vendor stores it, without what changes from run to run. It is compared as JSON; nil if
	// the plugin's own tests compare its cards.
	Golden any
}

// Forgery is a callback that the vendor would not have sent.
type Forgery string

// The forgeries.
const (
	// BadSignature is signed with another secret.
	BadSignature Forgery = "bad_signature"
	// MissingSignature is not signed.
	MissingSignature Forgery = "missing_signature"
	// Stale was rightly signed long ago.
	Stale Forgery = "stale"
	// Tampered was changed after it was signed.
	Tampered Forgery = "tampered"
	// Replay is the last callback once more, rightly signed; it has to be taken as the same click.
	Replay Forgery = "replay"
)

// Run runs everything that the plugin's capabilities call for.
func Run(t *testing.T, subject Subject) {
	t.Helper()
	if subject.Golden == "" {
		subject.Golden = "testdata/cards"
	}
	t.Run("spec", func(t *testing.T) { checkSpec(t, subject) })
	t.Run("cards", func(t *testing.T) { checkCards(t, subject) })
	t.Run("texts", func(t *testing.T) { checkTexts(t, subject) })
	t.Run("buttons", func(t *testing.T) { checkButtons(t, subject) })
	t.Run("finding", func(t *testing.T) { checkFinding(t, subject) })
	t.Run("close", func(t *testing.T) { checkClose(t, subject) })
	t.Run("failures", func(t *testing.T) { checkFailures(t, subject) })
	t.Run("delivery", func(t *testing.T) { checkDelivery(t, subject) })
	t.Run("clicks", func(t *testing.T) { checkClicks(t, subject) })
}
