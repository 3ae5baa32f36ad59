package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/host/hosttest"
)

func TestACardFollowsItsRequest(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		first := request()
		first.SuggestedReviewers = []v1.PersonRef{{Name: "bob"}, {Name: "alice"}}
		w.put(v1.EventCreated, first)
		for _, destination := range []string{channel, alice, "dm:bob"} {
			if got := len(w.cards(destination)); got != 1 {
				t.Fatalf("%d cards at %s, want 1", got, destination)
			}
		}
		card := w.cards(channel)[0].Card
		if len(card.Actions) != 2 || card.URL != "https://accede.example.com/requests/"+first.ID {
			t.Errorf("card for reviewers: %+v", card)
		}
		if own := w.cards(alice)[0].Card; own.Audience != plugins.ForRequester || len(own.Actions) != 0 {
			t.Errorf("card for the requester: %+v", own)
		}
		second := hosttest.Reviewed(first, "ivan", v1.Approve, "fine")
		w.put(v1.EventReviewed, second)
		third := hosttest.Resolved(hosttest.Reviewed(second, "bob", v1.Approve, ""), v1.StateApproved, "bob")
		w.put(v1.EventResolved, third)
		checkShown(t, w, third)
		w.put(v1.EventAccessEnded, hosttest.Ended(third))
		if !w.cards(channel)[0].Card.AccessEnded || len(w.vendor.Messages()) != 8 {
			t.Errorf("after the end: %+v", w.vendor.Messages())
		}
	})
}

// checkShown expects one card everywhere, a reply per review for reviewers, and the outcome for the requester.
func checkShown(t *testing.T, w *world, request v1.Request) {
	t.Helper()
	for _, destination := range []string{channel, "dm:bob"} {
		var reviews []string
		for _, note := range w.notes(destination) {
			reviews = append(reviews, note.Note.Review.Author.Name)
		}
		if diff := cmp.Diff([]string{"ivan", "bob"}, reviews); diff != "" {
			t.Errorf("replies at %s: -want +got:\n%s", destination, diff)
		}
	}
	outcome := w.notes(alice)
	if len(outcome) != 1 || outcome[0].Note.Kind != plugins.NoteOutcome {
		t.Errorf("the requester was told %+v", outcome)
	}
	for _, destination := range []string{channel, alice, "dm:bob"} {
		cards := w.cards(destination)
		if len(cards) != 1 || cards[0].Card.Version != request.Version || len(cards[0].Card.Actions) != 0 {
			t.Errorf("cards at %s: %+v", destination, cards)
		}
	}
}

func TestRepeatedAndReorderedEventsChangeNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		w.start()
		first := request()
		second := hosttest.Reviewed(first, "ivan", v1.Approve, "")
		third := hosttest.Resolved(second, v1.StateDenied, "bob")
		w.core.Store(third)
		for _, one := range []v1.Request{first, third, second, first, third, second} {
			w.core.Announce(v1.EventReviewed, one)
		}
		w.settled()
		for _, destination := range []string{channel, alice} {
			cards := w.cards(destination)
			if len(cards) > 1 || len(cards) == 1 && cards[0].Card.Version != 3 {
				t.Errorf("cards at %s: %+v", destination, cards)
			}
		}
		if len(w.notes(alice))+len(w.cards(alice)) == 0 {
			t.Error("the requester was not told")
		}
	})
}

func TestALateComerTellsOnlyTheRequester(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		w.put(v1.EventResolved, hosttest.Resolved(request(), v1.StateDenied, "bob"))
		if got := w.vendor.At(channel); len(got) != 0 {
			t.Errorf("reviewers got %+v", got)
		}
		if got := w.cards(alice); len(got) != 1 || got[0].Card.State != v1.StateDenied {
			t.Errorf("the requester got %+v", got)
		}
	})
}

