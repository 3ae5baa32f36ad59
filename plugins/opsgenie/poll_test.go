package opsgenie

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
	"github.com/accede/accede/plugins/standin"
)

// busy is a world with many open requests.
func busy(t testing.TB, requests int, changes ...func(*setting)) *world {
	t.Helper()
	w := newWorld(t, append([]func(*setting){polling, account(func(c *opsgeniesim.Config) { c.Polls = 0 })}, changes...)...)
	w.clock.Advance(time.Hour) // what is made now is long over when it is polled
	for i := range requests {
		id := fmt.Sprintf("0192f0c1-2b3c-7d4e-8f50-%012d", i)
		w.postQuickly(fmt.Sprintf("0192f0c1-0000-7000-8000-%012d", i), demoCard(func(c *plugins.Card) { c.RequestID = id }))
	}
	return w
}

// postQuickly does not wait as long as a vendor would let one wait.
func (w *world) postQuickly(key string, card plugins.Card) {
	w.t.Helper()
	b, ok := baseOf(w.bot)
	if !ok {
		w.t.Fatalf("the plugin is a %T", w.bot)
	}
	at, err := placeOf(there())
	if err != nil {
		w.t.Fatal(err)
	}
	made := w.sim.Put(opsgeniesim.Draft{
		Alias: key, Message: message(card), Description: description(card, true), Team: at.id, Tags: []string{tag},
		Actions: []string{actionApprove, actionDeny}, Priority: b.config.Priority,
	})
	w.cards.Put(plugins.Posted{Card: card, Destination: there(), Ref: ref{alert: made, key: key}.encode(), Since: w.clock.Now()})
}

// round polls everything as the host does: so many cards at a time.
func (w *world) round() {
	w.t.Helper()
	for together := range slices.Chunk(w.cards.All(), 200) {
		if err := capability[plugins.Poller](w).Poll(w.t.Context(), together, w.decisions); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) callsOf(do func()) int {
	before := w.allCalls()
	do()
	return w.allCalls() - before
}

func TestARoundOverManyOpenRequestsIsOneList(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := busy(t, 250, dialect)
		if n := w.callsOf(w.round); n > 250+3 {
			t.Errorf("the first round over 250 requests took %d calls", n)
		}
		for range 3 {
			w.clock.Advance(20 * time.Second)
			if n := w.callsOf(w.round); n != 3 {
				t.Errorf("a round in which nothing happened took %d calls, want a list of three pages", n)
			}
		}
		w.press("ivan", w.sim.Alerts()[100].ID, "approve")
		w.clock.Advance(20 * time.Second)
		if n := w.callsOf(w.round); n > 3+3 {
			t.Errorf("a round with one decision took %d calls", n)
		}
		w.wantDecisions(ivanID + " approve")
	})
}

func TestWhatTheSearchShowsLateIsSeenAllTheSame(t *testing.T) {
	w := busy(t, 3, account(func(c *opsgeniesim.Config) { c.Lag = 10 * time.Minute }))
	w.round()
	w.press("ivan", w.sim.Alerts()[1].ID, "approve")
	w.clock.Advance(20 * time.Second)
	w.round()
	w.wantDecisions()
	w.clock.Advance(10 * time.Minute)
	w.round()
	w.wantDecisions(ivanID + " approve")
}

func TestAnAlertThatTheListForgetsIsReadAnyway(t *testing.T) {
	w := busy(t, 3, account(func(c *opsgeniesim.Config) { c.Lag = 1000 * time.Hour }))
	w.round()
	w.press("ivan", w.sim.Alerts()[1].ID, "approve")
	w.clock.Advance(2*lookAnyway + time.Second)
	w.round()
	w.wantDecisions(ivanID + " approve")
}

func TestAButtonPressedJustBeforeTheAlertWasClosed(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := busy(t, 3, dialect)
		w.round()
		id := w.sim.Alerts()[1].ID
		w.press("ivan", id, "approve")
		w.act(opsgeniesim.Act{Person: "bob", Alert: id, Do: "close"})
		w.clock.Advance(20 * time.Second)
		w.round()
		w.wantDecisions(ivanID + " approve")
		w.clock.Advance(20 * time.Second)
		if n := w.callsOf(w.round); n != 1 {
			t.Errorf("a closed alert goes on costing calls: %d", n)
		}
	})
}

func TestTheWatchForgetsWhatNobodyAsksAbout(t *testing.T) {
	w := busy(t, 3)
	w.round()
	polls, ok := w.bot.(*pollBot)
	if !ok {
		t.Fatalf("the plugin is a %T", w.bot)
	}
	w.cards.Edit(func(posted []plugins.Posted) []plugins.Posted { return posted[:1] })
	for range 8 {
		w.clock.Advance(20 * time.Minute)
		w.round()
	}
	if len(polls.watch.seen) != 1 {
		t.Errorf("%d alerts are remembered", len(polls.watch.seen))
	}
}

func TestAnAlertThatIsGoneHidesNoOther(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := busy(t, 2, dialect)
		w.cards.Edit(func(posted []plugins.Posted) []plugins.Posted {
			posted[0].Ref = ref{alert: noAlert, key: deliveryKey}.encode()
			return append(posted, plugins.Posted{Ref: "malformed"})
		})
		w.press("ivan", w.sim.Alerts()[1].ID, "approve")
		w.round()
		w.wantDecisions(ivanID + " approve")
	})
}

func TestAServiceThatWantsAPauseGetsOne(t *testing.T) {
	w := busy(t, 20)
	w.faults(standin.Faults{RateLimit: 1, RetryAfter: 60, Only: []string{"list_logs"}})
	before := w.calls("list_logs")
	err := capability[plugins.Poller](w).Poll(t.Context(), w.cards.All(), w.decisions)
	if plugins.KindOf(err) != plugins.RateLimited || w.calls("list_logs")-before != 1 {
		t.Errorf("%v of kind %s after %d calls", err, plugins.KindOf(err), w.calls("list_logs")-before)
	}
}

// BenchmarkPolling1000OpenRequests says how often the service is called in a minute of polling every 20 seconds, with a press
// of a button every five seconds. Alerts that carry a link are not polled at all.
func BenchmarkPolling1000OpenRequests(b *testing.B) {
	const requests = 1000
	for name, dialect := range map[string]func(*setting){"jsm": inOperations, "opsgenie": inOpsgenie} {
		b.Run(name, func(b *testing.B) {
			w := busy(b, requests, dialect)
			first := w.callsOf(w.round)
			w.faults(standin.Faults{RateLimitReal: true})
			before, minutes, people := w.allCalls(), 0, []string{"ivan", "bob", "carol"}
			alerts := w.sim.Alerts()
			for b.Loop() {
				for second := 0; second < 60; second += 5 {
					act := opsgeniesim.Act{Person: people[second%3], Alert: alerts[(minutes*12+second)%requests].ID, Do: "action", Text: "approve"}
					if _, err := w.sim.Act(b.Context(), act); err != nil {
						b.Fatal(err)
					}
					w.clock.Advance(5 * time.Second)
					if second%20 == 15 {
						w.round()
					}
				}
				minutes++
			}
			b.ReportMetric(float64(w.allCalls()-before)/float64(minutes), "calls/min")
			b.ReportMetric(float64(first), "calls/first-round")
			b.ReportMetric(float64(len(w.decisions.Distinct()))/float64(minutes), "decisions/min")
			for operation, byStatus := range w.sim.Calls() {
				if byStatus[429] > 0 {
					b.Errorf("%s was limited %d times", operation, byStatus[429])
				}
			}
		})
	}
}
