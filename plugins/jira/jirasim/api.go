package jirasim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// call is one authenticated request.
type call struct {
	user    User
	version string
	body    []byte
}

// answer is what a handler gives back.
type answer struct {
	status int
	body   any
}

// refusal is an error in Jira's words.
type refusal struct {
	status   int
	messages []string
	fields   map[string]string
}

func (r *refusal) Error() string { return strings.Join(r.messages, "; ") }

func refuse(status int, messages ...string) error {
	return &refusal{status: status, messages: messages}
}

func refuseField(name, text string) error {
	return &refusal{status: http.StatusBadRequest, fields: map[string]string{name: text}}
}

const (
	noIssue = "Issue does not exist or you do not have permission to see it."
	maxBody = 4 << 20
)

type handler func(s *Sim, r *http.Request, c call) (answer, error)

// endpoint is one operation of the API; only says on which edition it exists, empty for both.
type endpoint struct {
	pattern, name, only string
	do                  handler
}

const (
	onlyCloud      = "cloud"
	onlyDataCenter = "data_center"
)

func endpoints() []endpoint {
	return []endpoint{
		{"GET myself", "myself", "", myself},
		{"GET serverInfo", "server_info", "", serverInfo},
		{"GET mypermissions", "permissions", "", permissions},
		{"GET user", "user", "", getUser},
		{"GET status/{status}", "status", "", getStatus},
		{"GET project/{project}", "project", "", getProject},
		{"GET project/{project}/statuses", "project_statuses", "", projectStatuses},
		{"GET project/{project}/role", "project_roles", "", projectRoles},
		{"GET issue/createmeta/{project}/issuetypes", "create_types", "", createTypes},
		{"GET issue/createmeta/{project}/issuetypes/{type}", "create_fields", "", createFields},
		{"POST issue", "create_issue", "", createIssue},
		{"GET issue/{issue}", "get_issue", "", getIssue},
		{"PUT issue/{issue}", "edit_issue", "", editIssue},
		{"GET issue/{issue}/transitions", "get_transitions", "", getTransitions},
		{"POST issue/{issue}/transitions", "transition", "", doTransition},
		{"GET issue/{issue}/comment", "get_comments", "", getComments},
		{"POST issue/{issue}/comment", "add_comment", "", addComment},
		{"GET issue/{issue}/changelog", "changelog", onlyCloud, getChangelog},
		{"POST issue/bulkfetch", "bulk_issues", onlyCloud, bulkIssues},
		{"POST changelog/bulkfetch", "bulk_changelog", onlyCloud, bulkChangelog},
		{"GET search/jql", "search", onlyCloud, searchCloud},
		{"POST search/jql", "search", onlyCloud, searchCloud},
		{"GET search", "old_search", "", searchOld},
		{"POST search", "old_search", "", searchOld},
	}
}

func (s *Sim) routes() {
	api := http.NewServeMux()
	for _, one := range endpoints() {
		method, path, _ := strings.Cut(one.pattern, " ")
		gate := standin.Gate{
			Switches: s.faults, Operation: func(*http.Request) string { return one.name }, Fail: broken, Limit: limited,
		}
		api.Handle(method+" /rest/api/{version}/"+path, gate.Around(s.serve(one)))
	}
	api.HandleFunc("/", notThere)
	s.mux = http.NewServeMux()
	s.mux.Handle("/rest/", api)
	s.mux.HandleFunc("GET /_edge/tenant_info", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]string{"cloudId": s.cfg.CloudID})
	})
	if s.cfg.Cloud {
		prefix := "/ex/jira/" + s.cfg.CloudID
		s.mux.Handle(prefix+"/", http.StripPrefix(prefix, viaGateway(api)))
	}
	s.inspection()
	s.pages()
}

// gateway marks the context of calls that came through Atlassian's gateway.
type gateway struct{}

// viaGateway marks calls that came through Atlassian's gateway.
func viaGateway(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), gateway{}, true)))
	})
}

func notThere(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, "<html><head><title>Oops, you've found a dead link.</title></head><body></body></html>")
}

func broken(w http.ResponseWriter, _ *http.Request) {
	standin.WriteJSON(w, http.StatusInternalServerError, map[string]any{"errorMessages": []string{"Internal server error"}, "errors": map[string]string{}})
}

