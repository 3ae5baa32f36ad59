package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/accede/accede/core"
)

// TestDiskFull lets SQLite run out of pages, which it reports as a full disk.
func TestDiskFull(t *testing.T) {
	store, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	setPages := func(pages string) {
		err := store.Update(t.Context(), func(t core.Tx) error {
			own, ok := t.(*tx)
			if !ok {
				return errors.New("another kind of transaction")
			}
			return own.get(func(row scanner) error {
				var now int64
				return row.Scan(&now)
			}, "PRAGMA max_page_count = "+pages)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	setPages("60")
	var stored, failed sync.Map
	fill := func(i int) error {
		return store.Update(t.Context(), func(tx core.Tx) error {
			for part := range 3 {
				err := tx.AppendAudit(core.AuditEntry{
					At: time.Now(), Action: fmt.Sprint(i), RequestID: fmt.Sprint(part), Detail: []byte(strings.Repeat("x", 3000)),
				})
				if err != nil && i%2 == 0 {
					return err
				} // every other update swallows the error, as it must not
			}
			return nil
		})
	}
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			if err := fill(i); err != nil {
				failed.Store(i, err)
				return
			}
			stored.Store(i, true)
		})
	}
	group.Wait()
	failed.Range(func(_, value any) bool {
		if err, ok := value.(error); !ok || !strings.Contains(err.Error(), "disk is full") {
			t.Errorf("error %v does not say that the disk is full", value)
		}
		return true
	})
	if _, done := failed.Load(39); !done {
		if err := fill(39); err == nil {
			t.Error("the disk was not full")
		}
	}
	setPages("100000")
	if err := fill(100); err != nil {
		t.Errorf("with room again: %v", err)
	}
	stored.Store(100, true)
	counts := map[string]int{}
	err = store.View(t.Context(), func(r core.Reader) error {
		entries, err := r.Audit(core.AuditFilter{OldestFirst: true})
		for _, entry := range entries {
			counts[entry.Action]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 101 {
		want := 0
		if _, ok := stored.Load(i); ok {
			want = 3
		}
		if got := counts[fmt.Sprint(i)]; got != want {
			t.Errorf("update %d left %d entries, want %d", i, got, want)
		}
	}
}
