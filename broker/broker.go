package broker

import (
	"context"
	"errors"
	"time"
)

// ErrUnavailable says that the broker or the process behind it did not answer; what was sent may or may not have been
// stored. Sending it again is safe where a message has an id.
var ErrUnavailable = errors.New("broker unavailable")

// ErrDenied says that the credential does not permit what was tried.
var ErrDenied = errors.New("not permitted by the broker")

// Message is one message of a stream.
type Message struct {
	Subject string
	// ID de-duplicates repeated publishing within the stream's window.
	ID   string
	Data []byte
	// Deliveries counts how often a consumer was given this message, starting at 1; publishers leave it zero.
	Deliveries int
	// Published is when the broker stored it; publishers leave it zero.
	Published time.Time
}

// Outcome is what a handler wants done with a message. The zero Outcome is Done.
type Outcome struct {
	// Retry asks for the message again after Delay.
	Retry bool
	Delay time.Duration
}

// Done acknowledges a message.
func Done() Outcome { return Outcome{} }

// RetryAfter asks for a message again.
func RetryAfter(delay time.Duration) Outcome { return Outcome{Retry: true, Delay: delay} }

// Handler deals with one message. Its context ends when the subscriber stops; work already begun should finish.
type Handler func(ctx context.Context, message Message) Outcome

// Publisher stores messages durably.
type Publisher interface {
	// Publish returns nil only after the broker has confirmed that every message is stored, in order. After an error some
	// of them may be stored; publishing them again under the same ids is safe.
	Publish(ctx context.Context, messages ...Message) error
}

// Subscriber hands out the messages of durable consumers.
type Subscriber interface {
	// Consume gives messages of the named consumer to handle, at most workers at a time, and blocks until ctx ends and the
	// handlers that had begun are done. It survives reconnects and waits for a consumer that does not exist yet. While a
	// handler runs its message is kept from being given to somebody else.
	Consume(ctx context.Context, stream, consumer string, workers int, handle Handler) error
}

// Caller asks questions.
type Caller interface {
	// Call returns the answer to data sent to subject, [ErrUnavailable] if none came before ctx ended or nobody listens.
	Call(ctx context.Context, subject string, data []byte) ([]byte, error)
}

// Answerer answers one question. Subject is the one it came on, which the broker has verified.
type Answerer func(ctx context.Context, subject string, data []byte) []byte
