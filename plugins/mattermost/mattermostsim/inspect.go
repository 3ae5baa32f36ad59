package mattermostsim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins/standin"
)

// SeenPost is a post as /sandbox/messages shows it.
type SeenPost struct {
	ID      string         `json:"id"`
	Channel string         `json:"channel"`
	Root    string         `json:"root,omitempty"`
	User    string         `json:"user"`
	Message string         `json:"message"`
	Props   map[string]any `json:"props"`
	// Key is the delivery key in the props, if there is one.
	Key     string `json:"key,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
	// Edited says that the message itself was changed; Updates counts all changes.
	Edited  bool `json:"edited,omitempty"`
	Updates int  `json:"updates"`
	// OnlyFor is the one person who sees an ephemeral post.
	OnlyFor string `json:"only_for,omitempty"`
}

// Attachments are the post's attachments, buttons with their contexts included.
func (p SeenPost) Attachments() []*model.SlackAttachment {
	return (&model.Post{Props: p.Props}).Attachments()
}

// SeenDialog is an open dialog as /sandbox/dialogs shows it.
type SeenDialog struct {
	User string `json:"user"`
	model.OpenDialogRequest
	Wrong  string            `json:"wrong,omitempty"`
	Errors map[string]string `json:"errors,omitempty"`
}

const maxDriveBody = 1 << 20

// maxFollow bounds how long /sandbox/wait blocks.
const maxFollow = 25 * time.Second

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/messages", s.serveMessages)
	inner.HandleFunc("GET /sandbox/ephemerals", s.serveEphemerals)
	inner.HandleFunc("GET /sandbox/dialogs", s.serveDialogs)
	inner.HandleFunc("GET /sandbox/stats", s.serveStats)
	inner.HandleFunc("GET /sandbox/results", s.serveResults)
	inner.HandleFunc("GET /sandbox/version", s.serveVersion)
	inner.HandleFunc("GET /sandbox/wait", s.serveWait)
	inner.HandleFunc("GET /sandbox/server", s.serveServer)
	inner.HandleFunc("PATCH /sandbox/server", s.adjustServer)
	inner.HandleFunc("POST /sandbox/click", drive(s.Click))
	inner.HandleFunc("POST /sandbox/submit", drive(s.Submit))
	inner.HandleFunc("POST /sandbox/forge", drive(s.Forge))
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

// Messages lists everything everybody can see, oldest first in each channel, deleted posts included.
func (s *Sim) Messages() []SeenPost {
	return s.seen(func(p *post) bool { return p.onlyFor == "" })
}

// Ephemerals lists what only that person sees; an empty user lists everybody's.
func (s *Sim) Ephemerals(user string) []SeenPost {
	return s.seen(func(p *post) bool { return p.onlyFor != "" && (user == "" || p.onlyFor == user) })
}

func (s *Sim) seen(wanted func(*post) bool) []SeenPost {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []SeenPost{}
	for _, ch := range s.order {
		for _, p := range ch.posts {
			if wanted(p) {
				out = append(out, SeenPost{
					ID: p.Id, Channel: p.ChannelId, Root: p.RootId, User: p.UserId, Message: p.Message, Props: p.GetProps(),
					Key: p.key(), Deleted: p.DeleteAt > 0, Edited: p.EditAt > 0, Updates: p.updates, OnlyFor: p.onlyFor,
				})
			}
		}
	}
	return out
}

// Dialogs lists the open dialogs.
func (s *Sim) Dialogs(user string) []SeenDialog {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []SeenDialog{}
	for owner, d := range s.dialogs {
		if user == "" || owner == user {
			out = append(out, SeenDialog{User: owner, OpenDialogRequest: d.OpenDialogRequest, Wrong: d.wrong, Errors: d.errors})
		}
	}
	return out
}

// Stats counts accepted posts, also by delivery key, and calls by operation.
func (s *Sim) Stats() Stats { return s.tally.stats(true) }

// Faults are the switches that make this Mattermost misbehave.
func (s *Sim) Faults() *standin.Switches { return s.faults }

// Changes counts everything that happened, to follow along without polling.
func (s *Sim) Changes() *standin.Changes { return s.changes }

func (s *Sim) serveMessages(w http.ResponseWriter, r *http.Request) {
	channel, key := r.URL.Query().Get("channel"), r.URL.Query().Get("key")
	out := []SeenPost{}
	for _, p := range s.Messages() {
		if (channel == "" || p.Channel == channel) && (key == "" || p.Key == key) {
			out = append(out, p)
		}
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"messages": out})
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

func (s *Sim) serveDialogs(w http.ResponseWriter, r *http.Request) {
	standin.WriteJSON(w, http.StatusOK, map[string]any{"dialogs": s.Dialogs(s.askedUser(r))})
}

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

func (s *Sim) serveServer(w http.ResponseWriter, _ *http.Request) {
	standin.WriteJSON(w, http.StatusOK, s.Server())
}

func (s *Sim) adjustServer(w http.ResponseWriter, r *http.Request) {
	changed := s.Server()
	if readJSON(w, r, &changed) {
		s.Adjust(func(server *Server) { *server = changed })
		s.serveServer(w, r)
	}
}

// drive serves one thing a person or an attacker can do.
func drive[Ask any](do func(context.Context, Ask) (Result, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var ask Ask
		if !readJSON(w, r, &ask) {
			return
		}
		result, err := do(r.Context(), ask)
		refused, ok := errors.AsType[*refusal](err)
		switch {
		case ok:
			standin.WriteProblem(w, http.StatusConflict, refused.sentence)
		case err != nil:
			standin.WriteProblem(w, http.StatusInternalServerError, "this could not be done")
		default:
			standin.WriteJSON(w, http.StatusOK, result)
		}
	}
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxDriveBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		standin.WriteProblem(w, http.StatusBadRequest, "the body must be JSON of the documented form: "+err.Error())
		return false
	}
	return true
}
