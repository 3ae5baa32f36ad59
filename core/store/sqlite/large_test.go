package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/store/sqlite"
)

// large is how many requests the benchmarks of reading look through.
const large = 100_000

// fillLarge stores requests of which one in a hundred is pending.
func fillLarge(b *testing.B, dir string) {
	b.Helper()
	store, err := sqlite.Open(b.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	const page = 1000
	for done := 0; done < large; done += page {
		err := store.Update(b.Context(), func(tx core.Tx) error {
			for i := range page {
				request := sample(time.Now().UTC())
				request.Requester.Name = fmt.Sprint("person-", i%50)
				if err := storeWhole(tx, request); err != nil {
					return err
				}
				if i%100 == 0 {
					continue
				}
				request.Version, request.State = 2, v1.StateApproved
				if err := tx.SaveRequest(request); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLarge opens a store with 100,000 requests and reads from it.
func BenchmarkLarge(b *testing.B) {
	dir := b.TempDir()
	fillLarge(b, dir)
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			store, err := sqlite.Open(b.Context(), sqlite.Options{Dir: dir})
			if err != nil {
				b.Fatal(err)
			}
			if err := store.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	store := open(b, dir)
	for name, filter := range map[string]core.RequestFilter{
		"newest":           {Limit: 50},
		"pending":          {Limit: 50, States: []v1.State{v1.StatePending}},
		"to review":        {Limit: 50, States: []v1.State{v1.StatePending}, Reviewer: "ivan"},
		"reviewer":         {Limit: 50, Reviewer: "ivan"},
		"unknown reviewer": {Limit: 50, Reviewer: "nobody"},
		"requester":        {Limit: 50, Requester: "person-7"},
		"denied":           {Limit: 50, States: []v1.State{v1.StateDenied}},
	} {
		b.Run("list "+name, func(b *testing.B) {
			for b.Loop() {
				read(b, store, func(r core.Reader) error {
					_, err := r.Requests(filter)
					return err
				})
			}
		})
	}
	b.Run("due", func(b *testing.B) {
		for b.Loop() {
			read(b, store, func(r core.Reader) error {
				_, err := r.Due(time.Now(), 100)
				return err
			})
		}
	})
	for name, since := range map[string]time.Time{"recent": time.Now(), "ever": {}} {
		b.Run("unsettled "+name, func(b *testing.B) {
			for b.Loop() {
				read(b, store, func(r core.Reader) error {
					_, err := r.Unsettled("slack", since, "", 100)
					return err
				})
			}
		})
	}
}

func read(b *testing.B, store core.Store, fn func(core.Reader) error) {
	b.Helper()
	if err := store.View(b.Context(), fn); err != nil {
		b.Fatal(err)
	}
}
