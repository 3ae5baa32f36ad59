package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/store/sqlite"
)

func found(tb testing.TB, store core.Store, filter core.RequestFilter) (requests []v1.Request) {
	tb.Helper()
	err := store.View(tb.Context(), func(r core.Reader) (err error) {
		requests, err = r.Requests(filter)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return requests
}

// undoSearch leaves a store as the first version of the schema had it.
const undoSearch = `DROP TABLE request_search; DROP INDEX audit_request; DROP INDEX audit_actor;
	ALTER TABLE audit DROP COLUMN identity; ALTER TABLE audit DROP COLUMN policy;
	ALTER TABLE token DROP COLUMN browser; ALTER TABLE token DROP COLUMN device;
	DROP TABLE notebook; DROP TABLE passkey; DROP INDEX request_granted;
	DELETE FROM goose_db_version WHERE version_id > 1`

func TestOlderRequestsAreSearched(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	const count = 2500
	err = store.Update(t.Context(), func(tx core.Tx) error {
		for i := range count {
			one := sample(now)
			one.Reason = fmt.Sprintf("Ticket #%d.", i)
			if err := tx.InsertRequest(one, one.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, filepath.Join(dir, sqlite.FileName), undoSearch)
	upgraded := open(t, dir)
	for text, want := range map[string]int{"ticket": count, "ticket #2077.": 1, "nothing": 0} {
		if got := found(t, upgraded, core.RequestFilter{Text: text, Reviewer: "bob"}); len(got) != want {
			t.Errorf("%q finds %d requests, want %d", text, len(got), want)
		}
	}
	one := found(t, upgraded, core.RequestFilter{Text: "#7."})
	if diff := cmp.Diff("Ticket #7.", one[0].Reason); diff != "" || len(one) != 1 {
		t.Errorf("#7. finds %d requests: %s", len(one), diff)
	}
}

// BenchmarkSearch searches 100,000 requests, most of them for what is not there.
func BenchmarkSearch(b *testing.B) {
	store := open(b, filepath.Join(b.TempDir(), "data"))
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for start := 0; start < 100_000; start += 1000 {
		err := store.Update(b.Context(), func(tx core.Tx) error { return fill(tx, began, start) })
		if err != nil {
			b.Fatal(err)
		}
	}
	for name, filter := range map[string]core.RequestFilter{
		"text/absent":            {Text: "nowhere"},
		"text/rare":              {Text: "ticket #77:"},
		"text/common":            {Text: "nightly"},
		"text/of a state":        {Text: "nowhere", States: []v1.State{v1.StateDenied}},
		"text/of a reviewer":     {Text: "nowhere", Reviewer: "ivan"},
		"text/of a requester":    {Text: "nowhere", Requester: "person7"},
		"time/first hour":        {Until: began.Add(time.Hour)},
		"time/hour in the midst": {Since: began.Add(50_000 * time.Minute), Until: began.Add(50_060 * time.Minute)},
	} {
		filter.Limit = 50
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				found(b, store, filter)
			}
		})
	}
}

func fill(tx core.Tx, began time.Time, start int) error {
	for i := start; i < start+1000; i++ {
		one := sample(began.Add(time.Duration(i) * time.Minute))
		one.Requester.Name = fmt.Sprintf("person%d", i%500)
		one.Reason = fmt.Sprintf("ticket #%d: the nightly import stopped and somebody has to look at it", i)
		if i%100 != 0 {
			one.State = v1.States()[1+i%4]
			one.Reviews = []v1.Review{{ID: "x", Author: v1.PersonRef{Name: "ivan"}, Reason: "fine by me, try the replica first"}}
		}
		if err := tx.InsertRequest(one, one.ID); err != nil {
			return err
		}
	}
	return nil
}
