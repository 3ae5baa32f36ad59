package mattermost

import (
	"context"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/standin"
)

func mayWhisper(s *setting) { s.server.Users[0].Ephemeral = true }

// clicked returns the decision of a click in a channel.
func (w *world) clicked(user string) v1.Decision {
	w.t.Helper()
	_, card := w.post(access, "k", demoCard())
	w.click(user, card, actionApprove)
	all := w.decisions.All()
	if len(all) == 0 {
		w.t.Fatal("the click made no decision")
	}
	return all[len(all)-1]
}

// directly returns what the bot wrote to a person.
func (w *world) directly(user string) []string {
	var out []string
	for _, p := range w.sim.Posts() {
		if p.Place == user {
			out = append(out, p.Text)
		}
	}
	return out
}

func TestALaterResultIsToldInTheChannelIfTheBotMay(t *testing.T) {
	w := newWorld(t, mayWhisper)
	d := w.clicked("ivan")
	if err := w.bot.Answer(t.Context(), d, v1.DecisionResult{Code: v1.CodeCounted, Message: "Counted"}); err != nil {
		t.Fatal(err)
	}
	if got := w.whispers("ivan"); len(got) != 1 || got[0] != "Counted" {
		t.Errorf("ivan was told %q", got)
	}
	if got := w.directly("ivan"); len(got) != 0 {
		t.Errorf("ivan was also written to: %q", got)
	}
}

func TestOtherwiseALaterResultIsADirectMessage(t *testing.T) {
	for name, c := range map[string]struct {
		change []func(*setting)
		age    time.Duration
		faults standin.Faults
		asked  int
	}{
		"without the permission": {asked: 1},
		"after ten minutes":      {change: []func(*setting){mayWhisper}, age: 10 * time.Minute},
		"when it fails": {
			change: []func(*setting){mayWhisper}, faults: standin.Faults{FailBefore: 1, Only: []string{"CreatePostEphemeral"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.change...)
			d := w.clicked("ivan")
			d.Made = d.Made.Add(-c.age)
			if err := w.sim.Faults().Set(c.faults); err != nil {
				t.Fatal(err)
			}
			for _, code := range []v1.Code{v1.CodeRecorded, v1.CodeCounted} {
				if err := w.bot.Answer(t.Context(), d, v1.DecisionResult{Code: code, Message: "Result"}); err != nil {
					t.Fatal(err)
				}
			}
			if got := w.directly("ivan"); len(got) != 2 || got[0] != "Result" {
				t.Errorf("ivan was written %q", got)
			}
			if got := w.directly("bob"); len(got) != 0 {
				t.Errorf("bob was written %q", got)
			}
			if got := w.sim.Stats().Methods["CreatePostEphemeral"].Errors["api.context.permissions.app_error"]; got != c.asked {
				t.Errorf("the permission was asked for %d times, want %d", got, c.asked)
			}
		})
	}
}

func TestAnUnlinkedAccountIsToldHowToConnect(t *testing.T) {
	w := newWorld(t, mayWhisper)
	d := w.clicked("carol")
	result := v1.DecisionResult{Code: v1.CodeIdentityNotLinked, Message: "Your account is not connected.", LinkCode: "KX4M-7Q2P"}
	if err := w.bot.Answer(t.Context(), d, result); err != nil {
		t.Fatal(err)
	}
	got := w.whispers("carol")
	if len(got) != 1 || !strings.Contains(got[0], "\naccede link mattermost KX4M-7Q2P\n") || !strings.Contains(got[0], "only if you yourself clicked") {
		t.Errorf("carol was told %q", got)
	}
	for _, odd := range []string{"a b", "`x`\n@all", strings.Repeat("x", 65)} {
		if text := answer(v1.DecisionResult{LinkCode: odd}); strings.Contains(text, "```") || strings.Contains(text, "@all") {
			t.Errorf("the code %q became %q", odd, text)
		}
	}
}

func TestAResultIsToldOnceWhenTheCallbackIsJustClosing(t *testing.T) {
	w := newWaiting()
	place, leave := w.expect("d")
	other, leaveOther := w.expect("d")
	for i := range 2 {
		if !w.tell("d", v1.DecisionResult{Message: string(rune('a' + i))}) {
			t.Fatal("nobody took the result")
		}
	}
	if w.tell("d", v1.DecisionResult{}) {
		t.Error("a third result was taken by two callbacks")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got, ok := await(ended, place, leave, time.Minute); !ok || got.Message != "a" {
		t.Errorf("what was handed over before the end: %v, %v", got, ok)
	}
	if got, ok := await(ended, other, leaveOther, time.Minute); !ok || got.Message != "b" {
		t.Errorf("the other callback: %v, %v", got, ok)
	}
	late, leaveLate := w.expect("e")
	if _, ok := await(ended, late, leaveLate, time.Minute); ok || w.tell("e", v1.DecisionResult{}) || len(w.open) != 0 {
		t.Errorf("a callback that is gone takes results: %v", w.open)
	}
}

func TestAnAnswerToSomebodyWhoIsGone(t *testing.T) {
	w := newWorld(t)
	d := v1.Decision{ID: "d", Identity: v1.Identity{User: mattermostsim.DemoID("nobody")}, Made: time.Now()}
	if err := w.bot.Answer(t.Context(), d, v1.DecisionResult{Message: "x"}); err == nil {
		t.Error("telling nobody succeeded")
	}
}
