package teamssim

import (
	"sync"
	"time"
)

// window allows so many events in such a time.
type window struct {
	most int
	in   time.Duration
}

// Limits per bot and conversation: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit.
func sendWindows() []window {
	return []window{{7, time.Second}, {8, 2 * time.Second}, {60, 30 * time.Second}, {1800, time.Hour}}
}

func memberWindows() []window { return []window{{14, time.Second}, {120, 30 * time.Second}} }

// globalWindows hold for the app in the whole tenant.
func globalWindows() []window { return []window{{30, time.Second}} }

// limits remembers when what was done.
type limits struct {
	now func() time.Time

	mu   sync.Mutex
	past map[string][]time.Time
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, past: map[string][]time.Time{}}
}

// take allows one event and returns zero, or refuses it and returns how long to wait.
func (l *limits) take(key string, windows []window) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, past := l.now(), l.past[key]
	longest := windows[len(windows)-1].in
	for len(past) > 0 && now.Sub(past[0]) >= longest {
		past = past[1:]
	}
	l.past[key] = past
	var wait time.Duration
	for _, w := range windows {
		if len(past) < w.most {
			continue
		}
		if left := w.in - now.Sub(past[len(past)-w.most]); left > wait {
			wait = left
		}
	}
	if wait == 0 {
		l.past[key] = append(past, now)
	}
	return wait
}
