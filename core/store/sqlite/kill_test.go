package sqlite_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/store/sqlite"
)

const childDir = "ACCEDE_KILL_TEST_DIR"

// TestAcknowledgedWritesSurviveKill kills a process that stores requests on eight goroutines, and looks for every request
// that it had been told was stored.
func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	dir := t.TempDir()
	for round, acknowledged := 0, 0; round < 4; round++ {
		ids := killWriter(t, dir, 50+100*round)
		acknowledged += len(ids)
		store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		checkWhole(t, store, ids)
		requests, audit, events := all(t, store)
		if len(requests) < acknowledged || len(audit) != len(requests) || len(events) != len(requests) {
			t.Errorf("%d acknowledged, and stored: %d requests, %d audit entries, %d events",
				acknowledged, len(requests), len(audit), len(events))
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func checkWhole(t *testing.T, store core.Store, ids []string) {
	t.Helper()
	err := store.View(t.Context(), func(r core.Reader) error {
		for _, id := range ids {
			if _, err := r.Request(id); err != nil {
				return fmt.Errorf("request %s was acknowledged: %w", id, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// killWriter returns what a child had acknowledged when it was killed, at least count requests.
func killWriter(t *testing.T, dir string, count int) (ids []string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildStoresUntilKilled$") //nolint:gosec // this test itself
	child.Env = append(os.Environ(), childDir+"="+dir)
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	killed := false
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "stored "); ok {
			ids = append(ids, id)
		}
		if len(ids) >= count && !killed {
			killed = true
			if err := child.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || !killed {
		t.Fatalf("the writer ended by itself after %d requests: %v", len(ids), err)
	}
	return ids
}

// TestChildStoresUntilKilled is the process that is killed.
func TestChildStoresUntilKilled(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	store := open(t, dir)
	var group sync.WaitGroup
	var output sync.Mutex
	for range 8 {
		group.Go(func() {
			for {
				var one v1.Request
				err := store.Update(t.Context(), func(tx core.Tx) error {
					one = sample(time.Now().UTC())
					return storeWhole(tx, one)
				})
				if err != nil {
					return
				}
				output.Lock()
				fmt.Println("stored", one.ID) //nolint:forbidigo // the parent reads it
				output.Unlock()
			}
		})
	}
	group.Wait()
}
