package servicenow

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/standin"
)

func (w *world) update(r plugins.Ref, change ...func(*plugins.Card)) error {
	w.t.Helper()
	return w.inner().Update(w.t.Context(), r, demoCard(change...))
}

func (w *world) mustUpdate(r plugins.Ref, change ...func(*plugins.Card)) {
	w.t.Helper()
	if err := w.update(r, change...); err != nil {
		w.t.Fatal(err)
	}
}

func TestARecordIsOpenedFollowedAndClosed(t *testing.T) {
	w := newWorld(t)
	r, record := w.posted()
	if record["caller_id"] != servicenowsim.DemoAlice || record["assignment_group"] != servicenowsim.DemoGroup ||
		record["correlation_id"] != keyOne || record["state"] != "1" {
		t.Errorf("record %v", record)
	}
	w.mustUpdate(r, resolved(v1.StateApproved))
	record = w.recordAt(r)
	if record["state"] != "6" || record["close_code"] != "Solution provided" || record["close_notes"] != "Approved by Bob Okafor (bob) in Accede." {
		t.Errorf("closed as %v", record)
	}
	count := record["sys_mod_count"]
	w.mustUpdate(r, resolved(v1.StateApproved))
	if again := w.recordAt(r); again["sys_mod_count"] != count {
		t.Errorf("an update that changes nothing left a trace: %s, then %s", count, again["sys_mod_count"])
	}
}

func TestWhatSomebodyClosedStaysAsItIs(t *testing.T) {
	w := newWorld(t)
	r, record := w.posted()
	closed := map[string]string{"state": "7", "close_code": "Duplicate", "close_notes": "mine"}
	if err := w.sim.Change("incident", record["sys_id"], closed, "admin"); err != nil {
		t.Fatal(err)
	}
	w.mustUpdate(r, resolved(v1.StateDenied))
	if got := w.recordAt(r); got["close_code"] != "Duplicate" || got["state"] != "7" || got["sys_updated_by"] != "admin" {
		t.Errorf("record %v", got)
	}
}

func TestAnApprovalStillAskedIsWithdrawnAtTheEnd(t *testing.T) {
	for name, change := range map[string]func(*setting){
		"without the flow's help": func(s *setting) { s.config.Closing = map[string]map[string]string{} },
		"plugin's own":            creating,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, change)
			r, record := w.posted()
			person := plugins.Destination{ID: personPlace + servicenowsim.DemoIvan}
			asked := w.post(person, keyTwo, demoCard())
			if got := w.approvalOf(record["sys_id"], servicenowsim.DemoIvan); got["state"] != stateRequested {
				t.Fatalf("approval %v", got)
			}
			w.mustUpdate(r, resolved(v1.StateExpired))
			w.mustUpdate(asked, resolved(v1.StateExpired))
			if got := w.approvalOf(record["sys_id"], servicenowsim.DemoIvan); got["state"] != stateNotRequired {
				t.Errorf("approval %v", got)
			}
		})
	}
}

func TestReviewersAreAskedOnceAboutTheSameRecord(t *testing.T) {
	w := newWorld(t, creating)
	person := plugins.Destination{ID: personPlace + servicenowsim.DemoBob}
	_, err := w.bot.Post(t.Context(), person, keyTwo, demoCard())
	if plugins.KindOf(err) != plugins.Transient {
		t.Errorf("without a record: %v of kind %s, want transient", err, plugins.KindOf(err))
	}
	_, record := w.posted()
	first := w.post(person, keyTwo, demoCard())
	again := w.post(person, keyTwo, demoCard())
	if first != again || len(w.sim.Rows(approvalTable)) != 1 {
		t.Errorf("asked as %s and %s, %d approvals", first, again, len(w.sim.Rows(approvalTable)))
	}
	if got := w.approvalOf(record["sys_id"], servicenowsim.DemoBob); got["source_table"] != "incident" {
		t.Errorf("approval %v", got)
	}
	if linkOnly := w.post(person, keyThree, demoCard(func(c *plugins.Card) { c.Actions = nil })); linkOnly != refNone {
		t.Errorf("somebody who may only look is asked: %s", linkOnly)
	}
}

