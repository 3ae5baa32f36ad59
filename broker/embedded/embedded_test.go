package embedded_test

import (
	"testing"

	"github.com/accede/accede/broker/brokertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	brokertest.Run(t, func(t *testing.T, plugins ...string) *brokertest.Broker {
		t.Helper()
		return brokertest.Start(t, plugins...)
	})
}
