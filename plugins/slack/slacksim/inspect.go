package slacksim

import (
	"net/http"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// SeenMessage is a message as /sandbox/messages shows it.
type SeenMessage struct {
	Channel string `json:"channel"`
	wireMessage
	// Key is the delivery key in the metadata, if there is one.
	Key     string `json:"key,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
	// Updates counts the edits; UpdatedAt says when they happened.
	Updates   int         `json:"updates"`
	UpdatedAt []time.Time `json:"updated_at,omitempty"`
	// OnlyFor is the one person who sees an ephemeral message.
	OnlyFor string `json:"only_for,omitempty"`
}

// SeenView is an open modal as /sandbox/views shows it.
type SeenView struct {
	User string `json:"user"`
	wireView
	Errors map[string]string `json:"errors,omitempty"`
}

// SeenSocket is a Socket Mode connection as /sandbox/connections shows it.
type SeenSocket struct {
	ID        string    `json:"id"`
	Since     time.Time `json:"since"`
	Envelopes int       `json:"envelopes"`
}

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/messages", s.serveMessages)
	inner.HandleFunc("GET /sandbox/ephemerals", s.serveEphemerals)
	inner.HandleFunc("GET /sandbox/views", s.serveViews)
	inner.HandleFunc("GET /sandbox/connections", s.serveConnections)
	inner.HandleFunc("GET /sandbox/stats", s.tally.ServeStats)
	inner.HandleFunc("GET /sandbox/results", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"results": s.log.All()})
	})
	s.changes.Serve(s.ctx, inner)
	inner.HandleFunc("POST /sandbox/click", standin.Drive(s.Click))
	inner.HandleFunc("POST /sandbox/submit", standin.Drive(s.Submit))
	inner.HandleFunc("POST /sandbox/forge", standin.Drive(s.Forge))
	inner.HandleFunc("POST /sandbox/close", s.serveClose)
	inner.HandleFunc("POST /sandbox/disconnect", s.serveDisconnect)
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

// Messages lists everything everybody can see, oldest first, deleted messages included.
func (s *Sim) Messages() []SeenMessage {
	out := []SeenMessage{}
	for _, ch := range s.allChannels() {
		ch.mu.RLock()
		for _, m := range ch.messages {
			out = append(out, s.seen(ch, m))
		}
		ch.mu.RUnlock()
	}
	return out
}

// seen describes a message. The channel's lock must be held.
func (s *Sim) seen(ch *channel, m *message) SeenMessage {
	return SeenMessage{
		Channel: ch.id, wireMessage: s.wire(m, true), Key: m.key, Deleted: m.deleted,
		Updates: len(m.updates), UpdatedAt: append([]time.Time(nil), m.updates...), OnlyFor: m.onlyFor,
	}
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

// Ephemerals lists what only that person sees; an empty user lists everybody's.
func (s *Sim) Ephemerals(user string) []SeenMessage {
	out := []SeenMessage{}
	for _, ch := range s.allChannels() {
		ch.mu.RLock()
		for _, m := range ch.ephemeral {
			if !m.deleted && (user == "" || m.onlyFor == user) {
				out = append(out, s.seen(ch, m))
			}
		}
		ch.mu.RUnlock()
	}
	return out
}

func (s *Sim) askedUser(r *http.Request) string {
	asked := r.URL.Query().Get("user")
	if u, known := s.userNamed(asked); known {
		return u.ID
	}
	return asked
}

func (s *Sim) serveEphemerals(w http.ResponseWriter, r *http.Request) {
	standin.WriteJSON(w, http.StatusOK, map[string]any{"messages": s.Ephemerals(s.askedUser(r))})
}

// Views lists the open modals, the topmost of each person last.
func (s *Sim) Views(user string) []SeenView {
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	out := []SeenView{}
	for owner, stack := range s.views.stack {
		for _, id := range stack {
			v := s.views.known[id]
			if user == "" || owner == user {
				out = append(out, SeenView{User: owner, wireView: s.wireView(v), Errors: v.errors})
			}
		}
	}
	return out
}

func (s *Sim) serveViews(w http.ResponseWriter, r *http.Request) {
	standin.WriteJSON(w, http.StatusOK, map[string]any{"views": s.Views(s.askedUser(r))})
}

// Connections lists the open sockets.
func (s *Sim) Connections() []SeenSocket {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	out := []SeenSocket{}
	for _, c := range s.sockets.open {
		out = append(out, SeenSocket{ID: c.id, Since: c.since, Envelopes: c.envelopes})
	}
	return out
}

func (s *Sim) serveConnections(w http.ResponseWriter, _ *http.Request) {
	standin.WriteJSON(w, http.StatusOK, map[string]any{"connections": s.Connections()})
}

// Stats counts accepted messages, also by delivery key, and calls by method.
func (s *Sim) Stats() standin.Stats { return s.tally.Stats() }

// Faults are the switches that make this Slack misbehave.
func (s *Sim) Faults() *standin.Switches { return s.faults }

// Changes counts everything that happened, to follow along without polling.
func (s *Sim) Changes() *standin.Changes { return s.changes }

func (s *Sim) serveClose(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		User string `json:"user"`
	}
	if !standin.ReadJSON(w, r, &ask) {
		return
	}
	result, err := s.CloseView(r.Context(), ask.User)
	standin.Reply(w, result, err)
}

func (s *Sim) serveDisconnect(w http.ResponseWriter, r *http.Request) {
	ask := struct {
		Reason string `json:"reason"`
		Hard   bool   `json:"hard"`
	}{Reason: "refresh_requested"}
	if !standin.ReadJSON(w, r, &ask) {
		return
	}
	standin.WriteJSON(w, http.StatusOK, map[string]int{"disconnected": s.Disconnect(ask.Reason, ask.Hard)})
}

// Disconnect asks all sockets to reconnect, giving Slack's reason (warning, refresh_requested, link_disabled), or drops
// them without a word when hard is set. It returns how many there were.
func (s *Sim) Disconnect(reason string, hard bool) int { return s.sockets.disconnect(reason, hard) }
