package eventually_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/accede/accede/internal/eventually"
)

// recorder stands in for a test that is expected to fail.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Helper() {}
func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func failureOf(f func(testing.TB)) string {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.failure
}

func TestTrueReturnsOnceTheConditionHolds(t *testing.T) {
	calls := 0
	eventually.True(t, time.Minute, "three calls", func() bool { calls++; return calls == 3 })
	if calls != 3 {
		t.Errorf("%d calls, want 3", calls)
	}
}

func TestTrueFailsAtTheLimit(t *testing.T) {
	got := failureOf(func(tb testing.TB) {
		eventually.True(tb, 10*time.Millisecond, "rain", func() bool { return false })
	})
	if want := "waited 10ms for rain"; got != want {
		t.Errorf("failure %q, want %q", got, want)
	}
}

func TestNoErrorTellsTheLastError(t *testing.T) {
	got := failureOf(func(tb testing.TB) {
		eventually.NoError(tb, 10*time.Millisecond, "rain", func() error { return errors.New("sunny") })
	})
	if want := "waited 10ms for rain; last: sunny"; got != want {
		t.Errorf("failure %q, want %q", got, want)
	}
}

func TestNoErrorReturnsOnceThereIsNone(t *testing.T) {
	left := 2
	eventually.NoError(t, time.Minute, "no error", func() error {
		if left--; left > 0 {
			return errors.New("not yet")
		}
		return nil
	})
}
