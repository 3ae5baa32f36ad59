package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

var errOnPurpose = errors.New("on purpose")

func leavesNothing(t *testing.T, store core.Store) {
	kept, lost := request(t), request(t)
	insert(t, store, kept)
	refuses(t, store, errOnPurpose, func(tx core.Tx) error {
		if err := tx.InsertRequest(lost, "ask"); err != nil {
			return err
		}
		if err := tx.SaveRequest(next(kept, v1.StateDenied)); err != nil {
			return err
		}
		if err := tx.AppendAudit(core.AuditEntry{At: start()}); err != nil {
			return err
		}
		return errOnPurpose
	})
	fails(t, store, core.ErrNotFound, func(r core.Reader) (v1.Request, error) { return r.Request(lost.ID) })
	same(t, "the request", get(t, store, func(r core.Reader) (v1.Request, error) { return r.Request(kept.ID) }), kept)
	audit := get(t, store, func(r core.Reader) ([]core.AuditEntry, error) { return r.Audit(core.AuditFilter{OldestFirst: true}) })
	same(t, "the audit", len(audit), 0)
}

func survivesPanic(t *testing.T, store core.Store) {
	lost := request(t)
	err := store.Update(t.Context(), func(tx core.Tx) error {
		if err := tx.InsertRequest(lost, "ask"); err != nil {
			return err
		}
		panic("on purpose")
	})
	if err == nil {
		t.Error("a panic was taken for success")
	}
	fails(t, store, core.ErrNotFound, func(r core.Reader) (v1.Request, error) { return r.Request(lost.ID) })
	insert(t, store, lost)
}

func readsOwnWrites(t *testing.T, store core.Store) {
	one := request(t)
	update(t, store, func(tx core.Tx) error {
		if err := tx.InsertRequest(one, "ask"); err != nil {
			return err
		}
		found, err := tx.Request(one.ID)
		if err != nil {
			return err
		}
		same(t, "the request in its transaction", found, one)
		if err := tx.SaveRequest(next(one, v1.StateDenied)); err != nil {
			return err
		}
		list, err := tx.Requests(core.RequestFilter{States: []v1.State{v1.StateDenied}, Reviewer: "ivan"})
		same(t, "the list in its transaction", ids(list), []string{one.ID})
		return err
	})
}

// isolatesNeighbours runs updates that fail and updates that do not at the same time, so that some share a commit.
func isolatesNeighbours(t *testing.T, store core.Store) {
	const count = 200
	requests := make([]v1.Request, count)
	results := make([]error, count)
	for i := range requests {
		requests[i] = request(t)
	}
	var group sync.WaitGroup
	for i := range requests {
		group.Go(func() {
			results[i] = store.Update(t.Context(), func(tx core.Tx) error {
				if err := tx.InsertRequest(requests[i], requests[i].ID); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return errOnPurpose
				case 2:
					panic("on purpose")
				}
				return nil
			})
		})
	}
	group.Wait()
	for i, one := range requests {
		err := store.View(t.Context(), func(r core.Reader) error {
			_, err := r.Request(one.ID)
			return err
		})
		if stored := err == nil; stored != (results[i] == nil) {
			t.Errorf("update %d returned %v, its request reads as %v", i, results[i], err)
		}
		if failed := i%4 == 1 || i%4 == 2; failed != (results[i] != nil) {
			t.Errorf("update %d returned %v", i, results[i])
		}
	}
}

// countsEveryOne lets many goroutines raise the version of one request, each trying again when another was first.
func countsEveryOne(t *testing.T, store core.Store) {
	one := request(t)
	insert(t, store, one)
	const workers, each = 16, 10
	var group sync.WaitGroup
	failures := make(chan error, workers)
	for range workers {
		group.Go(func() {
			for range each {
				if err := raise(t.Context(), store, one.ID); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	got := get(t, store, func(r core.Reader) (v1.Request, error) { return r.Request(one.ID) })
	same(t, "the version", got.Version, int64(1+workers*each))
	same(t, "the reviews", len(got.Reviews), workers*each)
}

// raise reads in one transaction and writes in another, as somebody does who thinks in between.
func raise(ctx context.Context, store core.Store, id string) error {
	for range 10_000 {
		var seen v1.Request
		err := store.View(ctx, func(r core.Reader) (err error) {
			seen, err = r.Request(id)
			return err
		})
		if err != nil {
			return err
		}
		seen.Version++
		seen.Reviews = append(seen.Reviews, v1.Review{ID: fmt.Sprint(seen.Version), Author: v1.PersonRef{Name: "ivan"}})
		err = store.Update(ctx, func(tx core.Tx) error { return tx.SaveRequest(seen) })
		if err == nil || !errors.Is(err, core.ErrConflict) {
			return err
		}
	}
	return errors.New("another was always first")
}

func showsOneSnapshot(t *testing.T, store core.Store) {
	first := request(t)
	insert(t, store, first)
	view(t, store, func(r core.Reader) error {
		before, err := r.Requests(core.RequestFilter{})
		if err != nil {
			return err
		}
		done := make(chan error, 1)
		go func() {
			done <- store.Update(t.Context(), func(tx core.Tx) error {
				if err := tx.InsertRequest(request(t), "other"); err != nil {
					return err
				}
				return tx.SaveRequest(next(first, v1.StateDenied))
			})
		}()
		if err := <-done; err != nil {
			return err
		}
		after, err := r.Requests(core.RequestFilter{})
		same(t, "the list in one view", after, before)
		return err
	})
	all := get(t, store, func(r core.Reader) ([]v1.Request, error) { return r.Requests(core.RequestFilter{}) })
	same(t, "how many the next view shows", len(all), 2)
}

// givesUpWaiting ends the context of an update that waits behind another.
func givesUpWaiting(t *testing.T, store core.Store) {
	running, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- store.Update(t.Context(), func(core.Tx) error {
			close(running)
			<-release
			return nil
		})
	}()
	<-running
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() {
		waiting <- store.Update(ctx, func(core.Tx) error { return errors.New("it ran") })
	}()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that of the context", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := store.View(ctx, func(core.Reader) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a view under an ended context gave %v", err)
	}
	if err := store.Update(ctx, func(core.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("an update under an ended context gave %v", err)
	}
}

func refusesAfterClose(t *testing.T, store core.Store) {
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if err := store.Update(t.Context(), func(core.Tx) error { return nil }); err == nil {
		t.Error("a closed store took an update")
	}
	if err := store.View(t.Context(), func(core.Reader) error { return nil }); err == nil {
		t.Error("a closed store took a view")
	}
}
