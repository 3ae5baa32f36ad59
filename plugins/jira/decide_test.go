package jira

import (
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/jira/jirasim"
)

func TestAMoveIsAReviewByWhoMoved(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, change...)
		_, i := w.post(demoCard())
		if i.Status != jirasim.Waiting {
			t.Fatalf("a new issue is in status %s, want it to wait", i.Status)
		}
		w.move("ivan", i.Key, jirasim.Denied, "not this week")
		w.poll()
		w.poll()
		made := w.decisions.All()
		if len(made) != 1 {
			t.Fatalf("%d decisions, want 1: %+v", len(made), made)
		}
		d, ivan := made[0], "ivan"
		if d.Verdict != v1.Deny || d.Reason != "not this week" || d.RequestID != requestID || d.UserName != "Ivan Petrov" ||
			d.SeenFingerprint != "0011223344556677" || d.Identity.Tenant != "demo" || d.Identity.User != w.userID(ivan) {
			t.Errorf("decision %+v", d)
		}
	})
}

// userID is the immutable id of an account in the stand-in that runs.
func (w *world) userID(name string) string {
	site := jirasim.Demo()
	if !w.bot.api.cloud {
		site = jirasim.DemoDataCenter()
	}
	for _, u := range site.Users {
		if u.Name == name {
			return u.ID
		}
	}
	return ""
}

func TestWebhookAndPollingMakeOneDecisionOfOneMove(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, append(change, withWebhooks)...)
		_, i := w.post(demoCard())
		if err := w.sim.Faults().Set(standinTwice()); err != nil {
			t.Fatal(err)
		}
		w.move("ivan", i.Key, jirasim.Approved, "")
		byWebhook := len(w.decisions.Distinct())
		// Another replica, which remembers nothing, polls.
		w.bot.handled = newMemory[bool]()
		w.poll()
		if all := w.decisions.Distinct(); byWebhook != 1 || len(all) != 1 {
			t.Errorf("%d decisions by webhook, %d in all: %+v", byWebhook, len(all), all)
		}
		if len(w.decisions.All()) < 2 {
			t.Error("polling did not see what the webhook saw")
		}
	})
}

func TestBackAndForthBeforeAPoll(t *testing.T) {
	tests := []struct {
		name  string
		moves [][2]string
		want  []v1.Verdict
	}{
		{"taken back", [][2]string{{"ivan", jirasim.Approved}, {"ivan", jirasim.Waiting}}, nil},
		{"changed", [][2]string{{"ivan", jirasim.Approved}, {"ivan", jirasim.Waiting}, {"ivan", jirasim.Denied}}, []v1.Verdict{v1.Deny}},
		{"moved back by the requester", [][2]string{{"bob", jirasim.Denied}, {"alice", jirasim.Waiting}}, []v1.Verdict{v1.Deny}},
		{"two people", [][2]string{{"ivan", jirasim.Approved}, {"bob", jirasim.Waiting}, {"carol", jirasim.Approved}}, []v1.Verdict{v1.Approve, v1.Approve}},
		{"elsewhere", [][2]string{{"ivan", jirasim.Backlog}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			editions(t, func(t *testing.T, change ...func(*setting)) {
				w := newWorld(t, change...)
				_, i := w.post(demoCard())
				for _, m := range tt.moves {
					w.move(m[0], i.Key, m[1], "")
				}
				w.poll()
				made := w.decisions.All()
				if len(made) != len(tt.want) {
					t.Fatalf("decisions %+v, want %v", made, tt.want)
				}
				for at, want := range tt.want {
					if made[at].Verdict != want {
						t.Errorf("decision %d is %s, want %s", at, made[at].Verdict, want)
					}
				}
			})
		})
	}
}

