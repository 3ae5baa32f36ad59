package discordsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// maxRequest is the largest body: https://discord.com/developers/docs/reference#uploading-files.
const maxRequest = 25 << 20

// operation is one endpoint.
type operation struct {
	// name is the endpoint's in Discord's documentation.
	name string
	// byToken says that the token in the path is what opens it, and not the bot's.
	byToken bool
	// open needs no token at all.
	open bool
	run  func(*Sim, *call) (reply, error)
}

// call is one request that passed authentication.
type call struct {
	http *http.Request
	body []byte
	base string
}

func (c *call) part(name string) string { return c.http.PathValue(name) }

// decode reads the JSON body.
func (c *call) decode(into any) error {
	if len(bytes.TrimSpace(c.body)) == 0 || json.Unmarshal(c.body, into) != nil {
		return badJSON()
	}
	return nil
}

// reply is an answer below 300.
type reply struct {
	status int
	body   any
}

func ok(body any) (reply, error) { return reply{http.StatusOK, body}, nil }

func nothing() (reply, error) { return reply{status: http.StatusNoContent}, nil }

func operations() map[string]operation {
	return map[string]operation{
		"GET applications/@me":                                    {name: "get-current-application", run: (*Sim).getApplication},
		"GET oauth2/applications/@me":                             {name: "get-current-application", run: (*Sim).getApplication},
		"GET users/@me":                                           {name: "get-current-user", run: (*Sim).getSelf},
		"GET users/@me/guilds":                                    {name: "get-current-user-guilds", run: (*Sim).getGuilds},
		"POST users/@me/channels":                                 {name: "create-dm", run: (*Sim).createDirect},
		"GET users/{user}":                                        {name: "get-user", run: (*Sim).getUser},
		"GET guilds/{guild}":                                      {name: "get-guild", run: (*Sim).getGuild},
		"GET guilds/{guild}/channels":                             {name: "get-guild-channels", run: (*Sim).getGuildChannels},
		"GET guilds/{guild}/members/{user}":                       {name: "get-guild-member", run: (*Sim).getMember},
		"GET channels/{channel}":                                  {name: "get-channel", run: (*Sim).getChannel},
		"GET channels/{channel}/messages":                         {name: "get-channel-messages", run: (*Sim).getMessages},
		"POST channels/{channel}/messages":                        {name: "create-message", run: (*Sim).createMessage},
		"GET channels/{channel}/messages/{message}":               {name: "get-channel-message", run: (*Sim).getMessage},
		"PATCH channels/{channel}/messages/{message}":             {name: "edit-message", run: (*Sim).editMessage},
		"DELETE channels/{channel}/messages/{message}":            {name: "delete-message", run: (*Sim).deleteMessage},
		"GET gateway":                                             {name: "get-gateway", open: true, run: (*Sim).getGateway},
		"GET gateway/bot":                                         {name: "get-gateway-bot", run: (*Sim).getGatewayBot},
		"POST interactions/{interaction}/{token}/callback":        {name: "create-interaction-response", byToken: true, run: (*Sim).respond},
		"POST webhooks/{application}/{token}":                     {name: "create-followup-message", byToken: true, run: (*Sim).followUp},
		"GET webhooks/{application}/{token}/messages/@original":   {name: "get-original-response", byToken: true, run: (*Sim).getOriginal},
		"PATCH webhooks/{application}/{token}/messages/@original": {name: "edit-original-response", byToken: true, run: (*Sim).editOriginal},
		"DELETE webhooks/{application}/{token}/messages/@original": {
			name: "delete-original-response", byToken: true, run: (*Sim).deleteOriginal,
		},
	}
}

func (s *Sim) api() {
	for _, version := range []string{"v9", "v10"} {
		for pattern, op := range operations() {
			method, path, _ := strings.Cut(pattern, " ")
			gate := standin.Gate{
				Switches: s.faults, Operation: func(*http.Request) string { return op.name }, Fail: brokenDiscord,
				Limit: func(w http.ResponseWriter, _ *http.Request, seconds int) {
					s.ban.note(http.StatusTooManyRequests, "user")
					s.tally.Call(op.name, "429")
					limited(w, time.Duration(seconds)*time.Second, "user")
				},
			}
			s.mux.Handle(method+" /api/"+version+"/"+path, s.frontDoor(gate.Around(s.serveOperation(op))))
		}
	}
	s.mux.Handle("/api/", s.frontDoor(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, notFound().body())
	})))
}

// frontDoor is Cloudflare: it shuts out addresses that were refused too often.
func (s *Sim) frontDoor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, banned := s.ban.state(); banned {
			w.Header().Set("Retry-After", "600")
			w.Header().Set("Content-Type", "text/html; charset=UTF-8")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte("<!doctype html><title>Access denied | discord.com used Cloudflare to restrict access</title>error code: 1015"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func brokenDiscord(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusInternalServerError, map[string]any{"message": "500: Internal Server Error", "code": 0})
}

func (s *Sim) serveOperation(op operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !op.byToken && !op.open && r.Header.Get("Authorization") != "Bot "+s.cfg.Token {
			s.refused(w, op, unauthorized())
			return
		}
		if s.overLimit(w, r, op) {
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			s.refused(w, op, refuse(http.StatusRequestEntityTooLarge, 40005, "Request entity too large"))
			return
		}
		out, err := op.run(s, &call{http: r, body: body, base: s.opts.External(r)})
		if problem, ok := errors.AsType[*apiError](err); ok {
			s.refused(w, op, problem)
			return
		}
		if err != nil {
			s.opts.Logger.Error("discord stand-in could not answer", "operation", op.name, "err", err)
			brokenDiscord(w, r)
			return
		}
		s.tally.Call(op.name, "")
		if out.status == http.StatusNoContent {
			w.WriteHeader(out.status)
			return
		}
		writeJSON(w, out.status, out.body)
	})
}

func (s *Sim) refused(w http.ResponseWriter, op operation, problem *apiError) {
	s.tally.Call(op.name, fmt.Sprintf("%d/%d", problem.status, problem.code))
	s.ban.note(problem.status, "user")
	if problem.status == http.StatusTooManyRequests { // such as 30046, which belongs to the message and not to a bucket
		w.Header().Set("Retry-After", "5")
		w.Header().Set("X-RateLimit-Scope", "user")
		body := problem.body()
		body["retry_after"], body["global"] = 5.0, false
		writeJSON(w, problem.status, body)
		return
	}
	writeJSON(w, problem.status, problem.body())
}

// overLimit counts the call and refuses it if it is one too many. Interactions do not count towards the global limit.
func (s *Sim) overLimit(w http.ResponseWriter, r *http.Request, op operation) bool {
	strict, _ := s.faults.RealLimits()
	now := s.opts.Clock()
	major := r.PathValue("channel") + r.PathValue("guild") + r.PathValue("application") + r.PathValue("interaction")
	own := s.buckets.take(op.name+" "+major, allowanceOf(op.name), !strict)
	own.headers(w.Header(), bucketName(op.name), now)
	scope, wait := "user", own.wait
	if !op.byToken && wait == 0 {
		if all := s.buckets.take("global", allowance{globalPerSecond, time.Second}, !strict); all.wait > 0 {
			scope, wait = "global", all.wait
		}
	}
	if wait == 0 {
		return false
	}
	s.tally.Call(op.name, "429")
	s.ban.note(http.StatusTooManyRequests, scope)
	limited(w, wait, scope)
	return true
}

// bucketName is opaque, as Discord's are.
func bucketName(operation string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(operation))
	return fmt.Sprintf("%016x%016x", sum.Sum64(), sum.Sum64()>>7)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "the answer could not be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
