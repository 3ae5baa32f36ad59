package opsgeniesim

import (
	"net/http"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

func drawJira(u User) object {
	kind := "atlassian"
	if u.App {
		kind = "app"
	}
	out := object{"accountId": u.AccountID, "accountType": kind, "displayName": u.FullName, "active": !u.Blocked}
	if !u.HidesEmail {
		out["emailAddress"] = u.Email
	}
	return out
}

// searchUsers finds active people whose name or address begins with the query, also an address that they hide.
func (s *Sim) searchUsers(w http.ResponseWriter, r *http.Request) {
	query := strings.ToLower(r.URL.Query().Get("query"))
	found := []object{}
	for _, u := range s.cfg.Users {
		fits := strings.HasPrefix(strings.ToLower(u.FullName), query) || strings.HasPrefix(strings.ToLower(u.Email), query)
		if fits && query != "" && !u.Outside && !u.Blocked {
			found = append(found, drawJira(u))
		}
	}
	page, _ := part(found, 0, max(number(r.URL.Query(), "maxResults", 50), 1))
	standin.WriteJSON(w, http.StatusOK, page)
}

func (s *Sim) jiraUser(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("accountId")
	u, known := s.userBy(func(u User) bool { return u.AccountID == id })
	if !known {
		standin.WriteJSON(w, http.StatusNotFound, object{"errorMessages": []string{"Specified user does not exist or you do not have required permissions"}})
		return
	}
	standin.WriteJSON(w, http.StatusOK, drawJira(u))
}
