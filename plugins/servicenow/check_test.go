package servicenow

import (
	"slices"
	"strings"
	"testing"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/standin"
)

func (w *world) check(recipients ...string) []plugins.Finding {
	w.t.Helper()
	return w.inner().Check(w.t.Context(), recipients)
}

func TestCheckFindsNothingWhenAllIsWell(t *testing.T) {
	for name, change := range map[string]func(*setting){
		"basic": func(*setting) {}, "oauth": viaOAuth, "delegates": delegating,
		"display": func(s *setting) { s.config.ReadNotes = NotesDisplay },
	} {
		w := newWorld(t, change, creating)
		for _, before := range []string{"empty", "with a record"} {
			if got := w.check(servicenowsim.DemoGroupName, "incident", "ivan@example.com"); len(got) != 0 {
				t.Errorf("%s, %s: findings %+v", name, before, got)
			}
			w.posted()
		}
	}
}

// fault is one thing wrong with an instance or a configuration, what check says and what to do.
type fault struct {
	change    func(*setting)
	spoil     func(*servicenowsim.Quirks)
	recipient string
	what, fix string
	warning   bool
}

func deny(tables ...string) func(*servicenowsim.Quirks) {
	return func(q *servicenowsim.Quirks) { q.DenyRead = tables }
}

func hide(fields ...string) func(*servicenowsim.Quirks) {
	return func(q *servicenowsim.Quirks) { q.HideFields = fields }
}

func faultsOfSetUp() map[string]fault {
	return map[string]fault{
		"password":     {change: func(s *setting) { s.config.Password = secret.New("wrong") }, what: "ServiceNow cannot be used", fix: "credentials"},
		"client":       {change: func(s *setting) { viaOAuth(s); s.config.ClientSecret = secret.New("wrong") }, what: "ServiceNow cannot be used", fix: "client_id and client_secret"},
		"grant":        {change: viaOAuth, spoil: func(q *servicenowsim.Quirks) { q.NoClientCredentials = true }, what: "ServiceNow cannot be used", fix: "glide.oauth.inbound.client.credential.grant_type.enabled"},
		"asleep":       {spoil: func(q *servicenowsim.Quirks) { q.Hibernating = true }, what: "ServiceNow cannot be used", fix: "hibernates"},
		"table":        {change: func(s *setting) { s.config.Table = "incidents" }, what: "has no table incidents", fix: "servicenow.table"},
		"table right":  {spoil: deny("incident"), what: "may not read the table incident", fix: "itil"},
		"approvals":    {spoil: deny(approvalTable), what: "may not read the table sysapproval_approver", fix: "approval_admin"},
		"users":        {spoil: deny("sys_user"), what: "may not read the table sys_user", fix: "itil"},
		"journal":      {spoil: deny("sys_journal_field"), what: "may not read the table sys_journal_field", fix: "read_notes: display"},
		"delegates":    {change: delegating, spoil: deny("sys_user_delegate"), what: "may not read the table sys_user_delegate", fix: "approvals.delegates"},
		"groups":       {spoil: deny("sys_user_group"), recipient: "Database Access", what: `"Database Access" cannot be looked up`, fix: "access rules"},
		"field hidden": {spoil: hide("incident.correlation_id", "incident.correlation_display"), what: "cannot read correlation_id, correlation_display of the table incident", fix: "Access Control"},
		"user hidden":  {spoil: hide("sys_user.email"), what: "cannot read email of the table sys_user", fix: "Access Control"},
		"field":        {change: func(s *setting) { s.config.RequesterField = "requester" }, what: "cannot read requester of the table incident", fix: "correct the field's name"},
		"own field":    {change: func(s *setting) { s.config.Fields = map[string]string{"u_kind": "x"} }, what: "cannot read u_kind", fix: "correct the field's name"},
		"close code": {change: func(s *setting) {
			s.config.Closing = map[string]map[string]string{"denied": {"state": "6", "close_code": "Solved (Permanently)"}}
		}, what: `close_code of incident has no choice "Solved (Permanently)", which closes records of requests that were denied`, fix: "there are: Duplicate"},
		"state": {change: func(s *setting) {
			s.config.Closing = map[string]map[string]string{"approved": {"state": "closed"}}
		}, what: `state of incident has no choice "closed"`, fix: "there are: 1, 2"},
		"zone": {change: func(s *setting) {
			for i := range s.instance.Users {
				s.instance.Users[i].TimeZone = "US/Pacific"
			}
		}, what: "time zone is US/Pacific", fix: "servicenow.time_zone", warning: true},
		"calendar":       {spoil: func(q *servicenowsim.Quirks) { q.NoOnCall = true }, what: "com.snc.on_call_rotation is not active", fix: "Activate", warning: true},
		"calendar right": {spoil: deny("whoisoncall"), what: "may not see who is on call", fix: "rota_admin", warning: true},
		"rota right":     {spoil: deny("cmn_rota"), what: "may not see who is on call", fix: "cmn_rota", warning: true},
		"group":          {recipient: "Nobody", what: `no active group "Nobody"`, fix: "role_to_recipients"},
		"person":         {change: creating, recipient: "nobody@example.com", what: "no one active user with the e-mail address", fix: "exactly one"},
		"person, flow":   {recipient: "ivan@example.com", what: "asks nobody by itself", fix: "approvals.mode"},
	}
}

func TestCheckNamesEachFaultAndItsCure(t *testing.T) {
	for name, c := range faultsOfSetUp() {
		t.Run(name, func(t *testing.T) {
			if c.change == nil {
				c.change = func(*setting) {}
			}
			w := newWorld(t, c.change)
			w.sim.Insert("incident", map[string]string{
				"correlation_display": marker{requestID, fingerprint, 1}.String(), "correlation_id": keyOne,
			}, servicenowsim.DemoAccount)
			if c.spoil != nil {
				w.quirks(c.spoil)
			}
			var recipients []string
			if c.recipient != "" {
				recipients = []string{c.recipient}
			}
			found := w.check(recipients...)
			if len(found) != 1 || !strings.Contains(found[0].What, c.what) || !strings.Contains(found[0].Fix, c.fix) || found[0].Warning != c.warning {
				t.Errorf("findings %+v, want one with %q and %q", found, c.what, c.fix)
			}
			for _, f := range found {
				w.assertNoSecretIn(f.What + f.Fix)
			}
		})
	}
}

func TestCheckOfAnInstanceThatIsDown(t *testing.T) {
	w := newWorld(t)
	w.faults(standin.Faults{FailBefore: 1})
	found := w.check("Database Access")
	if !slices.ContainsFunc(found, func(f plugins.Finding) bool { return strings.Contains(f.Fix, "having trouble") }) || len(found) != 1 {
		t.Errorf("findings %+v", found)
	}
}
