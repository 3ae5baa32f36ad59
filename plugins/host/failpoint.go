package host

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
)

// FailpointVariable is the environment variable that makes a plugin kill its own process at named points, for tests of
// what survives. Its value lists points with probabilities, such as "after_post:0.05,before_ack:0.01". It is meant for
// tests only; a process that has it set says so in its log.
const FailpointVariable = "ACCEDE_FAILPOINT"

// The points at which a process can be killed.
const (
	BeforeClaim = "before_claim"
	AfterClaim  = "after_claim"
	AfterPost   = "after_post"
	AfterRecord = "after_record"
	BeforeAck   = "before_ack"
)

func failpointNames() []string {
	return []string{BeforeClaim, AfterClaim, AfterPost, AfterRecord, BeforeAck}
}

// neverHit is what runs at every point when no failpoint is set.
func neverHit(string) {}

// parseFailpoints returns what to run at each point. An empty value costs nothing afterwards.
func parseFailpoints(value string, kill func()) (func(point string), error) {
	if value == "" {
		return neverHit, nil
	}
	chances := map[string]float64{}
	for part := range strings.SplitSeq(value, ",") {
		name, text, _ := strings.Cut(part, ":")
		chance, err := strconv.ParseFloat(text, 64)
		if err != nil || !(chance >= 0 && chance <= 1) || !slices.Contains(failpointNames(), name) {
			return nil, fmt.Errorf("%s has %q; give POINT:PROBABILITY with a point of %s",
				FailpointVariable, part, strings.Join(failpointNames(), ", "))
		}
		chances[name] = chance
	}
	return func(point string) {
		if rand.Float64() < chances[point] { //nolint:gosec // a test's dice
			kill()
		}
	}, nil
}

// killSelf ends the process as SIGKILL does: nothing is finished, flushed or closed.
func killSelf() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // the signal is on its way; nothing more may happen
}
