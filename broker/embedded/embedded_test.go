package embedded_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/accede/accede/broker/brokertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	brokertest.Run(t, func(t *testing.T, plugins ...string) *brokertest.Broker {
		t.Helper()
		return brokertest.Start(t, plugins...)
	})
}