func TestWithoutRepliesTheOutcomeIsAMessage(t *testing.T) {
	inWorld(t, func(w *world) {
		w.open = func(c *hosttest.Client) plugins.Notifier { return updaterOnly{c, c, c, c} }
		w.start()
		first := request()
		w.put(v1.EventCreated, first)
		w.put(v1.EventResolved, hosttest.Resolved(first, v1.StateApproved, "bob"))
		if got := w.cards(alice); len(got) != 2 || got[1].Card.State != v1.StateApproved {
			t.Errorf("the requester got %+v", got)
		}
		if got := w.cards(channel); len(got) != 1 || got[0].Updates != 1 {
			t.Errorf("reviewers got %+v", got)
		}
	})
}

func TestANotifierAloneIsEnough(t *testing.T) {
	inWorld(t, func(w *world) {
		w.open = func(c *hosttest.Client) plugins.Notifier { return onlyNotifier{c} }
		w.start()
		first := request()
		w.put(v1.EventCreated, first)
		w.put(v1.EventResolved, hosttest.Resolved(first, v1.StateApproved, "bob"))
		if got := w.vendor.Messages(); len(got) != 1 || got[0].At != channel || got[0].Updates != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestAnUnreachableRequesterIsNoFailure(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		r.client.Reach()
		w.put(v1.EventCreated, request())
		if got := w.vendor.Messages(); len(got) != 1 || got[0].At != channel {
			t.Errorf("got %+v", got)
		}
	})
}

func TestLinkedAccountsComeFirst(t *testing.T) {
	inWorld(t, func(w *world) {
		w.core.Link("alice", v1.Identity{Plugin: "fake", Tenant: "T", User: "U0ALICE"})
		w.start()
		w.put(v1.EventCreated, request())
		if got := w.cards("dm:U0ALICE"); len(got) != 1 {
			t.Errorf("messages: %+v", w.vendor.Messages())
		}
	})
}

func TestALostAnswerIsFoundAgain(t *testing.T) {
	for name, stage := range map[string]hosttest.Stage{"nothing stored": hosttest.Before, "stored": hosttest.After} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				r := w.start()
				r.client.Intercept(failing("post", stage, 2, kind(plugins.Unknown)))
				w.put(v1.EventCreated, request())
				if got := len(w.cards(channel)) + len(w.cards(alice)); got != 2 {
					t.Errorf("%d cards, want 2: %+v", got, w.vendor.Messages())
				}
			})
		})
	}
}

func TestWithoutLookUpALostAnswerIsRepeated(t *testing.T) {
	inWorld(t, func(w *world) {
		w.open = blind
		r := w.start()
		r.client.Reach()
		r.client.Intercept(failing("post", hosttest.After, 1, kind(plugins.Unknown)))
		w.put(v1.EventCreated, request())
		if got := len(w.cards(channel)); got != 2 {
			t.Errorf("%d cards, want the documented 2", got)
		}
	})
}

func TestOnlyARefusedFirstPostSkipsTheLookUp(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		r.client.Reach()
		r.client.Intercept(failing("post", hosttest.Before, 1, kind(plugins.Transient)))
		w.put(v1.EventCreated, request())
		if finds := w.vendor.Calls("find"); finds != 0 || len(w.cards(channel)) != 1 {
			t.Errorf("%d look-ups, %d cards", finds, len(w.cards(channel)))
		}
	})
	inWorld(t, func(w *world) {
		r := w.start()
		r.client.Reach()
		lost, refused := failing("post", hosttest.After, 1, kind(plugins.Unknown)), failing("find", hosttest.Before, 1, kind(plugins.Transient))
		r.client.Intercept(func(ctx context.Context, operation string, stage hosttest.Stage) error {
			return errors.Join(lost(ctx, operation, stage), refused(ctx, operation, stage))
		})
		w.put(v1.EventCreated, request())
		if got := len(w.cards(channel)); got != 1 {
			t.Errorf("%d cards: a look-up that failed was taken for one that found nothing", got)
		}
	})
}

