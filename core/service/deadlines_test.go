package service

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func (c *company) deadlines(touched func()) *Deadlines {
	return &Deadlines{Store: c.Store, Now: c.clock.Now, Touched: touched, Logger: slog.New(slog.DiscardHandler)}
}

func (c *company) request(id string) (request v1.Request) {
	c.t.Helper()
	err := c.Store.View(c.t.Context(), func(reader core.Reader) (err error) {
		request, err = reader.Request(id)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return request
}

func (c *company) eventTypes() (types []string) {
	c.t.Helper()
	for _, entry := range c.outbox() {
		event, err := v1.ParseEvent(entry.Body)
		if err != nil {
			c.t.Fatal(err)
		}
		types = append(types, event.Type)
	}
	return types
}

func TestDeadlinesExpireRequests(t *testing.T) {
	c := open(t)
	touched := 0
	deadlines := c.deadlines(func() { touched++ })
	request := c.ask("why")
	c.clock.Set(request.Expires.Add(-time.Nanosecond))
	moveDue(c, deadlines)
	if got := c.request(request.ID); got.State != v1.StatePending || touched != 0 {
		t.Fatalf("before its time: %+v, touched %d times", got, touched)
	}
	c.clock.Set(request.Expires)
	for range 2 {
		moveDue(c, deadlines)
	}
	got := c.request(request.ID)
	if got.State != v1.StateExpired || got.Version != 2 || got.Resolution == nil || touched != 1 {
		t.Errorf("at its time: %+v, touched %d times", got, touched)
	}
	if diff := cmp.Diff([]string{v1.EventCreated, v1.EventResolved}, c.eventTypes()); diff != "" {
		t.Errorf("events differ (-want +got):\n%s", diff)
	}
	if len(c.audited("request.expire")) != 1 {
		t.Error("the expiry was not audited once")
	}
}

func TestDeadlinesEndAccess(t *testing.T) {
	c := open(t)
	c.link("U0BOB", "bob")
	c.link("U0IVAN", "ivan")
	deadlines := c.deadlines(func() {})
	request := c.ask("why")
	c.decideAs("U0BOB", v1.Approve, request)
	c.decideAs("U0IVAN", v1.Approve, request)
	approved := c.request(request.ID)
	if approved.State != v1.StateApproved {
		t.Fatalf("state %s", approved.State)
	}
	c.clock.Set(approved.Access.Expires)
	for range 2 {
		moveDue(c, deadlines)
	}
	got := c.request(request.ID)
	if got.State != v1.StateApproved || got.Access.Ended == nil || got.Access.EndedBy != core.EndedByExpiry {
		t.Errorf("access %+v", got.Access)
	}
	types := c.eventTypes()
	if types[len(types)-1] != v1.EventAccessEnded || len(c.audited("access.end")) != 1 {
		t.Errorf("events %v", types)
	}
}

func moveDue(c *company, deadlines *Deadlines) {
	c.t.Helper()
	if err := deadlines.Move(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

func TestDeadlinesMoveMoreThanABatch(t *testing.T) {
	c := open(t)
	const count = deadlineBatch + 5
	for range count {
		c.ask(newUUID(t))
	}
	c.clock.Advance(30 * 24 * time.Hour)
	moveDue(c, c.deadlines(func() {}))
	if got := len(c.audited("request.expire")); got != count {
		t.Errorf("%d requests expired, want %d", got, count)
	}
}

func TestDeadlinesPruneOldRecords(t *testing.T) {
	c := open(t)
	c.ask("why")
	deadlines := c.deadlines(func() {})
	ids := []string{c.outbox()[0].ID}
	if err := c.Store.Update(t.Context(), func(tx core.Tx) error { return tx.MarkPublished(ids, c.clock.Now()) }); err != nil {
		t.Fatal(err)
	}
	events := func() (count int) {
		err := c.Store.View(t.Context(), func(reader core.Reader) error {
			all, err := reader.Events("", "", 10)
			count = len(all)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return count
	}
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{pruneAge, 1}, {time.Second, 0}} {
		c.clock.Advance(step.after)
		if err := deadlines.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := events(); got != step.want {
			t.Errorf("%d events are left, want %d", got, step.want)
		}
	}
}
