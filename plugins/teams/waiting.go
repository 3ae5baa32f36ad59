package teams

import (
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// waiting are the clicks whose sender still waits for the HTTP answer: a result that comes in time goes into it.
type waiting struct {
	mu   sync.Mutex
	open map[string]chan v1.DecisionResult
}

func newWaiting() *waiting { return &waiting{open: map[string]chan v1.DecisionResult{}} }

// expect announces that somebody waits for the result of a decision. The channel holds one result.
func (w *waiting) expect(decision string) <-chan v1.DecisionResult {
	w.mu.Lock()
	defer w.mu.Unlock()
	results := make(chan v1.DecisionResult, 1)
	w.open[decision] = results
	return results
}

// leave ends the wait. A result that was given but not taken is returned, so that it is not lost.
func (w *waiting) leave(decision string, results <-chan v1.DecisionResult) (late v1.DecisionResult, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if (<-chan v1.DecisionResult)(w.open[decision]) == results {
		delete(w.open, decision)
	}
	select {
	case late = <-results:
		return late, true
	default:
		return v1.DecisionResult{}, false
	}
}

// give hands over a result and says whether somebody takes it. Only the first result is taken.
func (w *waiting) give(decision string, result v1.DecisionResult) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	results, ok := w.open[decision]
	if !ok {
		return false
	}
	delete(w.open, decision)
	results <- result
	return true
}

const (
	// maxSeen and seenFor bound how many clicks are remembered, and for how long. The core remembers for good.
	maxSeen = 512
	seenFor = 10 * time.Minute
)

// seen answers an activity that comes again as it was answered the first time. Teams delivers an activity again when it
// got no good answer in time.
type seen struct {
	now func() time.Time

	mu    sync.Mutex
	known map[string]*seenActivity
	order []string
}

type seenActivity struct {
	at     time.Time
	done   chan struct{}
	answer reply
}

func newSeen(now func() time.Time) *seen { return &seen{now: now, known: map[string]*seenActivity{}} }

// once runs work for the first of several equal activities; the others wait for its answer. A failure may be tried again.
func (s *seen) once(id string, work func() reply) reply {
	first, mine := s.enter(id)
	if !mine {
		<-first.done
		return first.answer
	}
	defer close(first.done)
	first.answer = reply{status: statusBroken} // what others hear should work panic
	first.answer = work()
	if first.answer.status >= statusBroken {
		s.leave(id)
	}
	return first.answer
}

func (s *seen) enter(id string) (found *seenActivity, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found = s.known[id]; found != nil && s.now().Sub(found.at) < seenFor {
		return found, false
	}
	found = &seenActivity{at: s.now(), done: make(chan struct{})}
	s.known[id] = found
	if s.order = append(s.order, id); len(s.order) > maxSeen {
		delete(s.known, s.order[0])
		s.order = s.order[1:]
	}
	return found, true
}

func (s *seen) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, id)
}
