package servicenow

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/standin"
)

func TestAnApprovalIsAReviewByWhoMadeIt(t *testing.T) {
	w := newWorld(t)
	_, record := w.posted()
	w.poll()
	if got := w.decisions.All(); len(got) != 0 {
		t.Fatalf("decisions before anybody decided: %+v", got)
	}
	w.decide(servicenowsim.Choice{Person: "ivan", Record: record["number"], Verdict: "deny", Comment: "not this week"})
	w.poll()
	approval := w.approvalOf(record["sys_id"], servicenowsim.DemoIvan)
	made, _ := time.ParseInLocation(timeForm, approval["sys_updated_on"], time.UTC)
	want := []v1.Decision{{
		ID: v1.DecisionID(Name, servicenowsim.DemoTenant+"/"+approval["sys_id"]+"/rejected/"+approval["sys_updated_on"],
			servicenowsim.DemoIvan, requestID, v1.Deny),
		Identity: v1.Identity{Plugin: Name, Tenant: servicenowsim.DemoTenant, User: servicenowsim.DemoIvan},
		UserName: "Ivan Petrov", RequestID: requestID, Verdict: v1.Deny, Reason: "not this week",
		SeenVersion: 1, SeenFingerprint: fingerprint, Made: made,
		Evidence: map[string]string{
			"record": record["sys_id"], "number": record["number"], "approval": approval["sys_id"],
			"approver": servicenowsim.DemoIvan, "sys_updated_by": "ivan", "sys_updated_on": approval["sys_updated_on"],
		},
	}}
	if diff := cmp.Diff(want, w.decisions.All()); diff != "" {
		t.Error(diff)
	}
	w.poll()
	if got := len(w.decisions.All()); got != 1 {
		t.Errorf("%d decisions after another poll, want 1", got)
	}
}

func TestAPollAfterARestartHandsOverTheSame(t *testing.T) {
	w := newWorld(t)
	_, record := w.posted()
	w.decide(servicenowsim.Choice{Person: "bob", Record: record["number"], Verdict: "approve"})
	w.poll()
	w.bot = w.open(true)
	w.poll()
	if all, distinct := w.decisions.All(), w.decisions.Distinct(); len(all) != 2 || len(distinct) != 1 {
		t.Errorf("%d decisions with %d ids, want 2 with 1", len(all), len(distinct))
	}
}

// TestMovedBackAndForth: only what an approval says at the end counts.
func TestAnApprovalThatWasTakenBackCountsForNothing(t *testing.T) {
	w := newWorld(t)
	_, record := w.posted()
	w.decide(servicenowsim.Choice{Person: "ivan", Record: record["number"], Verdict: "approve"})
	approval := w.approvalOf(record["sys_id"], servicenowsim.DemoIvan)
	if err := w.sim.Change(approvalTable, approval["sys_id"], map[string]string{"state": "requested"}, "ivan"); err != nil {
		t.Fatal(err)
	}
	w.poll()
	if got := w.decisions.All(); len(got) != 0 {
		t.Errorf("decisions %+v", got)
	}
	w.decide(servicenowsim.Choice{Person: "ivan", Record: record["number"], Verdict: "deny", Comment: "no"})
	w.poll()
	if got := w.decisions.All(); len(got) != 1 || got[0].Verdict != v1.Deny {
		t.Errorf("decisions %+v", got)
	}
}

