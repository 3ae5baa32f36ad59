package service

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	v1 "github.com/accede/accede/api/v1"
)

// at is a time some seconds after the opening.
func at(seconds int) time.Time { return opening.Add(time.Duration(seconds) * time.Second) }

func cardKey() v1.DeliveryKey {
	return v1.DeliveryKey{Destination: "C1", RequestID: "018f3f5a-0000-7000-8000-000000000000", Slot: v1.SlotCard}
}

func claimFor(version int64) v1.Claim {
	return v1.Claim{DeliveryKey: cardKey(), Owner: "b", Version: version, Lease: v1.Duration(30 * time.Second)}
}

func TestClaimModes(t *testing.T) {
	posted := v1.Delivery{State: v1.DeliveryPosted, Attempt: 1, Key: "k", Ref: "r", ShownVersion: 3, FirstTried: at(0)}
	held := v1.Delivery{State: v1.DeliveryClaimed, Attempt: 1, Key: "k", LeaseUntil: at(30), FirstTried: at(0)}
	heldUpdate := posted
	heldUpdate.State, heldUpdate.LeaseUntil = v1.DeliveryClaimed, at(30)
	retry := v1.Delivery{State: v1.DeliveryRetry, Attempt: 1, Key: "k", NextTry: at(30), FirstTried: at(0)}
	unsure := retry
	unsure.Unsure = true
	force := claimFor(3)
	force.Force = true
	for _, test := range []struct {
		name   string
		row    v1.Delivery
		claim  v1.Claim
		paused time.Time
		now    time.Time
		mode   v1.ClaimMode
		after  time.Duration
	}{
		{"nothing there", v1.Delivery{Key: "k"}, claimFor(1), time.Time{}, at(0), v1.ClaimPost, 0},
		{"older version shown", posted, claimFor(4), time.Time{}, at(0), v1.ClaimUpdate, 0},
		{"same version shown", posted, claimFor(3), time.Time{}, at(0), v1.ClaimDone, 0},
		{"newer version shown", posted, claimFor(2), time.Time{}, at(0), v1.ClaimDone, 0},
		{"same version forced", posted, force, time.Time{}, at(0), v1.ClaimUpdate, 0},
		{"held by somebody", held, claimFor(1), time.Time{}, at(10), v1.ClaimBusy, 20 * time.Second},
		{"lease over", held, claimFor(1), time.Time{}, at(30), v1.ClaimRecover, 0},
		{"lease of an update over", heldUpdate, claimFor(3), time.Time{}, at(30), v1.ClaimUpdate, 0},
		{"before the next try", retry, claimFor(1), time.Time{}, at(29), v1.ClaimBusy, time.Second},
		{"next try of what was not sent", retry, claimFor(1), time.Time{}, at(30), v1.ClaimPost, 0},
		{"next try of what may be there", unsure, claimFor(1), time.Time{}, at(30), v1.ClaimRecover, 0},
		{"destination paused", posted, claimFor(4), at(5), at(3), v1.ClaimBusy, 2 * time.Second},
		{"paused and up to date", posted, claimFor(3), at(5), at(3), v1.ClaimDone, 0},
		{"pause over", posted, claimFor(4), at(5), at(5), v1.ClaimUpdate, 0},
		{"parked", v1.Delivery{State: v1.DeliveryParked}, force, time.Time{}, at(0), v1.ClaimParked, 0},
		{"dropped", v1.Delivery{State: v1.DeliveryDropped}, force, time.Time{}, at(0), v1.ClaimParked, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			next, reply := claimed(test.row, test.claim, test.paused, test.now)
			if reply.Mode != test.mode || reply.RetryAfter.Std() != test.after {
				t.Fatalf("reply %+v, want mode %s after %s", reply, test.mode, test.after)
			}
			if !test.mode.Leased() {
				if next != test.row {
					t.Errorf("the row changed: %s", cmp.Diff(test.row, next))
				}
				return
			}
			if reply.Attempt != test.row.Attempt+1 || reply.Key != "k" || reply.Ref != test.row.Ref || reply.FirstTried != at(0) &&
				test.row.State != "" {
				t.Errorf("reply %+v to row %+v", reply, test.row)
			}
			if next.State != v1.DeliveryClaimed || next.Owner != "b" || next.LeaseUntil != test.now.Add(30*time.Second) {
				t.Errorf("row %+v", next)
			}
		})
	}
}