func TestRateLimitsPauseOneDestination(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settings.RoleToRecipients = map[string][]string{"dba": {"#a"}, "ops": {"#b"}}
		r := w.start()
		r.client.Reach()
		limited := &plugins.Error{Op: "posting", Kind: plugins.RateLimited, RetryAfter: 30 * time.Second}
		r.client.Intercept(failing("post", hosttest.Before, 1, limited))
		start := time.Now()
		one, two, other := request(), request(), request()
		other.Roles = []string{"ops"}
		w.core.Put(v1.EventCreated, one)
		w.until(time.Second, "the limit", func() bool { return w.core.Row("#a", one.ID, v1.SlotCard).State == v1.DeliveryRetry })
		w.core.Put(v1.EventCreated, two)
		w.core.Put(v1.EventCreated, other)
		w.until(time.Second, "the other destination", func() bool { return len(w.cards("#b")) == 1 })
		if len(w.cards("#a")) != 0 {
			t.Error("the paused destination was not left alone")
		}
		w.until(time.Minute, "both cards", func() bool { return len(w.cards("#a")) == 2 })
		if waited := time.Since(start); waited < 30*time.Second || waited > 40*time.Second {
			t.Errorf("waited %s, the vendor asked for 30s", waited)
		}
	})
}

func TestInvalidContentIsParkedAndCanBeRetried(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		r.client.Reach()
		r.client.Intercept(failing("post", hosttest.Before, 1, kind(plugins.Invalid)))
		first := request()
		w.put(v1.EventCreated, first)
		if row := w.core.Row(channel, first.ID, v1.SlotCard); row.State != v1.DeliveryParked || row.LastKind != "invalid" {
			t.Errorf("row %+v", row)
		}
		w.core.RetryParked()
		w.until(time.Minute, "the card", func() bool { return len(w.cards(channel)) == 1 })
	})
}

func TestADeletedCardIsNotPostedForEver(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		first := request()
		w.put(v1.EventCreated, first)
		w.vendor.Delete(channel)
		second := hosttest.Reviewed(first, "ivan", v1.Approve, "")
		w.put(v1.EventReviewed, second)
		w.put(v1.EventReviewed, hosttest.Reviewed(second, "bob", v1.Approve, ""))
		row := w.core.Row(channel, first.ID, v1.SlotCard)
		if row.State != v1.DeliveryParked || !strings.Contains(row.LastError, "deleted at the vendor") {
			t.Errorf("row %+v", row)
		}
		if got := w.cards(channel); len(got) != 0 {
			t.Errorf("cards %+v", got)
		}
	})
}

func TestAPanicIsSurvivedAndParkedAfterFive(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		r.client.Reach()
		r.client.Intercept(func(_ context.Context, operation string, _ hosttest.Stage) error {
			if operation == "post" {
				panic("index out of range")
			}
			return nil
		})
		first := request()
		w.put(v1.EventCreated, first)
		row := w.core.Row(channel, first.ID, v1.SlotCard)
		if row.State != v1.DeliveryParked || row.Attempt != 5 || !strings.Contains(row.LastError, "panicked") {
			t.Errorf("row %+v", row)
		}
	})
}

func TestTheVendorCallEndsBeforeTheLease(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		r.client.Reach()
		var left time.Duration
		r.client.Intercept(func(ctx context.Context, operation string, _ hosttest.Stage) error {
			if operation == "post" {
				deadline, _ := ctx.Deadline()
				left = time.Until(deadline)
			}
			return nil
		})
		w.put(v1.EventCreated, request())
		if left <= 0 || left >= w.settings.Lease.Std() {
			t.Errorf("the vendor call may take %s of a lease of %s", left, w.settings.Lease)
		}
	})
}

func TestEventsThatMeanNothingAreAcknowledged(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		w.core.PublishRaw([]byte("no event"))
		w.core.Announce("accede.something.new.v7", request())
		w.settled()
		if got := w.vendor.Messages(); len(got) != 0 {
			t.Errorf("messages %+v", got)
		}
	})
}

