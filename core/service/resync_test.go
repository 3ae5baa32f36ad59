package service

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func (c *company) synced() time.Time {
	c.t.Helper()
	var record core.PluginRecord
	err := c.Store.View(c.t.Context(), func(reader core.Reader) (err error) {
		record, err = reader.Plugin("slack")
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return record.Synced
}

func TestSyncIsCompleteAfterItsLastPage(t *testing.T) {
	c, _ := registered(t)
	resync := &Resync{Store: c.Store, Now: c.clock.Now}
	var want []string
	for range 5 {
		want = append(want, c.ask(newUUID(t)).ID)
	}
	begun := c.clock.Advance(time.Hour)
	page, err := resync.Sync(t.Context(), "slack", v1.SyncRequest{Limit: 3})
	if err != nil || len(page.Requests) != 3 || page.Next == "" {
		t.Fatalf("the first page: %+v, %v", page, err)
	}
	c.clock.Advance(time.Minute)
	rest, _ := syncAll(t, resync, v1.SyncRequest{Limit: 3, Cursor: page.Next})
	if diff := cmp.Diff(want[3:], rest); diff != "" {
		t.Errorf("the rest differs (-want +got):\n%s", diff)
	}
	if got := c.synced(); !got.Equal(begun) {
		t.Errorf("synced at %s, want when it began, %s", got, begun)
	}
	_, err = resync.Sync(t.Context(), "slack", v1.SyncRequest{Cursor: "nonsense"})
	refused(t, err, v1.CodeInvalid)
	_, err = resync.Sync(t.Context(), "nobody", v1.SyncRequest{})
	refused(t, err, v1.CodeNotFound)
}

func TestSyncLooksBackFurtherThanTheLastOne(t *testing.T) {
	c, ledger := registered(t)
	resync := &Resync{Store: c.Store, Now: c.clock.Now}
	request := c.ask("over soon")
	if _, err := c.Withdraw(t.Context(), c.as("alice"), request.ID, v1.WithdrawInput{}); err != nil {
		t.Fatal(err)
	}
	c.clock.Advance(syncMargin)
	for _, want := range [][]string{{request.ID}, {request.ID}} { // the margin includes its own end
		if got, _ := syncAll(t, resync, v1.SyncRequest{}); cmp.Diff(want, got) != "" {
			t.Errorf("looked at %v, want %v", got, want)
		}
	}
	c.clock.Advance(time.Second)
	syncAll(t, resync, v1.SyncRequest{})
	if got, _ := syncAll(t, resync, v1.SyncRequest{}); len(got) != 0 {
		t.Errorf("looked at %v long after it was over", got)
	}
	showCard(t, ledger, request.ID, 1)
	if got, _ := syncAll(t, resync, v1.SyncRequest{}); len(got) != 1 {
		t.Error("a card at an older version was not looked at")
	}
}

func TestDueSyncGathersRequestsAndAnswers(t *testing.T) {
	c, ledger := registered(t)
	resync := &Resync{Store: c.Store, Now: c.clock.Now}
	request := c.ask("why")
	answer := v1.Answer{
		Decision: v1.Decision{ID: "d1", RequestID: request.ID, Identity: v1.Identity{Plugin: "slack"}},
		Result:   v1.DecisionResult{Code: v1.CodeCounted, Message: "thanks"},
	}
	err := c.Store.Update(t.Context(), func(tx core.Tx) error {
		return tx.InsertAction(core.ActionRecord{ID: "d1", Plugin: "slack", Answer: answer, Created: c.clock.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []v1.DeliveryKey{
		{Destination: "C1", RequestID: request.ID, Slot: v1.SlotCard},
		{Destination: "C2", RequestID: request.ID, Slot: v1.SlotCard},
		{Destination: "U1", RequestID: request.ID, Slot: v1.SlotAnswerPrefix + "d1"},
		{Destination: "U1", RequestID: request.ID, Slot: v1.SlotAnswerPrefix + "gone"},
		{Destination: "C1", RequestID: newUUID(t), Slot: v1.SlotCard},
	} {
		claim := claimFor(1)
		claim.DeliveryKey = key
		mustClaim(t, ledger, claim)
	}
	for _, limit := range []int{0, 1, 2} {
		if requests, answers := syncAll(t, resync, v1.SyncRequest{Due: true, Limit: limit}); len(requests)+len(answers) != 0 {
			t.Errorf("due before: %v, %v", requests, answers)
		}
	}
	c.clock.Advance(time.Minute)
	requests, answers := syncAll(t, resync, v1.SyncRequest{Due: true})
	if diff := cmp.Diff([]string{request.ID}, requests); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]v1.Answer{answer}, answers); diff != "" {
		t.Errorf("answers differ (-want +got):\n%s", diff)
	}
	if requests, answers = syncAll(t, resync, v1.SyncRequest{Due: true, Limit: 1}); len(requests) != 2 || len(answers) != 1 {
		t.Errorf("one at a time: %v, %v", requests, answers)
	}
}

func TestRepublishRepeatsRecentAnswers(t *testing.T) {
	c, _ := registered(t)
	request := c.ask("why")
	answer := func(id string) {
		err := c.Store.Update(t.Context(), func(tx core.Tx) error {
			return emitAnswer(tx, v1.Answer{Decision: v1.Decision{ID: id, RequestID: request.ID}}, c.clock.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	resync := &Resync{Store: c.Store, Now: time.Now} // ids of events carry the real time
	answer("recent")
	before := len(c.outbox())
	for range 3 {
		if count, err := resync.Republish(t.Context()); err != nil || count != 1 {
			t.Fatalf("published %d again: %v", count, err)
		}
	}
	var types []string
	for _, entry := range c.outbox()[before:] {
		event, err := v1.ParseEvent(entry.Body)
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, event.Type)
	}
	want := []string{
		v1.EventResync, v1.EventAnswer, v1.EventResync, v1.EventAnswer, v1.EventResync, v1.EventAnswer,
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("published again (-want +got):\n%s", diff)
	}
	later := &Resync{Store: c.Store, Now: func() time.Time { return time.Now().Add(2 * answersKept) }}
	before = len(c.outbox())
	if _, err := later.Republish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(c.outbox()) - before; got != 1 {
		t.Errorf("%d events two hours later, want the request alone", got)
	}
}
