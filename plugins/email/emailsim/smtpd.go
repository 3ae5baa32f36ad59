package emailsim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/accede/accede/plugins/standin"
)

// Operations that faults can be limited to.
const (
	opConnect = "CONNECT"
	opAuth    = "AUTH"
	opMail    = "MAIL"
	opRcpt    = "RCPT"
	opData    = "DATA"
)

const idleTimeout = 2 * time.Minute

func (s *Sim) newSMTP() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return s.greet(c) }))
	server.Domain = "mail.sandbox"
	server.MaxMessageBytes, server.MaxRecipients = s.cfg.MaxBytes, 100
	server.ReadTimeout, server.WriteTimeout = idleTimeout, idleTimeout
	server.AllowInsecureAuth = s.cfg.TLS == "none"
	server.ErrorLog = complaints{s.opts.Logger}
	if s.cfg.TLS == "starttls" {
		server.TLSConfig = s.tls
	}
	return server
}

// complaints passes on what the protocol's library has to say.
type complaints struct{ log *slog.Logger }

// Printf logs a line.
func (c complaints) Printf(format string, v ...any) { c.log.Debug(fmt.Sprintf(format, v...)) }

// Println logs a line.
func (c complaints) Println(v ...any) { c.log.Debug(fmt.Sprintln(v...)) }

// session is one conversation.
type session struct {
	sim  *Sim
	conn *smtp.Conn
	// mechanism and account tell how and as whom the client signed in.
	mechanism string
	account   *Account
	sender    string
	rcpts     []string
}

func (s *Sim) greet(c *smtp.Conn) (smtp.Session, error) {
	one := &session{sim: s, conn: c}
	if err := one.befall(opConnect); err != nil {
		return nil, err
	}
	s.tally.add("conversations")
	return one, nil
}

func refuse(code, subject, detail int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, subject, detail}, Message: text}
}

var errDropped = errors.New("the connection was dropped")

// befall lets the switches act before a command is done. What spoils only the answer comes after it, in Data.
func (s *session) befall(operation string) error {
	v := s.sim.faults.Draw(operation)
	if !standin.Pause(s.sim.ctx, v.Delay) {
		return errDropped
	}
	switch {
	case v.RateLimited:
		return refuse(450, 7, 1, "You are sending too fast, try again later")
	case v.FailBefore, v.FailAfter:
		return refuse(451, 3, 0, "Temporary local problem, try again later")
	case v.DropAfter, v.Truncate:
		_ = s.conn.Conn().Close()
		return errDropped
	}
	return nil
}

// AuthMechanisms are offered once the connection is as protected as it will be.
func (s *session) AuthMechanisms() []string { return s.sim.cfg.Mechanisms }

// Auth starts a sign-in.
func (s *session) Auth(name string) (sasl.Server, error) {
	if err := s.befall(opAuth); err != nil {
		return nil, err
	}
	return mechanism(name, s.sim, func(username string) {
		s.mechanism = name
		s.account = s.sim.account(username)
		s.sim.tally.add("auth " + name)
	})
}

// Mail names the sender.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if err := s.befall(opMail); err != nil {
		return err
	}
	if s.account == nil && len(s.sim.cfg.Mechanisms) > 0 {
		return refuse(530, 7, 0, "Authentication required")
	}
	if s.account != nil && !s.account.mayBe(from) {
		return refuse(553, 7, 1, "Sender address rejected: not owned by user "+s.account.Username)
	}
	s.sender = from
	return nil
}

// Rcpt names a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.befall(opRcpt); err != nil {
		return err
	}
	address := strings.ToLower(to)
	_, domain, _ := strings.Cut(address, "@")
	box, known := s.sim.mailbox(address)
	switch {
	case !s.sim.cfg.serves(domain):
		return refuse(550, 7, 1, "Relaying denied")
	case !known:
		return refuse(550, 1, 1, "Recipient address rejected: User unknown")
	case box.Full:
		return refuse(552, 2, 2, "Mailbox full")
	}
	s.rcpts = append(s.rcpts, address)
	return nil
}

// Data takes the mail.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v := s.sim.faults.Draw(opData)
	if !standin.Pause(s.sim.ctx, v.Delay) {
		return errDropped
	}
	switch {
	case v.RateLimited:
		return refuse(450, 7, 1, "You are sending too fast, try again later")
	case v.FailBefore:
		return refuse(451, 3, 0, "Temporary local problem, try again later")
	}
	if err := s.keep(raw); err != nil {
		return err
	}
	return s.spoil(v)
}

// spoil takes the mail and does not say so.
func (s *session) spoil(v standin.Verdict) error {
	switch {
	case v.FailAfter:
		return refuse(451, 3, 0, "Temporary local problem, try again later")
	case v.DropAfter:
		_ = s.conn.Conn().Close()
	case v.Truncate:
		_, _ = io.WriteString(s.conn.Conn(), "25")
		_ = s.conn.Conn().Close()
	}
	return nil
}

func (s *session) keep(raw []byte) error {
	seen, err := parseMail(raw)
	if err != nil {
		return refuse(550, 6, 0, "Message rejected: "+err.Error())
	}
	if from, err := mail.ParseAddress(seen.From); err != nil || s.account != nil && !s.account.mayBe(from.Address) {
		return refuse(550, 7, 1, "Message rejected: the From header names somebody else")
	}
	_, seen.TLS = s.conn.TLSConnectionState()
	seen.Via, seen.Auth, seen.Sender = "smtp", s.mechanism, s.sender
	for _, to := range s.rcpts {
		s.sim.deliver(seen, to, raw)
	}
	return nil
}

// Reset forgets the mail that was begun.
func (s *session) Reset() { s.sender, s.rcpts = "", nil }

// Logout ends the conversation.
func (s *session) Logout() error { return nil }

// deliver puts a mail into a mailbox.
func (s *Sim) deliver(m SeenMail, to string, raw []byte) {
	m.To, m.Received = to, s.opts.Clock()
	s.store.put(m, bytes.Clone(raw))
	s.tally.add("mails")
	s.changes.Touch()
}