func limited(w http.ResponseWriter, _ *http.Request, seconds int) {
	h := w.Header()
	standin.SetRetryAfter(w, seconds)
	h.Set("X-RateLimit-Limit", "350")
	h.Set("X-RateLimit-Remaining", "0")
	h.Set("X-RateLimit-Reset", time.Now().Add(time.Duration(seconds)*time.Second).UTC().Format("2006-01-02T15:04Z"))
	h.Set("RateLimit-Reason", "jira-burst-based")
	standin.WriteJSON(w, http.StatusTooManyRequests, map[string]any{"errorMessages": []string{"Rate limit exceeded."}})
}

// serve answers one endpoint: who calls, what they sent, what the handler says.
func (s *Sim) serve(one endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.add(one.name)
		s.mu.Lock()
		login := s.login
		s.mu.Unlock()
		version := r.PathValue("version")
		switch {
		case login:
			w.Header().Set("Content-Type", "text/html;charset=UTF-8")
			_, _ = io.WriteString(w, "<html><body><form>Log in</form></body></html>")
		case s.absent(one, version):
			notThere(w, r)
		default:
			s.serveKnown(w, r, one, version)
		}
	})
}

func (s *Sim) absent(one endpoint, version string) bool {
	switch {
	case version == "3":
		return !s.cfg.Cloud || one.only == onlyDataCenter
	case version != "2" && version != "latest":
		return true
	default:
		return one.only == onlyCloud && !s.cfg.Cloud
	}
}

func (s *Sim) serveKnown(w http.ResponseWriter, r *http.Request, one endpoint, version string) {
	if kept, seconds := s.faults.RealLimits(); kept && s.limiter.Take(one.name) > 0 {
		limited(w, r, seconds)
		return
	}
	user, err := s.authenticate(r)
	if err != nil {
		writeRefusal(w, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeRefusal(w, refuse(http.StatusRequestEntityTooLarge, "Request Entity Too Large"))
		return
	}
	s.mu.Lock()
	got, err := one.do(s, r, call{user: user, version: version, body: body})
	s.mu.Unlock()
	if err != nil {
		writeRefusal(w, err)
		return
	}
	if got.status == http.StatusNoContent {
		w.WriteHeader(got.status)
		return
	}
	standin.WriteJSON(w, got.status, got.body)
}

func writeRefusal(w http.ResponseWriter, err error) {
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		r = &refusal{status: http.StatusInternalServerError, messages: []string{err.Error()}}
	}
	messages, fields := r.messages, r.fields
	if messages == nil {
		messages = []string{}
	}
	if fields == nil {
		fields = map[string]string{}
	}
	if r.status == http.StatusUnauthorized {
		w.Header().Set("Www-Authenticate", `OAuth realm="https%3A%2F%2Fjira"`)
	}
	standin.WriteJSON(w, r.status, map[string]any{"errorMessages": messages, "errors": fields})
}

// authenticate knows people of Cloud by e-mail address and API token, and those of Data Center by their token alone.
func (s *Sim) authenticate(r *http.Request) (User, error) {
	denied := refuse(http.StatusUnauthorized, "Client must be authenticated to access this resource.")
	email, secret, basic := r.BasicAuth()
	bearer, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if s.cfg.Cloud != basic || s.cfg.Cloud == isBearer {
		return User{}, denied
	}
	if isBearer {
		secret = bearer
	}
	for _, token := range s.cfg.Tokens {
		u, _ := s.user(token.User)
		fits := token.Value == secret && (!s.cfg.Cloud || strings.EqualFold(u.Email, email))
		if fits && !u.Inactive && token.Service == (r.Context().Value(gateway{}) != nil) {
			return u, nil
		}
	}
	return User{}, denied
}

func (c call) decode(into any) error {
	if err := json.Unmarshal(c.body, into); err != nil {
		return refuse(http.StatusBadRequest, "There was an error parsing JSON. Check that your request body is valid.")
	}
	return nil
}

func ok(body any) (answer, error) { return answer{status: http.StatusOK, body: body}, nil }

// seen returns the issue of the path if the caller may see it.
func (s *Sim) seen(r *http.Request, c call) (*issue, error) {
	found := s.find(r.PathValue("issue"))
	if found == nil || !c.user.may(browse) {
		return nil, refuse(http.StatusNotFound, noIssue)
	}
	return found, nil
}
