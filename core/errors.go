package core

import (
	"errors"
	"fmt"

	v1 "github.com/accede/accede/api/v1"
)

// Error is a refusal that a person should read: a stable code and a sentence that says what happened and what to do.
type Error struct {
	Code    v1.Code
	Message string
	// Request is the current state of the request in question, when that helps the reader.
	Request *v1.Request
	// Faults are the single faults of an input.
	Faults []v1.Fault
	// Err is the cause, for the log.
	Err error
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Refuse makes an [Error].
func Refuse(code v1.Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// About attaches the current request to a refusal.
func (e *Error) About(request v1.Request) *Error {
	e.Request = &request
	return e
}

// CodeOf returns the code of a refusal; anything else is internal.
func CodeOf(err error) v1.Code {
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal.Code
	}
	return v1.CodeInternal
}

// ErrNotFound is what a store returns for a record that does not exist.
var ErrNotFound = errors.New("not found")

// ErrConflict is what a store returns for a record that exists already.
var ErrConflict = errors.New("exists already")
