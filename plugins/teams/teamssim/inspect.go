package teamssim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// SeenMessage is a message as /sandbox/messages shows it.
type SeenMessage struct {
	ID           string          `json:"id"`
	Conversation string          `json:"conversation"`
	Room         string          `json:"room"`
	ReplyTo      string          `json:"reply_to,omitempty"`
	Summary      string          `json:"summary,omitempty"`
	Text         string          `json:"text,omitempty"`
	Card         json.RawMessage `json:"card,omitempty"`
	Readable     string          `json:"readable,omitempty"`
	Key          string          `json:"key,omitempty"`
	Alert        bool            `json:"alert,omitempty"`
	OnlyFor      string          `json:"only_for,omitempty"`
	Updates      int             `json:"updates"`
	Deleted      bool            `json:"deleted,omitempty"`
	// Views are the cards that single people see in its place, by their names.
	Views map[string]json.RawMessage `json:"views,omitempty"`
}

const (
	maxDriveBody = 1 << 20
	// maxFollow bounds how long /sandbox/wait blocks.
	maxFollow = 25 * time.Second
)

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/messages", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"messages": s.Messages()})
	})
	inner.HandleFunc("GET /sandbox/version", func(w http.ResponseWriter, _ *http.Request) { writeVersion(w, s.changes.Version()) })
	inner.HandleFunc("GET /sandbox/wait", s.serveWait)
	inner.HandleFunc("POST /sandbox/click", drive(s.Click))
	inner.HandleFunc("POST /sandbox/forge", drive(s.Forge))
	inner.HandleFunc("POST /sandbox/refuse", drive(func(_ context.Context, r Refusal) (Result, error) {
		s.Refuse(r)
		return Result{OK: true}, nil
	}))
	inner.HandleFunc("POST /sandbox/install", drive(s.driveInstall))
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

func (s *Sim) driveInstall(_ context.Context, ask struct {
	User   string `json:"user"`
	Remove bool   `json:"remove"`
},
) (Result, error) {
	if err := s.Install(ask.User, !ask.Remove); err != nil {
		return Result{}, refusedPerson
	}
	return Result{OK: true}, nil
}

// Messages lists every message, conversation by conversation, oldest first.
func (s *Sim) Messages() []SeenMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []SeenMessage{}
	for _, r := range s.rooms {
		for _, m := range r.messages {
			out = append(out, m.describe(r))
		}
	}
	return out
}

func (m *message) describe(r *room) SeenMessage {
	seen := SeenMessage{
		ID: m.id, Conversation: r.conversationID(m), Room: r.place(), ReplyTo: m.replyTo, Summary: m.summary, Text: m.text,
		Key: m.key, Alert: m.alert, Updates: m.updates, Deleted: m.deleted, Readable: m.card.readable(),
	}
	if m.card != nil {
		seen.Card = m.card.raw
	}
	if m.onlyFor != nil {
		seen.OnlyFor = m.onlyFor.Name
	}
	for p, v := range m.views {
		if seen.Views == nil {
			seen.Views = map[string]json.RawMessage{}
		}
		seen.Views[p.Name] = v.card.raw
	}
	return seen
}

// serveWait answers as soon as more happened than the caller has seen, or after a while.
func (s *Sim) serveWait(w http.ResponseWriter, r *http.Request) {
	seen, err := strconv.ParseUint(r.URL.Query().Get("version"), 10, 64)
	if err != nil {
		standin.WriteProblem(w, http.StatusBadRequest, "version must be a number")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxFollow)
	defer cancel()
	ctx, release := s.whileOpen(ctx)
	defer release()
	writeVersion(w, s.changes.Wait(ctx, seen))
}

func writeVersion(w http.ResponseWriter, version uint64) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(strconv.FormatUint(version, 10)))
}

// drive serves one thing that a person or an attacker can do.
func drive[Ask any](do func(context.Context, Ask) (Result, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var ask Ask
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxDriveBody))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&ask); err != nil {
			standin.WriteProblem(w, http.StatusBadRequest, "the body must be JSON of the documented form: "+err.Error())
			return
		}
		result, err := do(r.Context(), ask)
		if refused, ok := errors.AsType[standin.RefusedError](err); ok {
			standin.WriteProblem(w, http.StatusConflict, string(refused))
			return
		}
		if err != nil {
			standin.WriteProblem(w, http.StatusInternalServerError, "this could not be done")
			return
		}
		standin.WriteJSON(w, http.StatusOK, result)
	}
}

// Activity is what the bot would be told about a person and a message, for forgeries.
func (s *Sim) Activity(user, message string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.named(user)
	for _, r := range s.rooms {
		if m := r.message(message); m != nil && who != nil {
			out := map[string]any{}
			encoded, err := json.Marshal(s.activity("message", who, r, m))
			if err == nil {
				err = json.Unmarshal(encoded, &out)
			}
			if err == nil {
				return out
			}
		}
	}
	return nil
}

// LastBody is the last activity that was handed over.
func (s *Sim) LastBody() []byte { return s.log.lastBody() }

// Token makes a token as callbacks carry it: begun so long ago, and good for so long.
func (s *Sim) Token(begun, left time.Duration) (string, error) {
	current, _ := s.signers()
	p := s.pass()
	p.from, p.until = s.now().Add(-begun), s.now().Add(left)
	return current.token(p)
}

// Delivered counts the activities that were handed over and answered.
func (s *Sim) Delivered() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.count
}

// ChatOf is the id of the bot's chat with a person, empty if there is none yet.
func (s *Sim) ChatOf(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rooms {
		if r.kind == kindPersonal && r.members[0].Name == name {
			return r.id
		}
	}
	return ""
}
