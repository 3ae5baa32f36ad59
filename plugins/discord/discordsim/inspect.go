package discordsim

import (
	"net/http"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// SeenMessage is a message as /sandbox/messages shows it.
type SeenMessage struct {
	ID         string      `json:"id"`
	Channel    string      `json:"channel_id"`
	Author     string      `json:"author"`
	Content    string      `json:"content"`
	Embeds     []embed     `json:"embeds"`
	Components []component `json:"components"`
	Flags      int         `json:"flags"`
	// Reply is the message that this one answers.
	Reply string `json:"reply,omitempty"`
	// Key is the delivery key in a custom id, if there is one.
	Key     string `json:"key,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
	// Updates counts the edits.
	Updates int `json:"updates"`
	// OnlyFor is the one person who sees an ephemeral message.
	OnlyFor string `json:"only_for,omitempty"`
	// Mentioned are those whom the message notified besides the readers of the channel.
	Mentioned []string `json:"mentioned,omitempty"`
	// Live are the parts of it that are more than text, see Reading.
	Live []string `json:"live,omitempty"`
	// Readable is its text as people read it.
	Readable string `json:"readable"`
}

// SeenModal is an open form as /sandbox/modals shows it.
type SeenModal struct {
	User       string      `json:"user"`
	CustomID   string      `json:"custom_id"`
	Title      string      `json:"title"`
	Components []component `json:"components"`
	Wrong      string      `json:"wrong,omitempty"`
}

// SeenSession is a session of the Gateway as /sandbox/connections shows it.
type SeenSession struct {
	ID        string    `json:"id"`
	Since     time.Time `json:"since"`
	Sequence  int64     `json:"sequence"`
	Connected bool      `json:"connected"`
}

// SeenStats is the answer of /sandbox/stats.
type SeenStats struct {
	standin.Stats
	// Refusals count towards a ban.
	Refusals int  `json:"refusals"`
	Banned   bool `json:"banned"`
}

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/messages", s.serveMessages)
	inner.HandleFunc("GET /sandbox/ephemerals", func(w http.ResponseWriter, r *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"messages": s.Ephemerals(r.URL.Query().Get("user"))})
	})
	inner.HandleFunc("GET /sandbox/modals", func(w http.ResponseWriter, r *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"modals": s.Modals(r.URL.Query().Get("user"))})
	})
	inner.HandleFunc("GET /sandbox/connections", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"connections": s.Sessions()})
	})
	inner.HandleFunc("GET /sandbox/stats", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, s.Stats())
	})
	inner.HandleFunc("GET /sandbox/results", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"results": s.log.All()})
	})
	s.changes.Serve(s.ctx, inner)
	inner.HandleFunc("POST /sandbox/click", standin.Drive(s.Click))
	inner.HandleFunc("POST /sandbox/submit", standin.Drive(s.Submit))
	inner.HandleFunc("POST /sandbox/forge", standin.Drive(s.Forge))
	inner.HandleFunc("POST /sandbox/probe", s.serveProbe)
	inner.HandleFunc("POST /sandbox/close", s.serveClose)
	inner.HandleFunc("POST /sandbox/disconnect", s.serveDisconnect)
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

// Messages lists everything everybody can see, oldest first, deleted messages included.
func (s *Sim) Messages() []SeenMessage {
	return s.seen(func(m *message) bool { return m.onlyFor == "" })
}

// Ephemerals lists what only that person sees; an empty user lists everybody's.
func (s *Sim) Ephemerals(user string) []SeenMessage {
	u, _ := s.userNamed(user)
	return s.seen(func(m *message) bool {
		return m.onlyFor != "" && !m.deleted && (user == "" || m.onlyFor == u.ID)
	})
}

func (s *Sim) seen(wanted func(*message) bool) []SeenMessage {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []SeenMessage{}
	for _, ch := range s.order {
		for _, m := range ch.messages {
			if wanted(m) {
				out = append(out, m.seen())
			}
		}
	}
	return out
}

func (m *message) seen() SeenMessage {
	out := SeenMessage{
		ID: m.id, Channel: m.channel, Author: m.author, Content: m.content, Embeds: orNone(m.embeds), Components: orNone(m.rows),
		Flags: m.flags, Key: m.key, Deleted: m.deleted, Updates: len(m.updates), OnlyFor: m.onlyFor, Mentioned: m.mentioned,
		Readable: m.shown, Live: m.live,
	}
	if m.repliesTo != nil {
		out.Reply = m.repliesTo.id
	}
	return out
}

func (s *Sim) serveMessages(w http.ResponseWriter, r *http.Request) {
	channel, key := r.URL.Query().Get("channel"), r.URL.Query().Get("key")
	out := []SeenMessage{}
	for _, m := range s.Messages() {
		if (channel == "" || m.Channel == channel) && (key == "" || m.Key == key) {
			out = append(out, m)
		}
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"messages": out})
}

// Modals lists the open forms; an empty user lists everybody's.
func (s *Sim) Modals(user string) []SeenModal {
	s.mu.RLock()
	defer s.mu.RUnlock()
	u, _ := s.userNamed(user)
	out := []SeenModal{}
	for id, m := range s.modals {
		if user == "" || id == u.ID {
			out = append(out, SeenModal{User: id, CustomID: m.form.CustomID, Title: m.form.Title, Components: m.form.Components, Wrong: m.wrong})
		}
	}
	return out
}

// Sessions lists the app's sessions at the Gateway.
func (s *Sim) Sessions() []SeenSession {
	s.gateway.mu.Lock()
	defer s.gateway.mu.Unlock()
	out := []SeenSession{}
	for _, one := range s.gateway.sessions {
		out = append(out, SeenSession{ID: one.id, Since: one.since, Sequence: one.sequence, Connected: one.on != nil})
	}
	return out
}

// Stats counts accepted messages, also by delivery key, calls by operation, and refusals.
func (s *Sim) Stats() SeenStats {
	refusals, banned := s.ban.state()
	return SeenStats{Stats: s.tally.Stats(), Refusals: refusals, Banned: banned}
}

// Faults are the switches that make this Discord misbehave.
func (s *Sim) Faults() *standin.Switches { return s.faults }

// Changes counts everything that happened, to follow along without polling.
func (s *Sim) Changes() *standin.Changes { return s.changes }

func (s *Sim) serveProbe(w http.ResponseWriter, r *http.Request) {
	if s.opts.CallbackURL == "" {
		standin.WriteProblem(w, http.StatusConflict, "there is no callback address")
		return
	}
	standin.WriteJSON(w, http.StatusOK, map[string]string{"problem": s.Probe(r.Context())})
}

func (s *Sim) serveClose(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		User string `json:"user"`
	}
	if standin.ReadJSON(w, r, &ask) {
		standin.WriteJSON(w, http.StatusOK, map[string]bool{"closed": s.CloseModal(ask.User)})
	}
}

func (s *Sim) serveDisconnect(w http.ResponseWriter, r *http.Request) {
	ask := struct {
		Kind string `json:"kind"`
	}{Kind: "reconnect"}
	if standin.ReadJSON(w, r, &ask) {
		standin.WriteJSON(w, http.StatusOK, map[string]int{"disconnected": s.Disconnect(ask.Kind)})
	}
}
