package slack

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/standin"
)

func (w *world) historyCalls() int { return w.sim.Stats().Methods["conversations.history"].Calls }

// After an outage many look-ups come at once; together they read the channel's history a few times, not once each.
func TestLookUpsShareWhatTheyRead(t *testing.T) {
	w := newWorld(t)
	to, since := plugins.Destination{ID: "C0ACCESS"}, time.Now()
	for i := range 3 * pageSize {
		w.post(to.ID, fmt.Sprintf("card-%d", i), demoCard())
	}
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			key, want := fmt.Sprintf("card-%d", i*5), true
			if i%2 == 0 {
				key, want = fmt.Sprintf("lost-%d", i), false
			}
			if _, found, err := w.finder().Find(t.Context(), to, plugins.Search{Key: key, Since: since}); err != nil || found != want {
				t.Errorf("%s: found %v, error %v", key, found, err)
			}
		})
	}
	group.Wait()
	if calls := w.historyCalls(); calls > 200 {
		t.Errorf("100 look-ups read %d pages", calls)
	}
	late, _ := w.post(to.ID, "late", demoCard())
	if r, found, err := w.finder().Find(t.Context(), to, plugins.Search{Key: "late", Since: since}); !found || r != late || err != nil {
		t.Errorf("a message posted after others were looked up: %v, %v, %v", r, found, err)
	}
}

// A look-up that runs out of time leaves what it has read to the next one, so that a long history is read in the end.
func TestLookUpsGoOnWhereOthersEnded(t *testing.T) {
	w := newWorld(t)
	to, since := plugins.Destination{ID: "C0ACCESS"}, time.Now()
	oldest, _ := w.post(to.ID, "oldest", demoCard())
	for i := range 6 * pageSize {
		w.post(to.ID, fmt.Sprintf("card-%d", i), demoCard())
	}
	if err := w.sim.Faults().Set(standin.Faults{DelayMS: 60, Only: []string{"conversations.history"}}); err != nil {
		t.Fatal(err)
	}
	socket, ok := w.bot.(*socketBot)
	if !ok {
		t.Fatalf("the bot is a %T", w.bot)
	}
	socket.histories.margin = 0
	search := plugins.Search{Key: "oldest", Since: since}
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		r, found, err := w.finder().Find(ctx, to, search)
		cancel()
		if err == nil && found && r == oldest {
			return
		}
	}
	t.Error("20 look-ups of 700 ms each never came to the end of seven pages of history")
}
