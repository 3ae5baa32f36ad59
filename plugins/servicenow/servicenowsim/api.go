package servicenowsim

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// apiError is a refusal with the vendor's body.
type apiError struct {
	status          int
	message, detail string
	header          http.Header
}

func (e *apiError) Error() string { return e.message + ": " + e.detail }

func refuse(status int, message, detail string) *apiError {
	return &apiError{status: status, message: message, detail: detail}
}

func (e *apiError) write(w http.ResponseWriter) {
	for name, values := range e.header {
		w.Header()[name] = values
	}
	var detail any = e.detail
	if e.detail == "" {
		detail = nil
	}
	standin.WriteJSON(w, e.status, map[string]any{
		"error": map[string]any{"message": e.message, "detail": detail}, "status": "failure",
	})
}

// operation names a call as Faults.Only does: "POST incident", "GET sysapproval_approver", "whoisoncall", "oauth_token".
func operation(r *http.Request) string {
	if r.URL.Path == "/oauth_token.do" {
		return "oauth_token"
	}
	if strings.HasSuffix(r.URL.Path, "/whoisoncall") {
		return "whoisoncall"
	}
	where, ok := tablePath(r.URL.Path)
	if !ok {
		return r.URL.Path
	}
	return r.Method + " " + where.table
}

func broken(w http.ResponseWriter, _ *http.Request) {
	refuse(http.StatusInternalServerError, "Transaction cancelled: maximum execution time exceeded", "").write(w)
}

// limited is the vendor's 429: rules count by the hour, so that the wait can be most of one.
func (s *Sim) limited(w http.ResponseWriter, r *http.Request, seconds int) {
	s.calls.Count(operation(r), http.StatusTooManyRequests)
	s.tooMany(10, seconds).write(w)
}

func (s *Sim) tooMany(perHour, seconds int) *apiError {
	e := refuse(http.StatusTooManyRequests, "Rate limit exceeded",
		"Rate limit of "+strconv.Itoa(perHour)+" requests per hour for Table API exceeded")
	e.header = http.Header{}
	e.header.Set("Retry-After", strconv.Itoa(seconds))
	e.header.Set("X-RateLimit-Limit", strconv.Itoa(perHour))
	e.header.Set("X-RateLimit-Reset", strconv.FormatInt(s.opts.Clock().Unix()+int64(seconds), 10))
	e.header.Set("X-RateLimit-Rule", "1dfe5c3ac3032200b599b4ad81d3aee9")
	return e
}

const hibernation = "<!DOCTYPE html><html><head><title>Hibernating Instance</title></head><body><h1>Your instance is " +
	"hibernating</h1><p>Sign in to the developer site to wake it up.</p></body></html>"

func writePage(w http.ResponseWriter, page string) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(page))
}

func (s *Sim) serveAPI(w http.ResponseWriter, r *http.Request) {
	if s.Quirks().Hibernating {
		writePage(w, hibernation)
		return
	}
	// The instance's clock, which clients of a polling kind go by.
	w.Header().Set("Date", s.opts.Clock().UTC().Format(http.TimeFormat))
	counted := &standin.NotedAnswer{ResponseWriter: w}
	if err := s.dispatch(counted, r); err != nil {
		problem, ok := errors.AsType[*apiError](err)
		if !ok {
			problem = refuse(http.StatusInternalServerError, "Unexpected error", err.Error())
		}
		problem.write(counted)
	}
	s.calls.Count(operation(r), counted.Status)
}

func (s *Sim) dispatch(w http.ResponseWriter, r *http.Request) error {
	credential, err := s.authenticate(r)
	if err != nil {
		return err
	}
	if err := s.checkRate(credential); err != nil {
		return err
	}
	if err := checkTypes(r); err != nil {
		return err
	}
	if strings.HasSuffix(r.URL.Path, "/on_call_rota/whoisoncall") {
		return s.whoIsOnCall(w, r)
	}
	where, ok := tablePath(r.URL.Path)
	if !ok {
		return refuse(http.StatusBadRequest, "Requested URI does not represent any resource", r.URL.Path)
	}
	return s.serveTable(w, r, where)
}

// checkTypes wants JSON in both directions.
func checkTypes(r *http.Request) error {
	if accept := r.Header.Get("Accept"); accept != "" && !strings.Contains(accept, "json") && !strings.Contains(accept, "*/*") {
		return refuse(http.StatusNotAcceptable, "Not acceptable media type requested", accept)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodDelete {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type", "Media type "+r.Header.Get("Content-Type")+" is not supported")
	}
	return nil
}

func notAuthenticated() *apiError {
	e := refuse(http.StatusUnauthorized, "User Not Authenticated", "Required to provide Auth information")
	e.header = http.Header{"Www-Authenticate": {`BASIC realm="Service-now"`}}
	return e
}

// authenticate returns the credential that a call came with.
func (s *Sim) authenticate(r *http.Request) (string, error) {
	if token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); bearer {
		if s.tokens.valid(token) {
			return "oauth", nil
		}
		e := notAuthenticated()
		e.header = http.Header{"Www-Authenticate": {`Bearer realm="Service-now", error="invalid_token"`}}
		return "", e
	}
	name, password, ok := r.BasicAuth()
	if !ok || s.cfg.Password == "" || name != s.cfg.Account || password != s.cfg.Password {
		return "", notAuthenticated()
	}
	return "basic", nil
}

func (s *Sim) checkRate(credential string) error {
	perHour := s.Quirks().PerHour
	if on, _ := s.faults.RealLimits(); on && perHour == 0 {
		perHour = 5000
	}
	if perHour == 0 {
		return nil
	}
	if wait := s.hours.take(credential, perHour); wait > 0 {
		return s.tooMany(perHour, standin.WholeSeconds(wait))
	}
	return nil
}

// place is what the path of a Table API call names.
type place struct {
	table, id string
	// listless marks versions before 2, which answer 404 when a list is empty.
	listless bool
}

func tablePath(path string) (place, bool) {
	rest, ok := strings.CutPrefix(path, "/api/now/")
	if !ok {
		return place{}, false
	}
	where := place{listless: true}
	for _, version := range []string{"v1/", "v2/"} {
		if after, versioned := strings.CutPrefix(rest, version); versioned {
			rest, where.listless = after, version == "v1/"
		}
	}
	rest, ok = strings.CutPrefix(rest, "table/")
	if !ok {
		return place{}, false
	}
	where.table, where.id, _ = strings.Cut(rest, "/")
	return where, where.table != "" && !strings.Contains(where.id, "/")
}
