package service

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// newUUID is an id as requests have one.
func newUUID(t testing.TB) string {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

// registered is a company with the plugin slack, and its ledger.
func registered(t *testing.T) (*company, *Ledger) {
	t.Helper()
	c := open(t)
	if _, err := c.AddPlugin(t.Context(), c.admin, v1.PluginInput{Name: "slack"}); err != nil {
		t.Fatal(err)
	}
	return c, &Ledger{Store: c.Store, Now: c.clock.Now}
}

func (c *company) delivery(key v1.DeliveryKey) (row v1.Delivery) {
	c.t.Helper()
	err := c.Store.View(c.t.Context(), func(reader core.Reader) (err error) {
		row, err = reader.Delivery("slack", key)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return row
}

func mustClaim(t *testing.T, ledger *Ledger, claim v1.Claim) v1.ClaimReply {
	t.Helper()
	reply, err := ledger.Claim(t.Context(), "slack", claim)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestOneClaimOfManyWins(t *testing.T) {
	_, ledger := registered(t)
	replies := make([]v1.ClaimReply, 16)
	var work []func()
	for i := range replies {
		work = append(work, func() { replies[i], _ = ledger.Claim(t.Context(), "slack", claimFor(1)) })
	}
	atOnce(work...)
	modes := map[v1.ClaimMode]int{}
	for _, reply := range replies {
		modes[reply.Mode]++
	}
	if diff := cmp.Diff(map[v1.ClaimMode]int{v1.ClaimPost: 1, v1.ClaimBusy: 15}, modes); diff != "" {
		t.Errorf("modes differ (-want +got):\n%s", diff)
	}
}

func TestLedgerKeepsKeyAcrossReplicas(t *testing.T) {
	c, ledger := registered(t)
	first := mustClaim(t, ledger, claimFor(1))
	if row := c.delivery(cardKey()); row.Key != first.Key || row.Key == "" {
		t.Errorf("replied key %q, stored %q", first.Key, row.Key)
	}
	c.clock.Advance(time.Minute)
	second := mustClaim(t, ledger, claimFor(1))
	if second.Mode != v1.ClaimRecover || second.Key != first.Key || second.Attempt != 2 || !second.FirstTried.Equal(opening) {
		t.Errorf("after the lease: %+v", second)
	}
	record := v1.Record{DeliveryKey: cardKey(), Attempt: first.Attempt, Ref: "zombie", Version: 1}
	if reply, err := ledger.Record(t.Context(), "slack", record); err != nil || !reply.Stale {
		t.Errorf("the old holder recorded: %+v, %v", reply, err)
	}
	record.Attempt, record.Ref = second.Attempt, "C1/1"
	if reply, err := ledger.Record(t.Context(), "slack", record); err != nil || reply.Stale {
		t.Errorf("the holder could not record: %+v, %v", reply, err)
	}
	if reply := mustClaim(t, ledger, claimFor(1)); reply.Mode != v1.ClaimDone || reply.Ref != "C1/1" {
		t.Errorf("when it is there: %+v", reply)
	}
}

func TestLedgerPausesDestinations(t *testing.T) {
	c, ledger := registered(t)
	reply := mustClaim(t, ledger, claimFor(1))
	failure := v1.Failure{
		DeliveryKey: cardKey(), Attempt: reply.Attempt, Kind: "rate_limited", Error: strings.Repeat("ü", maxLedgerText),
		RetryAfter: v1.Duration(time.Minute), PauseDestination: true, Unsent: true,
	}
	if reply, err := ledger.Fail(t.Context(), "slack", failure); err != nil || reply.Stale {
		t.Fatalf("%+v, %v", reply, err)
	}
	if got := c.delivery(cardKey()).LastError; len(got) > maxLedgerText || !strings.HasPrefix(failure.Error, got) || got == "" {
		t.Errorf("stored %d bytes of an error", len(got))
	}
	other := claimFor(1)
	other.RequestID = newUUID(t)
	if reply := mustClaim(t, ledger, other); reply.Mode != v1.ClaimBusy || reply.RetryAfter.Std() != time.Minute {
		t.Errorf("another request at the paused destination: %+v", reply)
	}
	elsewhere := other
	elsewhere.Destination = "C2"
	shorter := mustClaim(t, ledger, elsewhere)
	if shorter.Mode != v1.ClaimPost {
		t.Errorf("another destination: %+v", shorter)
	}
	c.clock.Advance(time.Minute)
	if reply := mustClaim(t, ledger, other); reply.Mode != v1.ClaimPost {
		t.Errorf("after the pause: %+v", reply)
	}
	if reply := mustClaim(t, ledger, claimFor(1)); reply.Mode != v1.ClaimPost {
		t.Errorf("what was not sent: %+v", reply)
	}
}

func TestLedgerRefusesNonsense(t *testing.T) {
	_, ledger := registered(t)
	long := strings.Repeat("x", maxLedgerText+1)
	change := func(alter func(*v1.Claim)) v1.Claim {
		claim := claimFor(1)
		alter(&claim)
		return claim
	}
	for name, test := range map[string]struct {
		plugin string
		claim  v1.Claim
		code   v1.Code
	}{
		"unknown plugin":   {"nobody", claimFor(1), v1.CodeNotFound},
		"no request":       {"slack", change(func(c *v1.Claim) { c.RequestID = "x" }), v1.CodeInvalid},
		"no slot":          {"slack", change(func(c *v1.Claim) { c.Slot = "elsewhere" }), v1.CodeInvalid},
		"no destination":   {"slack", change(func(c *v1.Claim) { c.Destination = "" }), v1.CodeInvalid},
		"long destination": {"slack", change(func(c *v1.Claim) { c.Destination = long }), v1.CodeTooLong},
		"no owner":         {"slack", change(func(c *v1.Claim) { c.Owner = "" }), v1.CodeInvalid},
		"no version":       {"slack", change(func(c *v1.Claim) { c.Version = 0 }), v1.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ledger.Claim(t.Context(), test.plugin, test.claim)
			refused(t, err, test.code)
		})
	}
	_, err := ledger.Record(t.Context(), "slack", v1.Record{DeliveryKey: cardKey(), Version: 1})
	refused(t, err, v1.CodeInvalid)
	_, err = ledger.Fail(t.Context(), "slack", v1.Failure{})
	refused(t, err, v1.CodeInvalid)
	if reply, err := ledger.Record(t.Context(), "slack", v1.Record{DeliveryKey: cardKey(), Version: 1, Ref: "r", Attempt: 1}); err != nil ||
		!reply.Stale {
		t.Errorf("a record without a claim: %+v, %v", reply, err)
	}
}

// TestManyReplicasPostOnce lets replicas work on one request each time at once, through the real store.
func TestManyReplicasPostOnce(t *testing.T) {
	_, ledger := registered(t)
	var mu sync.Mutex
	posts := map[string]int{}
	const requests, replicas = 20, 6
	var work []func()
	keys := make([]v1.DeliveryKey, requests)
	for i := range keys {
		keys[i] = v1.DeliveryKey{Destination: "C1", RequestID: newUUID(t), Slot: v1.SlotCard}
	}
	for range replicas {
		work = append(work, func() {
			for _, key := range keys {
				claim := claimFor(1)
				claim.DeliveryKey = key
				reply, err := ledger.Claim(t.Context(), "slack", claim)
				if err != nil || !reply.Mode.Leased() {
					continue
				}
				mu.Lock()
				posts[key.RequestID]++
				mu.Unlock()
				record := v1.Record{DeliveryKey: key, Attempt: reply.Attempt, Ref: "r", Version: 1}
				if _, err := ledger.Record(t.Context(), "slack", record); err != nil {
					t.Error(err)
				}
			}
		})
	}
	atOnce(work...)
	for _, key := range keys {
		if posts[key.RequestID] != 1 {
			t.Errorf("request %s was posted %d times", key.RequestID, posts[key.RequestID])
		}
	}
}
