package opsgeniesim

import (
	"net/http"

	"github.com/accede/accede/plugins/standin"
)

// outcome is what became of a change that was accepted.
type outcome struct {
	action, status string
	success        bool
	alert          *alert
	// polls counts down how often it is asked for before it is known.
	polls int
}

func missing(action string) *outcome { return &outcome{action: action, status: "Alert does not exist"} }

// accept keeps an outcome to be asked for, and answers that it will be known. The state's lock must be held.
func (s *Sim) accept(o *outcome) (id string) {
	id = s.newID()
	o.polls = s.cfg.Polls
	s.outcomes[id] = o
	return id
}

func accepted(w http.ResponseWriter, id string) {
	standin.WriteJSON(w, http.StatusAccepted, object{"result": "Request will be processed", "took": 0.302, "requestId": id})
}

// known returns an outcome once it was asked for often enough.
func (s *Sim) known(id string) (outcome, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, exists := s.outcomes[id]
	if !exists {
		return outcome{}, false
	}
	if o.polls > 0 {
		o.polls--
		return outcome{}, false
	}
	return *o, true
}

func (o outcome) wire(now string) object {
	out := object{"isSuccess": o.success, "action": o.action, "processedAt": now, "integrationId": "", "status": o.status, "alertId": "", "alias": ""}
	if o.alert != nil {
		out["alertId"], out["alias"] = o.alert.id, o.alert.alias
	}
	return out
}

// outcomeOpsgenie says 404 of what is not known yet: https://docs.opsgenie.com/docs/alert-api#get-request-status.
func (s *Sim) outcomeOpsgenie(w http.ResponseWriter, r *http.Request) {
	o, known := s.known(r.PathValue("request"))
	if !known {
		w.Header().Set("X-Opsgenie-Errortype", "RequestNotProcessed")
		s.refuseOpsgenie(w, http.StatusNotFound, 0, "Request not found. It might not be processed, yet.")
		return
	}
	data := o.wire(stamp(s.now()))
	data["success"] = o.success
	s.answerOpsgenie(w, object{"data": data})
}

func (s *Sim) outcomeOperations(w http.ResponseWriter, r *http.Request) {
	o, known := s.known(r.PathValue("request"))
	if !known {
		refuseOperations(w, http.StatusNotFound, "Request not found. It might not be processed, yet.")
		return
	}
	standin.WriteJSON(w, http.StatusOK, o.wire(stamp(s.now())))
}
