package servicenowsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The states of an approval.
const (
	requested   = "requested"
	approved    = "approved"
	rejected    = "rejected"
	notRequired = "not_required"
)

// createRecord makes a record of the requests' table. The lock must be held.
func (s *Sim) createRecord(t *table, values row, by string) (*row, error) {
	merged := row{"state": "1", "active": "true", "approval": "not requested", "impact": "3", "urgency": "3", "opened_at": s.db.now()}
	maps.Copy(merged, values)
	if err := s.checkPolicy(merged, merged); err != nil {
		return nil, err
	}
	merged["number"] = s.db.nextNumber(t.name)
	merged["active"] = truth(!closes(t.name, merged["state"]))
	if opener, known := s.userNamed(by); known {
		merged["opened_by"] = opener.ID
	}
	made := s.db.insert(t.name, merged, by)
	s.tally.Posted(merged["correlation_id"])
	s.flow(made)
	return made, nil
}

// changeRecord changes one. The lock must be held.
func (s *Sim) changeRecord(t *table, stored *row, values row, by string) error {
	after := row{}
	maps.Copy(after, *stored)
	maps.Copy(after, values)
	if err := s.checkPolicy(after, values); err != nil {
		return err
	}
	if values["state"] != "" {
		values = maps.Clone(values)
		values["active"] = truth(!closes(t.name, values["state"]))
	}
	s.db.set(t, stored, values, by)
	s.flow(stored)
	return nil
}

func closes(table, state string) bool {
	if table == "sc_req_item" {
		return state == "3" || state == "4" || state == "7"
	}
	return state == "7" || state == "8"
}

// checkPolicy is the data policy of incidents: to be resolved or closed, they need a code and notes.
func (s *Sim) checkPolicy(after, values row) error {
	if state := values["state"]; s.cfg.Table != "incident" || state != "6" && state != "7" {
		return nil
	}
	labels := map[string]string{"close_code": "Resolution code", "close_notes": "Resolution notes"}
	var missing []string
	for _, name := range append([]string{"close_code", "close_notes"}, s.quirks.Mandatory...) {
		if after[name] == "" {
			label := labels[name]
			if label == "" {
				label = name
			}
			missing = append(missing, label)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return refuse(http.StatusForbidden, "Operation Failed",
		"Data Policy Exception: The following fields are mandatory: "+strings.Join(missing, ", "))
}

// flow asks the assignment group once a record's approval is requested, and stops asking when the record is done with. The
// lock must be held.
func (s *Sim) flow(record *row) {
	done := (*record)["active"] == "false" || (*record)["state"] == "6" && s.cfg.Table == "incident"
	asked := s.db.approvalsOf((*record)["sys_id"])
	if done {
		for _, approval := range asked {
			if (*approval)["state"] == requested {
				s.db.set(s.db.tables[tableApproval], approval, row{"state": notRequired}, systemUser)
			}
		}
		return
	}
	if !s.cfg.AskApproval || (*record)["approval"] != requested || len(asked) > 0 {
		return
	}
	for _, group := range s.cfg.Groups {
		if group.ID == (*record)["assignment_group"] {
			s.ask(record, group.Members)
		}
	}
}

func (s *Sim) ask(record *row, approvers []string) {
	for _, approver := range approvers {
		s.db.insert(tableApproval, row{
			"approver": approver, "state": requested, "sysapproval": (*record)["sys_id"], "document_id": (*record)["sys_id"],
			"source_table": s.cfg.Table,
		}, systemUser)
	}
}

// completeApproval fills in what the instance derives by itself. The lock must be held.
func (*Sim) completeApproval(approval *row) {
	a := *approval
	if a["document_id"] == "" {
		a["document_id"] = a["sysapproval"]
	}
	if a["sysapproval"] == "" {
		a["sysapproval"] = a["document_id"]
	}
	if a["state"] == "" {
		a["state"] = "not requested"
	}
}

// verdictStates are the approval states by what a person does.
func verdictStates() map[string]string {
	return map[string]string{"approve": approved, "deny": rejected}
}

// open says whether somebody is asked about a record. The lock must be held.
func (s *Sim) open(recordID string) bool {
	return slices.ContainsFunc(s.db.approvalsOf(recordID), func(r *row) bool { return (*r)["state"] == requested })
}
