package emailsim

import (
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// mailgunBook holds the events.
type mailgunBook struct {
	mu     sync.RWMutex
	events []mailgunEvent
}

// mailgunEvent is what Mailgun tells of one mail to one recipient.
type mailgunEvent struct {
	ID        string         `json:"id"`
	Event     string         `json:"event"`
	Timestamp float64        `json:"timestamp"`
	Recipient string         `json:"recipient"`
	Severity  string         `json:"severity,omitempty"`
	Message   mailgunMessage `json:"message"`
}

type mailgunMessage struct {
	Headers mailgunHeaders `json:"headers"`
	Size    int            `json:"size"`
}

type mailgunHeaders struct {
	MessageID string `json:"message-id"`
	To        string `json:"to"`
	From      string `json:"from"`
	Subject   string `json:"subject"`
}

func (s *Sim) mailgunRoutes() {
	gate := standin.Gate{Switches: s.faults, Operation: mailgunOperation, Fail: brokenMailgun, Limit: s.limitMailgun}
	handle := func(pattern string, sends bool, serve http.HandlerFunc) {
		s.mux.Handle(pattern, gate.Around(s.mailgunKey(sends, serve)))
	}
	handle("POST /v3/{domain}/messages.mime", true, s.serveMIME)
	handle("GET /v3/{domain}/events", false, s.serveEvents)
	handle("GET /v4/domains/{domain}", false, s.serveDomain)
}

func mailgunOperation(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, "/v4/domains/") {
		return "domains"
	}
	return r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
}

func brokenMailgun(w http.ResponseWriter, _ *http.Request) {
	mailgunSays(w, http.StatusInternalServerError, "Internal Server Error")
}

// limitMailgun answers in the way of Mailgun: the wait is a date in the message.
func (s *Sim) limitMailgun(w http.ResponseWriter, _ *http.Request, seconds int) {
	until := s.opts.Clock().Add(time.Duration(seconds) * time.Second).UTC().Format(http.TimeFormat)
	mailgunSays(w, http.StatusTooManyRequests, "request limit exceeded, try again after "+until)
}

func mailgunSays(w http.ResponseWriter, status int, message string) {
	standin.WriteJSON(w, status, map[string]string{"message": message})
}

// mailgunKey checks the key, what it may do, and the domain.
func (s *Sim) mailgunKey(sends bool, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.tally.add("mailgun " + mailgunOperation(r))
		user, key, _ := r.BasicAuth()
		account := s.cfg.Mailgun
		limited := account.SendingKey != "" && key == account.SendingKey
		switch {
		case user != "api" || account.Key == "" || key != account.Key && !limited:
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, "Forbidden")
		case limited && !sends:
			mailgunSays(w, http.StatusForbidden, "Forbidden")
		case !strings.EqualFold(r.PathValue("domain"), account.Domain):
			mailgunSays(w, http.StatusNotFound, "Domain not found: "+r.PathValue("domain"))
		default:
			next(w, r)
		}
	})
}

const maxMailgunBody = 25 << 20

func (s *Sim) serveMIME(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxMailgunBody+1<<20)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		mailgunSays(w, http.StatusBadRequest, "the body is not multipart/form-data")
		return
	}
	if s.cfg.Mailgun.State != "active" {
		mailgunSays(w, http.StatusForbidden, fmt.Sprintf("Domain %s is not allowed to send: its DNS records are not verified", s.cfg.Mailgun.Domain))
		return
	}
	to, err := mail.ParseAddress(r.PostFormValue("to"))
	if err != nil {
		mailgunSays(w, http.StatusBadRequest, "'to' parameter is not a valid address. please check documentation")
		return
	}
	raw, err := messageIn(r)
	if err != nil {
		mailgunSays(w, http.StatusBadRequest, "message parameter is missing")
		return
	}
	if int64(len(raw)) > s.cfg.MaxBytes {
		mailgunSays(w, http.StatusRequestEntityTooLarge, "the message is too large")
		return
	}
	seen, err := parseMail(raw)
	if err != nil {
		mailgunSays(w, http.StatusBadRequest, "the message cannot be parsed: "+err.Error())
		return
	}
	s.accept(seen, strings.ToLower(to.Address), raw)
	standin.WriteJSON(w, http.StatusOK, map[string]string{"id": seen.MessageID, "message": "Queued. Thank you."})
}

