package broker

import (
	"strings"
	"time"
)

// The streams.
const (
	EventStream  = "ACCEDE_EVENTS"
	ActionStream = "ACCEDE_ACTIONS"
	// CoreConsumer is the consumer by which the core takes decisions.
	CoreConsumer = "core"
)

const prefix = "accede.v1."

// Stream is a stream as data. Streams are kept in files, bounded in time, and never lose a message by being read.
type Stream struct {
	Name     string
	Subjects []string
	MaxAge   time.Duration
	// DuplicateWindow is how long a message id is remembered.
	DuplicateWindow time.Duration
}

// Consumer is a durable pull consumer as data, shared by all replicas of its reader.
type Consumer struct {
	Stream  string
	Name    string
	Subject string
	// AckWait is how long a message may be worked on without a sign of life; it exceeds the longest delivery lease.
	AckWait time.Duration
	// MaxPending bounds messages handed out and not yet acknowledged.
	MaxPending int
	// Latest makes a new consumer start with the newest message of each subject instead of with all messages. It fits
	// messages that carry the whole state, and takes effect only when the consumer is created.
	Latest bool
}

// Streams returns the streams of an installation.
func Streams() []Stream {
	const fortnight = 14 * 24 * time.Hour
	return []Stream{
		{Name: EventStream, Subjects: []string{prefix + "event.>"}, MaxAge: fortnight, DuplicateWindow: 30 * time.Minute},
		{Name: ActionStream, Subjects: []string{prefix + "action.>"}, MaxAge: fortnight, DuplicateWindow: 30 * time.Minute},
	}
}

// PluginConsumer returns the consumer by which a plugin's replicas take events.
func PluginConsumer(plugin string) Consumer {
	return Consumer{
		Stream: EventStream, Name: "plugin-" + plugin, Subject: prefix + "event.>",
		AckWait: time.Minute, MaxPending: 256, Latest: true,
	}
}

// ActionConsumer returns the consumer by which the core takes decisions.
func ActionConsumer() Consumer {
	return Consumer{
		Stream: ActionStream, Name: CoreConsumer, Subject: prefix + "action.>",
		AckWait: 30 * time.Second, MaxPending: 1024,
	}
}

// EventSubject is where an event about a request is published.
func EventSubject(requestID string) string { return prefix + "event." + requestID }

// ActionSubject is where a plugin publishes a decision about a request.
func ActionSubject(plugin, requestID string) string {
	return prefix + "action." + plugin + "." + requestID
}

// ResultSubject is where the core tells a plugin's replicas the result of a decision at once, without storing it.
func ResultSubject(plugin, decisionID string) string {
	return prefix + "result." + plugin + "." + decisionID
}

// ResultPattern matches every result for a plugin.
func ResultPattern(plugin string) string { return prefix + "result." + plugin + ".>" }

// CallSubject is where a plugin calls a method of the core.
func CallSubject(plugin, method string) string { return prefix + "rpc." + plugin + "." + method }

// CallPattern matches every call of every plugin.
const CallPattern = prefix + "rpc.*.*"

// Methods that plugins call.
const (
	MethodClaim     = "claim"
	MethodRecord    = "record"
	MethodFail      = "fail"
	MethodSync      = "sync"
	MethodResolve   = "resolve"
	MethodOutcome   = "outcome"
	MethodHeartbeat = "heartbeat"
	MethodCards     = "cards"
	MethodDuty      = "duty"
	MethodNote      = "note"
	MethodKeep      = "keep"
	MethodRecall    = "recall"
)

// ActionPlugin returns the plugin named by the subject of a decision, and the request.
func ActionPlugin(subject string) (plugin, requestID string, ok bool) {
	return twoTokens(subject, prefix+"action.")
}

// CallMethod returns the plugin and the method named by the subject of a call.
func CallMethod(subject string) (plugin, method string, ok bool) {
	return twoTokens(subject, prefix+"rpc.")
}

func twoTokens(subject, head string) (first, second string, ok bool) {
	rest, ok := strings.CutPrefix(subject, head)
	if !ok {
		return "", "", false
	}
	first, second, ok = strings.Cut(rest, ".")
	if !ok || first == "" || second == "" || strings.Contains(second, ".") {
		return "", "", false
	}
	return first, second, true
}
