package process

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Stopper stops the parts of a process in the reverse of the order in which they were added. The zero value gives each
// step ten seconds. It is safe for concurrent use.
type Stopper struct {
	// StepTimeout bounds each step; a step that overruns it is reported and left behind, so that it cannot keep the
	// others from stopping. Set it before the first Add.
	StepTimeout time.Duration

	mu      sync.Mutex
	steps   []step
	stopped bool
	done    chan struct{}
	err     error
}

type step struct {
	name string
	stop func(context.Context) error
}

const defaultStepTimeout = 10 * time.Second

// ErrStopped is returned by Add after Stop was called.
var ErrStopped = errors.New("the process is stopping")

// Add registers what undoes the start of a part. stop must return when its context ends. When the process is already
// stopping, Add runs stop itself and returns ErrStopped joined with its error: a part that started late is not leaked.
func (s *Stopper) Add(ctx context.Context, name string, stop func(context.Context) error) error {
	added := step{name, stop}
	s.mu.Lock()
	if !s.stopped {
		s.steps = append(s.steps, added)
		s.mu.Unlock()
		return nil
	}
	s.mu.Unlock()
	return errors.Join(ErrStopped, s.run(context.WithoutCancel(ctx), added))
}

// Stop runs every step, last added first, each exactly once even when some fail, and returns their errors joined, each
// with its step's name. Later and concurrent calls wait for the first and return the same. Steps run even if ctx has
// already ended, since its end is the usual reason to stop; only its values are handed on.
func (s *Stopper) Stop(ctx context.Context) error {
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		<-s.done
		return s.err
	}
	s.stopped, s.done = true, make(chan struct{})
	steps := s.steps
	s.mu.Unlock()

	defer close(s.done)
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for i := len(steps) - 1; i >= 0; i-- {
		errs = append(errs, s.run(ctx, steps[i]))
	}
	s.err = errors.Join(errs...)
	return s.err
}

func (s *Stopper) run(ctx context.Context, step step) error {
	timeout := s.StepTimeout
	if timeout <= 0 {
		timeout = defaultStepTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	outcome := make(chan error, 1)
	go func() { outcome <- step.stop(ctx) }()
	select {
	case err := <-outcome:
		return named(step.name, err)
	case <-ctx.Done():
	}
	select { // a step that obeyed its context has the better error
	case err := <-outcome:
		return named(step.name, err)
	default:
		return fmt.Errorf("stopping %s: not done after %s", step.name, timeout)
	}
}

func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("stopping %s: %w", name, err)
}
