package e2e

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/accede/accede/test/stack"
)

// havoc kills some processes and freezes others until it is told to stop.
type havoc struct {
	victims, frozen        []*stack.Process
	kills, deaths, freezes int
	quit                   chan struct{}
	done                   sync.WaitGroup
}

func newHavoc(victims, frozen []*stack.Process) *havoc {
	h := &havoc{victims: victims, frozen: frozen, quit: make(chan struct{})}
	h.done.Go(h.rage)
	if len(frozen) > 0 {
		h.done.Go(h.freeze)
	}
	return h
}

// stop leaves every process running, without failpoints hitting fresh work.
func (h *havoc) stop() {
	close(h.quit)
	h.done.Wait()
	for _, process := range append(h.victims[:len(h.victims):len(h.victims)], h.frozen...) {
		process.Kill()
		process.Arm()
		_ = process.Launch()
	}
}

func (h *havoc) rest(least, most time.Duration) bool {
	timer := time.NewTimer(least + rand.N(most-least)) //nolint:gosec // a test's dice
	defer timer.Stop()
	select {
	case <-h.quit:
		return false
	case <-timer.C:
		return true
	}
}

func (h *havoc) rage() {
	for h.rest(100*time.Millisecond, 300*time.Millisecond) {
		for _, process := range h.victims {
			if !process.Running() {
				h.deaths++
				_ = process.Launch()
			}
		}
		victim := h.victims[rand.IntN(len(h.victims))] //nolint:gosec // a test's dice
		victim.Kill()
		h.kills++
		_ = victim.Launch()
	}
}

// freeze stops a process for longer than a lease, again and again.
func (h *havoc) freeze() {
	for h.rest(200*time.Millisecond, 800*time.Millisecond) {
		process := h.frozen[h.freezes%len(h.frozen)]
		if !process.Running() {
			_ = process.Launch()
			continue
		}
		process.Freeze()
		h.freezes++
		_ = h.rest(2500*time.Millisecond, 3500*time.Millisecond)
		process.Thaw()
	}
}