func TestTheCoreMayBeAwayForHours(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		w.put(v1.EventCreated, request())
		r.conn.Cut(true)
		second := request()
		w.core.Put(v1.EventCreated, second)
		pass(3 * time.Hour)
		if got := len(w.cards(channel)); got != 1 {
			t.Errorf("%d cards while the core is away", got)
		}
		r.conn.Cut(false)
		w.until(2*time.Minute, "the second card", func() bool { return len(w.cards(channel)) == 2 })
	})
}

func TestLostEventsAreFoundByResync(t *testing.T) {
	for name, trigger := range map[string]func(w *world, reconnected chan struct{}){
		"ten minutes": func(*world, chan struct{}) { pass(12 * time.Minute) },
		"new epoch":   func(w *world, _ chan struct{}) { w.core.NextEpoch(); pass(10 * time.Second) },
		"reconnect":   func(_ *world, reconnected chan struct{}) { reconnected <- struct{}{}; pass(time.Second) },
		"core was away": func(w *world, _ chan struct{}) {
			w.replicas[0].conn.Cut(true)
			pass(20 * time.Second)
			w.replicas[0].conn.Cut(false)
			pass(10 * time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				reconnected := make(chan struct{})
				w.start(func(o *host.Options, _ *replica) { o.Reconnected = reconnected })
				pass(time.Second)
				lost := make([]v1.Request, 250)
				for i := range lost {
					lost[i] = request()
					w.core.Store(lost[i])
				}
				trigger(w, reconnected)
				if got := len(w.cards(channel)); got != len(lost) {
					t.Errorf("%d cards, want %d", got, len(lost))
				}
			})
		})
	}
}

func TestHeartbeatsTellOfTheReplica(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		w.put(v1.EventCreated, request())
		pass(10 * time.Second)
		beats := w.core.Beats()
		last := beats[len(beats)-1]
		want := []string{"notify", "update", "reply", "find", "resolve", "answer"}
		if last.Replica != "replica-a" || !slices.Equal(last.Capabilities, want) || last.Posted != 2 || last.Problem != "" {
			t.Errorf("heartbeat %+v", last)
		}
	})
}

func TestStoppingFinishesWhatHasBegun(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		r.client.Reach()
		started := make(chan struct{})
		r.client.Intercept(func(_ context.Context, operation string, stage hosttest.Stage) error {
			if operation == "post" && stage == hosttest.Before {
				close(started)
				pass3s()
			}
			return nil
		})
		first := request()
		w.core.Put(v1.EventCreated, first)
		<-started
		r.stop()
		begun := time.Now()
		if err := <-r.done; err != nil {
			t.Error(err)
		}
		r.done <- nil
		if row := w.core.Row(channel, first.ID, v1.SlotCard); row.State != v1.DeliveryPosted {
			t.Errorf("row %+v", row)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("stopping took %s", took)
		}
	})
}

func pass3s() { <-time.After(3 * time.Second) }

func TestStoppingIsBounded(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		r.client.Reach()
		started := make(chan struct{})
		r.client.Intercept(func(ctx context.Context, operation string, _ hosttest.Stage) error {
			if operation == "post" {
				close(started)
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		first := request()
		w.core.Put(v1.EventCreated, first)
		<-started
		r.stop()
		begun := time.Now()
		if err := <-r.done; err != nil {
			t.Error(err)
		}
		r.done <- nil
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if row := w.core.Row(channel, first.ID, v1.SlotCard); row.State != v1.DeliveryRetry || row.LastKind != "unknown" {
			t.Errorf("what could not be finished was not reported: %+v", row)
		}
	})
}

func TestTheCoreRefusesAClaim(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		r.conn.Intercept(func(method string, _ hosttest.Stage) error {
			if method == broker.MethodClaim {
				return &v1.Problem{Status: 404, Code: v1.CodeNotFound, Detail: "no such request"}
			}
			return nil
		})
		w.put(v1.EventCreated, request())
		if got := w.vendor.Messages(); len(got) != 0 {
			t.Errorf("posted without a claim: %+v", got)
		}
	})
}
