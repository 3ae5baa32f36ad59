package secrettest_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/accede/accede/internal/secret/secrettest"
)

const canary = "xoxb-1/2+canary&\"x"

type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func TestAssertAbsentFindsEveryShape(t *testing.T) {
	leaks := map[string]string{
		"as it is":            "token=" + canary,
		"escaped for a query": "?t=xoxb-1%2F2%2Bcanary%26%22x",
		"escaped for a path":  "/t/xoxb-1%2F2+canary&%22x",
		"escaped for JSON":    `{"t":"xoxb-1/2+canary\u0026\"x"}`,
		"base64":              "Basic " + base64.StdEncoding.EncodeToString([]byte(canary)),
		"hex":                 fmt.Sprintf("%x", canary),
	}
	for shape, output := range leaks {
		t.Run(shape, func(t *testing.T) {
			r := &recorder{}
			secrettest.AssertAbsent(r, output, canary)
			if len(r.failures) != 1 || !strings.Contains(r.failures[0], "("+shape+")") {
				t.Errorf("failures %q, want one that says %q", r.failures, shape)
			}
			if strings.Contains(strings.Join(r.failures, ""), canary) {
				t.Error("the failure prints the secret")
			}
		})
	}
}

func TestAssertAbsentPassesCleanOutput(t *testing.T) {
	secrettest.AssertAbsent(t, "bot_token=[redacted]", canary, "another-canary")
	secrettest.AssertErrorClean(t, errors.New("posting: 401"), canary)
	secrettest.AssertErrorClean(t, nil, canary)
}

func TestAssertAbsentRefusesShortCanaries(t *testing.T) {
	r := &recorder{}
	secrettest.AssertAbsent(r, "clean", "abc")
	if len(r.failures) != 1 {
		t.Errorf("failures %q, want one", r.failures)
	}
}