func TestLeaseIsBounded(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{
		-time.Hour: minLease, 0: minLease, time.Minute: time.Minute, time.Hour: maxLease,
	} {
		claim := claimFor(1)
		claim.Lease = v1.Duration(asked)
		row, _ := claimed(v1.Delivery{}, claim, time.Time{}, at(0))
		if got := row.LeaseUntil.Sub(at(0)); got != want {
			t.Errorf("asked for %s, got %s, want %s", asked, got, want)
		}
	}
}

func TestRecordsAndFailuresAreFenced(t *testing.T) {
	held := v1.Delivery{State: v1.DeliveryClaimed, Attempt: 2, LeaseUntil: at(30), Unsure: true, LastError: "e", FirstTried: at(0)}
	record := v1.Record{Attempt: 2, Ref: "r", Version: 3}
	row, reply := recorded(held, record)
	want := v1.Delivery{State: v1.DeliveryPosted, Attempt: 2, Ref: "r", ShownVersion: 3, FirstTried: at(0)}
	if reply.Stale || row != want {
		t.Errorf("recorded %+v (%+v)", row, reply)
	}
	if again, reply := recorded(row, record); reply.Stale || again != row {
		t.Errorf("recorded twice: %+v (%+v)", again, reply)
	}
	if _, reply := recorded(row, v1.Record{Attempt: 2, Ref: "other", Version: 3}); !reply.Stale {
		t.Error("another reference under an ended attempt was taken")
	}
	if _, reply := recorded(held, v1.Record{Attempt: 1, Ref: "r", Version: 3}); !reply.Stale {
		t.Error("an older attempt was recorded")
	}
	if _, reply := failed(row, v1.Failure{Attempt: 2, Kind: "transient"}, at(1)); !reply.Stale {
		t.Error("what was recorded failed afterwards")
	}
	if _, reply := failed(held, v1.Failure{Attempt: 1}, at(1)); !reply.Stale {
		t.Error("an older attempt failed")
	}
	if _, reply := recorded(v1.Delivery{}, v1.Record{}); !reply.Stale {
		t.Error("what was never claimed was recorded")
	}
	if _, reply := failed(v1.Delivery{}, v1.Failure{}, at(1)); !reply.Stale {
		t.Error("what was never claimed failed")
	}
}

func TestFailures(t *testing.T) {
	held := v1.Delivery{State: v1.DeliveryClaimed, Attempt: 1, LeaseUntil: at(30), FirstTried: at(0)}
	failure := v1.Failure{Attempt: 1, Kind: "rate_limited", Error: "later", RetryAfter: v1.Duration(time.Minute)}
	row, _ := failed(held, failure, at(1))
	want := v1.Delivery{
		State: v1.DeliveryRetry, Attempt: 1, Unsure: true, LastKind: "rate_limited", LastError: "later", NextTry: at(61), FirstTried: at(0),
	}
	if row != want {
		t.Errorf("failed: %s", cmp.Diff(want, row))
	}
	if again, reply := failed(row, failure, at(9)); reply.Stale || again != row {
		t.Errorf("failed twice: %+v (%+v)", again, reply)
	}
	failure.Unsent, failure.RetryAfter = true, v1.Duration(-time.Hour)
	if row, _ = failed(held, failure, at(1)); row.Unsure || row.NextTry != at(1) {
		t.Errorf("unsent: %+v", row)
	}
	held.Unsure = true
	if row, _ = failed(held, failure, at(1)); !row.Unsure {
		t.Error("an attempt that was not sent made an earlier one certain")
	}
	failure.Park = true
	if row, _ = failed(held, failure, at(1)); row.State != v1.DeliveryParked || !row.NextTry.IsZero() {
		t.Errorf("parked: %+v", row)
	}
}

// vendor takes posts. One with idempotent keys makes nothing twice by itself; in the other posts can be looked up.
type vendor struct {
	idempotent bool
	refs       map[string]string
	shown      map[string]int64
	posts      int
}

func (v *vendor) post(key string, version int64) string {
	if ref, ok := v.refs[key]; ok && v.idempotent {
		return ref
	}
	v.posts++
	ref := key + "/" + strconv.Itoa(v.posts)
	v.refs[key], v.shown[ref] = ref, version
	return ref
}

// replica is at one step of claim, act, record.
type replica struct {
	reply   v1.ClaimReply
	version int64
	until   time.Time
	busy    bool
	ref     string
	acted   bool
}

// ledgerWorld is a row, the replicas that fight for it, and the vendor.
type ledgerWorld struct {
	row      v1.Delivery
	replicas []replica
	vendor   vendor
	now      time.Time
	version  int64
	// jumped says that the clock was set: leases may have ended before their holders knew.
	jumped bool
}

