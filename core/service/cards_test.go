package service

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
)

// postCard claims and records the card of a request.
func (c *company) postCard(ledger *Ledger, requestID, destination, ref string) {
	c.t.Helper()
	key := v1.DeliveryKey{Destination: destination, RequestID: requestID, Slot: v1.SlotCard}
	reply, err := ledger.Claim(c.t.Context(), "slack", v1.Claim{
		DeliveryKey: key, DestinationName: "#" + destination, Owner: "r1", Version: 1, Lease: v1.Duration(time.Minute),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = ledger.Record(c.t.Context(), "slack", v1.Record{DeliveryKey: key, Attempt: reply.Attempt, Ref: ref, Version: 1})
	if err != nil {
		c.t.Fatal(err)
	}
}

func TestAPluginAsksForItsCards(t *testing.T) {
	c, ledger := registered(t)
	calls := c.calls()
	var ids []string
	for _, reason := range []string{"one", "two", "three"} {
		request := c.ask(reason)
		ids = append(ids, request.ID)
		c.postCard(ledger, request.ID, "C1", "ref-"+reason)
	}
	c.postCard(ledger, ids[0], "C2", "ref-elsewhere")
	if _, err := c.Withdraw(t.Context(), c.as("alice"), ids[2], v1.WithdrawInput{}); err != nil {
		t.Fatal(err)
	}
	var refs []string
	question := v1.CardsRequest{Limit: 2}
	for range 5 {
		page, err := askCore[v1.CardsReply](t, calls, "slack", broker.MethodCards, question)
		if err != nil {
			t.Fatal(err)
		}
		for _, card := range page.Cards {
			refs = append(refs, card.Ref)
		}
		if question.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"ref-one", "ref-two", "ref-elsewhere"}, refs); diff != "" {
		t.Errorf("open cards differ (-want +got):\n%s", diff)
	}
	of, err := askCore[v1.CardsReply](t, calls, "slack", broker.MethodCards, v1.CardsRequest{RequestID: ids[2]})
	if err != nil || len(of.Cards) != 1 || of.Cards[0].Ref != "ref-three" || of.Cards[0].Request.State != v1.StateWithdrawn {
		t.Errorf("the cards of a resolved request: %+v, %v", of, err)
	}
	if _, err := askCore[v1.CardsReply](t, calls, "nobody", broker.MethodCards, v1.CardsRequest{}); err == nil {
		t.Error("a plugin that is not registered gets cards")
	}
}

func TestPagesFitAMessage(t *testing.T) {
	c, ledger := registered(t)
	calls := c.calls()
	for i := range 300 {
		request := c.ask(strings.Repeat("x", v1.MaxReasonBytes-8) + string(rune('a'+i%26)) + newUUID(t)[28:35])
		c.postCard(ledger, request.ID, "C1", "ref")
	}
	var got int
	question := v1.SyncRequest{Limit: 500}
	for range 10 {
		body := calls.Answer(t.Context(), broker.CallSubject("slack", broker.MethodSync), []byte(
			`{"limit":500,"cursor":"`+question.Cursor+`"}`))
		if len(body) > 1<<20 {
			t.Fatalf("a page has %d bytes, more than the broker carries", len(body))
		}
		var page v1.SyncReply
		if err := v1.ParseCallReply(body, &page); err != nil {
			t.Fatal(err)
		}
		got += len(page.Requests)
		if question.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if got != 300 {
		t.Errorf("the pages hold %d requests, want 300", got)
	}
}

func TestANoteIsAddedOnce(t *testing.T) {
	c, _ := registered(t)
	calls := c.calls()
	request := c.ask("at night")
	note := v1.NoteRequest{RequestID: request.ID, Text: "No approval for being on call: nobody is."}
	for i, want := range []bool{true, false} {
		reply, err := askCore[v1.NoteReply](t, calls, "slack", broker.MethodNote, note)
		if err != nil || reply.Added != want {
			t.Errorf("note %d: %+v, %v", i, reply, err)
		}
	}
	got, err := c.Request(t.Context(), c.as("alice"), request.ID)
	if err != nil || len(got.Notes) != 1 || got.Notes[0] != note.Text || got.Version != request.Version+1 {
		t.Errorf("the request has notes %q at version %d, %v", got.Notes, got.Version, err)
	}
	note.Text = strings.Repeat("x", 1001)
	_, err = askCore[v1.NoteReply](t, calls, "slack", broker.MethodNote, note)
	wantProblem(t, err, v1.CodeInvalid, 400)
	note.RequestID = newUUID(t)
	_, err = askCore[v1.NoteReply](t, calls, "slack", broker.MethodNote, note)
	wantProblem(t, err, v1.CodeNotFound, 404)
}

func TestOneReplicaHasADuty(t *testing.T) {
	c, _ := registered(t)
	duties := &Duties{Now: c.clock.Now}
	take := func(owner string) bool {
		reply, err := duties.Take(t.Context(), "slack", v1.DutyRequest{Duty: "poll", Owner: owner, Lease: v1.Duration(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		return reply.Granted
	}
	if !take("a") || take("b") || !take("a") {
		t.Error("the first to ask keeps the duty")
	}
	c.clock.Advance(time.Minute)
	if !take("b") || take("a") {
		t.Error("the next to ask gets it once the lease is over")
	}
	_, err := duties.Take(t.Context(), "slack", v1.DutyRequest{Duty: "poll", Owner: "a"})
	refused(t, err, v1.CodeInvalid)
}

func TestOnlyAServiceUserStandsForAPlugin(t *testing.T) {
	c, _ := registered(t)
	link := v1.Link{Identity: v1.ServiceIdentity("slack"), Person: "ivan"}
	_, err := c.AddLink(t.Context(), c.admin, link)
	refused(t, err, v1.CodeInvalid)
	var result v1.DecisionResult
	request := c.ask("on call")
	err = c.Store.Update(t.Context(), func(tx core.Tx) (err error) {
		result, err = c.Decide(tx, v1.Decision{
			ID: "d1", Identity: v1.ServiceIdentity("slack"), RequestID: request.ID, Verdict: v1.Approve,
			SeenFingerprint: request.Fingerprint,
		}, c.clock.Now())
		return err
	})
	if err != nil || result.Code != v1.CodeIdentityNotLinked || result.LinkCode != "" {
		t.Errorf("a plugin without a service user gets %+v, %v", result, err)
	}
}
