package emailsim

import (
	"net/http"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/mails", s.serveMails)
	inner.HandleFunc("GET /sandbox/raw", s.serveRaw)
	inner.HandleFunc("GET /sandbox/stats", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, s.tally.all())
	})
	inner.HandleFunc("GET /sandbox/ca.pem", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteText(w, CertificateAuthority())
	})
	s.changes.Serve(s.ctx, inner)
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

// Mails lists every mail, oldest first.
func (s *Sim) Mails() []SeenMail { return s.store.all() }

// Stats counts conversations, sign-ins by mechanism, tokens, calls of Mailgun's API and mails.
func (s *Sim) Stats() map[string]int { return s.tally.all() }

// Faults are the switches that make this mail misbehave.
func (s *Sim) Faults() *standin.Switches { return s.faults }

// Changes counts everything that happened, to follow along without polling.
func (s *Sim) Changes() *standin.Changes { return s.changes }

func (s *Sim) serveMails(w http.ResponseWriter, r *http.Request) {
	to, key := r.URL.Query().Get("to"), r.URL.Query().Get("key")
	out := []SeenMail{}
	for _, m := range s.store.all() {
		if (to == "" || strings.EqualFold(m.To, to)) && (key == "" || m.Key == key) {
			out = append(out, m)
		}
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"mails": out})
}

func (s *Sim) serveRaw(w http.ResponseWriter, r *http.Request) {
	_, raw, ok := s.store.byID(r.URL.Query().Get("id"))
	if !ok {
		standin.WriteProblem(w, http.StatusNotFound, "there is no such mail")
		return
	}
	standin.WriteText(w, string(raw))
}
