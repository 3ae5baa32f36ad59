package host_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/host/hosttest"
)

// chaos throws the dice for one run.
type chaos struct {
	mu   sync.Mutex
	dice *rand.Rand
	on   bool
}

func (c *chaos) hit(chance float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.on && c.dice.Float64() < chance
}

func (c *chaos) pick(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dice.IntN(n)
}

func (c *chaos) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = false
}

// dangers makes a replica die at named points, lose answers on either side, and stand still beyond its lease.
func (c *chaos) dangers(w *world) setting {
	return func(o *host.Options, r *replica) {
		o.Failpoint = func(string) {
			if c.hit(0.03) {
				r.conn.Kill()
				r.stop()
			}
		}
		r.conn.Intercept(func(string, hosttest.Stage) error {
			if c.hit(0.03) {
				return broker.ErrUnavailable
			}
			return nil
		})
		r.client.Intercept(func(_ context.Context, operation string, stage hosttest.Stage) error {
			if r.conn.Dead() {
				return errors.New("this process is dead")
			}
			if stage == hosttest.Before && c.hit(0.02) {
				<-time.After(2 * w.settings.Lease.Std()) // the process was stopped, or the machine moved
			}
			if c.hit(0.06) {
				return c.lost(operation, stage)
			}
			return nil
		})
	}
}

// lost is a failure whose kind is honest: what happened before the effect may say so.
func (c *chaos) lost(operation string, stage hosttest.Stage) error {
	kinds := []plugins.Kind{plugins.Unknown, plugins.Unknown, plugins.Transient, plugins.RateLimited, plugins.Auth}
	if stage == hosttest.After && (operation == "post" || operation == "reply") {
		kinds = kinds[:1]
	}
	return &plugins.Error{Op: operation, Kind: kinds[c.pick(len(kinds))], Err: fmt.Errorf("at stage %d", stage)}
}

// TestNothingIsLostAndNothingDoubled lets several replicas work while they are killed, cut off and paused at random.
// Whatever happened, in the end every request has one card at each destination that shows its newest version, and one
// reply for each review: the vendor can look up.
func TestNothingIsLostAndNothingDoubled(t *testing.T) {
	for seed := range runs(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				c := &chaos{dice: rand.New(rand.NewPCG(seed, 1)), on: true} //nolint:gosec // repeatable on purpose
				requests := w.storm(c)
				c.end()
				w.revive(c)
				w.core.NextEpoch()
				pass(15 * time.Minute)
				w.settled()
				for _, one := range requests {
					w.checkOnce(one)
				}
			})
		})
	}
}

func runs(t *testing.T) uint64 {
	t.Helper()
	if testing.Short() {
		return 10
	}
	return 30
}

// storm moves some requests through their lives while replicas come and go, and returns their last versions.
func (w *world) storm(c *chaos) []v1.Request {
	requests := make([]v1.Request, 8)
	for i := range requests {
		requests[i] = request()
		w.core.Put(v1.EventCreated, requests[i])
	}
	for _, reviewer := range []string{"ivan", "bob", "carol"} {
		for i := range requests {
			w.revive(c)
			pass(time.Duration(c.pick(20)) * time.Second)
			requests[i] = hosttest.Reviewed(requests[i], reviewer, v1.Approve, "")
			w.core.Put(v1.EventReviewed, requests[i])
		}
	}
	pass(time.Minute)
	return requests
}

// revive keeps three replicas alive.
func (w *world) revive(c *chaos) {
	alive := 0
	for _, r := range w.replicas {
		if !r.conn.Dead() {
			alive++
		}
	}
	for ; alive < 3; alive++ {
		w.start(c.dangers(w))
	}
}

func (w *world) checkOnce(request v1.Request) {
	w.t.Helper()
	for _, destination := range []string{channel, alice} {
		cards, replies := 0, map[string]int{}
		for _, m := range w.vendor.At(destination) {
			switch {
			case m.Note != nil && m.Note.Card.RequestID == request.ID:
				replies[m.Note.Review.ID]++
			case m.Note == nil && m.Card.RequestID == request.ID:
				cards++
				if m.Card.Version != request.Version {
					w.t.Errorf("%s at %s shows version %d, want %d; row %+v", request.ID, destination, m.Card.Version,
						request.Version, w.core.Row(destination, request.ID, v1.SlotCard))
				}
			}
		}
		if cards != 1 {
			w.t.Errorf("%s has %d cards at %s, want 1", request.ID, cards, destination)
		}
		if destination == channel {
			w.checkReplies(request, replies)
		}
	}
}

func (w *world) checkReplies(request v1.Request, replies map[string]int) {
	w.t.Helper()
	for _, review := range request.Reviews {
		if replies[review.ID] != 1 {
			w.t.Errorf("%s has %d replies about %s, want 1", request.ID, replies[review.ID], review.Author.Name)
		}
	}
}

// TestAReplicaThatStoodStillMendsWhatItOverwrote lets a replica stand still inside an update, after the vendor took it
// and before it was recorded, while another one brings the card further.
func TestAReplicaThatStoodStillMendsWhatItOverwrote(t *testing.T) {
	inWorld(t, func(w *world) {
		slow := w.start()
		slow.client.Reach()
		slow.client.Stubborn()
		first := request()
		w.put(v1.EventCreated, first)
		stuck := make(chan struct{})
		var once sync.Once
		slow.client.Intercept(func(_ context.Context, operation string, stage hosttest.Stage) error {
			if operation == "update" && stage == hosttest.Before {
				once.Do(func() {
					slow.conn.Cut(true)
					close(stuck)
					<-time.After(90 * time.Second)
					slow.conn.Cut(false)
				})
			}
			return nil
		})
		second := hosttest.Reviewed(first, "ivan", v1.Approve, "")
		w.core.Put(v1.EventReviewed, second)
		<-stuck
		quick := w.start()
		quick.client.Reach()
		pass(40 * time.Second)
		third := hosttest.Reviewed(second, "bob", v1.Approve, "")
		w.core.Put(v1.EventReviewed, third)
		pass(10 * time.Second)
		if got := w.cards(channel)[0].Card.Version; got != 3 {
			t.Fatalf("the quick replica brought the card to %d", got)
		}
		pass(2 * time.Minute)
		if got := w.vendor.Calls("update"); got < 4 {
			t.Errorf("%d updates: the slow replica has not overwritten and mended", got)
		}
		if got := w.cards(channel)[0].Card.Version; got != 3 {
			t.Errorf("the slow replica set the card back to %d", got)
		}
	})
}
