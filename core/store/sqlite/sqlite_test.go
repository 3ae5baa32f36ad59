package sqlite_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/accede/accede/core"
	"github.com/accede/accede/core/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) core.Store { return open(t, t.TempDir()) })
}
