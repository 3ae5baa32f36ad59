package opsgeniesim

import (
	"context"
	"net/http"
	"strings"
)

// caller is who a request comes from.
type caller struct {
	// team is set for the key of a team.
	team string
	// name is what logs show of an integration, user the person whose token it is.
	name, user string
}

type callerKey struct{}

func callerOf(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	return c
}

func cutPattern(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, path
}

func (s *Sim) key(r *http.Request) (Key, bool) {
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "GenieKey ")
	for _, k := range s.cfg.Keys {
		if ok && k.Value == value {
			return k, true
		}
	}
	return Key{}, false
}

// withKey checks a key of a region before the endpoint gets the call.
func (s *Sim) withKey(region string, e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k, known := s.key(r)
		switch {
		case !known || k.Integration || k.Region != region:
			s.refuseOpsgenie(w, http.StatusUnauthorized, 0, "Could not authenticate")
			return
		case e.needs == changeAlerts && k.ReadOnly, e.needs == readConfig && k.NoConfig:
			s.refuseOpsgenie(w, http.StatusForbidden, 40300, "You are not authorized to perform this action with this API key")
			return
		case e.needs == readConfig && k.Team != "" && !strings.HasPrefix(e.operation, "get_team"):
			s.refuseOpsgenie(w, http.StatusForbidden, 40301, "You are not authorized to access this resource with a team integration's key")
			return
		}
		e.serve(w, as(r, caller{team: k.Team, name: "API"}))
	})
}

// withIntegrationKey takes keys of an integration and nothing else.
func (s *Sim) withIntegrationKey(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k, known := s.key(r)
		if !known || !k.Integration {
			s.refuseOpsgenie(w, http.StatusUnauthorized, 0, "Could not authenticate")
			return
		}
		e.serve(w, as(r, caller{team: k.Team, name: "API"}))
	})
}

// withToken checks the API token of an account.
func (s *Sim) withToken(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		email, value, _ := r.BasicAuth()
		for _, t := range s.cfg.Tokens {
			if t.Email == email && t.Value == value {
				s.withRights(w, r, e, t)
				return
			}
		}
		refuseOperations(w, http.StatusUnauthorized, "Unauthorized")
	})
}

func (s *Sim) withRights(w http.ResponseWriter, r *http.Request, e endpoint, t Token) {
	people := e.needs == readPeople
	switch {
	case e.needs == changeAlerts && t.ReadOnly, !people && t.NoOps, people && t.NoPeople:
		refuseOperations(w, http.StatusForbidden, "You do not have permission to perform this action")
		return
	case !people && r.PathValue("cloud") != s.cfg.CloudID:
		refuseOperations(w, http.StatusNotFound, "Site not found")
		return
	}
	user, _ := s.userBy(func(u User) bool { return u.Email == t.Email })
	e.serve(w, as(r, caller{name: "API", user: user.Name}))
}

func as(r *http.Request, c caller) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
}
