package sqlite_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/store/sqlite"
)

func open(tb testing.TB, dir string) *sqlite.Store {
	tb.Helper()
	store, err := sqlite.Open(tb.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

func sample(now time.Time) v1.Request {
	return v1.Request{
		ID: uuid.Must(uuid.NewV7()).String(), Version: 1, Fingerprint: "0123456789abcdef", State: v1.StatePending,
		Requester: v1.PersonRef{Name: "alice", DisplayName: "Alice", Email: "alice@example.com"},
		Roles:     []string{"dba"}, Reason: "ticket #123: the nightly import stopped and somebody has to look at it",
		SuggestedReviewers: []v1.PersonRef{{Name: "ivan", Email: "ivan@example.com"}, {Name: "bob", Email: "bob@example.com"}},
		Created:            now, Updated: now, Expires: now.Add(8 * time.Hour), SessionTTL: v1.Duration(8 * time.Hour),
		Thresholds: []v1.Threshold{{Name: "two", Approve: 2, Deny: 1}},
		Rules:      []v1.Rule{{Role: "dba", From: "contractor", Require: v1.RequireAny, Thresholds: []int{0}}},
	}
}

// storeWhole stores a request with everything the service stores beside it.
func storeWhole(tx core.Tx, request v1.Request) error {
	if _, err := tx.PendingLike("alice", request.ID); err == nil {
		return errors.New("a new ask is there already")
	}
	if err := tx.InsertRequest(request, request.ID); err != nil {
		return err
	}
	id := uuid.Must(uuid.NewV7()).String()
	event, err := v1.NewEvent(id, "/bench", v1.EventCreated, request.ID, request.Created, 1, request)
	if err != nil {
		return err
	}
	entry := core.OutboxEntry{ID: id, Subject: "s", Body: event.Data, RequestID: request.ID, Created: request.Created}
	if err := tx.AddToOutbox(entry); err != nil {
		return err
	}
	return tx.AppendAudit(core.AuditEntry{At: request.Created, Actor: "alice", Action: "request.create", RequestID: request.ID})
}

func create(store *sqlite.Store, tb testing.TB) error {
	return store.Update(tb.Context(), func(tx core.Tx) error { return storeWhole(tx, sample(time.Now().UTC())) })
}

// BenchmarkCreate reports durable creates per second and how they compare with the disk's own rate.
func BenchmarkCreate(b *testing.B) {
	for _, clients := range []int{1, 32} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			dir := b.TempDir()
			disk := fdatasyncRate(b, dir)
			store := open(b, filepath.Join(dir, "data"))
			var failed atomic.Int64
			b.SetParallelism(clients)
			b.ResetTimer()
			run(b, clients, func() {
				if create(store, b) != nil {
					failed.Add(1)
				}
			})
			b.StopTimer()
			rate := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rate, "creates/s")
			b.ReportMetric(disk, "fdatasyncs/s")
			b.ReportMetric(rate/disk, "creates/fdatasync")
			if failed.Load() > 0 {
				b.Fatalf("%d creates failed", failed.Load())
			}
		})
	}
}

// run does work b.N times on as many goroutines as there are clients.
func run(b *testing.B, clients int, work func()) {
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan struct{})
	for range clients {
		go func() {
			defer func() { done <- struct{}{} }()
			for left.Add(-1) >= 0 {
				work()
			}
		}()
	}
	for range clients {
		<-done
	}
}

// fdatasyncRate measures how often the disk makes a 4 KB page durable in a second.
func fdatasyncRate(tb testing.TB, dir string) float64 {
	tb.Helper()
	file, err := os.Create(filepath.Join(dir, "raw"))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := file.Close(); err != nil {
			tb.Error(err)
		}
	}()
	page := make([]byte, 4096)
	for i := range 256 {
		if _, err := file.WriteAt(page, int64(i)*4096); err != nil {
			tb.Fatal(err)
		}
	}
	if err := file.Sync(); err != nil {
		tb.Fatal(err)
	}
	begun, count := time.Now(), 0
	for ; time.Since(begun) < 500*time.Millisecond; count++ {
		page[0]++
		if _, err := file.WriteAt(page, int64(count%256)*4096); err != nil {
			tb.Fatal(err)
		}
		if err := syscall.Fdatasync(int(file.Fd())); err != nil {
			tb.Fatal(err)
		}
	}
	return float64(count) / time.Since(begun).Seconds()
}