func TestTheRequesterReadsTheOutcomeOnTheRecord(t *testing.T) {
	w := newWorld(t)
	_, record := w.posted()
	alice := plugins.Destination{ID: personPlace + servicenowsim.DemoAlice}
	mine := w.post(alice, keyTwo, demoCard(forRequester))
	if len(w.sim.Rows("incident")) != 1 || len(w.sim.Rows(journalTable)) != 0 {
		t.Fatal("a card for the requester made something of its own")
	}
	ended := demoCard(forRequester, resolved(v1.StateDenied))
	told, err := w.inner().Reply(t.Context(), mine, keyThree, plugins.Note{Kind: plugins.NoteOutcome, Card: ended})
	if err != nil {
		t.Fatal(err)
	}
	comments := w.notes(record["sys_id"], "comments")
	if len(comments) != 1 || !strings.Contains(comments[0], "Your request for dba was denied by Bob Okafor (bob).") {
		t.Errorf("comments %q", comments)
	}
	found, ok, err := w.inner().Find(t.Context(), alice, plugins.Search{Key: keyThree, Parent: mine})
	if err != nil || !ok || found != told {
		t.Errorf("found %s, %v, %v; told as %s", found, ok, err, told)
	}
}

func TestARequesterWhoHadNoCardIsToldOnce(t *testing.T) {
	w := newWorld(t)
	_, record := w.posted()
	alice := plugins.Destination{ID: personPlace + servicenowsim.DemoAlice}
	for range 2 {
		w.post(alice, keyTwo, demoCard(forRequester, resolved(v1.StateApproved)))
	}
	if comments := w.notes(record["sys_id"], "comments"); len(comments) != 1 {
		t.Errorf("comments %q", comments)
	}
	nowhere := w.post(alice, keyTwo, demoCard(forRequester, resolved(v1.StateApproved), another))
	if nowhere != refNone {
		t.Errorf("told on %s, but that request has no record", nowhere)
	}
}

func TestWhatWasAcceptedBeforeTheAnswerGotLostIsFound(t *testing.T) {
	for name, faults := range map[string]standin.Faults{
		"dropped":   {DropAfter: 1, Next: 1},
		"500":       {FailAfter: 1, Next: 1},
		"truncated": {TruncateJSON: 1, Next: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			faults.Only = []string{"POST incident"}
			w.faults(faults)
			_, err := w.bot.Post(t.Context(), groupPlace(), keyOne, demoCard())
			if plugins.KindOf(err) != plugins.Unknown {
				t.Fatalf("%v is %s, want unknown", err, plugins.KindOf(err))
			}
			again := w.post(groupPlace(), keyOne, demoCard())
			found, ok, err := w.inner().Find(t.Context(), groupPlace(), plugins.Search{Key: keyOne})
			if err != nil || !ok || found != again || len(w.sim.Rows("incident")) != 1 {
				t.Errorf("found %s, %v, %v; %d records", found, ok, err, len(w.sim.Rows("incident")))
			}
		})
	}
}

// TestABadClauseFindsNothing hides correlation_id from queries by asking for another table's field, as an instance does that
// drops a clause: every row comes back, and none is taken.
func TestADroppedClauseFindsNothing(t *testing.T) {
	w := newWorld(t)
	w.posted()
	w.quirks(func(q *servicenowsim.Quirks) {
		q.DropClauses = []string{"correlation_id", "document_id", "element_id", "email"}
	})
	if found, ok, err := w.inner().Find(t.Context(), groupPlace(), plugins.Search{Key: keyTwo}); err != nil || ok {
		t.Errorf("found %s, %v, %v", found, ok, err)
	}
	if _, found, err := w.inner().Account(t.Context(), v1.PersonRef{Email: "nobody@example.com"}); err != nil || found {
		t.Errorf("account found %v, %v", found, err)
	}
}

func TestOfSeveralRecordsTheOldestCounts(t *testing.T) {
	w := newWorld(t)
	r, record := w.posted()
	w.clock.Advance(time.Minute)
	w.sim.Insert("incident", map[string]string{"correlation_id": record["correlation_id"], "number": "INC0"}, "admin")
	found, ok, err := w.inner().Find(t.Context(), groupPlace(), plugins.Search{Key: keyOne})
	if err != nil || !ok || found != r {
		t.Errorf("found %s, %v, %v; want %s", found, ok, err, r)
	}
}

func TestARecordOfAnotherRequestIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	r, record := w.posted()
	forged := marker{otherRequest, fingerprint, 1}.String()
	if err := w.sim.Change("incident", record["sys_id"], map[string]string{"correlation_display": forged}, "admin"); err != nil {
		t.Fatal(err)
	}
	if err := w.update(r); plugins.KindOf(err) != plugins.Invalid || err == nil {
		t.Errorf("updating: %v", err)
	}
	if err := w.update("incident/" + plugins.Ref(strings.Repeat("a", 32))); plugins.KindOf(err) != plugins.Gone {
		t.Errorf("updating what is not there: %v is %s, want gone", err, plugins.KindOf(err))
	}
	for _, bad := range []plugins.Ref{"", "incident", "incident/../x", "-approval/x", "Incident/" + plugins.Ref(strings.Repeat("a", 32))} {
		if err := w.update(bad); plugins.KindOf(err) != plugins.Gone {
			t.Errorf("updating %q: %v", bad, err)
		}
	}
}

