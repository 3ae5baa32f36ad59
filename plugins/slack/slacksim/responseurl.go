package slacksim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// Limits of a response URL: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
const (
	responseLinkUses = 5
	responseLinkLife = 30 * time.Minute
)

// responseLink is one response_url: it speaks in the place of a click, without any token.
type responseLink struct {
	secret  string
	channel *channel
	source  *message
	user    string
	born    time.Time
	uses    int
}

type responseLinks struct {
	clock func() time.Time

	mu    sync.Mutex
	known map[string]*responseLink
	swept time.Time
}

func newResponseLinks(clock func() time.Time) *responseLinks {
	return &responseLinks{clock: clock, known: map[string]*responseLink{}, swept: clock()}
}

func (l *responseLinks) add(id string, link *responseLink) {
	l.mu.Lock()
	defer l.mu.Unlock()
	link.born = l.clock()
	if link.born.Sub(l.swept) > responseLinkLife {
		l.sweep(link.born)
	}
	l.known[id] = link
}

func (l *responseLinks) sweep(now time.Time) {
	l.swept = now
	for id, link := range l.known {
		if now.Sub(link.born) > 2*responseLinkLife {
			delete(l.known, id)
		}
	}
}

func (l *responseLinks) use(id, secret string) (*responseLink, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	link := l.known[id]
	switch {
	case link == nil || link.secret != secret:
		return nil, fail("invalid_url")
	case l.clock().Sub(link.born) > responseLinkLife:
		return nil, fail("expired_url")
	case link.uses >= responseLinkUses:
		return nil, fail("used_url")
	}
	link.uses++
	return link, nil
}

// answerToClick is what an app posts to a response_url.
type answerToClick struct {
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	ResponseType    string          `json:"response_type"`
	ReplaceOriginal flexBool        `json:"replace_original"`
	DeleteOriginal  flexBool        `json:"delete_original"`
	ThreadTS        string          `json:"thread_ts"`
}

// flexBool also takes "true" and "false" as text, which Slack's own examples send.
type flexBool bool

// UnmarshalJSON accepts a boolean or its name.
func (b *flexBool) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "true", `"true"`:
		*b = true
	case "false", `"false"`, "null", `""`:
		*b = false
	default:
		return errors.New("must be true or false")
	}
	return nil
}

func (s *Sim) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	if err := s.respond(r); err != nil {
		var problem *apiError
		if !errors.As(err, &problem) {
			problem = fail("internal_error")
		}
		s.tally.Call("response_url", problem.code)
		status := http.StatusBadRequest
		if problem.code == "used_url" || problem.code == "expired_url" || problem.code == "invalid_url" {
			status = http.StatusNotFound
		}
		standin.WriteJSON(w, status, problem.body())
		return
	}
	s.tally.Call("response_url", "")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok")
}

func (s *Sim) respond(r *http.Request) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return fail("request_timeout")
	}
	link, err := s.links.use(r.PathValue("link"), r.PathValue("secret"))
	if err != nil {
		return err
	}
	var answer answerToClick
	if json.Unmarshal(body, &answer) != nil {
		return fail("invalid_payload")
	}
	if answer.DeleteOriginal {
		return s.deleteSource(link)
	}
	return s.say(link, answer)
}

func (s *Sim) deleteSource(link *responseLink) error {
	link.channel.mu.Lock()
	defer link.channel.mu.Unlock()
	if link.source.deleted {
		return fail("message_not_found")
	}
	s.remove(link.source)
	return nil
}

func (s *Sim) say(link *responseLink, answer answerToClick) error {
	args := arguments{"text": answer.Text}
	if len(answer.Blocks) > 0 && string(answer.Blocks) != "null" && string(answer.Blocks) != "[]" {
		args["blocks"] = string(answer.Blocks)
	}
	said, err := s.readContent(args)
	if err != nil {
		return err
	}
	if said.text == "" && len(said.layout.blocks) == 0 {
		return fail("no_text")
	}
	switch {
	case bool(answer.ReplaceOriginal):
		return s.replaceSource(link, args, said)
	case answer.ResponseType == "in_channel":
		s.post(link.channel, said, answer.ThreadTS, false)
	default:
		s.whisper(link.channel, link.user, said)
	}
	return nil
}

func (s *Sim) replaceSource(link *responseLink, args arguments, said content) error {
	link.channel.mu.Lock()
	defer link.channel.mu.Unlock()
	if link.source.deleted {
		return fail("message_not_found")
	}
	link.source.change(args, said, s.opts.Clock())
	s.tally.Updated()
	s.changes.Touch()
	return nil
}
