package pagerdutysim

import (
	"net/http"

	"github.com/accede/accede/plugins/standin"
)

func (s *Sim) routes() {
	s.mux = http.NewServeMux()
	for _, e := range append(s.incidentEndpoints(), s.directoryEndpoints()...) {
		s.mount(e.pattern, e.operation, s.guarded(e))
	}
	s.mount("POST /oauth/token", "token", http.HandlerFunc(s.serveToken))
	s.inspection()
	s.pages()
}

func (s *Sim) mount(pattern, operation string, next http.Handler) {
	gate := standin.Gate{
		Switches: s.faults, Operation: func(*http.Request) string { return operation }, Fail: brokenPagerDuty, Limit: s.rateLimited,
	}
	s.mux.Handle(pattern, s.calls.Counting(operation, gate.Around(next)))
}

func (s *Sim) incidentEndpoints() []endpoint {
	return []endpoint{
		{"GET /incidents", "list_incidents", "incidents.read", s.listIncidents},
		{"POST /incidents", "create_incident", "incidents.write", s.createIncident},
		{"GET /incidents/{id}", "get_incident", "incidents.read", s.getIncident},
		{"PUT /incidents/{id}", "update_incident", "incidents.write", s.updateIncident},
		{"GET /incidents/{id}/notes", "list_notes", "incidents.read", s.listNotes},
		{"POST /incidents/{id}/notes", "create_note", "incidents.write", s.createNote},
		{"GET /incidents/{id}/log_entries", "list_incident_log_entries", "incidents.read", s.listIncidentEntries},
		{"GET /log_entries", "list_log_entries", "incidents.read", s.listEntries},
		{"GET /incidents/{id}/custom_fields/values", "get_field_values", "incidents.read", s.getFields},
		{"PUT /incidents/{id}/custom_fields/values", "set_field_values", "incidents.write", s.setFields},
		{"GET /incidents/custom_fields", "list_fields", "incidents.read", s.listFields},
		{"GET /incident_workflows/{id}", "get_workflow", "incident_workflows.read", s.getWorkflow},
		{"POST /incident_workflows/{id}/instances", "start_workflow", "incident_workflows:instances.write", s.startWorkflow},
		{"GET /webhook_subscriptions", "list_subscriptions", "webhook_subscriptions.read", s.listSubscriptions},
		{"POST /webhook_subscriptions", "create_subscription", "webhook_subscriptions.write", s.createSubscription},
		{"GET /webhook_subscriptions/{id}", "get_subscription", "webhook_subscriptions.read", s.getSubscription},
		{"POST /webhook_subscriptions/{id}/enable", "enable_subscription", "webhook_subscriptions.write", s.enableSubscription},
		{"POST /webhook_subscriptions/{id}/ping", "ping_subscription", "webhook_subscriptions.write", s.pingSubscription},
	}
}

func (s *Sim) directoryEndpoints() []endpoint {
	return []endpoint{
		{"GET /users", "list_users", "users.read", s.listUsers},
		{"GET /users/{id}", "get_user", "users.read", s.getUser},
		{"GET /services", "list_services", "services.read", s.listServices},
		{"GET /services/{id}", "get_service", "services.read", s.getService},
		{"GET /escalation_policies", "list_policies", "escalation_policies.read", s.listPolicies},
		{"GET /escalation_policies/{id}", "get_policy", "escalation_policies.read", s.getPolicy},
		{"GET /oncalls", "list_oncalls", "oncalls.read", s.listOnCalls},
		{"GET /schedules", "list_schedules", "schedules.read", s.listSchedules},
		{"GET /schedules/{id}", "get_schedule", "schedules.read", s.getSchedule},
		{"GET /v3/schedules/{id}", "get_schedule_v3", "schedules.read", s.getShiftBased},
	}
}

// Calls counts the calls by operation and status; status 0 is a call that got no answer.
func (s *Sim) Calls() map[string]map[int]int { return s.calls.All() }