func TestADataPolicyIsNamed(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.config.Closing = map[string]map[string]string{"approved": {"state": "6"}}
	})
	r, _ := w.posted()
	err := w.update(r, resolved(v1.StateApproved))
	typed, ok := errors.AsType[*plugins.Error](err)
	if !ok || typed.Kind != plugins.Invalid || !strings.Contains(typed.Public, "Resolution code") || !strings.Contains(typed.Public, "closing") {
		t.Errorf("updating: %+v", typed)
	}
}

func TestATokenThatEndsIsRenewed(t *testing.T) {
	w := newWorld(t, viaOAuth)
	r, _ := w.posted()
	w.clock.Advance(31 * time.Minute)
	w.mustUpdate(r)
	w.sim.RevokeTokens()
	w.mustUpdate(r)
	if got := w.sim.Calls("oauth_token", http.StatusOK); got != 3 {
		t.Errorf("%d tokens were fetched, want 3", got)
	}
	w.sim.RevokeTokens()
	_, err := w.inner().api.insert(t.Context(), "creating", "incident", map[string]string{})
	if plugins.KindOf(err) != plugins.Auth {
		t.Errorf("creating with a revoked token: %v", err)
	}
	if _, err := w.inner().api.insert(t.Context(), "creating", "incident", map[string]string{}); err != nil {
		t.Errorf("creating after that: %v", err)
	}
}

func TestAWaitOfMostOfAnHourIsHandedToTheHost(t *testing.T) {
	w := newWorld(t)
	w.faults(standin.Faults{RateLimit: 1, RetryAfter: 3000})
	started := time.Now()
	_, err := w.bot.Post(t.Context(), groupPlace(), keyOne, demoCard())
	typed, ok := errors.AsType[*plugins.Error](err)
	if !ok || typed.Kind != plugins.RateLimited || typed.RetryAfter != 50*time.Minute {
		t.Errorf("error %+v", typed)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("the plugin waited %s itself", took)
	}
	reset := http.Header{"X-Ratelimit-Reset": {"1700000600"}}
	if got := asked(reset, time.Unix(1700000000, 0)); got != 10*time.Minute {
		t.Errorf("X-RateLimit-Reset asks for %s", got)
	}
}

func TestAPageInsteadOfDataIsNoData(t *testing.T) {
	w := newWorld(t, viaOAuth)
	r, _ := w.posted()
	w.quirks(func(q *servicenowsim.Quirks) { q.Hibernating = true })
	err := w.update(r)
	typed, ok := errors.AsType[*plugins.Error](err)
	if !ok || typed.Kind != plugins.Transient || !strings.Contains(typed.Public, "hibernates") {
		t.Errorf("error %+v", typed)
	}
	_, err = w.inner().api.insert(t.Context(), "creating", "incident", map[string]string{})
	if plugins.KindOf(err) != plugins.Unknown {
		t.Errorf("creating: %v is %s, want unknown", err, plugins.KindOf(err))
	}
}

func TestPagesAreTurnedAlsoWhenRowsAreHidden(t *testing.T) {
	w := newWorld(t)
	for range 7 {
		w.sim.Insert(approvalTable, map[string]string{"document_id": strings.Repeat("d", 32), "state": "approved"}, "x")
	}
	rows := w.sim.Rows(approvalTable)
	w.quirks(func(q *servicenowsim.Quirks) {
		q.MaxPage = 2
		q.HideRows = []string{rows[0]["sys_id"], rows[1]["sys_id"], rows[6]["sys_id"]}
	})
	got, err := w.inner().approvals(t.Context(), strings.Repeat("d", 32))
	if err != nil || len(got) != 4 {
		t.Errorf("%d rows, %v; want the 4 that are not hidden", len(got), err)
	}
}