func messageIn(r *http.Request) ([]byte, error) {
	file, _, err := r.FormFile("message")
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it is only read
	return io.ReadAll(file)
}

// accept takes a mail; whether its recipient does shows in the events only.
func (s *Sim) accept(seen SeenMail, to string, raw []byte) {
	s.gun.add(s.event("accepted", "", seen, to, len(raw)))
	if box, known := s.mailbox(to); known && !box.Full {
		seen.Via, seen.TLS, seen.Sender = "mailgun", true, "bounce@"+s.cfg.Mailgun.Domain
		s.deliver(seen, to, raw)
		s.gun.add(s.event("delivered", "", seen, to, len(raw)))
		return
	}
	s.gun.add(s.event("failed", "permanent", seen, to, len(raw)))
}

func (s *Sim) event(kind, severity string, seen SeenMail, to string, size int) mailgunEvent {
	return mailgunEvent{
		ID: strconv.FormatUint(s.dice.Uint64(), 36), Event: kind, Severity: severity, Recipient: to,
		Timestamp: float64(s.opts.Clock().UnixMicro()) / 1e6,
		Message: mailgunMessage{Size: size, Headers: mailgunHeaders{
			MessageID: strings.Trim(seen.MessageID, "<>"), To: to, From: seen.From, Subject: seen.Subject,
		}},
	}
}

func (b *mailgunBook) add(e mailgunEvent) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

const maxEventsPage = 300

// serveEvents lists events in a range of time. A range without an end needs a direction.
func (s *Sim) serveEvents(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if query.Get("limit") == "" {
		limit, err = 100, nil
	}
	if err != nil || limit < 1 || limit > maxEventsPage {
		mailgunSays(w, http.StatusBadRequest, "limit must be between 1 and 300")
		return
	}
	if query.Get("end") == "" && query.Get("ascending") == "" {
		mailgunSays(w, http.StatusBadRequest, "end or ascending must be given")
		return
	}
	items := s.gun.matching(query, s.opts.Clock().Add(-s.cfg.Mailgun.EventLag))
	if query.Get("ascending") != "yes" {
		slices.Reverse(items)
	}
	next := s.opts.External(r) + "/v3/" + r.PathValue("domain") + "/events/end"
	standin.WriteJSON(w, http.StatusOK, map[string]any{
		"items": items[:min(limit, len(items))], "paging": map[string]string{"next": next, "previous": next, "first": next, "last": next},
	})
}

func (b *mailgunBook) matching(query url.Values, visibleUntil time.Time) []mailgunEvent {
	b.mu.RLock()
	defer b.mu.RUnlock()
	begin, _ := strconv.ParseFloat(query.Get("begin"), 64)
	items := []mailgunEvent{}
	for _, e := range b.events {
		visible := e.Timestamp <= float64(visibleUntil.UnixMicro())/1e6 && e.Timestamp >= begin
		if visible && fits(query, "message-id", e.Message.Headers.MessageID) && fits(query, "recipient", e.Recipient) &&
			fits(query, "event", e.Event) {
			items = append(items, e)
		}
	}
	return items
}

func fits(query url.Values, filter, value string) bool {
	return query.Get(filter) == "" || query.Get(filter) == value
}

func (s *Sim) serveDomain(w http.ResponseWriter, _ *http.Request) {
	standin.WriteJSON(w, http.StatusOK, map[string]any{"domain": map[string]any{
		"name": s.cfg.Mailgun.Domain, "state": s.cfg.Mailgun.State, "is_disabled": s.cfg.Mailgun.State == "disabled", "type": "custom",
	}})
}
