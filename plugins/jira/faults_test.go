package jira

import (
	"testing"
	"time"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins/standin"
)

func standinTwice() standin.Faults { return standin.Faults{DeliverTwice: 1} }

func standinHealthy() standin.Faults { return standin.Faults{} }

func standinBroken(operation string) standin.Faults {
	return standin.Faults{FailBefore: 1, Only: []string{operation}}
}

func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	eventually.True(t, 10*time.Second, what, condition)
}