func TestRecipients(t *testing.T) {
	ivan := []plugins.Destination{{ID: personPlace + servicenowsim.DemoIvan, Name: "Ivan Petrov"}}
	group := []plugins.Destination{groupPlace()}
	person := v1.PersonRef{Name: "ivan", Email: "ivan@example.com", DisplayName: "Ivan Petrov"}
	linked := []v1.Identity{{Plugin: Name, Tenant: servicenowsim.DemoTenant, User: servicenowsim.DemoIvan}}
	elsewhere := []v1.Identity{{Plugin: Name, Tenant: "other", User: servicenowsim.DemoIvan}}
	stranger := v1.PersonRef{Name: "ivan", Email: "x^ORactive=true@example.com"}
	bare := func(s *setting) { s.config.RequesterField = "" }
	for name, c := range map[string]struct {
		change    func(*setting)
		recipient plugins.Recipient
		want      []plugins.Destination
	}{
		"group by name":       {creating, plugins.Recipient{Name: "database access"}, group},
		"group by id":         {creating, plugins.Recipient{Name: servicenowsim.DemoGroup}, group},
		"unknown group":       {creating, plugins.Recipient{Name: "Nobody"}, nil},
		"clause in a name":    {creating, plugins.Recipient{Name: "x^ORactive=true"}, nil},
		"table":               {creating, plugins.Recipient{Name: "incident"}, []plugins.Destination{{ID: "incident", Name: "incident"}}},
		"e-mail":              {creating, plugins.Recipient{Name: "IVAN@example.com"}, ivan},
		"e-mail, not asked":   {bare, plugins.Recipient{Name: "ivan@example.com"}, nil},
		"unknown e-mail":      {creating, plugins.Recipient{Name: "nobody@example.com"}, nil},
		"person by e-mail":    {creating, plugins.Recipient{Person: &person}, ivan},
		"person not reached":  {bare, plugins.Recipient{Person: &person}, nil},
		"person by link":      {creating, plugins.Recipient{Person: &v1.PersonRef{Name: "ivan", DisplayName: "Ivan Petrov"}, Accounts: linked}, ivan},
		"linked elsewhere":    {creating, plugins.Recipient{Person: &stranger, Accounts: elsewhere}, nil},
		"person with a trick": {creating, plugins.Recipient{Person: &stranger}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.change)
			got, err := w.inner().Resolve(t.Context(), c.recipient)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTwoPeopleWithOneAddressAreNobody(t *testing.T) {
	w := newWorld(t, creating)
	w.sim.Insert("sys_user", map[string]string{"user_name": "ivan2", "email": "ivan@example.com", "active": "true"}, "admin")
	w.sim.Insert("sys_user_group", map[string]string{"name": "Database Access", "active": "true"}, "admin")
	if _, found, err := w.inner().Account(t.Context(), v1.PersonRef{Email: "ivan@example.com"}); err != nil || found {
		t.Errorf("found %v, %v", found, err)
	}
	_, err := w.inner().Resolve(t.Context(), plugins.Recipient{Name: "Database Access"})
	if typed, ok := errors.AsType[*plugins.Error](err); !ok || typed.Kind != plugins.NotFound || !strings.Contains(typed.Public, "several") {
		t.Errorf("group: %v", err)
	}
}

func TestNothingIsLongerThanServiceNowKeeps(t *testing.T) {
	long := strings.Repeat("👩‍👩‍👧‍👦[code]", 900)
	card := demoCard(func(c *plugins.Card) {
		c.Title, c.Reason, c.Requester.DisplayName = long, long, long
		c.Notes = []string{long}
		for range 50 {
			c.Roles = append(c.Roles, long)
		}
		for range 20 {
			c.Progress = append(c.Progress, plugins.Progress{Name: long, Need: 1})
			c.Reviews = append(c.Reviews, v1.Review{Author: v1.PersonRef{Name: long}, Verdict: v1.Deny, Reason: long})
		}
	}, resolved(v1.StateDenied))
	drawn := draw(card)
	for field, most := range map[string]int{"short_description": maxTitle, "description": maxText, "correlation_display": 100} {
		if got := ruler.Length(drawn[field]); got > most || !utf8.ValidString(drawn[field]) {
			t.Errorf("%s has %d units, at most %d are kept", field, got, most)
		}
	}
	if !strings.Contains(drawn["description"], card.URL) {
		t.Error("the link was cut off")
	}
	if !strings.HasSuffix(drawn["short_description"], "– Denied") {
		t.Errorf("title %q", drawn["short_description"])
	}
}

func TestNothingIsSentOnceTheContextHasEnded(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.bot.Post(ctx, groupPlace(), keyOne, demoCard()); err == nil || w.sim.AllCalls() != 0 {
		t.Errorf("posting: %v, %d calls", err, w.sim.AllCalls())
	}
}
