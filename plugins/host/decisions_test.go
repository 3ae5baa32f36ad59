package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/host/hosttest"
)

func click(request v1.Request) v1.Decision {
	return v1.Decision{
		ID:       v1.DecisionID("fake", "trigger-1", "U0IVAN", request.ID, v1.Approve),
		Identity: v1.Identity{Plugin: "fake", Tenant: "T", User: "U0IVAN"}, UserName: "ivan",
		RequestID: request.ID, Verdict: v1.Approve, SeenVersion: request.Version, SeenFingerprint: request.Fingerprint,
		Made: time.Now().UTC(),
	}
}

func (w *world) submit(r *replica, decision v1.Decision) time.Duration {
	w.t.Helper()
	start := time.Now()
	if err := r.host.Decisions().Submit(w.t.Context(), decision); err != nil {
		w.t.Fatal(err)
	}
	return time.Since(start)
}

// codes returns what a person was told, in order.
func (w *world) codes() []v1.Code {
	var codes []v1.Code
	for _, told := range w.vendor.Told() {
		codes = append(codes, told.Result.Code)
	}
	return codes
}

func (w *world) wantTold(want ...v1.Code) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.codes()); diff != "" {
		w.t.Errorf("told: -want +got:\n%s", diff)
	}
}

func TestAClickIsAnsweredAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		pass(time.Second)
		if took := w.submit(r, click(request())); took > 100*time.Millisecond {
			t.Errorf("Submit took %s", took)
		}
		pass(time.Second)
		w.wantTold(v1.CodeCounted)
	})
}

func TestTheSameClickTwiceIsToldOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		one, two := w.start(), w.start()
		pass(time.Second)
		decision := click(request())
		w.submit(one, decision)
		w.submit(two, decision)
		w.submit(one, decision)
		w.settled()
		pass(time.Minute)
		w.wantTold(v1.CodeCounted)
		if different, all := w.core.Submitted(); different != 1 || all < 2 {
			t.Errorf("%d different decisions, %d in all", different, all)
		}
	})
}

func TestASlowResultFollowsOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		one := w.start()
		w.start()
		pass(time.Second)
		w.core.DecideAfter = 40 * time.Second
		if took := w.submit(one, click(request())); took > time.Second {
			t.Errorf("Submit took %s", took)
		}
		pass(3 * time.Second)
		w.wantTold(v1.CodeRecorded)
		pass(5 * time.Minute)
		w.wantTold(v1.CodeRecorded, v1.CodeCounted)
	})
}

func TestALateAnswerOutlivesItsReplica(t *testing.T) {
	inWorld(t, func(w *world) {
		one := w.start()
		pass(time.Second)
		w.core.DecideAfter = 30 * time.Second
		w.submit(one, click(request()))
		pass(3 * time.Second)
		one.conn.Kill()
		one.stop()
		w.start()
		pass(5 * time.Minute)
		w.wantTold(v1.CodeRecorded, v1.CodeCounted)
	})
}

func TestAnAnswerThatFailsIsTriedAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		pass(time.Second)
		r.client.Intercept(failing("answer", hosttest.Before, 2, kind(plugins.Transient)))
		w.submit(r, click(request()))
		pass(time.Minute)
		w.wantTold(v1.CodeCounted)
	})
}

func TestAnswersOfOtherPluginsAreLeftAlone(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		other := click(request())
		other.Identity.Plugin = "jira"
		event, err := v1.NewEvent("e1", "/core", v1.EventAnswer, other.RequestID, time.Now(), 0, v1.Answer{Decision: other})
		if err != nil {
			t.Fatal(err)
		}
		w.core.PublishRaw(mustJSON(t, event))
		w.settled()
		w.wantTold()
		if rows := w.core.Ledger(); len(rows) != 0 {
			t.Errorf("ledger %+v", rows)
		}
	})
}

func TestAnUnreachableBrokerIsToldAndTried(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		pass(time.Second)
		r.conn.Cut(true)
		if took := w.submit(r, click(request())); took > 1600*time.Millisecond {
			t.Errorf("Submit took %s: vendors wait three seconds", took)
		}
		pass(time.Minute)
		w.wantTold(v1.CodeUnavailable)
		if text := w.vendor.Told()[0].Result.Message; !strings.Contains(text, "nothing is recorded yet") {
			t.Errorf("told %q", text)
		}
		r.conn.Cut(false)
		pass(time.Minute)
		w.wantTold(v1.CodeUnavailable, v1.CodeCounted)
	})
}

func TestAnEndlessOutageIsToldInTheEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		pass(time.Second)
		r.conn.Cut(true)
		w.submit(r, click(request()))
		pass(15 * time.Minute)
		w.wantTold(v1.CodeUnavailable, v1.CodeUnavailable)
		if text := w.vendor.Told()[1].Result.Message; !strings.Contains(text, "click again") {
			t.Errorf("told %q", text)
		}
		if different, _ := w.core.Submitted(); different != 0 {
			t.Errorf("%d decisions arrived", different)
		}
	})
}

func TestALostConfirmationIsHarmless(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		pass(time.Second)
		lost := true
		r.conn.Intercept(func(method string, stage hosttest.Stage) error {
			if method == hosttest.MethodPublish && stage == hosttest.After && lost {
				lost = false
				return broker.ErrUnavailable
			}
			return nil
		})
		w.submit(r, click(request()))
		pass(time.Minute)
		w.wantTold(v1.CodeUnavailable, v1.CodeCounted)
		if different, all := w.core.Submitted(); different != 1 || all != 2 {
			t.Errorf("%d different decisions, %d in all", different, all)
		}
	})
}

func TestDecisionsCanBeSwitchedOff(t *testing.T) {
	for _, mode := range []host.DecisionMode{host.DecideByLink, host.DecideOff} {
		t.Run(string(mode), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.settings.Decisions = mode
				r := w.start()
				first := request()
				w.put(v1.EventCreated, first)
				if actions := w.cards(channel)[0].Card.Actions; len(actions) != 0 {
					t.Errorf("the card offers %v", actions)
				}
				w.submit(r, click(first))
				pass(time.Second)
				w.wantTold(v1.CodeForbidden)
				if text := w.vendor.Told()[0].Result.Message; !strings.Contains(text, "https://accede.example.com/requests/"+first.ID) {
					t.Errorf("told %q", text)
				}
				if different, _ := w.core.Submitted(); different != 0 {
					t.Errorf("%d decisions arrived", different)
				}
			})
		})
	}
}

func TestMalformedDecisionsAreRefused(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		for name, spoil := range map[string]func(*v1.Decision){
			"no id":          func(d *v1.Decision) { d.ID = "" },
			"another plugin": func(d *v1.Decision) { d.Identity.Plugin = "jira" },
			"nobody":         func(d *v1.Decision) { d.Identity.User = "" },
			"no verdict":     func(d *v1.Decision) { d.Verdict = "maybe" },
			"no request":     func(d *v1.Decision) { d.RequestID = "accede.v1.action.jira.x" },
			"long reason":    func(d *v1.Decision) { d.Reason = strings.Repeat("x", v1.MaxReasonBytes+1) },
			"broken reason":  func(d *v1.Decision) { d.Reason = "\xff" },
		} {
			decision := click(request())
			spoil(&decision)
			if err := r.host.Decisions().Submit(t.Context(), decision); err == nil {
				t.Errorf("%s: accepted", name)
			}
		}
	})
}

func TestAResultRefreshesTheCard(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		first := request()
		w.put(v1.EventCreated, first)
		newer := hosttest.Reviewed(first, "bob", v1.Approve, "")
		w.core.Store(newer)
		w.core.Decide = func(v1.Decision) v1.DecisionResult {
			return v1.DecisionResult{Code: v1.CodeRequestChanged, Message: "It has changed.", Request: &newer}
		}
		w.submit(r, click(first))
		pass(5 * time.Second)
		if got := w.cards(channel)[0].Card.Version; got != 2 {
			t.Errorf("the card shows version %d, want 2", got)
		}
		w.wantTold(v1.CodeRequestChanged)
	})
}

func TestAnswerPanicsAreSurvived(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		pass(time.Second)
		r.client.Intercept(func(_ context.Context, operation string, _ hosttest.Stage) error {
			if operation == "answer" {
				panic(errors.New("nil map"))
			}
			return nil
		})
		w.submit(r, click(request()))
		pass(30 * time.Minute)
		w.wantTold()
	})
}