func TestMovesThatNobodyMade(t *testing.T) {
	tests := []struct {
		name   string
		person string
		to     string
		before func(w *world, i jirasim.SeenIssue) error
		says   string
	}{
		{"an app", "robot", jirasim.Approved, nil, "only people can decide"},
		{"a status that is Accede's", "ivan", jirasim.Expired, nil, "only Accede moves issues"},
		{"labels were changed", "ivan", jirasim.Approved, func(w *world, i jirasim.SeenIssue) error {
			return w.sim.Relabel(i.Key, "access-request-00000000-0000-7000-8000-000000000000")
		}, "no longer say which request"},
		{"the property was changed", "ivan", jirasim.Approved, func(w *world, i jirasim.SeenIssue) error {
			return w.sim.SetProperty(i.Key, propertyKey, map[string]string{"request": "00000000-0000-7000-8000-000000000000"})
		}, "no longer say which request"},
		{"another project", "ivan", jirasim.Approved, func(w *world, i jirasim.SeenIssue) error {
			return w.sim.Transfer(i.Key, "OPS")
		}, "moved to another project"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			ref, i := w.post(demoCard())
			if tt.before != nil {
				if err := tt.before(w, i); err != nil {
					t.Fatal(err)
				}
			}
			w.move(tt.person, i.Key, tt.to, "")
			w.poll()
			w.bot.handled = newMemory[bool]()
			w.poll()
			if made := w.decisions.All(); len(made) != 0 {
				t.Errorf("decisions %+v", made)
			}
			if said := w.said(ref); strings.Count(said, tt.says) != 1 {
				t.Errorf("said %q, want %q once", said, tt.says)
			}
			if now := w.issue(ref).Status; now != jirasim.Waiting {
				t.Errorf("the issue is in status %s, want it back where requests wait", now)
			}
		})
	}
}

func TestOwnMovesAreNoDecisions(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, append(change, withWebhooks)...)
		ref, _ := w.post(demoCard())
		for _, state := range []v1.State{v1.StateDenied, v1.StateApproved} {
			if err := w.bot.Update(t.Context(), ref, demoCard(resolvedAs(state))); err != nil {
				t.Fatal(err)
			}
			w.poll()
		}
		if made := w.decisions.All(); len(made) != 0 {
			t.Errorf("decisions %+v", made)
		}
	})
}

func TestACallbackForAnotherRequestsIssue(t *testing.T) {
	w := newWorld(t, withWebhooks)
	ref, i := w.post(demoCard())
	// The plugin's own account made a second issue about the same request; mallory's friend made one by hand.
	twin, err := w.sim.Copy(i.Key, "accede")
	if err != nil {
		t.Fatal(err)
	}
	fake, err := w.sim.Copy(i.Key, "alice")
	if err != nil {
		t.Fatal(err)
	}
	w.move("ivan", twin, jirasim.Approved, "")
	w.move("ivan", fake, jirasim.Approved, "")
	if made := w.decisions.All(); len(made) != 0 {
		t.Fatalf("decisions %+v", made)
	}
	if said := w.said(plugins.Ref(twin)); !strings.Contains(said, w.issue(ref).Key) || w.issue(plugins.Ref(twin)).Status != jirasim.Withdrawn {
		t.Errorf("the duplicate says %q in status %s", said, w.issue(plugins.Ref(twin)).Status)
	}
	if said := w.said(plugins.Ref(fake)); said != "" {
		t.Errorf("the plugin wrote to an issue that is not its own: %q", said)
	}
}

func TestAnEditVoidsAnEarlierMove(t *testing.T) {
	w := newWorld(t)
	ref, i := w.post(demoCard())
	w.move("ivan", i.Key, jirasim.Approved, "")
	edited := demoCard(func(c *plugins.Card) { c.Fingerprint, c.Version = "ffffffffffffffff", 2 })
	if err := w.bot.Update(t.Context(), ref, edited); err != nil {
		t.Fatal(err)
	}
	w.board.Show(edited)
	w.poll()
	w.clock.Advance(clockSkew + time.Second)
	w.move("bob", i.Key, jirasim.Approved, "")
	w.poll()
	made := w.decisions.All()
	if len(made) != 2 || made[0].SeenFingerprint != "0011223344556677" || made[1].SeenFingerprint != "ffffffffffffffff" {
		t.Errorf("decisions %+v", made)
	}
}

