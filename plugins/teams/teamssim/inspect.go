package teamssim

import (
	"context"
	"encoding/json"
	"net/http"
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

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/messages", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"messages": s.Messages()})
	})
	s.changes.Serve(s.ctx, inner)
	inner.HandleFunc("POST /sandbox/click", standin.Drive(s.Click))
	inner.HandleFunc("POST /sandbox/forge", standin.Drive(s.Forge))
	inner.HandleFunc("POST /sandbox/refuse", standin.Drive(func(_ context.Context, r Refusal) (Result, error) {
		s.Refuse(r)
		return Result{OK: true}, nil
	}))
	inner.HandleFunc("POST /sandbox/install", standin.Drive(s.driveInstall))
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

func (s *Sim) driveInstall(_ context.Context, ask struct {
	User   string `json:"user"`
	Remove bool   `json:"remove"`
},
) (Result, error) {
	err := s.Install(ask.User, !ask.Remove)
	return Result{OK: err == nil}, err
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
func (s *Sim) LastBody() []byte { return s.log.Last() }

// Token makes a token as callbacks carry it: begun so long ago, and good for so long.
func (s *Sim) Token(begun, left time.Duration) (string, error) {
	current, _ := s.signers()
	p := s.pass()
	p.from, p.until = s.now().Add(-begun), s.now().Add(left)
	return current.token(p)
}

// Delivered counts the activities that were handed over and answered.
func (s *Sim) Delivered() int {
	return int(s.answered.Load())
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
