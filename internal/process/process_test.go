package process_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/accede/accede/internal/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMainEndsAtASignal(t *testing.T) {
	code := process.Main(func(ctx context.Context, env process.Env) int {
		if env.Stdin == nil || env.Stdout == nil || env.Stderr == nil || env.Getenv == nil {
			t.Error("surroundings are missing")
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		<-ctx.Done()
		return 3
	})
	if code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
}

func TestStopRunsInReverseAndJoinsErrors(t *testing.T) {
	var stopper process.Stopper
	var order []string
	broken := errors.New("disk full")
	for _, name := range []string{"store", "broker", "http"} {
		mustAdd(t, &stopper, name, func(ctx context.Context) error {
			order = append(order, name)
			if ctx.Err() != nil {
				t.Errorf("%s runs with a context that has ended", name)
			}
			if name == "http" {
				return nil
			}
			return broken
		})
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err := stopper.Stop(ended)
	if diff := cmp.Diff([]string{"http", "broker", "store"}, order); diff != "" {
		t.Errorf("order: -want +got:\n%s", diff)
	}
	want := "stopping broker: disk full\nstopping store: disk full"
	if !errors.Is(err, broken) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if again := stopper.Stop(t.Context()); again == nil || again.Error() != want || len(order) != 3 {
		t.Errorf("second stop: %v, order %v", again, order)
	}
}

func TestStopLeavesAHungStepBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopper := process.Stopper{StepTimeout: time.Second}
		release := make(chan struct{})
		defer close(release)
		stopped := false
		mustAdd(t, &stopper, "store", func(context.Context) error { stopped = true; return nil })
		mustAdd(t, &stopper, "hung", func(context.Context) error { <-release; return nil })
		err := stopper.Stop(t.Context())
		if err == nil || err.Error() != "stopping hung: not done after 1s" || !stopped {
			t.Errorf("error %v, store stopped: %v", err, stopped)
		}
	})
}

func TestAddAfterStopStopsThePart(t *testing.T) {
	var stopper process.Stopper
	if err := stopper.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopped := false
	err := stopper.Add(t.Context(), "late", func(context.Context) error { stopped = true; return nil })
	if !errors.Is(err, process.ErrStopped) || !stopped {
		t.Errorf("error %v, stopped %v", err, stopped)
	}
}

// TestStartStopStress starts parts and stops the process from several goroutines at once: whatever the interleaving,
// every part that started is stopped exactly once, and every Stop returns the same.
func TestStartStopStress(t *testing.T) {
	for range 200 {
		var stopper process.Stopper
		var started, stopped atomic.Int64
		results := make(chan string, 3)
		var wg sync.WaitGroup
		for part := range 8 {
			wg.Go(func() {
				started.Add(1)
				err := stopper.Add(t.Context(), "part"+strconv.Itoa(part), func(context.Context) error { stopped.Add(1); return nil })
				if err != nil && !errors.Is(err, process.ErrStopped) {
					t.Error(err)
				}
			})
		}
		for range cap(results) {
			wg.Go(func() {
				var text strings.Builder
				if err := stopper.Stop(t.Context()); err != nil {
					text.WriteString(err.Error())
				}
				results <- text.String()
			})
		}
		wg.Wait()
		close(results)
		var all []string
		for result := range results {
			all = append(all, result)
		}
		if slices.ContainsFunc(all, func(s string) bool { return s != all[0] }) || started.Load() != stopped.Load() {
			t.Fatalf("started %d, stopped %d, results %q", started.Load(), stopped.Load(), all)
		}
	}
}

func mustAdd(t *testing.T, stopper *process.Stopper, name string, stop func(context.Context) error) {
	t.Helper()
	if err := stopper.Add(t.Context(), name, stop); err != nil {
		t.Fatal(err)
	}
}
