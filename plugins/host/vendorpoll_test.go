package host_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/host/hosttest"
)

// ticketing is a vendor that is polled; approved names the requests whose tickets somebody moved.
type ticketing struct {
	*hosttest.Client

	mu       sync.Mutex
	polls    int
	most     int
	seen     map[string]bool
	approved map[string]bool
	fail     error
}

func (k *ticketing) Poll(ctx context.Context, open []plugins.Posted, decisions plugins.Decisions) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.polls++
	k.most = max(k.most, len(open))
	if k.fail != nil {
		return k.fail
	}
	for _, posted := range open {
		k.seen[posted.Card.RequestID] = true
		if !k.approved[posted.Card.RequestID] {
			continue
		}
		err := decisions.Submit(ctx, v1.Decision{
			ID:       v1.DecisionID("fake", "change-1", "U1", posted.Card.RequestID, v1.Approve),
			Identity: v1.Identity{Plugin: "fake", Tenant: "T", User: "U1"}, RequestID: posted.Card.RequestID,
			Verdict: v1.Approve, SeenVersion: posted.Card.Version, SeenFingerprint: posted.Card.Fingerprint,
			Made: time.Now().Add(-24 * time.Hour),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *ticketing) counts() (polls, most, seen int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.polls, k.most, len(k.seen)
}

func ticketWorld(w *world) *ticketing {
	k := &ticketing{seen: map[string]bool{}, approved: map[string]bool{}}
	w.open = func(c *hosttest.Client) plugins.Notifier {
		k.Client = c
		return k
	}
	return k
}

func TestOpenCardsArePolledByOneReplica(t *testing.T) {
	inWorld(t, func(w *world) {
		k := ticketWorld(w)
		w.start()
		w.start()
		pass(2 * time.Minute)
		if polls, _, _ := k.counts(); polls != 0 {
			t.Errorf("%d polls without cards", polls)
		}
		var asked []v1.Request
		for range 7 {
			one := request()
			asked = append(asked, one)
			w.put(v1.EventCreated, one)
		}
		before, _, _ := k.counts()
		pass(10 * time.Minute)
		polls, most, seen := k.counts()
		if seen != len(asked) || most != 2*len(asked) { // in the channel and with the requester
			t.Errorf("saw %d of %d cards, at most %d in one call", seen, len(asked), most)
		}
		if polls -= before; polls < 25 || polls > 31 {
			t.Errorf("%d polls in ten minutes by two replicas, want about 30", polls)
		}
	})
}

func TestAPolledDecisionIsCarriedOnceAndCountsFromWhenItWasRead(t *testing.T) {
	inWorld(t, func(w *world) {
		k := ticketWorld(w)
		made := w.decisions()
		w.start()
		asked := request()
		k.approved[asked.ID] = true
		w.put(v1.EventCreated, asked)
		pass(5 * time.Minute)
		got := made()
		if len(got) != 1 {
			t.Fatalf("%d decisions, want 1", len(got))
		}
		if age := time.Since(got[0].Made); age > 6*time.Minute {
			t.Errorf("the decision counts from %s ago", age)
		}
		if _, all := w.core.Submitted(); all != 1 {
			t.Errorf("submitted %d times, want once", all)
		}
		if told := w.vendor.Told(); len(told) != 1 {
			t.Errorf("told %d times, want once", len(told))
		}
	})
}

func TestAnotherReplicaTakesOverPolling(t *testing.T) {
	inWorld(t, func(w *world) {
		k := ticketWorld(w)
		first := w.start()
		w.put(v1.EventCreated, request())
		w.until(time.Minute, "a poll", func() bool { polls, _, _ := k.counts(); return polls > 0 })
		first.conn.Kill()
		before, _, _ := k.counts()
		w.start()
		w.until(5*time.Minute, "a poll by the other", func() bool { polls, _, _ := k.counts(); return polls > before })
		if owner := w.core.DutyOf("poll"); owner != "replica-b" {
			t.Errorf("the duty is with %q", owner)
		}
	})
}

func TestAVendorThatWantsAPauseIsPolledLater(t *testing.T) {
	inWorld(t, func(w *world) {
		k := ticketWorld(w)
		k.fail = &plugins.Error{Op: "polling", Kind: plugins.RateLimited, RetryAfter: 5 * time.Minute}
		w.start()
		w.put(v1.EventCreated, request())
		pass(10 * time.Minute)
		if polls, _, _ := k.counts(); polls == 0 || polls > 3 {
			t.Errorf("%d polls in ten minutes, want 2 or 3", polls)
		}
	})
}

func TestNothingIsPolledWhereDecisionsAreTakenElsewhere(t *testing.T) {
	inWorld(t, func(w *world) {
		k := ticketWorld(w)
		w.settings.Decisions = host.DecideByLink
		w.start()
		w.put(v1.EventCreated, request())
		pass(5 * time.Minute)
		if polls, _, _ := k.counts(); polls != 0 {
			t.Errorf("%d polls, want none", polls)
		}
	})
}

func TestAPluginFindsItsCards(t *testing.T) {
	inWorld(t, func(w *world) {
		var cards plugins.Cards
		w.start(func(o *host.Options, r *replica) {
			o.Spec.Open = func(_ context.Context, _ any, deps plugins.Deps) (plugins.Notifier, error) {
				cards = deps.Cards
				return r.client, nil
			}
		})
		asked := request()
		w.put(v1.EventCreated, asked)
		found, err := cards.Of(w.t.Context(), asked.ID)
		at := slices.IndexFunc(found, func(p plugins.Posted) bool { return p.Destination.ID == channel })
		if err != nil || at < 0 || found[at].Ref != w.cards(channel)[0].Ref || found[at].Card.Fingerprint != asked.Fingerprint {
			t.Errorf("found %+v, %v", found, err)
		}
		for _, one := range found {
			want := plugins.ForReviewers
			if one.Destination.ID == alice {
				want = plugins.ForRequester
			}
			if one.Card.Audience != want {
				t.Errorf("the card at %s is drawn for %s", one.Destination.ID, one.Card.Audience)
			}
		}
		if found, err := cards.Of(w.t.Context(), request().ID); err != nil || len(found) != 0 {
			t.Errorf("an unknown request has %+v, %v", found, err)
		}
	})
}

func TestServicesInAnnotationsAreRecipients(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start(func(o *host.Options, _ *replica) { o.Spec.Services = true })
		asked := request()
		asked.Annotations = map[string][]string{"accede.dev/fake-notify-services": {"#databases"}, "accede.dev/other-notify-services": {"#nothing"}}
		w.put(v1.EventCreated, asked)
		if len(w.cards("#databases")) != 1 || len(w.cards("#nothing")) != 0 || len(w.cards(channel)) != 1 {
			t.Errorf("messages: %+v", w.vendor.Messages())
		}
	})
}
