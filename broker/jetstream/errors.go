package jetstream

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/accede/accede/broker"
)

var (
	errLost   = errors.New("connection lost while waiting for an answer")
	errQuiet  = errors.New("no answer in time")
	errClosed = errors.New("connection to the broker is closed")
)

// deniedPattern finds the subject in the broker's complaint about a publish or a subscription.
var deniedPattern = regexp.MustCompile(`(?i)permissions violation for (?:publish|subscription) to "?([^\s"]+)"?`)

func deniedSubject(err error) (string, bool) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return "", false
	}
	match := deniedPattern.FindStringSubmatch(err.Error())
	if match == nil {
		return "", false
	}
	return match[1], true
}

// isRefused says whether the broker does not accept who we are.
func isRefused(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) ||
		errors.Is(err, nats.ErrAuthRevoked) || errors.Is(err, nats.ErrAccountAuthExpired)
}

func (c *Conn) refused(err error) error {
	who := "the core"
	if c.plugin != "" {
		who = fmt.Sprintf("plugin %q", c.plugin)
	}
	return fmt.Errorf("%w: %s does not accept the credential of %s (%w); "+
		"it was removed or replaced: make a new one with `accede admin plugin add`",
		broker.ErrDenied, c.address, who, err)
}

// isPermanent says whether sending the same again would fail the same way.
func isPermanent(err error) bool {
	if errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject) {
		return true
	}
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && api.Code >= 400 && api.Code < 500 && api.Code != 404 && api.Code != 408
}

// translate turns the product's error into one of package broker. Doing is a gerund phrase.
func translate(ctx context.Context, doing string, err error) error {
	if cause := context.Cause(ctx); cause != nil && (errors.Is(cause, broker.ErrDenied) || errors.Is(cause, errLost) ||
		errors.Is(cause, errQuiet)) {
		err = cause
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, broker.ErrDenied), errors.Is(err, broker.ErrUnavailable), isPermanent(err):
		return fmt.Errorf("%s: %w", doing, err)
	default:
		return fmt.Errorf("%s: %w: %w", doing, broker.ErrUnavailable, err)
	}
}

// denials tells those who wait for an answer on a subject that the broker refused it. The broker reports a refusal
// apart from the request, by subject only, and no answer ever follows.
type denials struct {
	mu      sync.Mutex
	next    int
	waiting map[string]map[int]context.CancelCauseFunc
}

func (d *denials) watch(subject string, cancel context.CancelCauseFunc) (forget func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next++
	id := d.next
	if d.waiting[subject] == nil {
		d.waiting[subject] = make(map[int]context.CancelCauseFunc, 1)
	}
	d.waiting[subject][id] = cancel
	return func() { d.forget(subject, id) }
}

func (d *denials) forget(subject string, id int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.waiting[subject], id)
	if len(d.waiting[subject]) == 0 {
		delete(d.waiting, subject)
	}
}

func (d *denials) deny(subject string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, cancel := range d.waiting[strings.TrimSpace(subject)] {
		cancel(fmt.Errorf("%w: %s", broker.ErrDenied, subject))
	}
}
