package opsgeniesim

import (
	"net/http"

	"github.com/accede/accede/plugins/standin"
)

// endpoint is one call of an API, below the part that all of them share. Needs says what the credential must be allowed.
type endpoint struct {
	pattern, operation string
	needs              right
	serve              func(http.ResponseWriter, *http.Request)
}

// right is what a credential may be allowed.
type right int

const (
	readAlerts right = iota
	changeAlerts
	readConfig
	readPeople
)

func (s *Sim) routes() {
	s.mux = http.NewServeMux()
	for _, region := range []struct{ name, root string }{{"us", "/v2"}, {"eu", "/eu/v2"}} {
		guard := func(e endpoint) http.Handler { return s.withKey(region.name, e) }
		s.mount(region.root, s.opsgenie(), door{guard, s.brokenOpsgenie, s.limitedOpsgenie})
	}
	operations := door{s.withToken, brokenOperations, limitedOperations}
	s.mount("/jsm/ops/api/{cloud}/v1", s.operations(), operations)
	s.mount("", s.jira(), operations)
	integration := []endpoint{{"POST /alerts", "create_alert", changeAlerts, s.createOpsgenie}}
	s.mount("/jsm/ops/integration/v2", integration, door{s.withIntegrationKey, s.brokenOpsgenie, s.limitedOpsgenie})
	s.mux.HandleFunc("GET /_edge/tenant_info", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, object{"cloudId": s.cfg.CloudID})
	})
	s.inspection()
	s.pages()
}

// door is how an API lets callers in, and how it fails.
type door struct {
	guard func(endpoint) http.Handler
	fail  func(http.ResponseWriter, *http.Request)
	limit func(http.ResponseWriter, *http.Request, int)
}

// mount puts endpoints up below a root. What stands below an alert shares a pattern with the outcomes of requests.
func (s *Sim) mount(root string, endpoints []endpoint, d door) {
	below := map[string]http.Handler{}
	for _, e := range endpoints {
		method, path := cutPattern(e.pattern)
		switch path {
		case "/alerts/requests/{request}", "/alerts/{id}/notes", "/alerts/{id}/logs":
			if method == http.MethodGet {
				below[e.operation] = s.entrance(e, d)
				continue
			}
		}
		s.mux.Handle(method+" "+root+path, s.entrance(e, d))
	}
	if len(below) > 0 {
		s.mux.Handle("GET "+root+"/alerts/{id}/{part}", parts(below))
	}
}

// parts chooses among the endpoints below an alert.
func parts(below map[string]http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		operation := "list_" + r.PathValue("part")
		if r.PathValue("id") == "requests" {
			operation = "get_request"
			r.SetPathValue("request", r.PathValue("part"))
		}
		next, known := below[operation]
		if !known {
			next = http.NotFoundHandler()
		}
		next.ServeHTTP(w, r)
	})
}

// entrance applies the limits and the switches to an endpoint.
func (s *Sim) entrance(e endpoint, d door) http.Handler {
	next := d.guard(e)
	limited := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if on, _ := s.faults.RealLimits(); on {
			if wait := s.general.Take(r.Header.Get("Authorization")); wait > 0 {
				d.limit(w, r, standin.WholeSeconds(wait))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
	gate := standin.Gate{Switches: s.faults, Operation: func(*http.Request) string { return e.operation }, Fail: d.fail, Limit: d.limit}
	return s.calls.Counting(e.operation, gate.Around(limited))
}

func (s *Sim) opsgenie() []endpoint {
	return []endpoint{
		{"POST /alerts", "create_alert", changeAlerts, s.createOpsgenie},
		{"GET /alerts", "list_alerts", readAlerts, s.listOpsgenie},
		{"GET /alerts/requests/{request}", "get_request", readAlerts, s.outcomeOpsgenie},
		{"GET /alerts/{id}", "get_alert", readAlerts, s.getOpsgenie},
		{"GET /alerts/{id}/notes", "list_notes", readAlerts, s.notesOpsgenie},
		{"POST /alerts/{id}/notes", "add_note", changeAlerts, s.noteOpsgenie},
		{"GET /alerts/{id}/logs", "list_logs", readAlerts, s.logsOpsgenie},
		{"POST /alerts/{id}/close", "close_alert", changeAlerts, s.closeOpsgenie},
		{"POST /alerts/{id}/acknowledge", "acknowledge_alert", changeAlerts, s.acknowledgeOpsgenie},
		{"POST /alerts/{id}/actions/{action}", "execute_action", changeAlerts, s.actionOpsgenie},
		{"PUT /alerts/{id}/message", "update_message", changeAlerts, s.messageOpsgenie},
		{"GET /schedules", "list_schedules", readConfig, s.schedulesOpsgenie},
		{"GET /schedules/{id}", "get_schedule", readConfig, s.scheduleOpsgenie},
		{"GET /schedules/{id}/on-calls", "on_calls", readConfig, s.onCallsOpsgenie},
		{"GET /schedules/{id}/timeline", "timeline", readConfig, s.timelineOpsgenie},
		{"GET /teams/{id}", "get_team", readConfig, s.teamOpsgenie},
		{"GET /escalations/{id}", "get_escalation", readConfig, s.escalationOpsgenie},
		{"GET /users", "list_users", readConfig, s.usersOpsgenie},
		{"GET /users/{id}", "get_user", readConfig, s.userOpsgenie},
	}
}

func (s *Sim) operations() []endpoint {
	return []endpoint{
		{"POST /alerts", "create_alert", changeAlerts, s.createOperations},
		{"GET /alerts", "list_alerts", readAlerts, s.listOperations},
		{"GET /alerts/alias", "get_alert_by_alias", readAlerts, s.aliasOperations},
		{"GET /alerts/requests/{request}", "get_request", readAlerts, s.outcomeOperations},
		{"GET /alerts/{id}", "get_alert", readAlerts, s.getOperations},
		{"GET /alerts/{id}/notes", "list_notes", readAlerts, s.notesOperations},
		{"POST /alerts/{id}/notes", "add_note", changeAlerts, s.noteOperations},
		{"GET /alerts/{id}/logs", "list_logs", readAlerts, s.logsOperations},
		{"POST /alerts/{id}/close", "close_alert", changeAlerts, s.closeOperations},
		{"POST /alerts/{id}/action", "execute_action", changeAlerts, s.actionOperations},
		{"PATCH /alerts/{id}/message", "update_message", changeAlerts, s.messageOperations},
		{"GET /schedules", "list_schedules", readConfig, s.schedulesOperations},
		{"GET /schedules/{id}", "get_schedule", readConfig, s.scheduleOperations},
		{"GET /schedules/{id}/on-calls", "on_calls", readConfig, s.onCallsOperations},
		{"GET /schedules/{id}/timeline", "timeline", readConfig, s.timelineOperations},
		{"GET /teams", "list_teams", readConfig, s.teamsOperations},
	}
}

func (s *Sim) jira() []endpoint {
	return []endpoint{
		{"GET /rest/api/3/user/search", "search_users", readPeople, s.searchUsers},
		{"GET /rest/api/3/user", "get_user", readPeople, s.jiraUser},
	}
}