func TestWebhooksThatJiraDidNotSend(t *testing.T) {
	w := newWorld(t, withWebhooks)
	_, i := w.post(demoCard())
	w.move("ivan", i.Key, jirasim.Approved, "")
	for kind, want := range map[string]int{
		"bad_signature": 401, "missing_signature": 401, "tampered": 401, "other_method": 401, "stale": 400, "replay": 200,
	} {
		status, err := w.sim.Forge(t.Context(), kind, nil)
		if err != nil || status != want {
			t.Errorf("%s: answered %d, %v; want %d", kind, status, err, want)
		}
	}
	if made := w.decisions.Distinct(); len(made) != 1 {
		t.Errorf("decisions %+v", made)
	}
	for _, body := range []string{`{`, `{}`, `[]`, `{"webhookEvent":"jira:issue_updated","issue":{"id":"../../x"}}`} {
		if status, err := w.sim.Forge(t.Context(), "signed", []byte(body)); err != nil || status != 400 {
			t.Errorf("%s: answered %d, %v", body, status, err)
		}
	}
	lie := `{"webhookEvent":"jira:issue_updated","user":{"accountId":"` + w.userID("bob") + `"},"issue":{"id":"` + i.ID +
		`"},"changelog":{"id":"999999","items":[{"field":"status","to":"` + jirasim.Approved + `"}]}}`
	if status, err := w.sim.Forge(t.Context(), "signed", []byte(lie)); err != nil || status != 200 {
		t.Errorf("answered %d, %v", status, err)
	}
	if made := w.decisions.Distinct(); len(made) != 1 {
		t.Errorf("a webhook's own words became a decision: %+v", made)
	}
}

func TestAWebhookThatCannotBeFollowedComesAgain(t *testing.T) {
	w := newWorld(t, withWebhooks)
	_, i := w.post(demoCard())
	w.move("bob", i.Key, jirasim.Backlog, "")
	w.move("bob", i.Key, jirasim.Waiting, "")
	if err := w.sim.Faults().Set(standinBroken("get_issue")); err != nil {
		t.Fatal(err)
	}
	w.move("ivan", i.Key, jirasim.Approved, "")
	if err := w.sim.Faults().Set(standinHealthy()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the webhook to come again", func() bool { return len(w.decisions.Distinct()) == 1 })
}

func TestOneIssueHoldsUpNoOther(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, append(change, func(s *setting) { s.site.PageSize = 2 })...)
		var last string
		for n := range 7 {
			_, i := w.post(demoCard(func(c *plugins.Card) { c.RequestID = requestID[:len(requestID)-1] + strconv.Itoa(n) }))
			w.move("ivan", i.Key, map[bool]string{true: jirasim.Expired, false: jirasim.Approved}[n < 3], "")
			last = i.Key
		}
		if err := w.sim.Faults().Set(standinBroken("add_comment")); err != nil {
			t.Fatal(err)
		}
		if err := w.bot.Poll(t.Context(), w.board.All(), w.decisions); err == nil {
			t.Error("that comments fail is not said")
		}
		if made := w.decisions.Distinct(); len(made) != 4 {
			t.Errorf("%d decisions, want 4, up to %s", len(made), last)
		}
	})
}

func TestADeletedIssueHoldsUpNobody(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, change...)
		ref, gone := w.post(demoCard())
		other := demoCard(func(c *plugins.Card) { c.RequestID = strings.Replace(requestID, "0192", "0193", 1) })
		_, i := w.post(other)
		if err := w.sim.Delete(gone.Key); err != nil {
			t.Fatal(err)
		}
		w.move("ivan", i.Key, jirasim.Approved, "")
		w.poll()
		w.poll()
		if made := w.decisions.Distinct(); len(made) != 1 {
			t.Errorf("decisions %+v", made)
		}
		if err := w.bot.Update(t.Context(), ref, demoCard()); plugins.KindOf(err) != plugins.Gone {
			t.Errorf("updating a deleted issue: %v", err)
		}
	})
}
