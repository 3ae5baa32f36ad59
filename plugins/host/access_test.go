package host_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host/hosttest"
)

// granted is an approved request, whose access begins in a quarter of an hour and lasts for an hour.
func granted(first v1.Request) v1.Request {
	next := hosttest.Resolved(first, v1.StateApproved, "bob")
	next.Access.Starts = time.Now().UTC().Add(15 * time.Minute)
	next.Access.Expires = next.Access.Starts.Add(time.Hour)
	return next
}

// reminded is a granted request ten minutes before its end, which is now.
func reminded(approved v1.Request) v1.Request {
	begun := hosttest.Started(approved, approved.Access.Starts)
	pass(time.Until(begun.Access.Expires.Add(-10 * time.Minute)))
	return hosttest.Reminded(begun)
}

// told returns the kinds of the notes at a destination, in order.
func (w *world) told(destination string) []plugins.NoteKind {
	var kinds []plugins.NoteKind
	for _, m := range w.notes(destination) {
		kinds = append(kinds, m.Note.Kind)
	}
	return kinds
}

func (w *world) checkTold(destination string, want ...plugins.NoteKind) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.told(destination)); diff != "" {
		w.t.Errorf("notes at %s (-want +got):\n%s", destination, diff)
	}
}

func TestTheRequesterHearsOnceThatAccessBeginsAndEnds(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		w.start()
		first := request()
		w.put(v1.EventCreated, first)
		approved := granted(first)
		w.put(v1.EventResolved, approved)
		w.checkTold(alice, plugins.NoteOutcome)
		if got := w.cards(alice)[0].Card; !got.AccessStarts.Equal(approved.Access.Starts) {
			t.Errorf("the requester's card begins at %s", got.AccessStarts)
		}
		pass(15 * time.Minute)
		begun := hosttest.Started(approved, time.Now().UTC())
		w.put(v1.EventAccessStarted, begun)
		w.checkTold(alice, plugins.NoteOutcome, plugins.NoteAccessStarted)
		if got := w.cards(alice)[0].Card; !got.AccessStarts.IsZero() {
			t.Errorf("the requester's card still begins at %s", got.AccessStarts)
		}
		ending := reminded(approved)
		for range 2 {
			w.put(v1.EventAccessEnding, ending)
			w.put(v1.EventAccessStarted, begun)
		}
		ended := hosttest.Ended(ending)
		w.put(v1.EventAccessEnded, ended)
		w.checkTold(alice, plugins.NoteOutcome, plugins.NoteAccessStarted, plugins.NoteAccessEnding)
		w.checkTold(channel)
		for _, slot := range []string{v1.SlotAccessStarted, v1.SlotAccessEnding} {
			if row := w.core.Row(alice, first.ID, slot); row.State != v1.DeliveryPosted || row.ShownVersion != ended.Version {
				t.Errorf("row %+v, want version %d", row, ended.Version)
			}
		}
	})
}

func TestAStartAtApprovalIsToldByTheOutcomeAlone(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		first := request()
		w.put(v1.EventCreated, first)
		approved := hosttest.Resolved(first, v1.StateApproved, "bob")
		approved.Access.Started = &approved.Resolution.At
		w.put(v1.EventResolved, approved)
		w.checkTold(alice, plugins.NoteOutcome)
		if row := w.core.Row(alice, first.ID, v1.SlotAccessStarted); row.State != "" {
			t.Errorf("row %+v, want none", row)
		}
	})
}

// An event that was lost is made up for by the snapshot.
func TestTheReminderIsInTheSnapshot(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		first := request()
		w.put(v1.EventCreated, first)
		approved := granted(first)
		w.put(v1.EventResolved, approved)
		w.core.Store(reminded(approved))
		w.core.NextEpoch()
		w.until(5*time.Minute, "the reminder", func() bool { return len(w.told(alice)) == 3 })
		w.checkTold(alice, plugins.NoteOutcome, plugins.NoteAccessStarted, plugins.NoteAccessEnding)
	})
}

