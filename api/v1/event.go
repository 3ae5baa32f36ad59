package v1

import (
	"encoding/json"
	"fmt"
	"time"
)

// Types of event. A plugin acknowledges and counts types it does not know.
const (
	EventCreated  = "accede.request.created.v1"
	EventReviewed = "accede.request.reviewed.v1"
	EventResolved = "accede.request.resolved.v1"
	// EventNoted: a plugin has put a note on a pending request.
	EventNoted = "accede.request.noted.v1"
	// EventAccessStarted: an access has begun that did not begin when it was granted.
	EventAccessStarted = "accede.request.access_started.v1"
	// EventAccessEnding: an access ends in ten minutes.
	EventAccessEnding = "accede.request.access_ending.v1"
	EventAccessEnded  = "accede.request.access_ended.v1"
	// EventResync repeats the newest snapshot after the broker lost its memory.
	EventResync = "accede.request.resync.v1"
	// EventAnswer carries the result of a decision whose plugin had to say "result follows"; Data is an [Answer].
	EventAnswer = "accede.decision.answer.v1"
)

// MaxEventBytes bounds an encoded event.
const MaxEventBytes = 256 << 10

// Event is a CloudEvents 1.0 envelope in structured JSON mode. Data of request events is the full [Request]: an event
// says "the request is now at this version, and this is all of it".
type Event struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	// Sequence is the request's version.
	Sequence int64 `json:"sequence"`
	// Epoch rises when the broker was found to have lost events.
	Epoch int64           `json:"epoch"`
	Data  json.RawMessage `json:"data"`
}

// NewEvent wraps data, which is encoded as JSON.
func NewEvent(id, source, kind, subject string, at time.Time, sequence int64, data any) (Event, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("encoding %s: %w", kind, err)
	}
	return Event{
		SpecVersion: "1.0", ID: id, Source: source, Type: kind, Subject: subject, Time: at.UTC(),
		DataContentType: "application/json", Sequence: sequence, Data: body,
	}, nil
}

// ParseEvent reads an event and checks what every receiver relies on. Unknown members are ignored.
func ParseEvent(body []byte) (Event, error) {
	if len(body) > MaxEventBytes {
		return Event{}, fmt.Errorf("event has %d bytes, the limit is %d", len(body), MaxEventBytes)
	}
	var event Event
	if err := json.Unmarshal(body, &event); err != nil {
		return Event{}, fmt.Errorf("parsing event: %w", err)
	}
	if event.SpecVersion != "1.0" {
		return Event{}, fmt.Errorf("event has CloudEvents version %q, want 1.0", event.SpecVersion)
	}
	if event.ID == "" || event.Type == "" || event.Subject == "" {
		return Event{}, fmt.Errorf("event lacks id, type or subject")
	}
	return event, nil
}

// Request returns the snapshot inside a request event.
func (e Event) Request() (Request, error) {
	var request Request
	if err := json.Unmarshal(e.Data, &request); err != nil {
		return Request{}, fmt.Errorf("parsing snapshot in event %s: %w", e.ID, err)
	}
	if request.ID != e.Subject {
		return Request{}, fmt.Errorf("event %s is about %s and carries %s", e.ID, e.Subject, request.ID)
	}
	return request, nil
}

// Answer tells the plugin through which a decision came what became of it.
type Answer struct {
	Decision Decision       `json:"decision"`
	Result   DecisionResult `json:"result"`
}

// Answer returns the answer inside an answer event, false if it cannot be read.
func (e Event) Answer() (Answer, bool) {
	var answer Answer
	err := json.Unmarshal(e.Data, &answer)
	return answer, err == nil && e.Type == EventAnswer
}
