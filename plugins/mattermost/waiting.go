package mattermost

import (
	"context"
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// waiting are the clicks whose callback is still open, by the decision that came of them. A result that arrives meanwhile
// is told in the answer to the callback, which needs no permission and no further call.
type waiting struct {
	mu   sync.Mutex
	open map[string][]chan v1.DecisionResult
}

func newWaiting() *waiting { return &waiting{open: map[string][]chan v1.DecisionResult{}} }

// expect opens a place for the result of a decision. Leave ends it.
func (w *waiting) expect(decision string) (place <-chan v1.DecisionResult, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	mine := make(chan v1.DecisionResult, 1)
	w.open[decision] = append(w.open[decision], mine)
	return mine, func() { w.leave(decision, mine) }
}

func (w *waiting) leave(decision string, mine chan v1.DecisionResult) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remove(decision, mine)
}

// remove takes a place out of the list. The lock must be held.
func (w *waiting) remove(decision string, gone chan v1.DecisionResult) {
	var left []chan v1.DecisionResult
	for _, place := range w.open[decision] {
		if place != gone {
			left = append(left, place)
		}
	}
	if len(left) == 0 {
		delete(w.open, decision)
		return
	}
	w.open[decision] = left
}

// tell hands a result to a callback that is open, and says whether there was one. Each place takes one result.
func (w *waiting) tell(decision string, result v1.DecisionResult) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	places := w.open[decision]
	if len(places) == 0 {
		return false
	}
	places[0] <- result // it has room: a place leaves the list with its result
	w.remove(decision, places[0])
	return true
}

// await waits for a result until the time is over or Mattermost has hung up. Whoever stops waiting leaves first, so that
// a result is either taken here or told in another way, never neither.
func await(ctx context.Context, place <-chan v1.DecisionResult, leave func(), limit time.Duration) (v1.DecisionResult, bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case result := <-place:
		return result, true
	case <-timer.C:
	case <-ctx.Done():
	}
	leave()
	select {
	case result := <-place:
		return result, true
	default:
		return v1.DecisionResult{}, false
	}
}
