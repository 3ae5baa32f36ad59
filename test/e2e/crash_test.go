package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/accede/accede/test/stack"
)

// quick makes a plugin notice a crashed replica's lease soon.
const (
	quick      = "lease: 2s\nsettle: 100ms\npoll: 200ms\nheartbeat: 500ms\n"
	quickLease = 2 * time.Second
)

// The main job survives a kill of anything at any of its steps.
func TestMainJobSurvivesKills(t *testing.T) {
	for _, victim := range []string{"core", "plugin", "both"} {
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			s := up(t, stack.Options{PluginSettings: quick})
			crash := func() {
				t.Helper()
				kill(t, s, victim)
			}
			made := ask(t, s, "ticket #123")
			crash()
			posted := card(t, s, "ticket #123")
			crash()
			approve(t, s, "U0IVAN", posted)
			crash()
			await(t, s, posted, "1 of 2", func(m stack.Message) bool { return m.Shows("1 of 2") })
			approve(t, s, "U0BOB", posted)
			crash()
			awaitApproved(t, s, made.ID)
			await(t, s, posted, "a card without buttons", func(m stack.Message) bool { return len(m.Buttons()) == 0 })
			direct(t, s, "approved")
			assertOneCard(t, s, "ticket #123")
		})
	}
}

// kill ends the victims as a crash does and starts them again.
func kill(t *testing.T, s *stack.Stack, victim string) {
	t.Helper()
	processes := map[string][]*stack.Process{
		"core": {s.Core}, "plugin": s.Slack(), "both": append([]*stack.Process{s.Core}, s.Slack()...),
	}[victim]
	for _, process := range processes {
		process.Kill()
	}
	for _, process := range processes {
		if err := process.Launch(); err != nil {
			t.Fatal(err)
		}
	}
	for _, process := range append(processes, s.Slack()...) {
		if err := process.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func assertOneCard(t *testing.T, s *stack.Stack, text string) {
	t.Helper()
	messages, err := s.SlackSim().Messages(t.Context(), channel)
	if err != nil {
		t.Fatal(err)
	}
	live := 0
	for _, message := range messages {
		if !message.Deleted && !message.IsReply() && message.Shows(text) {
			live++
		}
	}
	if live != 1 {
		t.Errorf("%d live cards show %q, want one", live, text)
	}
}

// What was asked while no plugin ran is on a card when one runs again.
func TestPluginThatWasAwayCatchesUp(t *testing.T) {
	s := up(t, stack.Options{PluginSettings: quick})
	s.Slack()[0].Kill()
	for i := range 5 {
		ask(t, s, fmt.Sprintf("while away %d.", i))
	}
	if err := s.Slack()[0].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		text := fmt.Sprintf("while away %d.", i)
		card(t, s, text)
		assertOneCard(t, s, text)
	}
}

// The broker is losable: with its directory gone, everything heals from the store.
func TestBrokerWipe(t *testing.T) {
	s := up(t, stack.Options{PluginSettings: quick})
	made := ask(t, s, "before the wipe")
	posted := card(t, s, "before the wipe")
	s.Slack()[0].Kill()
	ask(t, s, "never seen by the plugin")
	s.Core.Kill()
	if err := os.RemoveAll(filepath.Join(s.Dir, "data", "broker")); err != nil {
		t.Fatal(err)
	}
	for _, process := range []*stack.Process{s.Core, s.Slack()[0]} {
		if err := process.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	card(t, s, "never seen by the plugin")
	approve(t, s, "U0IVAN", posted)
	approve(t, s, "U0BOB", posted)
	awaitApproved(t, s, made.ID)
	await(t, s, posted, "a card without buttons", func(m stack.Message) bool { return len(m.Buttons()) == 0 })
	assertOneCard(t, s, "before the wipe")
	assertOneCard(t, s, "never seen by the plugin")
}

// A click while the core is down: the person is told that it is not recorded yet, and later what became of it.
func TestClickWhileTheCoreIsDown(t *testing.T) {
	s := up(t, stack.Options{PluginSettings: quick})
	ask(t, s, "ticket #123")
	posted := card(t, s, "ticket #123")
	s.Core.Kill()
	if result := click(t, s, "U0IVAN", posted); !result.OK {
		t.Errorf("Slack shows %q", result.ShownError)
	}
	told(t, s, "U0IVAN", "not")
	if err := s.Core.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	told(t, s, "U0IVAN", "is recorded")
	await(t, s, posted, "1 of 2", func(m stack.Message) bool { return m.Shows("1 of 2") })
}

// A frozen core is slow, not gone: the click is answered inside Slack's deadline and its result follows.
func TestClickWhileTheCoreIsFrozen(t *testing.T) {
	s := up(t, stack.Options{PluginSettings: quick})
	ask(t, s, "ticket #123")
	posted := card(t, s, "ticket #123")
	s.Core.Freeze()
	result := click(t, s, "U0IVAN", posted)
	if !result.OK {
		t.Errorf("Slack shows %q", result.ShownError)
	}
	s.Core.Thaw()
	told(t, s, "U0IVAN", "is recorded")
}
