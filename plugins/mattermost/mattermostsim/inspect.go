package mattermostsim

import (
	"net/http"

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

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/messages", s.serveMessages)
	inner.HandleFunc("GET /sandbox/ephemerals", s.serveEphemerals)
	inner.HandleFunc("GET /sandbox/dialogs", s.serveDialogs)
	inner.HandleFunc("GET /sandbox/stats", s.tally.ServeStats)
	inner.HandleFunc("GET /sandbox/results", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"results": s.log.All()})
	})
	s.changes.Serve(s.ctx, inner)
	inner.HandleFunc("GET /sandbox/server", s.serveServer)
	inner.HandleFunc("PATCH /sandbox/server", s.adjustServer)
	inner.HandleFunc("POST /sandbox/click", standin.Drive(s.Click))
	inner.HandleFunc("POST /sandbox/submit", standin.Drive(s.Submit))
	inner.HandleFunc("POST /sandbox/forge", standin.Drive(s.Forge))
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
func (s *Sim) Stats() standin.Stats { return s.tally.Stats() }

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

func (s *Sim) serveServer(w http.ResponseWriter, _ *http.Request) {
	standin.WriteJSON(w, http.StatusOK, s.Server())
}

func (s *Sim) adjustServer(w http.ResponseWriter, r *http.Request) {
	changed := s.Server()
	if standin.ReadJSON(w, r, &changed) {
		s.Adjust(func(server *Server) { *server = changed })
		s.serveServer(w, r)
	}
}