func TestAPluginThatWasAwayTellsNothingOfAnAccessThatIsOver(t *testing.T) {
	for name, last := range map[string]func(v1.Request) v1.Request{
		"ended":             hosttest.Ended,
		"not yet noted":     func(r v1.Request) v1.Request { return r },
		"ended, seen first": hosttest.Ended,
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				away := w.start()
				first := request()
				w.put(v1.EventCreated, first)
				approved := granted(first)
				w.put(v1.EventResolved, approved)
				away.conn.Cut(true)
				ending := reminded(approved)
				w.core.Put(v1.EventAccessEnding, ending)
				pass(10 * time.Minute)
				w.core.Put(v1.EventAccessEnded, last(ending))
				if name == "ended, seen first" {
					w.core.Announce(v1.EventAccessEnding, ending)
				}
				away.conn.Cut(false)
				w.settled()
				pass(time.Minute)
				w.settled()
				w.checkTold(alice, plugins.NoteOutcome)
			})
		})
	}
}

// A reminder that fails until access is over is given up, and nobody goes on trying.
func TestAReminderIsNotRetriedPastTheEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		first := request()
		w.put(v1.EventCreated, first)
		approved := granted(first)
		w.put(v1.EventResolved, approved)
		end := approved.Access.Expires
		r.client.Intercept(func(_ context.Context, operation string, stage hosttest.Stage) error {
			if operation == "reply" && stage == hosttest.Before && time.Now().Before(end) {
				return kind(plugins.Transient)
			}
			return nil
		})
		w.core.Put(v1.EventAccessEnding, reminded(approved))
		pass(5 * time.Minute)
		if row := w.core.Row(alice, first.ID, v1.SlotAccessStarted); row.Attempt < 2 {
			t.Fatalf("row %+v, want some tries", row)
		}
		pass(2 * time.Hour)
		w.settled()
		w.checkTold(alice, plugins.NoteOutcome)
		for _, slot := range []string{v1.SlotAccessStarted, v1.SlotAccessEnding} {
			if row := w.core.Row(alice, first.ID, slot); row.State != v1.DeliveryPosted {
				t.Errorf("%s: row %+v, want one that is settled", slot, row)
			}
		}
	})
}

func TestAReminderWhoseAnswerWasLostIsFoundAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		r := w.start()
		first := request()
		w.put(v1.EventCreated, first)
		approved := granted(first)
		w.put(v1.EventResolved, approved)
		r.client.Intercept(failing("reply", hosttest.After, 1, kind(plugins.Unknown)))
		w.put(v1.EventAccessEnding, reminded(approved))
		w.checkTold(alice, plugins.NoteOutcome, plugins.NoteAccessStarted, plugins.NoteAccessEnding)
	})
}

// Whoever never got a card has the outcome, and the rest follows it.
func TestWithoutACardTheReminderFollowsTheOutcome(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		w.put(v1.EventAccessEnding, reminded(granted(request())))
		w.checkTold(alice, plugins.NoteAccessStarted, plugins.NoteAccessEnding)
		outcome := w.cards(alice)
		if len(outcome) != 1 || w.notes(alice)[0].Parent != outcome[0].Ref {
			t.Errorf("the requester got %+v", w.vendor.At(alice))
		}
	})
}

func TestWithoutRepliesTheReminderIsAMessage(t *testing.T) {
	inWorld(t, func(w *world) {
		w.open = func(c *hosttest.Client) plugins.Notifier { return updaterOnly{c, c, c, c} }
		w.start()
		first := request()
		w.put(v1.EventCreated, first)
		approved := granted(first)
		w.put(v1.EventResolved, approved)
		ending := reminded(approved)
		w.put(v1.EventAccessEnding, ending)
		w.put(v1.EventAccessEnded, hosttest.Ended(ending))
		got := w.cards(alice)
		if len(got) != 4 {
			t.Fatalf("the requester got %+v", got)
		}
		for i, want := range map[int]string{2: "Access to dba has begun", 3: "Access to dba ends at"} {
			if !strings.HasPrefix(got[i].Card.Title, want) || got[i].Updates != 0 {
				t.Errorf("message %d is headed %q and was updated %d times", i, got[i].Card.Title, got[i].Updates)
			}
		}
	})
}
