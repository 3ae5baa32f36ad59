package pagerduty

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

// busy is a world with many open requests; unlimited lets them be opened at once.
func busy(t testing.TB, requests int, changes ...func(*setting)) *world {
	t.Helper()
	w := newWorld(t, append([]func(*setting){deciding(ByNote), polling, func(s *setting) { s.config.CallsPerMinute = 0 }}, changes...)...)
	for i := range requests {
		id := fmt.Sprintf("0192f0c1-2b3c-7d4e-8f50-%012d", i)
		w.post(fmt.Sprintf("0192f0c1-0000-7000-8000-%012d", i), demoCard(func(c *plugins.Card) { c.RequestID = id }))
	}
	return w
}

func (w *world) allCalls() int {
	total := 0
	for _, byStatus := range w.sim.Calls() {
		for _, n := range byStatus {
			total += n
		}
	}
	return total
}

// round polls everything as the host does: so many cards at a time.
func (w *world) round() {
	w.t.Helper()
	poller, ok := w.bot.(plugins.Poller)
	if !ok {
		w.t.Fatal("the plugin does not poll")
	}
	for together := range slices.Chunk(w.cards.All(), 200) {
		if err := poller.Poll(w.t.Context(), together, w.decisions); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestARoundOverManyOpenRequestsIsOneList(t *testing.T) {
	w := busy(t, 450)
	before := w.allCalls()
	w.round()
	if n := w.allCalls() - before; n > 450+2 {
		t.Errorf("the first round over 450 requests took %d calls", n)
	}
	w.clock.Advance(20 * time.Second)
	w.round()
	w.clock.Advance(5 * time.Minute)
	w.round() // what happened when they were opened is read for the last time
	for range 3 {
		w.clock.Advance(5 * time.Minute)
		before = w.allCalls()
		w.round()
		if n := w.allCalls() - before; n != 1 {
			t.Errorf("a round in which nothing happened took %d calls", n)
		}
	}
	w.act("ivan", w.sim.Incidents()[300].ID, "note", "/approve")
	w.clock.Advance(20 * time.Second)
	before = w.allCalls()
	w.round()
	if n := w.allCalls() - before; n > 4 {
		t.Errorf("a round with one decision took %d calls", n)
	}
	w.wantDecisions("PIVAN01 approve")
}

func TestMoreThanCanBePagedThroughIsReadIncidentByIncident(t *testing.T) {
	w := busy(t, 3, account(func(c *pagerdutysim.Config) { c.Reach = 2 * pageSize }))
	w.round()
	noisy, id := w.sim.Incidents()[0].ID, w.sim.Incidents()[1].ID
	w.act("ivan", id, "note", "/approve")
	for range 2*pageSize + 1 {
		w.act("carol", noisy, "note", "noise")
	}
	w.clock.Advance(20 * time.Second)
	w.round()
	w.wantDecisions("PIVAN01 approve")
	if !strings.Contains(w.logs.String(), "incident cannot be read; decide in Accede") {
		t.Errorf("nothing is said about the incident that cannot be read: %s", w.logs)
	}
}

func TestPagingEndsWherePagerDutyDoes(t *testing.T) {
	pages := 0
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		pages++
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"users":[],"more":true,"limit":100}`)
	}))
	defer vendor.Close()
	client := vendorhttp.New(vendorhttp.Options{})
	defer client.CloseIdleConnections()
	c := NewConfig()
	c.APIURL, c.CallsPerMinute = config.Address(vendor.URL), 0
	found, err := newAPI(c, client, time.Now).usersWithEmail(t.Context(), "a@example.com")
	if len(found) != 0 || !errors.Is(err, errTooMany) || pages != farthest/pageSize {
		t.Errorf("%v, %v after %d pages", found, err, pages)
	}
}

func TestTheJournalForgetsWhatNobodyAsksAbout(t *testing.T) {
	w := busy(t, 3)
	w.round()
	polls, ok := w.bot.(*pollBot)
	if !ok {
		t.Fatalf("the plugin is a %T", w.bot)
	}
	w.cards.Edit(func(posted []plugins.Posted) []plugins.Posted { return posted[:1] })
	for range 8 {
		w.clock.Advance(10 * time.Minute)
		w.round()
	}
	if len(polls.journal.seen) != 1 || len(polls.journal.known) != 0 {
		t.Errorf("%d incidents and %d entries are remembered", len(polls.journal.seen), len(polls.journal.known))
	}
}

// BenchmarkPolling1000OpenRequests says how often PagerDuty is called in a minute of polling every 20 seconds, with a decision
// every five seconds. Its limit is 960 calls per minute.
func BenchmarkPolling1000OpenRequests(b *testing.B) {
	const requests = 1000
	w := busy(b, requests)
	start := w.allCalls()
	w.round()
	first := w.allCalls() - start
	w.faults(standin.Faults{RateLimitReal: true})
	before, minutes, people := w.allCalls(), 0, []string{"ivan", "bob", "carol"}
	incidents := w.sim.Incidents()
	for b.Loop() {
		for second := 0; second < 60; second += 5 {
			act := pagerdutysim.Act{Person: people[second%3], Incident: incidents[(minutes*12+second)%requests].ID, Do: "note", Text: "/approve"}
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
	perMinute := float64(w.allCalls()-before) / float64(minutes)
	b.ReportMetric(perMinute, "calls/min")
	b.ReportMetric(float64(first), "calls/first-round")
	b.ReportMetric(float64(len(w.decisions.Distinct()))/float64(minutes), "decisions/min")
	for operation, byStatus := range w.sim.Calls() {
		if byStatus[429] > 0 {
			b.Errorf("%s was limited %d times", operation, byStatus[429])
		}
	}
	if perMinute > maxCalls {
		b.Errorf("%.0f calls per minute are more than PagerDuty allows", perMinute)
	}
}
