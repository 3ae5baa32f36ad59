package teamssim

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// graph serves the part of Microsoft Graph by which an app is installed for people and its chats are found.
func (s *Sim) graph(gated func(http.HandlerFunc) http.Handler) {
	const installed = "/graph/v1.0/users/{user}/teamwork/installedApps"
	const read, install = "User.Read.All", "TeamsAppInstallation.ReadWriteSelfForUser.All"
	s.mux.Handle("GET /graph/v1.0/users", gated(s.granted(read, s.findUsers)))
	s.mux.Handle("GET /graph/v1.0/users/{user}", gated(s.granted(read, s.oneUser)))
	s.mux.Handle("POST "+installed, gated(s.granted(install, s.installApp)))
	s.mux.Handle("GET "+installed, gated(s.granted(install, s.listApps)))
	s.mux.Handle("GET "+installed+"/{app}/chat", gated(s.granted(install, s.appChat)))
}

func graphError(w http.ResponseWriter, status int, code, message string) {
	standin.WriteJSON(w, status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}

// granted checks the token and the permission.
func (s *Sim) granted(permission string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.tokens.good(r, true) {
			graphError(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty or has expired.")
			return
		}
		if !slices.Contains(s.cfg.App.Permissions, permission) {
			graphError(w, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		next(w, r)
	}
}

// directoryUser is a user as Graph shows them.
type directoryUser struct {
	ID      string `json:"id"`
	Name    string `json:"displayName"`
	Mail    string `json:"mail"`
	UPN     string `json:"userPrincipalName"`
	Enabled bool   `json:"accountEnabled"`
}

func (p *person) directory() directoryUser {
	return directoryUser{ID: p.ID, Name: p.DisplayName, Mail: p.Email, UPN: p.Email, Enabled: true}
}

var addressFilter = regexp.MustCompile(`^userPrincipalName eq '((?:[^']|'')*)' or mail eq '((?:[^']|'')*)'$`)

func (s *Sim) findUsers(w http.ResponseWriter, r *http.Request) {
	parts := addressFilter.FindStringSubmatch(r.URL.Query().Get("$filter"))
	if parts == nil {
		graphError(w, http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified.")
		return
	}
	found := []directoryUser{}
	for _, p := range s.directory() {
		if strings.EqualFold(p.Email, strings.ReplaceAll(parts[1], "''", "'")) || strings.EqualFold(p.Email, strings.ReplaceAll(parts[2], "''", "'")) {
			found = append(found, p.directory())
		}
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"value": found})
}

// directory are the people of this tenant, guests included.
func (s *Sim) directory() []*person {
	return slices.DeleteFunc(slices.Clone(s.people), func(p *person) bool { return p.Tenant != s.cfg.Tenant.ID || p.ID == "" })
}

// user finds the person that the path names by id or sign-in name, or answers that there is none.
func (s *Sim) user(w http.ResponseWriter, r *http.Request) *person {
	for _, p := range s.directory() {
		if p.ID == r.PathValue("user") || strings.EqualFold(p.Email, r.PathValue("user")) {
			return p
		}
	}
	graphError(w, http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+r.PathValue("user")+"' does not exist.")
	return nil
}

func (s *Sim) oneUser(w http.ResponseWriter, r *http.Request) {
	if p := s.user(w, r); p != nil {
		standin.WriteJSON(w, http.StatusOK, p.directory())
	}
}

func (s *Sim) installApp(w http.ResponseWriter, r *http.Request) {
	p := s.user(w, r)
	if p == nil {
		return
	}
	var ask struct {
		App string `json:"teamsApp@odata.bind"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxForm)).Decode(&ask); err != nil {
		graphError(w, http.StatusBadRequest, "BadRequest", "The body could not be read.")
		return
	}
	_, id, _ := strings.Cut(ask.App, "/appCatalogs/teamsApps/")
	switch {
	case id != s.cfg.App.CatalogID:
		graphError(w, http.StatusNotFound, "NotFound", "No app was found with the given id.")
	case p.Installed:
		graphError(w, http.StatusConflict, "Conflict", "App is already installed.")
	default:
		s.install(p, true)
		w.WriteHeader(http.StatusCreated)
	}
}

func (s *Sim) listApps(w http.ResponseWriter, r *http.Request) {
	p := s.user(w, r)
	if p == nil {
		return
	}
	found := []map[string]any{}
	if p.Installed && r.URL.Query().Get("$filter") == "teamsApp/externalId eq '"+s.cfg.App.ManifestID+"'" {
		found = append(found, map[string]any{"id": s.installation(p), "teamsApp": map[string]string{
			"id": s.cfg.App.CatalogID, "externalId": s.cfg.App.ManifestID, "distributionMethod": "organization",
		}})
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"value": found})
}

func (s *Sim) installation(p *person) string { return "installation-" + p.ID }

func (s *Sim) appChat(w http.ResponseWriter, r *http.Request) {
	p := s.user(w, r)
	if p == nil {
		return
	}
	if !p.Installed || r.PathValue("app") != s.installation(p) {
		graphError(w, http.StatusNotFound, "NotFound", "The app installation was not found.")
		return
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"id": s.personal(p).alias, "chatType": "oneOnOne", "tenantId": s.cfg.Tenant.ID})
}