func (w *ledgerWorld) claim(r *replica) {
	if r.busy {
		return
	}
	var reply v1.ClaimReply
	w.row, reply = claimed(w.row, claimFor(w.version), time.Time{}, w.now)
	if reply.Mode.Leased() {
		*r = replica{reply: reply, version: w.version, busy: true, until: w.now.Add(30 * time.Second)}
	}
}

// act does at the vendor what the reply said. Updates, and posts to a vendor that only looks up, mind the lease as the
// host does; nothing else can protect from a sleeper there.
func (w *ledgerWorld) act(r *replica) {
	minds := !w.vendor.idempotent || r.reply.Mode == v1.ClaimUpdate
	if !r.busy || r.acted || minds && !w.now.Before(r.until) {
		return
	}
	r.acted = true
	if r.reply.Mode == v1.ClaimUpdate {
		r.ref = r.reply.Ref
		w.vendor.shown[r.ref] = r.version
		return
	}
	if found, ok := w.vendor.refs[r.reply.Key]; ok && r.reply.Mode == v1.ClaimRecover && !w.vendor.idempotent {
		r.ref = found
		r.version = w.vendor.shown[found]
		return
	}
	r.ref = w.vendor.post(r.reply.Key, r.version)
	r.version = w.vendor.shown[r.ref]
}

func (w *ledgerWorld) record(r *replica) {
	if !r.acted {
		return
	}
	w.row, _ = recorded(w.row, v1.Record{Attempt: r.reply.Attempt, Ref: r.ref, Version: r.version})
	*r = replica{}
}

func (w *ledgerWorld) fail(r *replica, unsent bool) {
	if !r.busy {
		return
	}
	w.row, _ = failed(w.row, v1.Failure{
		Attempt: r.reply.Attempt, Kind: "transient", Unsent: unsent && !r.acted, RetryAfter: v1.Duration(time.Second),
	}, w.now)
	*r = replica{}
}

// TestLedgerNeverLosesNorDoubles lets replicas crash, sleep and fail at any step while the clock jumps, and then one of them
// work in peace.
func TestLedgerNeverLosesNorDoubles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row, err := newDelivery("slack", cardKey())
		if err != nil {
			t.Fatal(err)
		}
		w := &ledgerWorld{row: row, replicas: make([]replica, rapid.IntRange(1, 4).Draw(t, "replicas")), now: opening, version: 1}
		w.vendor = vendor{idempotent: rapid.Bool().Draw(t, "idempotent"), refs: map[string]string{}, shown: map[string]int64{}}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			w.step(t, &w.replicas[rapid.IntRange(0, len(w.replicas)-1).Draw(t, "replica")])
		}
		w.finish(t)
	})
}

func (w *ledgerWorld) step(t *rapid.T, r *replica) {
	switch rapid.SampledFrom([]string{"claim", "claim", "act", "act", "record", "crash", "fail", "unsent", "wait", "jump", "change"}).Draw(t, "step") {
	case "claim":
		w.claim(r)
	case "act":
		w.act(r)
	case "record":
		w.record(r)
	case "crash":
		*r = replica{}
	case "fail":
		w.fail(r, false)
	case "unsent":
		w.fail(r, true)
	case "wait":
		w.now = w.now.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second)
	case "jump":
		if w.vendor.idempotent { // with the other a jump is a lease that ends early, which no ledger can mend
			w.jumped = true
			w.now = w.now.Add(time.Duration(rapid.IntRange(-3600, 3600).Draw(t, "jump")) * time.Second)
		}
	case "change":
		w.version++
	}
}

// finish lets one replica work until there is nothing to do, and counts.
func (w *ledgerWorld) finish(t *rapid.T) {
	for range 20 {
		w.now = w.now.Add(2 * time.Hour)
		var survivor replica
		w.claim(&survivor)
		w.act(&survivor)
		w.record(&survivor)
	}
	if w.vendor.posts != 1 {
		t.Fatalf("%d posts: %v", w.vendor.posts, slices.Sorted(maps.Keys(w.vendor.shown)))
	}
	wrong := w.vendor.shown[w.row.Ref] != w.row.ShownVersion
	if w.row.State != v1.DeliveryPosted || wrong && !w.jumped {
		t.Fatalf("row %+v, the vendor shows %v", w.row, w.vendor.shown)
	}
	if w.row.ShownVersion < w.version {
		t.Fatalf("it shows version %d of %d", w.row.ShownVersion, w.version)
	}
}
