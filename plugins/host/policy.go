package host

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/accede/accede/plugins"
)

// treatment is what the host does about one kind of failure.
type treatment struct {
	// least and most bound the wait before the next try, unless the vendor named one.
	least, most time.Duration
	// settle adds the wait that lets the vendor's own look-up catch up.
	settle bool
	// pause stops the whole destination for that wait, not only this delivery.
	pause bool
	// parkAfter is how many failures in a row end the tries.
	parkAfter int
	// unsent says that the vendor certainly did nothing.
	unsent bool
	level  slog.Level
}

// A delivery that can succeed without anybody mending it is tried for about a week: longer than any outage, and than
// most requests live. One that needs somebody to mend the destination is tried for some hours.
const (
	aboutAWeek   = 2000
	aboutSomeHrs = 60
	// parkPanicsAfter is how often a plugin may panic over one delivery.
	parkPanicsAfter = 5
	// longestPause bounds what a vendor can ask for.
	longestPause = time.Hour
)

// treatmentOf is the one place that says what each kind of failure means. A kind that is not in it is treated as Unknown.
func treatmentOf(kind plugins.Kind) treatment {
	const minute = time.Minute
	switch kind {
	case plugins.Transient:
		return treatment{least: time.Second, most: 5 * minute, parkAfter: aboutAWeek, unsent: true, level: slog.LevelWarn}
	case plugins.RateLimited:
		return treatment{least: 2 * time.Second, most: minute, pause: true, parkAfter: aboutAWeek, unsent: true, level: slog.LevelInfo}
	case plugins.Auth:
		return treatment{least: 15 * time.Second, most: 5 * minute, parkAfter: aboutAWeek, unsent: true, level: slog.LevelError}
	case plugins.Invalid:
		return treatment{least: time.Second, most: time.Second, parkAfter: 1, unsent: true, level: slog.LevelError}
	case plugins.NotFound:
		return treatment{least: 15 * time.Second, most: 5 * minute, parkAfter: aboutSomeHrs, unsent: true, level: slog.LevelError}
	case plugins.Gone:
		return treatment{least: time.Second, most: time.Second, parkAfter: 1, level: slog.LevelWarn}
	case plugins.Unknown:
		return treatment{least: time.Second, most: 5 * minute, settle: true, parkAfter: aboutAWeek, level: slog.LevelWarn}
	default:
		return treatmentOf(plugins.Unknown)
	}
}

// backoff returns the next wait after one of last: decorrelated jitter, so that replicas that failed together do not
// come back together.
func (t treatment) backoff(last time.Duration) time.Duration {
	upper := min(max(last, t.least)*3, t.most)
	return t.least + jitter(upper-t.least)
}

// jitter returns a random duration from 0 up to most.
func jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return rand.N(most) //nolint:gosec // spreads load, guards nothing
}
