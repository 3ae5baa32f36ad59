package ui

import (
	"fmt"
	"strings"
	"time"
)

// Written is a time in the reader's zone, which is written out.
func (c Clock) Written(t time.Time) string { return t.In(c.Zone).Format("2 Jan 2006, 15:04 MST") }

// Machine is a time as programs read it.
func (c Clock) Machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Relative says how far a time is from now: "5 minutes ago", "in 2 hours".
func (c Clock) Relative(t time.Time) string {
	distance := t.Sub(c.Now)
	text := about(distance.Abs())
	switch {
	case text == "":
		return "just now"
	case distance < 0:
		return text + " ago"
	default:
		return "in " + text
	}
}

// about writes a span in its largest unit; empty if it is less than a minute.
func about(span time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case span < time.Minute:
		return ""
	case span < 2*time.Hour:
		return counted(int(span/time.Minute), "minute")
	case span < 2*day:
		return counted(int(span/time.Hour), "hour")
	default:
		return counted(int(span/day), "day")
	}
}

func counted(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// Span writes a duration in words: "4 hours", "1 day 12 hours", "90 minutes".
func Span(span time.Duration) string {
	const day = 24 * time.Hour
	if span < 2*time.Hour && span%time.Hour != 0 {
		return counted(int(span.Round(time.Minute)/time.Minute), "minute")
	}
	var parts []string
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int(span / unit.size); n > 0 {
			parts = append(parts, counted(n, unit.name))
			span %= unit.size
		}
	}
	if len(parts) == 0 {
		return "less than a minute"
	}
	return strings.Join(parts, " ")
}

// Fingerprint groups a fingerprint as the cards do, so that people can compare it by eye.
func Fingerprint(text string) string {
	var groups []string
	for len(text) > 4 {
		groups = append(groups, text[:4])
		text = text[4:]
	}
	return strings.Join(append(groups, text), "-")
}
