package clock_test

import (
	"sync"
	"testing"
	"time"

	"github.com/accede/accede/internal/clock"
)

func TestSystemIsUTCAndRoundTrips(t *testing.T) {
	now := clock.System{}.Now()
	if now.Location() != time.UTC {
		t.Errorf("location = %v, want UTC", now.Location())
	}
	read, err := time.Parse(time.RFC3339Nano, now.Format(time.RFC3339Nano))
	if err != nil {
		t.Fatal(err)
	}
	if read != now { // not Equal: no monotonic reading may be left
		t.Errorf("%v after a round trip is %v", now, read)
	}
}

func TestFakeMovesOnlyWhenTold(t *testing.T) {
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("CET", 3600))
	fake := clock.NewFake(start)
	if got := fake.Now(); !got.Equal(start) || got.Location() != time.UTC {
		t.Errorf("Now() = %v, want %v in UTC", got, start)
	}
	if got := fake.Advance(time.Hour); !got.Equal(start.Add(time.Hour)) || !fake.Now().Equal(got) {
		t.Errorf("after an hour: %v, %v", got, fake.Now())
	}
	fake.Set(start)
	if got := fake.Now(); !got.Equal(start) {
		t.Errorf("after Set: %v, want %v", got, start)
	}
}

func TestFakeCountsConcurrentAdvances(t *testing.T) {
	start := time.Unix(0, 0)
	fake := clock.NewFake(start)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { fake.Advance(time.Second); fake.Now() })
	}
	wg.Wait()
	if got, want := fake.Now(), start.Add(50*time.Second); !got.Equal(want) {
		t.Errorf("Now() = %v, want %v", got, want)
	}
}

func TestShiftedRuns(t *testing.T) {
	var shifted clock.Shifted
	shifted.Set(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	shifted.Advance(time.Hour)
	first := shifted.Now()
	if first.Year() != 2030 || first.Hour() != 1 || first.Location() != time.UTC {
		t.Errorf("it is %s", first)
	}
	if second := shifted.Now(); second.Before(first) {
		t.Errorf("%s comes after %s", second, first)
	}
}
