package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// latencies collects how long things took.
type latencies struct {
	mu     sync.Mutex
	values []time.Duration
	errors int
	first  error
}

func (l *latencies) add(d time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.values = append(l.values, d)
		return
	}
	l.errors++
	if l.first == nil {
		l.first = err
	}
}

// at returns a quantile between 0 and 1.
func (l *latencies) at(quantile float64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.values) == 0 {
		return 0
	}
	slices.Sort(l.values)
	return l.values[min(int(quantile*float64(len(l.values))), len(l.values)-1)]
}

func (l *latencies) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.values)
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// during runs work in so many workers until the time is over and returns its rate in units per second.
func during(length time.Duration, workers int, work func(worker int) error) (rate float64, took *latencies) {
	took = &latencies{}
	begun := time.Now()
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for time.Since(begun) < length {
				start := time.Now()
				err := work(worker)
				took.add(time.Since(start), err)
			}
		})
	}
	group.Wait()
	return float64(took.count()) / time.Since(begun).Seconds(), took
}

// fsyncRate is how often per second this disk makes one small append durable.
func fsyncRate(dir string, length time.Duration) (float64, error) {
	file, err := os.Create(filepath.Join(dir, "fsync")) //nolint:gosec // our own directory
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	defer func() { _ = file.Close() }()
	block := make([]byte, 4096)
	rate, took := during(length, 1, func(int) error {
		if _, err := file.Write(block); err != nil {
			return err
		}
		return syscall.Fdatasync(int(file.Fd()))
	})
	return rate, took.first
}

// residentMiB is the memory that a process has in use.
func residentMiB(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("process %d shows no resident memory", pid)
}
