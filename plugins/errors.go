package plugins

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is; the host derives retry, pause, park, metrics and log level from it.
type Kind string

// The kinds of failure.
const (
	// Transient: the vendor did not do it and may do it later.
	Transient Kind = "transient"
	// RateLimited: the vendor did not do it and wants a pause.
	RateLimited Kind = "rate_limited"
	// Auth: credentials or permissions do not suffice; an operator has to act.
	Auth Kind = "auth"
	// Invalid: the vendor refuses this content; repeating it is useless.
	Invalid Kind = "invalid"
	// NotFound: the destination does not exist or cannot be reached.
	NotFound Kind = "not_found"
	// Gone: the message to be changed no longer exists.
	Gone Kind = "gone"
	// Unknown: the vendor may or may not have done it.
	Unknown Kind = "unknown"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Transient, RateLimited, Auth, Invalid, NotFound, Gone, Unknown}
}

// Error is a failure at the vendor.
type Error struct {
	// Op is what was attempted, as a gerund: "posting message".
	Op   string
	Kind Kind
	// RetryAfter is how long the vendor asks to wait, for RateLimited.
	RetryAfter time.Duration
	// Public is a sentence that an operator may read in a status page: what is wrong and how to mend it. No secrets.
	Public string
	Err    error
}

// Error returns the operation and its cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %s", e.Op, e.Public)
	}
	return fmt.Sprintf("%s: %v", e.Op, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err. An error that does not say is Unknown: nobody can tell what the vendor did.
func KindOf(err error) Kind {
	if typed, ok := errors.AsType[*Error](err); ok {
		return typed.Kind
	}
	return Unknown
}
