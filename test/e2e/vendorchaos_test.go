package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/test/stack"
)

// sizedForAll is how much a run over all vendors does.
func sizedForAll() size {
	if os.Getenv("ACCEDE_CHAOS") == "long" {
		return size{requests: 400, pace: 300 * time.Millisecond, heal: 5 * time.Minute}
	}
	return size{requests: 40, pace: 200 * time.Millisecond, heal: 2 * time.Minute}
}

// places are where people see a request: "slack #access-requests" with how many cards.
type places map[string]int

// TestChaosAtEveryVendor runs two replicas of every plugin and kills them at random and at each named step, while the
// vendors fail and drop answers. No card is lost anywhere. None is doubled where the vendor has an idempotency key or can
// be asked what it has; elsewhere the doubled ones are counted.
func TestChaosAtEveryVendor(t *testing.T) {
	run := sizedForAll()
	s := up(t, stack.Options{PluginNames: stack.Every(), Replicas: 2, PluginSettings: quick})
	finders := finding(t, s)
	calm := ask(t, s, "calm.")
	want := steady(t, s, calm.ID)
	t.Logf("%d processes; a request is seen at %v", 2*len(s.Plugins), slices.Sorted(maps.Keys(want)))
	var victims []*stack.Process
	for _, plugin := range s.Plugins {
		for _, replica := range plugin.Replicas {
			replica.Arm("ACCEDE_FAILPOINT=" + failpoints)
			victims = append(victims, replica)
		}
		faults := map[string]any{"fail_before": 0.02, "fail_after": 0.02, "drop_after": 0.02}
		if err := s.Vendor(plugin.Name).Faults(t.Context(), faults); err != nil {
			t.Fatalf("%s: %v", plugin.Name, err)
		}
	}
	havoc := newHavoc(victims, nil)
	pace := time.NewTicker(run.pace)
	defer pace.Stop()
	var ids []string
	for i := range run.requests {
		ids = append(ids, ask(t, s, mark(i)).ID)
		<-pace.C
	}
	havoc.stop()
	for _, plugin := range s.Plugins {
		if err := s.Vendor(plugin.Name).Faults(t.Context(), map[string]any{}); err != nil {
			t.Fatalf("%s: %v", plugin.Name, err)
		}
	}
	var lost, doubled map[string]int
	eventually.True(t, run.heal, "every request to be seen everywhere", func() bool {
		lost, doubled = compared(t, s, ids, want)
		return len(lost) == 0
	})
	<-time.After(2 * quickLease) // what a replica left behind comes to light when its lease is over
	lost, doubled = compared(t, s, ids, want)
	t.Logf("%d requests at %d places, %d kills, %d deaths at a named step: lost %v, doubled %v",
		run.requests, len(want), havoc.kills, havoc.deaths, lost, doubled)
	for plugin, n := range lost {
		t.Errorf("%s lost %d cards", plugin, n)
	}
	for plugin, n := range doubled {
		if finders[plugin] {
			t.Errorf("%s doubled %d cards", plugin, n)
		}
	}
}

// finding says which plugins can ask their vendor what it has.
func finding(t *testing.T, s *stack.Stack) map[string]bool {
	t.Helper()
	finders := map[string]bool{}
	for _, plugin := range s.Plugins {
		output, err := s.Admin(t.Context(), "admin", "plugin", "status", plugin.Name, "-o", "json")
		if err != nil {
			t.Fatal(err)
		}
		var status []v1.PluginStatus
		if err := json.Unmarshal([]byte(output), &status); err != nil || len(status) != 1 || len(status[0].Replicas) == 0 {
			t.Fatalf("the status of %s: %v in %s", plugin.Name, err, output)
		}
		finders[plugin.Name] = slices.Contains(status[0].Replicas[0].Capabilities, "find")
	}
	return finders
}

// steady waits until a request's cards are everywhere and none is added any more.
func steady(t *testing.T, s *stack.Stack, id string) places {
	t.Helper()
	seen, since := places{}, time.Now()
	eventually.True(t, patient, "the cards to be everywhere", func() bool {
		now := where(t, s, []string{id})[id]
		if !maps.Equal(now, seen) {
			seen, since = now, time.Now()
		}
		return len(seen) >= len(s.Plugins) && time.Since(since) > time.Second
	})
	return seen
}

// where looks up who sees which request where.
func where(t *testing.T, s *stack.Stack, ids []string) map[string]places {
	t.Helper()
	found := map[string]places{}
	for _, id := range ids {
		found[id] = places{}
	}
	for _, plugin := range s.Plugins {
		posts, err := s.Vendor(plugin.Name).Posts(t.Context(), "")
		if err != nil {
			t.Fatalf("%s: %v", plugin.Name, err)
		}
		for _, post := range posts {
			id := requestIn(post.Text)
			if at := found[id]; at != nil && !post.Deleted && post.Parent == "" && post.OnlyFor == "" {
				at[plugin.Name+" "+post.Place]++
			}
		}
	}
	return found
}

// compared counts, by plugin, the cards that are missing and those that are there too often.
func compared(t *testing.T, s *stack.Stack, ids []string, want places) (lost, doubled map[string]int) {
	t.Helper()
	lost, doubled = map[string]int{}, map[string]int{}
	for _, at := range where(t, s, ids) {
		for place, n := range want {
			var plugin string
			_, _ = fmt.Sscan(place, &plugin)
			switch {
			case at[place] < n:
				lost[plugin] += n - at[place]
			case at[place] > n:
				doubled[plugin] += at[place] - n
			}
		}
	}
	return lost, doubled
}

// requestIn finds the id of a request in the address that a card leads to.
func requestIn(text string) string {
	_, rest, found := strings.Cut(text, "/requests/")
	if !found || len(rest) < 36 {
		return ""
	}
	return rest[:36]
}
