package slacksim

import (
	"errors"
	"net/http"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// postBurst is how many messages a channel takes at once before the limit of one per second holds; Slack tolerates
// short bursts without naming a number: https://docs.slack.dev/apis/web-api/rate-limits.
const postBurst = 3

// method is one Web API method.
type method struct {
	// scope a token needs; empty for none.
	scope string
	// appToken marks methods that take an xapp- token instead of an xoxb- one.
	appToken bool
	run      func(*Sim, *call) (reply, error)
}

// call is one Web API call that passed authentication.
type call struct {
	args  arguments
	token Token
	// base is the address under which the caller reaches us.
	base string
}

func webMethods() map[string]method {
	return map[string]method{
		"auth.test":             {run: (*Sim).authTest},
		"apps.connections.open": {scope: "connections:write", appToken: true, run: (*Sim).appsConnectionsOpen},
		"chat.postMessage":      {scope: "chat:write", run: (*Sim).chatPostMessage},
		"chat.postEphemeral":    {scope: "chat:write", run: (*Sim).chatPostEphemeral},
		"chat.update":           {scope: "chat:write", run: (*Sim).chatUpdate},
		"chat.delete":           {scope: "chat:write", run: (*Sim).chatDelete},
		"conversations.open":    {run: (*Sim).conversationsOpen},
		"conversations.info":    {run: (*Sim).conversationsInfo},
		"conversations.list":    {run: (*Sim).conversationsList},
		"users.conversations":   {run: (*Sim).usersConversations},
		"conversations.history": {run: (*Sim).conversationsHistory},
		"conversations.replies": {run: (*Sim).conversationsReplies},
		"users.info":            {scope: "users:read", run: (*Sim).usersInfo},
		"users.list":            {scope: "users:read", run: (*Sim).usersList},
		"users.lookupByEmail":   {scope: "users:read.email", run: (*Sim).usersLookupByEmail},
		"views.open":            {run: (*Sim).viewsOpen},
		"views.update":          {run: (*Sim).viewsUpdate},
	}
}

func operation(r *http.Request) string {
	if name := r.PathValue("method"); name != "" {
		return name
	}
	return "response_url"
}

func brokenSlack(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write([]byte("<!doctype html><title>Server Error</title><h1>Server Error</h1>"))
}

func (s *Sim) rateLimited(w http.ResponseWriter, r *http.Request, seconds int) {
	s.tally.Call(operation(r), "ratelimited")
	standin.SetRetryAfter(w, seconds)
	standin.WriteJSON(w, http.StatusTooManyRequests, fail("ratelimited").body())
}

func (s *Sim) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	out, err := s.callMethod(w, r, name)
	var limited *limitError
	if errors.As(err, &limited) {
		s.rateLimited(w, r, limited.seconds)
		return
	}
	var problem *apiError
	if errors.As(err, &problem) {
		s.tally.Call(name, problem.code)
		standin.WriteJSON(w, http.StatusOK, problem.body())
		return
	}
	if err != nil {
		s.tally.Call(name, "internal_error")
		s.opts.Logger.Error("slack stand-in could not answer", "method", name, "err", err)
		standin.WriteJSON(w, http.StatusOK, fail("internal_error").body())
		return
	}
	s.tally.Call(name, "")
	out["ok"] = true
	standin.WriteJSON(w, http.StatusOK, out)
}

// limitError asks for an HTTP 429.
type limitError struct{ seconds int }

func (*limitError) Error() string { return "ratelimited" }

func (s *Sim) callMethod(w http.ResponseWriter, r *http.Request, name string) (reply, error) {
	m, known := s.methods[name]
	if !known {
		return nil, fail("unknown_method")
	}
	if m.appToken && r.Method != http.MethodPost {
		return nil, fail("method_not_supported_for_http_verb")
	}
	args, problem := readArguments(r)
	if problem != nil {
		return nil, problem
	}
	token, problem := s.authenticate(r, args)
	if problem != nil {
		return nil, problem
	}
	w.Header().Set("X-OAuth-Scopes", strings.Join(token.Scopes, ","))
	w.Header().Set("X-Accepted-OAuth-Scopes", m.scope)
	if problem := m.allows(token, name); problem != nil {
		return nil, problem
	}
	base := s.opts.External(r)
	s.reached.Store(&base)
	return m.run(s, &call{args: args, token: token, base: base})
}

// allows checks the kind of token and its scope. auth.test takes every token.
func (m method) allows(token Token, name string) *apiError {
	if token.isApp() != m.appToken && name != "auth.test" {
		return fail("not_allowed_token_type")
	}
	if m.scope != "" && !token.has(m.scope) {
		return missingScope(m.scope, token)
	}
	return nil
}

func (s *Sim) authenticate(r *http.Request, args arguments) (Token, *apiError) {
	value, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		value = args["token"]
	}
	if value == "" {
		return Token{}, fail("not_authed")
	}
	token, known := s.tokens[value]
	if !known {
		return Token{}, fail("invalid_auth")
	}
	return token, nil
}

func (s *Sim) authTest(c *call) (reply, error) {
	ws, app := s.cfg.Workspace, s.cfg.App
	out := reply{
		"url": "https://" + ws.Domain + ".slack.com/", "team": ws.Name, "team_id": ws.ID,
		"app_id": app.ID, "is_enterprise_install": false,
	}
	if c.token.isApp() {
		out["app_name"] = app.Name
		return out, nil
	}
	out["user"], out["user_id"], out["bot_id"] = s.users[app.BotUser].Name, app.BotUser, app.BotID
	return out, nil
}
