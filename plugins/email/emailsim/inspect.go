package emailsim

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// maxFollow bounds how long /sandbox/wait blocks.
const maxFollow = 25 * time.Second

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/mails", s.serveMails)
	inner.HandleFunc("GET /sandbox/raw", s.serveRaw)
	inner.HandleFunc("GET /sandbox/stats", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, s.tally.all())
	})
	inner.HandleFunc("GET /sandbox/ca.pem", func(w http.ResponseWriter, _ *http.Request) {
		plainText(w, CertificateAuthority())
	})
	inner.HandleFunc("GET /sandbox/version", func(w http.ResponseWriter, _ *http.Request) {
		plainText(w, strconv.FormatUint(s.changes.Version(), 10))
	})
	inner.HandleFunc("GET /sandbox/wait", s.serveWait)
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
	plainText(w, string(raw))
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
	plainText(w, strconv.FormatUint(s.changes.Wait(ctx, seen), 10))
}

// whileOpen ends with the context or with the stand-in.
func (s *Sim) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

func plainText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, text)
}
