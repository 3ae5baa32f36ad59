package email

import (
	"context"
	"fmt"
	"sync"

	"github.com/accede/accede/plugins"
)

// smtpCourier hands mails to a mail server.
type smtpCourier struct {
	server *server
	writer *writer
	config *Config
	doubts *doubts
}

func (s *smtpCourier) carry(ctx context.Context, l letter) error {
	mail, err := s.writer.bytes(l)
	if err != nil {
		return err
	}
	err = s.server.send(ctx, s.writer.bouncesTo.address, l.to, mail)
	if err == nil {
		s.doubts.clear(l.id)
		return nil
	}
	failure := smtpFailure(err, s.server.config)
	if failure.Kind == plugins.Unknown && s.doubts.again(l.id) {
		failure.Kind = plugins.Invalid
		failure.Public = "The mail was sent twice, and both times the connection broke before the mail server answered. Look whether it " +
			"arrived; if not, ask for another try. If the server takes long to accept mails, raise lease in the plugin's configuration."
	}
	return failure
}

// doubts remembers the mails of which nobody knows whether the server took them: such a mail is sent once more, and then a
// person has to look, or a server that takes mails without saying so would get the same one for days.
type doubts struct {
	mu   sync.Mutex
	seen map[string]bool
}

// maxDoubts bounds what is remembered; forgetting costs at most one more copy.
const maxDoubts = 10_000

func newDoubts() *doubts { return &doubts{seen: map[string]bool{}} }

// again notes a doubt and says whether it was there before. A second doubt ends the first: whoever asks for another try
// gets two more.
func (d *doubts) again(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen[id] {
		delete(d.seen, id)
		return true
	}
	if len(d.seen) >= maxDoubts {
		clear(d.seen)
	}
	d.seen[id] = true
	return false
}

func (d *doubts) clear(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.seen, id)
}

// check goes as far as a mail would without sending one: connect, protect, sign in, name the sender and each recipient.
func (s *smtpCourier) check(ctx context.Context, recipients []string) []plugins.Finding {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	findings := s.checkSettings()
	c, err := s.server.open(ctx)
	if err != nil {
		return append(findings, smtpFinding("The mail server cannot be used", smtpFailure(err, s.server.config)))
	}
	defer c.close()
	sender := s.writer.bouncesTo.address
	if err := c.Mail("<" + sender + ">"); err != nil {
		failure := smtpFailure(at(stepSender, err), s.server.config)
		return append(findings, smtpFinding(fmt.Sprintf("The mail server does not let %s send", sender), failure))
	}
	for _, recipient := range recipients {
		if err := c.Rcpt("<" + recipient + ">"); err != nil {
			failure := smtpFailure(at(stepRcpt, err), s.server.config)
			findings = append(findings, smtpFinding(fmt.Sprintf("The mail server refuses the recipient %q", recipient), failure))
		}
	}
	return findings
}

func (s *smtpCourier) checkSettings() []plugins.Finding {
	var findings []plugins.Finding
	if c := s.server.config; c.TLS == TLSNone && !loopback(c.Host.String()) {
		findings = append(findings, plugins.Finding{
			What: "Mails travel to the mail server readable, because smtp.tls is none.", Warning: true,
			Fix: "Use starttls or implicit if the server can; keep none only inside a network that you trust.",
		})
	}
	if c := s.server.config; plainHTTP(c.OAuth.TokenURL.String()) {
		findings = append(findings, plainHTTPFinding("smtp.oauth.token_url"))
	}
	return findings
}

func smtpFinding(what string, failure *plugins.Error) plugins.Finding {
	f := plugins.Finding{What: what + ": " + failure.Error() + ".", Fix: failure.Public}
	// Many servers ask strangers to come back; a mail will.
	f.Warning = failure.Kind == plugins.Transient && failure.Op == string(stepRcpt)
	return f
}
