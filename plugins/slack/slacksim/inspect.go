package slacksim

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

const maxDriveBody = 1 << 20

// maxFollow bounds how long /sandbox/wait blocks.
const maxFollow = 25 * time.Second

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/messages", s.serveMessages)
	inner.HandleFunc("GET /sandbox/ephemerals", s.serveEphemerals)
	inner.HandleFunc("GET /sandbox/views", s.serveViews)
	inner.HandleFunc("GET /sandbox/connections", s.serveConnections)
	inner.HandleFunc("GET /sandbox/stats", s.serveStats)
	inner.HandleFunc("GET /sandbox/results", s.serveResults)
	inner.HandleFunc("GET /sandbox/version", s.serveVersion)
	inner.HandleFunc("GET /sandbox/wait", s.serveWait)
	inner.HandleFunc("POST /sandbox/click", drive(s.Click))
	inner.HandleFunc("POST /sandbox/submit", drive(s.Submit))
	inner.HandleFunc("POST /sandbox/forge", drive(s.Forge))
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
func (s *Sim) Stats() Stats { return s.tally.stats(true) }

// Faults are the switches that make this Slack misbehave.
func (s *Sim) Faults() *standin.Switches { return s.faults }

// Changes counts everything that happened, to follow along without polling.
func (s *Sim) Changes() *standin.Changes { return s.changes }

func (s *Sim) serveStats(w http.ResponseWriter, r *http.Request) {
	standin.WriteJSON(w, http.StatusOK, s.tally.stats(r.URL.Query().Get("keys") != "false"))
}

func (s *Sim) serveResults(w http.ResponseWriter, _ *http.Request) {
	standin.WriteJSON(w, http.StatusOK, map[string]any{"results": s.log.all()})
}

func (s *Sim) serveVersion(w http.ResponseWriter, _ *http.Request) {
	writeVersion(w, s.changes.Version())
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

func (s *Sim) serveClose(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		User string `json:"user"`
	}
	if !readJSON(w, r, &ask) {
		return
	}
	result, err := s.CloseView(r.Context(), ask.User)
	answer(w, result, err)
}

func (s *Sim) serveDisconnect(w http.ResponseWriter, r *http.Request) {
	ask := struct {
		Reason string `json:"reason"`
		Hard   bool   `json:"hard"`
	}{Reason: "refresh_requested"}
	if !readJSON(w, r, &ask) {
		return
	}
	standin.WriteJSON(w, http.StatusOK, map[string]int{"disconnected": s.Disconnect(ask.Reason, ask.Hard)})
}

// Disconnect asks all sockets to reconnect, giving Slack's reason (warning, refresh_requested, link_disabled), or drops
// them without a word when hard is set. It returns how many there were.
func (s *Sim) Disconnect(reason string, hard bool) int { return s.sockets.disconnect(reason, hard) }

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxDriveBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		standin.WriteProblem(w, http.StatusBadRequest, "the body must be JSON of the documented form: "+err.Error())
		return false
	}
	return true
}

func answer(w http.ResponseWriter, result Result, err error) {
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		standin.WriteProblem(w, http.StatusConflict, refused.sentence)
	case err != nil:
		standin.WriteProblem(w, http.StatusInternalServerError, "this could not be done")
	default:
		standin.WriteJSON(w, http.StatusOK, result)
	}
}
