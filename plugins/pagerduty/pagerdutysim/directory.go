package pagerdutysim

import (
	"net/http"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

func (s *Sim) wireUser(u User) object {
	return object{
		"id": u.ID, "type": "user", "summary": u.FullName, "self": s.apiURL("users/" + u.ID),
		"html_url": s.webURL("users/" + u.ID), "name": u.FullName, "email": u.Email, "role": u.Role,
		"invitation_sent": u.Invited, "time_zone": "Europe/Berlin", "teams": []object{},
	}
}

// listUsers finds users whose name or address contains the query.
func (s *Sim) listUsers(w http.ResponseWriter, r *http.Request) {
	query := strings.ToLower(r.URL.Query().Get("query"))
	found := []object{}
	for _, u := range s.cfg.Users {
		if !u.Outside && strings.Contains(strings.ToLower(u.FullName+"\n"+u.Email), query) {
			found = append(found, s.wireUser(u))
		}
	}
	s.page(w, r.URL.Query(), "users", found)
}

func (s *Sim) getUser(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if id == "me" {
		if id = callerOf(r).user; id == "" {
			invalid(w, "This operation needs a user's key")
			return
		}
	}
	for _, u := range s.cfg.Users {
		if u.ID == id && !u.Outside {
			standin.WriteJSON(w, http.StatusOK, object{"user": s.wireUser(u)})
			return
		}
	}
	notFound(w)
}

func (s *Sim) wireService(service Service) object {
	status := "active"
	if service.Disabled {
		status = "disabled"
	}
	return object{
		"id": service.ID, "type": "service", "summary": service.Name, "name": service.Name, "status": status,
		"html_url": s.webURL("service-directory/" + service.ID), "escalation_policy": s.policyRef(service.Policy),
	}
}

// listServices finds services by their exact name, or by a part of it.
func (s *Sim) listServices(w http.ResponseWriter, r *http.Request) {
	name, query := r.URL.Query().Get("name"), strings.ToLower(r.URL.Query().Get("query"))
	found := []object{}
	for _, service := range s.cfg.Services {
		if (name == "" || service.Name == name) && strings.Contains(strings.ToLower(service.Name), query) {
			found = append(found, s.wireService(service))
		}
	}
	s.page(w, r.URL.Query(), "services", found)
}

func (s *Sim) getService(w http.ResponseWriter, r *http.Request) {
	service, known := s.service(r.PathValue("id"))
	if !known {
		notFound(w)
		return
	}
	standin.WriteJSON(w, http.StatusOK, object{"service": s.wireService(service)})
}

func (s *Sim) wirePolicy(p Policy) object {
	rules := []object{}
	for _, level := range p.Levels {
		targets := []object{}
		for _, target := range level {
			kind := "user_reference"
			if _, known := s.schedule(target); known {
				kind = "schedule_reference"
			}
			targets = append(targets, object{"id": target, "type": kind})
		}
		rules = append(rules, object{"id": p.ID, "escalation_delay_in_minutes": 30, "targets": targets})
	}
	return object{"id": p.ID, "type": "escalation_policy", "summary": p.Name, "name": p.Name, "escalation_rules": rules}
}

func (s *Sim) listPolicies(w http.ResponseWriter, r *http.Request) {
	found := []object{}
	for _, p := range s.cfg.Policies {
		found = append(found, s.wirePolicy(p))
	}
	s.page(w, r.URL.Query(), "escalation_policies", found)
}

func (s *Sim) getPolicy(w http.ResponseWriter, r *http.Request) {
	for _, p := range s.cfg.Policies {
		if p.ID == r.PathValue("id") {
			standin.WriteJSON(w, http.StatusOK, object{"escalation_policy": s.wirePolicy(p)})
			return
		}
	}
	notFound(w)
}
