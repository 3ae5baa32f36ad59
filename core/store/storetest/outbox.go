package storetest

import (
	"fmt"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func event(t testing.TB, requestID string) core.OutboxEntry {
	t.Helper()
	return core.OutboxEntry{ID: newID(t), Subject: "s." + requestID, Body: []byte(`{"a":1}`), RequestID: requestID, Created: start()}
}

func addEvents(t testing.TB, store core.Store, events ...core.OutboxEntry) {
	t.Helper()
	for _, one := range events {
		update(t, store, func(tx core.Tx) error { return tx.AddToOutbox(one) })
	}
}

func keepsOutbox(t *testing.T, store core.Store) {
	a, b, c, d := event(t, "r1"), event(t, "r2"), event(t, "r1"), event(t, "r2")
	// The order is that of the commits, whatever the ids.
	addEvents(t, store, a, c, b, d)
	outbox := func(limit int) []core.OutboxEntry {
		return get(t, store, func(r core.Reader) ([]core.OutboxEntry, error) { return r.Outbox(limit) })
	}
	events := func(after, request string, limit int) []core.OutboxEntry {
		return get(t, store, func(r core.Reader) ([]core.OutboxEntry, error) { return r.Events(after, request, limit) })
	}
	same(t, "the outbox", outbox(10), []core.OutboxEntry{a, c, b, d})
	same(t, "the oldest two", outbox(2), []core.OutboxEntry{a, c})
	update(t, store, func(tx core.Tx) error { return tx.MarkPublished([]string{a.ID, b.ID, newID(t)}, start()) })
	same(t, "what is left", outbox(10), []core.OutboxEntry{c, d})
	update(t, store, func(tx core.Tx) error { return tx.MarkPublished([]string{a.ID, c.ID}, start()) })
	same(t, "what is left then", outbox(10), []core.OutboxEntry{d})
	same(t, "all events", events("", "", 10), []core.OutboxEntry{a, c, b, d})
	same(t, "events after the first", events(a.ID, "", 2), []core.OutboxEntry{c, b})
	same(t, "events of one request", events("", "r2", 10), []core.OutboxEntry{b, d})
	same(t, "later events of one request", events(c.ID, "r2", 1), []core.OutboxEntry{b})
	same(t, "events after the last", events(d.ID, "", 10), []core.OutboxEntry{})
	last := event(t, "r1")
	addEvents(t, store, last)
	same(t, "the outbox with a new one", outbox(10), []core.OutboxEntry{d, last})
}

func findsPlace(t *testing.T, store core.Store) {
	before := newID(t)
	old, young := event(t, "r1"), event(t, "r1")
	old.Created = start().Add(-time.Hour)
	addEvents(t, store, old, young)
	after := newID(t)
	update(t, store, func(tx core.Tx) error { return tx.MarkPublished([]string{old.ID, young.ID}, start()) })
	update(t, store, func(tx core.Tx) error {
		_, err := tx.Prune(start())
		return err
	})
	for _, test := range []struct {
		after string
		want  []core.OutboxEntry
	}{{"", []core.OutboxEntry{young}}, {before, []core.OutboxEntry{young}}, {old.ID, []core.OutboxEntry{young}}, {after, nil}} {
		got := get(t, store, func(r core.Reader) ([]core.OutboxEntry, error) { return r.Events(test.after, "r1", 10) })
		same(t, "events after "+test.after, got, test.want)
	}
	newest := event(t, "r1")
	addEvents(t, store, newest)
	got := get(t, store, func(r core.Reader) ([]core.OutboxEntry, error) { return r.Events(young.ID, "", 10) })
	same(t, "events after the last", got, []core.OutboxEntry{newest})
}

func keepsActions(t *testing.T, store core.Store) {
	find := func(r core.Reader) (core.ActionRecord, error) { return r.Action("d1") }
	fails(t, store, core.ErrNotFound, find)
	snapshot := request(t)
	action := core.ActionRecord{ID: "d1", Plugin: "slack", Created: start(), Answer: v1.Answer{
		Decision: v1.Decision{ID: "d1", Verdict: v1.Approve, Made: start(), Evidence: map[string]string{"a": "b"}},
		Result:   v1.DecisionResult{Code: v1.CodeCounted, Message: "thanks", Request: &snapshot},
	}}
	update(t, store, func(tx core.Tx) error { return tx.InsertAction(action) })
	same(t, "the action", get(t, store, find), action)
	refuses(t, store, core.ErrConflict, func(tx core.Tx) error { return tx.InsertAction(action) })

	record := core.IdempotencyRecord{Person: "alice", Key: "k", Digest: "d", Status: 201, Body: []byte("{}"), Created: start()}
	findRecord := func(r core.Reader) (core.IdempotencyRecord, error) { return r.Idempotency("alice", "k") }
	fails(t, store, core.ErrNotFound, findRecord)
	update(t, store, func(tx core.Tx) error { return tx.InsertIdempotency(record) })
	same(t, "the stored answer", get(t, store, findRecord), record)
	refuses(t, store, core.ErrConflict, func(tx core.Tx) error { return tx.InsertIdempotency(record) })
	record.Person, record.Body = "bob", nil
	update(t, store, func(tx core.Tx) error { return tx.InsertIdempotency(record) })
}

func keepsAudit(t *testing.T, store core.Store) {
	var want []core.AuditEntry
	for i := range 6 {
		entry := core.AuditEntry{
			At: start().Add(time.Duration(i) * time.Second), Actor: []string{"alice", "ivan"}[i%2],
			Action: []string{"request.create", "request.review", "role[?"}[i%3], RequestID: []string{"r", "", "s"}[i/2],
			Via: "cli", Policy: int64(i), Detail: fmt.Appendf(nil, `{"n":%d}`, i),
		}
		if i == 3 {
			entry.Identity = &v1.Identity{Plugin: "slack", Tenant: "T0ACCEDE", User: "U0IVAN"}
		}
		update(t, store, func(tx core.Tx) error { return tx.AppendAudit(entry) })
		want = append(want, entry)
	}
	audit := func(filter core.AuditFilter) []core.AuditEntry {
		return get(t, store, func(r core.Reader) ([]core.AuditEntry, error) { return r.Audit(filter) })
	}
	all := audit(core.AuditFilter{OldestFirst: true})
	for i := range want {
		want[i].Seq = all[i].Seq
	}
	same(t, "the audit", all, want)
	for name, test := range map[string]struct {
		filter core.AuditFilter
		want   []int
	}{
		"newest first":      {core.AuditFilter{Limit: 2}, []int{5, 4}},
		"the next page":     {core.AuditFilter{Limit: 2, Cursor: want[4].Seq}, []int{3, 2}},
		"a page of the old": {core.AuditFilter{Limit: 2, Cursor: want[1].Seq, OldestFirst: true}, []int{2, 3}},
		"of ivan":           {core.AuditFilter{Actor: "ivan"}, []int{5, 3, 1}},
		"of an action":      {core.AuditFilter{Action: "request.review"}, []int{4, 1}},
		"of like actions":   {core.AuditFilter{Action: "request.*"}, []int{4, 3, 1, 0}},
		"of an odd action":  {core.AuditFilter{Action: "*[?"}, []int{5, 2}},
		"of part of one":    {core.AuditFilter{Action: "request"}, nil},
		"of a request":      {core.AuditFilter{RequestID: "s"}, []int{5, 4}},
		"since":             {core.AuditFilter{Since: want[4].At}, []int{5, 4}},
		"until":             {core.AuditFilter{Until: want[1].At}, []int{0}},
		"of all together":   {core.AuditFilter{Actor: "ivan", Action: "*", RequestID: "r", Since: start(), Until: want[5].At}, []int{1}},
	} {
		var entries []core.AuditEntry
		for _, at := range test.want {
			entries = append(entries, want[at])
		}
		same(t, "the audit "+name, audit(test.filter), entries)
	}
}

func keepsRelay(t *testing.T, store core.Store) {
	same(t, "the first state", get(t, store, core.Reader.Relay), core.RelayState{})
	want := core.RelayState{StreamCreated: start(), LastSequence: 1 << 40, Epoch: 7}
	update(t, store, func(tx core.Tx) error { return tx.SaveRelay(want) })
	same(t, "the state", get(t, store, core.Reader.Relay), want)
}

func prunes(t *testing.T, store core.Store) {
	old, waiting, young := event(t, "r"), event(t, "r"), event(t, "r")
	old.Created, waiting.Created = start().Add(-2*time.Hour), start().Add(-time.Hour)
	addEvents(t, store, old, waiting, young)
	update(t, store, func(tx core.Tx) error { return tx.MarkPublished([]string{old.ID, young.ID}, start()) })
	update(t, store, func(tx core.Tx) error { return tx.SavePerson(person("p", "")) })
	for i, created := range []time.Time{start().Add(-time.Hour), start()} {
		update(t, store, func(tx core.Tx) error {
			key := fmt.Sprint(i)
			if err := tx.InsertIdempotency(core.IdempotencyRecord{Person: "p", Key: key, Created: created}); err != nil {
				return err
			}
			if err := tx.SaveLinkCode(core.LinkCode{Hash: key, Expires: created}); err != nil {
				return err
			}
			if err := tx.InsertToken(v1.Token{ID: key, Person: "p", Expires: created}, key); err != nil {
				return err
			}
			return tx.SavePause("slack", key, created)
		})
	}
	prune := func() (gone int64) {
		update(t, store, func(tx core.Tx) (err error) {
			gone, err = tx.Prune(start())
			return err
		})
		return gone
	}
	same(t, "how many went", prune(), int64(5))
	same(t, "how many went then", prune(), int64(0))
	left := get(t, store, func(r core.Reader) ([]core.OutboxEntry, error) { return r.Events("", "", 10) })
	same(t, "the events", left, []core.OutboxEntry{waiting, young})
	fails(t, store, core.ErrNotFound, func(r core.Reader) (v1.Token, error) { return r.TokenByHash("0") })
	get(t, store, func(r core.Reader) (v1.Token, error) { return r.TokenByHash("1") })
	fails(t, store, core.ErrNotFound, func(r core.Reader) (core.LinkCode, error) { return r.LinkCode("0") })
	get(t, store, func(r core.Reader) (core.LinkCode, error) { return r.LinkCode("1") })
	fails(t, store, core.ErrNotFound, func(r core.Reader) (core.IdempotencyRecord, error) { return r.Idempotency("p", "0") })
	get(t, store, func(r core.Reader) (core.IdempotencyRecord, error) { return r.Idempotency("p", "1") })
}
