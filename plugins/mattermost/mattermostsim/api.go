package mattermostsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// maxBody bounds what is read of a request.
const maxBody = 4 << 20

// call is one API call that passed authentication.
type call struct {
	r    *http.Request
	user User
	// node is the server that got it.
	node int
}

func (c *call) path(name string) string { return c.r.PathValue(name) }

// decode reads the body.
func (c *call) decode(into any) *problem {
	if err := json.NewDecoder(http.MaxBytesReader(nil, c.r.Body, maxBody)).Decode(into); err != nil {
		return badParam("body")
	}
	return nil
}

// operation is one call of the API: what Mattermost calls it, where it is, and what it does.
type operation struct {
	name, pattern string
	run           func(*Sim, *call) (status int, answer any, p *problem)
	// open needs no session.
	open bool
}

// operations are named as in https://developers.mattermost.com/api-documentation/.
func operations() []operation {
	return []operation{
		{name: "GetPing", pattern: "GET /system/ping", run: (*Sim).getPing, open: true},
		{name: "GetClientConfig", pattern: "GET /config/client", run: (*Sim).getClientConfig, open: true},
		{name: "GetUser", pattern: "GET /users/{user}", run: (*Sim).getUser},
		{name: "GetUserByEmail", pattern: "GET /users/email/{email}", run: (*Sim).getUserByEmail},
		{name: "GetUserByUsername", pattern: "GET /users/username/{name}", run: (*Sim).getUserByUsername},
		{name: "GetUsersByIds", pattern: "POST /users/ids", run: (*Sim).getUsersByIDs},
		{name: "GetTeamsForUser", pattern: "GET /users/me/teams", run: (*Sim).getTeams},
		{name: "GetChannel", pattern: "GET /channels/{channel}", run: (*Sim).getChannel},
		{name: "GetChannelByNameForTeamName", pattern: "GET /teams/name/{team}/channels/name/{name}", run: (*Sim).getChannelByName},
		{name: "GetChannelMember", pattern: "GET /channels/{channel}/members/{user}", run: (*Sim).getChannelMember},
		{name: "CreateDirectChannel", pattern: "POST /channels/direct", run: (*Sim).createDirect},
		{name: "GetPostsForChannel", pattern: "GET /channels/{channel}/posts", run: (*Sim).getPosts},
		{name: "CreatePost", pattern: "POST /posts", run: (*Sim).createPost},
		{name: "CreatePostEphemeral", pattern: "POST /posts/ephemeral", run: (*Sim).createEphemeral},
		{name: "GetPost", pattern: "GET /posts/{post}", run: (*Sim).getPost},
		{name: "PatchPost", pattern: "PUT /posts/{post}/patch", run: (*Sim).patchPost},
		{name: "DeletePost", pattern: "DELETE /posts/{post}", run: (*Sim).deletePost},
		{name: "DoPostAction", pattern: "POST /posts/{post}/actions/{action}", run: (*Sim).doPostAction},
		{name: "OpenInteractiveDialog", pattern: "POST /actions/dialogs/open", run: (*Sim).openDialog, open: true},
		{name: "SubmitInteractiveDialog", pattern: "POST /actions/dialogs/submit", run: (*Sim).submitDialog},
	}
}

func (s *Sim) routes() {
	s.mux = http.NewServeMux()
	for _, op := range operations() {
		method, path, _ := strings.Cut(op.pattern, " ")
		gate := standin.Gate{
			Switches: s.faults, Operation: func(*http.Request) string { return op.name }, Fail: s.broken,
			Limit: func(w http.ResponseWriter, _ *http.Request, seconds int) { s.limited(w, op.name, seconds) },
		}
		s.mux.Handle(method+" /api/v4"+path, gate.Around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.serve(w, r, op)
		})))
	}
	s.mux.HandleFunc("/api/v4/", func(w http.ResponseWriter, _ *http.Request) { s.answerProblem(w, noSuchPage()) })
}

func (s *Sim) serve(w http.ResponseWriter, r *http.Request, op operation) {
	if seconds := s.overLimit(r); seconds > 0 {
		s.limited(w, op.name, seconds)
		return
	}
	w.Header().Set("X-Version-Id", s.Server().Version+".0.demo.false")
	c, p := s.enter(r, op)
	if p != nil {
		s.tally.Call(op.name, p.ID)
		s.answerProblem(w, p)
		return
	}
	status, answer, p := op.run(s, c)
	if p != nil {
		s.tally.Call(op.name, p.ID)
		s.answerProblem(w, p)
		return
	}
	s.tally.Call(op.name, "")
	standin.WriteJSON(w, status, answer)
}

// overLimit says how many seconds a caller has to wait, 0 for none. The limit is off unless somebody switched it on.
func (s *Sim) overLimit(r *http.Request) int {
	asDocumented, _ := s.faults.RealLimits()
	if !asDocumented && !s.Server().RateLimit {
		return 0
	}
	wait := s.limiter.Take(r.Header.Get("Authorization"))
	if wait == 0 {
		return 0
	}
	return standin.WholeSeconds(wait)
}

// limited answers as the server's rate limiter does, which is not in JSON.
func (s *Sim) limited(w http.ResponseWriter, operation string, seconds int) {
	s.tally.Call(operation, "limit exceeded")
	standin.SetRetryAfter(w, seconds)
	w.Header().Set("X-RateLimit-Limit", strconv.Itoa(limitBurst+1))
	w.Header().Set("X-RateLimit-Remaining", "0")
	w.Header().Set("X-RateLimit-Reset", strconv.Itoa(seconds))
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = fmt.Fprintln(w, "limit exceeded")
}

// enter checks the session and picks the node.
func (s *Sim) enter(r *http.Request, op operation) (*call, *problem) {
	s.mu.Lock()
	s.turn = (s.turn + 1) % len(s.nodes)
	node := s.turn
	s.mu.Unlock()
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	user, known := s.user(s.tokens[token])
	if !bearer || !known || user.Deleted {
		if op.open {
			return &call{r: r, node: node}, nil
		}
		return nil, fail(http.StatusUnauthorized, "api.context.session_expired.app_error", "Invalid or expired session, please login again.")
	}
	return &call{r: r, user: user, node: node}, nil
}

func statusOK() map[string]string { return map[string]string{"status": "OK"} }

func (s *Sim) getPing(*call) (int, any, *problem) { return http.StatusOK, statusOK(), nil }