func TestWhatCountsForNothing(t *testing.T) {
	act := func(w *world, record map[string]string, by string) {
		approval := w.approvalOf(record["sys_id"], servicenowsim.DemoIvan)
		if err := w.sim.Change(approvalTable, approval["sys_id"], map[string]string{"state": "approved"}, by); err != nil {
			w.t.Fatal(err)
		}
	}
	alter := func(w *world, table, id, field, value string) {
		if err := w.sim.Change(table, id, map[string]string{field: value}, "admin"); err != nil {
			w.t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		do   func(w *world, record map[string]string)
		note string
	}{
		"set by an administrator": {func(w *world, r map[string]string) { act(w, r, "admin") }, "it was set by admin, not by the approver"},
		"set by the integration":  {func(w *world, r map[string]string) { act(w, r, servicenowsim.DemoAccount) }, "set by the integration user"},
		"locked out": {func(w *world, r map[string]string) {
			act(w, r, "ivan")
			alter(w, "sys_user", servicenowsim.DemoIvan, "active", "false")
		}, "locked out"},
		"a machine": {func(w *world, r map[string]string) {
			act(w, r, "ivan")
			alter(w, "sys_user", servicenowsim.DemoIvan, "web_service_access_only", "true")
		}, "integrations cannot decide"},
		"another request's record": {func(w *world, r map[string]string) {
			act(w, r, "ivan")
			alter(w, "incident", r["sys_id"], "correlation_display", marker{otherRequest, fingerprint, 1}.String())
		}, "names another request"},
		"marker gone": {func(w *world, r map[string]string) {
			act(w, r, "ivan")
			alter(w, "incident", r["sys_id"], "correlation_display", "")
		}, "was changed or is hidden"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, record := w.posted()
			c.do(w, record)
			w.poll()
			w.poll()
			w.bot = w.open(true)
			w.poll()
			if got := w.decisions.All(); len(got) != 0 {
				t.Errorf("decisions %+v", got)
			}
			notes := w.notes(record["sys_id"], "work_notes")
			if len(notes) != 1 || !strings.Contains(notes[0], c.note) {
				t.Errorf("notes %q, want one with %q", notes, c.note)
			}
		})
	}
}

func TestRowsThatAreNotAskedForAreNotUsed(t *testing.T) {
	w := newWorld(t)
	_, record := w.posted()
	for name, values := range map[string]map[string]string{
		"other record": {"document_id": strings.Repeat("e", 32), "source_table": "incident", "state": "approved"},
		"other table":  {"document_id": record["sys_id"], "source_table": "change_request", "state": "approved"},
		"other state":  {"document_id": record["sys_id"], "source_table": "incident", "state": "cancelled"},
	} {
		values["approver"] = servicenowsim.DemoCarol
		w.sim.Insert(approvalTable, values, "carol")
		w.quirks(func(q *servicenowsim.Quirks) {
			q.DropClauses = []string{"document_id", "source_table", "state", "sys_updated_on", "sys_id"}
		})
		w.poll()
		if got := w.decisions.All(); len(got) != 0 {
			t.Errorf("%s: decisions %+v", name, got)
		}
	}
}

func TestDelegates(t *testing.T) {
	stand := func(w *world, starts, ends time.Duration, approvals string) {
		now := w.clock.Now().UTC()
		w.sim.Insert("sys_user_delegate", map[string]string{
			"user": servicenowsim.DemoIvan, "delegate": servicenowsim.DemoCarol, "approvals": approvals,
			"starts": now.Add(starts).Format(timeForm), "ends": now.Add(ends).Format(timeForm),
		}, "admin")
	}
	for name, c := range map[string]struct {
		change  func(*setting)
		prepare func(*world)
		want    string
	}{
		"allowed":         {delegating, func(w *world) { stand(w, -time.Hour, time.Hour, "true") }, servicenowsim.DemoCarol},
		"switched off":    {func(*setting) {}, func(w *world) { stand(w, -time.Hour, time.Hour, "true") }, ""},
		"over":            {delegating, func(w *world) { stand(w, -2*time.Hour, -time.Hour, "true") }, ""},
		"for other tasks": {delegating, func(w *world) { stand(w, -time.Hour, time.Hour, "false") }, ""},
		"nobody":          {delegating, func(*world) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.change)
			c.prepare(w)
			_, record := w.posted()
			approval := w.approvalOf(record["sys_id"], servicenowsim.DemoIvan)
			if err := w.sim.Change(approvalTable, approval["sys_id"], map[string]string{"state": "approved"}, "carol"); err != nil {
				t.Fatal(err)
			}
			w.poll()
			got := w.decisions.All()
			if c.want == "" && len(got) != 0 || c.want != "" && (len(got) != 1 || got[0].Identity.User != c.want) {
				t.Errorf("decisions %+v", got)
			}
		})
	}
}

func TestTheAskThatWasSeenIsWhatIsDecided(t *testing.T) {
	w := newWorld(t)
	_, record := w.posted()
	w.decide(servicenowsim.Choice{Person: "ivan", Record: record["number"], Verdict: "approve"})
	edited := w.board.All()
	edited[0].Card.Fingerprint, edited[0].Card.Version = "ffffffffffffffff", 7
	if err := w.inner().Poll(t.Context(), edited, w.decisions); err != nil {
		t.Fatal(err)
	}
	if got := w.decisions.All(); len(got) != 1 || got[0].SeenFingerprint != fingerprint || got[0].SeenVersion != 1 {
		t.Errorf("decisions %+v, want what the record showed", got)
	}
}

