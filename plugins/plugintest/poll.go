package plugintest

import (
	"context"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// pollEvery is how often a plugin that polls is asked on the workbench.
const pollEvery = 50 * time.Millisecond

// firstOnly hands over what a poll finds once, as the host does.
type firstOnly struct {
	decisions plugins.Decisions
	seen      map[string]bool
}

// Submit hands over a decision that was not handed over yet.
func (f *firstOnly) Submit(ctx context.Context, decision v1.Decision) error {
	if f.seen[decision.ID] {
		return nil
	}
	f.seen[decision.ID] = true
	return f.decisions.Submit(ctx, decision)
}

// polls asks the plugin about everything on the board until the test ends.
func (b *bench) polls(poller plugins.Poller, decisions plugins.Decisions) {
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan struct{})
	once := &firstOnly{decisions: decisions, seen: map[string]bool{}}
	go func() {
		defer close(done)
		ticker := time.NewTicker(pollEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if open := b.board.All(); len(open) > 0 {
				if err := poller.Poll(ctx, open, once); err != nil && ctx.Err() == nil {
					b.t.Errorf("polling: %v", err)
				}
			}
		}
	}()
	b.t.Cleanup(func() {
		cancel()
		<-done
	})
}
