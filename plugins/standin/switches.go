package standin

import (
	"sync"
	"time"
)

// Switches holds the faults in force and rolls the dice for each call. Safe for concurrent use.
type Switches struct {
	dice *Dice

	mu      sync.RWMutex
	faults  Faults
	left    int
	healthy bool
}

// NewSwitches starts in good health.
func NewSwitches(dice *Dice) *Switches { return &Switches{dice: dice, healthy: true} }

// Get is the faults in force; Next counts down as they strike.
func (s *Switches) Get() Faults {
	s.mu.RLock()
	defer s.mu.RUnlock()
	f := s.faults
	f.Next = s.left
	return f
}

// Set replaces the faults in force, or says why it cannot.
func (s *Switches) Set(f Faults) error {
	if err := f.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(f)
	return nil
}

func (s *Switches) put(f Faults) {
	s.faults, s.left = f, f.Next
	s.healthy = isHealthy(f)
}

func isHealthy(f Faults) bool {
	for _, c := range f.chances() {
		if *c > 0 {
			return false
		}
	}
	return f.DelayMS == 0 && f.DeliverLateMS == 0 && !f.RateLimitReal
}

// Draw decides what befalls one call of the operation.
func (s *Switches) Draw(operation string) Verdict {
	s.mu.RLock()
	healthy, f := s.healthy, s.faults
	s.mu.RUnlock()
	if healthy || !f.concerns(operation) {
		return Verdict{RetryAfter: 1}
	}
	v := s.roll(f)
	if v.hit() {
		s.spend()
	}
	return v
}

func (s *Switches) roll(f Faults) Verdict {
	return Verdict{
		Delay:       time.Duration(f.DelayMS) * time.Millisecond,
		RateLimited: s.dice.Hit(f.RateLimit),
		FailBefore:  s.dice.Hit(f.FailBefore),
		FailAfter:   s.dice.Hit(f.FailAfter),
		DropAfter:   s.dice.Hit(f.DropAfter),
		Truncate:    s.dice.Hit(f.TruncateJSON),
		RetryAfter:  f.wait(),
	}
}

func (s *Switches) spend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 {
		return
	}
	if s.left--; s.left == 0 {
		s.put(Faults{})
	}
}

// DrawDelivery decides what befalls one callback or envelope.
func (s *Switches) DrawDelivery() Delivery {
	f := s.Get()
	return Delivery{Late: time.Duration(f.DeliverLateMS) * time.Millisecond, Twice: s.dice.Hit(f.DeliverTwice)}
}

// RealLimits says whether the vendor's documented limits are enforced, and the wait in seconds to answer with.
func (s *Switches) RealLimits() (bool, int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.faults.RateLimitReal, s.faults.wait()
}