func TestARecordIsAskedAboutByTimeOnceItIsKnown(t *testing.T) {
	w := newWorld(t)
	r, record := w.posted()
	w.poll()
	known, fresh, from := w.inner().seen.sort(w.inner().recordsIn(w.board.All()))
	if len(known) != 1 || len(fresh) != 0 || time.Since(from) < overlap || time.Since(from) > overlap+5*time.Second {
		t.Errorf("known %v, fresh %v, from %s", known, fresh, from)
	}
	// An approval that shows late carries the time at which it began.
	approval := w.approvalOf(record["sys_id"], servicenowsim.DemoIvan)
	late := map[string]string{"state": "approved", "sys_updated_on": time.Now().UTC().Add(-30 * time.Second).Format(timeForm)}
	if err := w.sim.Change(approvalTable, approval["sys_id"], late, "ivan"); err != nil {
		t.Fatal(err)
	}
	w.poll()
	if got := len(w.decisions.All()); got != 1 {
		t.Errorf("%d decisions, want 1", got)
	}
	w.clock.Advance(lookAgain)
	if _, fresh, _ := w.inner().seen.sort(w.inner().recordsIn(w.board.All())); len(fresh) != 1 {
		t.Errorf("after %s %s is not looked at as a whole", lookAgain, r)
	}
}

func TestAPollThatFailsLosesNothing(t *testing.T) {
	w := newWorld(t)
	_, record := w.posted()
	w.poll()
	w.decide(servicenowsim.Choice{Person: "ivan", Record: record["number"], Verdict: "approve"})
	for _, operation := range []string{"GET " + approvalTable, "GET incident", "GET sys_user", "GET sys_journal_field"} {
		w.faults(standin.Faults{FailBefore: 1, Only: []string{operation}})
		if err := w.inner().Poll(t.Context(), w.board.All(), w.decisions); plugins.KindOf(err) != plugins.Transient || err == nil {
			t.Errorf("%s: %v", operation, err)
		}
		w.clock.Advance(userFresh)
	}
	w.faults(standin.Faults{})
	w.poll()
	if got := len(w.decisions.All()); got != 1 {
		t.Errorf("%d decisions, want 1", got)
	}
}

func TestWithoutTheJournalDecisionsComeWithoutAReason(t *testing.T) {
	w := newWorld(t)
	_, record := w.posted()
	w.decide(servicenowsim.Choice{Person: "ivan", Record: record["number"], Verdict: "deny", Comment: "no"})
	w.quirks(func(q *servicenowsim.Quirks) { q.DenyRead = []string{"sys_journal_field"} })
	w.poll()
	if got := w.decisions.All(); len(got) != 1 || got[0].Reason != "" {
		t.Errorf("decisions %+v", got)
	}
}

func TestOthersDoNotWriteAnApproversReason(t *testing.T) {
	if got := (entry{login: "admin", text: "fine"}).by(user{login: "ivan"}); got != "" {
		t.Errorf("reason %q", got)
	}
	long := entry{login: "IVAN", text: strings.Repeat("é", v1.MaxReasonBytes)}.by(user{login: "ivan"})
	if len(long) > v1.MaxReasonBytes || !strings.HasPrefix(long, "éé") {
		t.Errorf("reason of %d bytes", len(long))
	}
}

func TestNothingIsAskedWithoutRecords(t *testing.T) {
	w := newWorld(t)
	alice := plugins.Posted{Card: demoCard(), Ref: ref{kind: refCaller, request: requestID}.encode()}
	if err := w.inner().Poll(t.Context(), []plugins.Posted{alice}, w.decisions); err != nil || w.sim.AllCalls() != 0 {
		t.Errorf("%v, %d calls", err, w.sim.AllCalls())
	}
}

