package pagerdutysim

import (
	"net/http"
	"slices"

	"github.com/accede/accede/plugins/standin"
)

func (s *Sim) field(nameOrID string) (Field, bool) {
	for _, f := range s.cfg.Fields {
		if f.Name == nameOrID || f.ID == nameOrID {
			return f, true
		}
	}
	return Field{}, false
}

func (s *Sim) listFields(w http.ResponseWriter, _ *http.Request) {
	fields := []object{}
	for _, f := range s.cfg.Fields {
		options := []object{}
		for _, option := range f.Options {
			options = append(options, object{"type": "field_option", "data": object{"data_type": "string", "value": option}})
		}
		fields = append(fields, object{
			"id": f.ID, "type": "field", "name": f.Name, "display_name": f.Name, "data_type": "string",
			"field_type": "single_value_fixed", "field_options": options,
		})
	}
	standin.WriteJSON(w, http.StatusOK, object{"fields": fields})
}

func (s *Sim) wireFields(i *incident) []object {
	values := []object{}
	for _, f := range s.cfg.Fields {
		var value any
		if set := i.fields[f.Name]; set != "" {
			value = set
		}
		values = append(values, object{
			"id": f.ID, "type": "field_value", "name": f.Name, "display_name": f.Name, "namespace": "incidents",
			"data_type": "string", "field_type": "single_value_fixed", "value": value,
		})
	}
	return values
}

func (s *Sim) getFields(w http.ResponseWriter, r *http.Request) {
	s.withIncident(w, r, func(i *incident) {
		standin.WriteJSON(w, http.StatusOK, object{"custom_fields": s.wireFields(i)})
	})
}

func (s *Sim) setFields(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Fields []struct {
			ID, Name string
			Value    *string
		} `json:"custom_fields"`
	}
	if !decode(w, r, &ask) {
		return
	}
	s.withIncident(w, r, func(i *incident) {
		for _, change := range ask.Fields {
			f, known := s.field(change.Name + change.ID)
			value := ""
			if change.Value != nil {
				value = *change.Value
			}
			if !known || value != "" && !slices.Contains(f.Options, value) {
				invalid(w, "Custom field or value is unknown")
				return
			}
			s.setField(i, f, value, callerOf(r).user, "api")
		}
		standin.WriteJSON(w, http.StatusCreated, object{"custom_fields": s.wireFields(i)})
	})
}

// setField changes a custom field; a value that it has already changes nothing. The state's lock must be held.
func (s *Sim) setField(i *incident, f Field, value, by, channel string) []<-chan int {
	old := i.fields[f.Name]
	if old == value {
		return nil
	}
	i.fields[f.Name] = value
	s.log(i, logEntry{kind: "custom_field_value_change_log_entry", agent: by, channel: object{
		"type": channel, "changeset": object{"customer_fields": []object{{
			"id": f.ID, "name": f.Name, "namespace": "incidents", "value": orNull(value), "old_value": orNull(old),
		}}},
	}})
	return s.announce(i, "incident.custom_field_values.updated", by, object{
		"incident": s.incidentRef(i), "custom_fields": s.wireFields(i), "changed_custom_fields": []object{{"id": f.ID, "name": f.Name, "value": orNull(old)}},
		"type": "incident_field_values",
	})
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (s *Sim) workflow(id string) (Workflow, bool) {
	for _, w := range s.cfg.Workflows {
		if w.ID == id {
			return w, true
		}
	}
	return Workflow{}, false
}

func (s *Sim) getWorkflow(w http.ResponseWriter, r *http.Request) {
	flow, known := s.workflow(r.PathValue("id"))
	if !known {
		notFound(w)
		return
	}
	standin.WriteJSON(w, http.StatusOK, object{"incident_workflow": object{
		"id": flow.ID, "type": "incident_workflow", "name": flow.Name, "is_enabled": true,
	}})
}

func (s *Sim) startWorkflow(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Instance struct {
			ID       string
			Incident reference
		} `json:"incident_workflow_instance"`
	}
	if !decode(w, r, &ask) {
		return
	}
	flow, known := s.workflow(r.PathValue("id"))
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(ask.Instance.Incident.ID)
	if !known || i == nil {
		notFound(w)
		return
	}
	s.run(i, flow, callerOf(r).user, "api")
	standin.WriteJSON(w, http.StatusCreated, object{"incident_workflow_instance": object{
		"id": s.newID("I"), "type": "incident_workflow_instance", "incident": s.incidentRef(i),
	}})
}

// run starts a workflow. An empty person is automation. PagerDuty does not document how a run shows in the log entries; here
// it is an entry of its own whose channel names the workflow. The state's lock must be held.
func (s *Sim) run(i *incident, flow Workflow, by, channel string) []<-chan int {
	named := object{"id": flow.ID, "type": "incident_workflow_reference", "summary": flow.Name}
	s.log(i, logEntry{kind: "incident_workflow_log_entry", agent: by, channel: object{"type": channel, "incident_workflow": named}})
	return s.announce(i, "incident.workflow.started", by, object{
		"id": s.newID("I"), "type": "incident_workflow_instance", "summary": flow.Name, "incident_workflow": named,
		"workflow_trigger": object{"id": "trigger", "type": "workflow_trigger_reference"}, "incident": s.incidentRef(i),
		"service": s.serviceRef(i.service),
	})
}
