package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/test/stack"
)

// size is how much a chaos run does.
type size struct {
	requests int
	// pace is the time between two requests.
	pace time.Duration
	heal time.Duration
}

func sized() size {
	if os.Getenv("ACCEDE_CHAOS") == "long" {
		return size{requests: 2000, pace: 150 * time.Millisecond, heal: 3 * time.Minute}
	}
	return size{requests: 300, pace: 80 * time.Millisecond, heal: 90 * time.Second}
}

// failpoints kill a replica at each named step of claim, post, record and acknowledge.
const failpoints = "before_claim:0.01,after_claim:0.02,after_post:0.03,after_record:0.02,before_ack:0.02"

// Three replicas, killed every 100 to 300 ms and at each named step, one frozen past its lease, a vendor that fails and
// drops answers, and at the end a wiped broker: every open request has exactly one live card.
func TestChaos(t *testing.T) {
	run := sized()
	s := lay(t, stack.Options{
		Replicas: 3, PluginSettings: quick, PluginEnv: []string{"ACCEDE_FAILPOINT=" + failpoints},
	})
	s.Slack()[2].Arm() // this one is frozen instead
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	signIn(t, s)
	sim := s.SlackSim()
	if err := sim.Faults(t.Context(), map[string]any{"fail_before": 0.025, "fail_after": 0.025, "drop_after": 0.03}); err != nil {
		t.Fatal(err)
	}
	havoc := newHavoc(s.Slack()[:2], s.Slack()[2:])
	pace := time.NewTicker(run.pace)
	defer pace.Stop()
	for i := range run.requests {
		ask(t, s, mark(i))
		<-pace.C
	}
	havoc.stop()
	t.Logf("%d requests, %d kills, %d deaths at a named step, %d freezes", run.requests, havoc.kills, havoc.deaths, havoc.freezes)
	wipe(t, s)
	if err := sim.Faults(t.Context(), map[string]any{}); err != nil {
		t.Fatal(err)
	}
	var lost, doubled int
	eventually.True(t, run.heal, "every request to have its card", func() bool {
		lost, doubled = count(t, s, run.requests)
		return lost == 0 || doubled > 0
	})
	// What a replica left behind comes to light when its lease is over.
	<-time.After(2 * quickLease)
	lost, doubled = count(t, s, run.requests)
	stats, err := sim.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keysTwice := 0
	for _, key := range stats.Keys {
		if key.Accepted > 1 {
			keysTwice++
		}
	}
	t.Logf("lost %d, doubled %d of %d cards; %d of %d delivery keys accepted twice",
		lost, doubled, 2*run.requests, keysTwice, len(stats.Keys))
	if lost > 0 || doubled > 0 || keysTwice > 0 {
		t.Errorf("lost %d, doubled %d, keys accepted twice %d; want none", lost, doubled, keysTwice)
	}
}

func mark(i int) string { return fmt.Sprintf("chaos-%d.", i) }

// count looks at every request's card in the channel and in alice's direct messages.
func count(t *testing.T, s *stack.Stack, requests int) (lost, doubled int) {
	t.Helper()
	messages, err := s.SlackSim().Messages(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	cards, requester := map[string]int{}, aliceDM(messages)
	for _, message := range messages {
		if message.Deleted || message.IsReply() {
			continue
		}
		_, rest, found := strings.Cut(string(message.Blocks), "chaos-")
		number, _, dotted := strings.Cut(rest, ".")
		switch {
		case !found || !dotted:
		case message.Channel == channel:
			cards["channel "+number]++
		case message.Channel == requester:
			cards["alice "+number]++
		}
	}
	for i := range requests {
		for _, place := range []string{"channel", "alice"} {
			switch n := cards[fmt.Sprintf("%s %d", place, i)]; {
			case n == 0:
				lost++
			case n > 1:
				doubled += n - 1
			}
		}
	}
	return lost, doubled
}

// aliceDM is the direct-message channel in which cards have no buttons: the requester's.
func aliceDM(messages []stack.Message) string {
	for _, message := range messages {
		if strings.HasPrefix(message.Channel, "D") && !message.IsReply() && len(message.Buttons()) == 0 {
			return message.Channel
		}
	}
	return ""
}

// wipe deletes the broker's files under a killed core and starts everything again.
func wipe(t *testing.T, s *stack.Stack) {
	t.Helper()
	s.Core.Kill()
	if err := os.RemoveAll(filepath.Join(s.Dir, "data", "broker")); err != nil {
		t.Fatal(err)
	}
	if err := s.Core.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}