func TestAnswersAreNotedOnce(t *testing.T) {
	w := newWorld(t)
	_, record := w.posted()
	w.decide(servicenowsim.Choice{Person: "carol", Record: record["number"], Verdict: "approve"})
	w.poll()
	made := w.decisions.All()[0]
	for _, result := range []v1.DecisionResult{{Code: v1.CodeCounted, Message: "Counted."}, {Code: v1.CodeRecorded, Message: "Recorded."}} {
		if err := w.inner().Answer(t.Context(), made, result); err != nil {
			t.Fatal(err)
		}
	}
	if notes := w.notes(record["sys_id"], "work_notes"); len(notes) != 0 {
		t.Errorf("notes %q about what is shown as a review anyway", notes)
	}
	unlinked := v1.DecisionResult{Code: v1.CodeForbidden, LinkCode: "CANARY-CODE", Message: "Run accede link servicenow CANARY-CODE"}
	for range 3 {
		if err := w.inner().Answer(t.Context(), made, unlinked); err != nil {
			t.Fatal(err)
		}
	}
	notes := w.notes(record["sys_id"], "work_notes")
	want := "accede admin link add servicenow " + servicenowsim.DemoTenant + " " + servicenowsim.DemoCarol + " --person=NAME"
	if len(notes) != 1 || !strings.Contains(notes[0], want) {
		t.Errorf("notes %q", notes)
	}
	if strings.Contains(strings.Join(notes, ""), "CANARY") {
		t.Error("a record that many can read shows a code for linking")
	}
}

// bulk posts many records as the core's ledger would list them.
func (w *world) bulk(count int) []plugins.Posted {
	w.t.Helper()
	open := make([]plugins.Posted, 0, count)
	for range count {
		id := uuid.Must(uuid.NewV7()).String()
		record := w.sim.Insert("incident", map[string]string{
			"correlation_id": uuid.NewString(), "correlation_display": marker{id, fingerprint, 1}.String(), "state": "1",
		}, servicenowsim.DemoAccount)
		w.sim.Insert(approvalTable, map[string]string{
			"document_id": record, "approver": servicenowsim.DemoIvan, "source_table": "incident", "state": "requested",
		}, "system")
		open = append(open, plugins.Posted{
			Card: demoCard(func(c *plugins.Card) { c.RequestID = id }), Destination: groupPlace(),
			Ref: ref{kind: "incident", record: record}.encode(), Since: w.clock.Now(),
		})
	}
	return open
}

// pollTogether is how many cards the host hands to one call.
const pollTogether = 200

// pollAll polls as the host does, and returns how many calls that took.
func (w *world) pollAll(open []plugins.Posted) int {
	w.t.Helper()
	before := w.sim.AllCalls()
	for len(open) > 0 {
		some := open[:min(pollTogether, len(open))]
		open = open[len(some):]
		if err := w.inner().Poll(w.t.Context(), some, w.decisions); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.sim.AllCalls() - before
}

func TestAThousandOpenRequestsStayWithinTheLimit(t *testing.T) {
	w := newWorld(t)
	open := w.bulk(1000)
	first := w.pollAll(open)
	approvals := w.sim.Rows(approvalTable)
	for _, i := range []int{0, 500, 999} {
		if err := w.sim.Change(approvalTable, approvals[i]["sys_id"], map[string]string{"state": "approved"}, "ivan"); err != nil {
			t.Fatal(err)
		}
	}
	busy, quiet := w.pollAll(open), w.pollAll(open)
	if got := len(w.decisions.Distinct()); got != 3 {
		t.Errorf("%d decisions, want 3", got)
	}
	perMinute := quiet * 3
	t.Logf("1,000 open requests: %d calls for the first look, %d with three decisions, %d without; %d calls a minute every 20 s",
		first, busy, quiet, perMinute)
	if first > 10 || quiet > 5 || perMinute > 15 {
		t.Errorf("%d, %d and %d calls are more than needed", first, busy, quiet)
	}
	if got := w.sim.Calls("GET "+approvalTable, http.StatusOK); got != first+10 {
		t.Errorf("%d questions about approvals, want %d", got, first+10)
	}
}

func BenchmarkPollAThousandOpenRequests(b *testing.B) {
	w := newWorld(b, func(s *setting) { s.config.RequestsPerSecond = 100 })
	w.inner().api.http = w.http // without the limiter, which would be what is measured
	open := w.bulk(1000)
	w.pollAll(open)
	calls, rounds := 0, 0
	for b.Loop() {
		calls += w.pollAll(open)
		rounds++
	}
	b.ReportMetric(float64(calls)/float64(rounds), "calls/round")
	b.ReportMetric(3*float64(calls)/float64(rounds), "calls/min-at-20s")
}
