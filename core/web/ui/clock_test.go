package ui_test

import (
	"testing"
	"time"

	"github.com/accede/accede/core/web/ui"
)

func TestClock(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	clock := ui.Clock{Now: now, Zone: time.FixedZone("XST", 3600)}
	if got := clock.Written(now); got != "1 Mar 2026, 10:00 XST" {
		t.Errorf("written %q", got)
	}
	for distance, want := range map[time.Duration]string{
		0: "just now", -30 * time.Second: "just now", -time.Minute: "1 minute ago", -90 * time.Minute: "90 minutes ago",
		3 * time.Hour: "in 3 hours", 47 * time.Hour: "in 47 hours", 49 * time.Hour: "in 2 days", -240 * time.Hour: "10 days ago",
	} {
		if got := clock.Relative(now.Add(distance)); got != want {
			t.Errorf("%s: %q, want %q", distance, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for span, want := range map[time.Duration]string{
		0: "less than a minute", 90 * time.Minute: "90 minutes", time.Hour: "1 hour", 4 * time.Hour: "4 hours",
		36 * time.Hour: "1 day 12 hours", 150 * time.Minute: "2 hours 30 minutes", 14 * 24 * time.Hour: "14 days",
	} {
		if got := ui.Span(span); got != want {
			t.Errorf("%s: %q, want %q", span, got, want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	for text, want := range map[string]string{"": "", "abcd": "abcd", "0123456789abcdef": "0123-4567-89ab-cdef", "abcde": "abcd-e"} {
		if got := ui.Fingerprint(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
