package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// step is how far a conversation with a mail server got. Only at stepDone is it unknown what the server did: before, it
// has not been told where the mail ends, and must not deliver it (https://www.rfc-editor.org/rfc/rfc5321#section-4.1.1.4).
type step string

// The steps.
const (
	stepConnect  step = "connecting to the mail server"
	stepGreeting step = "waiting for the mail server's greeting"
	stepTLS      step = "securing the connection"
	stepToken    step = "getting an access token" //nolint:gosec // a sentence
	stepAuth     step = "signing in at the mail server"
	stepSender   step = "naming the sender"
	stepRcpt     step = "naming the recipient"
	stepData     step = "announcing the mail"
	stepBody     step = "sending the mail"
	stepDone     step = "ending the mail"
)

// smtpError is a failure of one step.
type smtpError struct {
	step step
	err  error
}

// Error returns the step and its cause.
func (e *smtpError) Error() string { return fmt.Sprintf("%s: %v", e.step, e.err) }

// Unwrap returns the cause.
func (e *smtpError) Unwrap() error { return e.err }

func at(s step, err error) error {
	if err == nil {
		return nil
	}
	return &smtpError{step: s, err: err}
}

// server is a mail server that mails are handed to, one connection per mail.
type server struct {
	config *SMTP
	tls    *tls.Config
	tokens tokens
	// slots bounds how many connections there are.
	slots chan struct{}
}

func newServer(c *SMTP, source tokens) (*server, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	return &server{
		config: c, tokens: source, slots: make(chan struct{}, c.Connections),
		tls: &tls.Config{ServerName: c.Host.String(), RootCAs: roots, MinVersion: tls.VersionTLS12},
	}, nil
}

// roots are the certificates to trust; nil means the system's.
func (s *SMTP) roots() (*x509.CertPool, error) {
	pem := []byte(s.CA)
	if s.CAFile != "" {
		read, err := os.ReadFile(s.CAFile.String())
		if err != nil {
			return nil, fmt.Errorf("reading ca_file: %w", err)
		}
		pem = read
	}
	if len(pem) == 0 {
		return nil, nil //nolint:nilnil // the system's certificates are meant
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
	}
	return pool, nil
}

// errBusy says that all connections were in use for as long as there was time.
var errBusy = errors.New("all connections that smtp.connections allows were in use")

// send hands one mail over. It returns nil as soon as the server has taken the mail, and then does not wait for a goodbye.
func (s *server) send(ctx context.Context, from, to string, mail []byte) error {
	c, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.Mail("<" + from + ">"); err != nil {
		return at(stepSender, err)
	}
	if err := c.Rcpt("<" + to + ">"); err != nil {
		return at(stepRcpt, err)
	}
	body, err := c.Data()
	if err != nil {
		return at(stepData, err)
	}
	if _, err := body.Write(mail); err != nil {
		return at(stepBody, err)
	}
	if err := c.Text.W.Flush(); err != nil {
		return at(stepBody, err)
	}
	return at(stepDone, body.Close())
}

// conversation is a connection that has got past signing in.
type conversation struct {
	*smtp.Client
	end func()
}

// close says goodbye without waiting for an answer, and ends the connection.
func (c *conversation) close() {
	_, _ = c.Text.Cmd("QUIT") // a courtesy
	c.end()
}

// open connects, secures the connection and signs in. The connection ends with the context at the latest.
func (s *server) open(ctx context.Context) (*conversation, error) {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, at(stepConnect, errBusy)
	}
	wire, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address())
	if err != nil {
		<-s.slots
		return nil, at(stepConnect, err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = wire.SetDeadline(deadline) // the context closes it as well
	}
	unhook := context.AfterFunc(ctx, func() { _ = wire.Close() })
	end := func() {
		unhook()
		_ = wire.Close()
		<-s.slots
	}
	client, err := s.greet(ctx, wire)
	if err != nil {
		end()
		return nil, err
	}
	return &conversation{Client: client, end: end}, nil
}

func (s *server) address() string {
	return net.JoinHostPort(s.config.Host.String(), strconv.Itoa(s.config.port()))
}

func (s *server) greet(ctx context.Context, wire net.Conn) (*smtp.Client, error) {
	if s.config.TLS == TLSImplicit {
		secured := tls.Client(wire, s.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, at(stepTLS, err)
		}
		wire = secured
	}
	client, err := smtp.NewClient(wire, s.config.Host.String())
	if err != nil {
		return nil, at(stepGreeting, err)
	}
	client.SkipSMTPUTF8(true)
	if err := client.Hello(s.hello()); err != nil {
		return nil, at(stepGreeting, err)
	}
	if err := s.secure(client); err != nil {
		return nil, at(stepTLS, err)
	}
	return client, s.signIn(ctx, client)
}

func (s *server) hello() string {
	if s.config.Hello != "" {
		return s.config.Hello
	}
	return "localhost"
}

// errNoStartTLS says that the server would take the mail without protection only.
var errNoStartTLS = errors.New("the server does not offer STARTTLS")

func (s *server) secure(client *smtp.Client) error {
	if s.config.TLS != TLSStart {
		return nil
	}
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return errNoStartTLS
	}
	return client.StartTLS(s.tls)
}

func (s *server) signIn(ctx context.Context, client *smtp.Client) error {
	if s.config.Username == "" {
		return nil
	}
	way := &chooser{config: s.config}
	if s.config.Auth == AuthXOAUTH2 {
		token, err := s.tokens.token(ctx)
		if err != nil {
			return at(stepToken, err)
		}
		way.token = token
	}
	err := client.Auth(way)
	if err != nil && s.tokens != nil {
		s.tokens.refused()
	}
	return at(stepAuth, err)
}

// probeTimeout bounds one look at the server; some answer the end of a handshake slowly on purpose.
const probeTimeout = 15 * time.Second
