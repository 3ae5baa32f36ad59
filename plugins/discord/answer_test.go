package discord

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/plugins"
)

func (w *world) answer(d v1.Decision, result v1.DecisionResult) error {
	return w.bot.(plugins.Answerer).Answer(w.t.Context(), d, result) //nolint:errcheck // a bot of this package
}

// clicked lets somebody approve a card and returns the decision.
func (w *world) clicked(user string) v1.Decision {
	w.t.Helper()
	_, m := w.post(access, keyOne, demoCard())
	w.click(user, m, "Approve")
	return w.oneDecision()
}

func TestAnswersAreForThePersonWhoClicked(t *testing.T) {
	inEachMode(t, func(t *testing.T, mode func(*setting)) {
		w := newWorld(t, mode).listen()
		d := w.clicked("ivan")
		if err := w.answer(d, v1.DecisionResult{Code: v1.CodeCounted, Message: "Your *approval* counts: 1 of 2."}); err != nil {
			t.Fatal(err)
		}
		w.heard("ivan", "Your *approval* counts: 1 of 2.")
		if others := w.whispers("bob"); len(others) != 0 {
			t.Errorf("bob heard %q", others)
		}
	})
}

// TestAnAnswerWaitsForTheAcknowledgement answers while the click is still being submitted, when Discord would not take it.
func TestAnAnswerWaitsForTheAcknowledgement(t *testing.T) {
	inEachMode(t, func(t *testing.T, mode func(*setting)) {
		w := newWorld(t, mode).listen()
		var answering sync.WaitGroup
		w.decisions.Then(func(d v1.Decision) {
			answering.Go(func() {
				if err := w.answer(d, v1.DecisionResult{Message: "counted"}); err != nil {
					t.Error(err)
				}
			})
		})
		w.clicked("ivan")
		answering.Wait()
		w.heard("ivan", "counted")
		if direct := w.directs("ivan"); len(direct) != 0 {
			t.Errorf("the answer came as a direct message: %q", direct)
		}
	})
}

func TestALateAnswerIsADirectMessage(t *testing.T) {
	for name, pass := range map[string]time.Duration{"within our time": 0, "after it": 14*time.Minute + time.Second, "after Discord's": time.Hour} {
		w := newWorld(t).listen()
		d := w.clicked("ivan")
		w.clock.Advance(pass)
		for range 2 { // told twice, heard once: the nonce is the same
			if err := w.answer(d, v1.DecisionResult{Code: v1.CodeCounted, Message: "counted"}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if direct := w.directs("ivan"); (len(direct) == 1) != (pass > 0) {
			t.Errorf("%s: direct messages %q", name, direct)
		}
	}
}

func TestAnUnknownAccountLearnsHowToLink(t *testing.T) {
	w := newWorld(t).listen()
	d := w.clicked("carol")
	if err := w.answer(d, v1.DecisionResult{Message: "Your account is not connected yet.", LinkCode: "ABCD-2345"}); err != nil {
		t.Fatal(err)
	}
	w.heard("carol", "accede link discord ABCD-2345")
	w.heard("carol", "Run it only if you yourself clicked")
	if err := w.answer(d, v1.DecisionResult{Message: "x", LinkCode: "`@everyone`"}); err != nil {
		t.Fatal(err)
	}
	for _, m := range w.sim.Ephemerals("carol") {
		if len(m.Mentioned) != 0 {
			t.Errorf("%q mentions %v", m.Content, m.Mentioned)
		}
	}
}

func TestAPersonWhoCannotBeWrittenToIsNotFound(t *testing.T) {
	w := newWorld(t).listen()
	d := w.clicked("dave")
	w.clock.Advance(time.Hour)
	err := w.answer(d, v1.DecisionResult{Message: "counted"})
	if plugins.KindOf(err) != plugins.NotFound {
		t.Errorf("%v", err)
	}
	typed, _ := errors.AsType[*plugins.Error](err)
	if typed == nil || !strings.Contains(typed.Public, "privacy settings") {
		t.Errorf("%+v", typed)
	}
}

func TestAcksEndWithTheContext(t *testing.T) {
	a := newAcks()
	end := a.begin("1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a.wait(ctx, "1")
	a.begin("1")() // the same click twice at a time
	end()
	a.wait(t.Context(), "1")
}

func TestRepeatsAreForgottenInTime(t *testing.T) {
	var now clock.Shifted
	s := newSeen(now.Now)
	s.add("1")
	if !s.done("1") || s.done("2") {
		t.Error("it does not know what was answered")
	}
	now.Advance(seenLife)
	if s.done("1") {
		t.Error("it remembers for too long")
	}
}
