package standin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Chance is a probability from 0 (never) to 1 (always). In JSON it may also be written as false or true.
type Chance float64

// UnmarshalJSON accepts a number or a boolean.
func (c *Chance) UnmarshalJSON(data []byte) error {
	switch string(bytes.TrimSpace(data)) {
	case "true":
		*c = 1
	case "false", "null":
		*c = 0
	default:
		n, err := strconv.ParseFloat(string(data), 64)
		if err != nil {
			return fmt.Errorf("reading a probability: %w", err)
		}
		*c = Chance(n)
	}
	return nil
}

// Faults says how the vendor misbehaves at the moment. The zero value is a vendor in good health.
type Faults struct {
	// FailBefore answers 500 and does nothing.
	FailBefore Chance `json:"fail_before"`
	// FailAfter does what was asked and then answers 500.
	FailAfter Chance `json:"fail_after"`
	// DropAfter does what was asked and then closes the connection without an answer.
	DropAfter Chance `json:"drop_after"`
	// TruncateJSON does what was asked and then sends half of the answer.
	TruncateJSON Chance `json:"truncate_json"`
	// RateLimit refuses with the vendor's 429.
	RateLimit Chance `json:"rate_limit"`
	// RateLimitReal enforces the limits the vendor documents, such as one message per second and channel.
	RateLimitReal bool `json:"rate_limit_real"`
	// RetryAfter is how many seconds a 429 asks to wait; 0 means 1.
	RetryAfter int `json:"retry_after"`
	// DelayMS holds every answer back for so many milliseconds before anything is done.
	DelayMS int `json:"delay_ms"`
	// DeliverTwice sends a callback or envelope a second time.
	DeliverTwice Chance `json:"deliver_twice"`
	// DeliverLateMS holds every callback or envelope back for so many milliseconds.
	DeliverLateMS int `json:"deliver_late_ms"`
	// Only limits the faults of calls to these operations, named as the vendor names them; empty means all.
	Only []string `json:"only,omitempty"`
	// Next switches everything off again after so many calls were hit; 0 means never.
	Next int `json:"next,omitempty"`
}

const maxWaitMS = 10 * 60 * 1000

// Validate names every setting that cannot be.
func (f Faults) Validate() error {
	var problems []error
	for name, c := range f.chances() {
		if !(*c >= 0 && *c <= 1) {
			problems = append(problems, fmt.Errorf("%s must be between 0 and 1, not %v", name, float64(*c)))
		}
	}
	for name, n := range f.counts() {
		if *n < 0 || *n > maxWaitMS {
			problems = append(problems, fmt.Errorf("%s must be between 0 and %d, not %d", name, maxWaitMS, *n))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

func (f *Faults) chances() map[string]*Chance {
	return map[string]*Chance{
		"fail_before": &f.FailBefore, "fail_after": &f.FailAfter, "drop_after": &f.DropAfter,
		"truncate_json": &f.TruncateJSON, "rate_limit": &f.RateLimit, "deliver_twice": &f.DeliverTwice,
	}
}

func (f *Faults) counts() map[string]*int {
	return map[string]*int{
		"retry_after": &f.RetryAfter, "delay_ms": &f.DelayMS, "deliver_late_ms": &f.DeliverLateMS, "next": &f.Next,
	}
}

func (f *Faults) concerns(operation string) bool {
	return len(f.Only) == 0 || slices.Contains(f.Only, operation)
}

func (f *Faults) wait() int { return max(1, f.RetryAfter) }

// Verdict is what befalls one call.
type Verdict struct {
	Delay                                                   time.Duration
	RateLimited, FailBefore, FailAfter, DropAfter, Truncate bool
	// RetryAfter is in seconds and always at least 1.
	RetryAfter int
}

func (v Verdict) hit() bool { return v.RateLimited || v.FailBefore || v.spoilsAnswer() }

func (v Verdict) spoilsAnswer() bool { return v.FailAfter || v.DropAfter || v.Truncate }

// Delivery is what befalls one callback or envelope.
type Delivery struct {
	Late  time.Duration
	Twice bool
}

func decodeFaults(data []byte, into Faults) (Faults, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&into); err != nil {
		return Faults{}, fmt.Errorf("reading faults: %w", err)
	}
	return into, into.Validate()
}
