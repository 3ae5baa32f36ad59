package obstest_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/accede/accede/internal/obs/obstest"
)

func TestLoggerRecordsConcurrently(t *testing.T) {
	logger, log := obstest.Logger(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { logger.Debug("hello"); _ = log.String() })
	}
	wg.Wait()
	if got := strings.Count(log.String(), "\n"); got != 20 {
		t.Errorf("%d lines, want 20", got)
	}
}
