package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/accede/accede/plugins"
)

// answer is what a server said to a step: the code, and the finer one if it gave one
// (https://www.rfc-editor.org/rfc/rfc3463).
type answer struct {
	code            int
	subject, detail int
}

// enhanced is a finer code: class, subject and detail.
var enhanced = regexp.MustCompile(`^[245]\.(\d{1,3})\.(\d{1,3})(\s|$)`)

// answerIn returns the server's answer in an error; its code is 0 if there was none.
func answerIn(err error) answer {
	said, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return answer{}
	}
	a := answer{code: said.Code}
	if fine := enhanced.FindStringSubmatch(said.Msg); fine != nil {
		a.subject, _ = strconv.Atoi(fine[1]) // three digits at most
		a.detail, _ = strconv.Atoi(fine[2])
	}
	return a
}

// smtpFailure turns a failed step into the host's terms.
func smtpFailure(err error, c *SMTP) *plugins.Error {
	failed, ok := errors.AsType[*smtpError](err)
	if !ok {
		failed = &smtpError{step: stepConnect, err: err}
	}
	out := &plugins.Error{Op: string(failed.step), Err: errors.New(plainly(failed.err))}
	if typed, ok := errors.AsType[*plugins.Error](failed.err); ok { // a token that could not be had
		out.Kind, out.Public, out.RetryAfter = typed.Kind, typed.Public, typed.RetryAfter
		return out
	}
	if a := answerIn(failed.err); a.code != 0 {
		out.Kind, out.Public = judgeAnswer(failed.step, a, c)
		return out
	}
	out.Kind, out.Public = judgeSilence(failed, c)
	return out
}

// judgeAnswer is the one table of what a refusal means.
func judgeAnswer(s step, a answer, c *SMTP) (plugins.Kind, string) {
	switch {
	case a.code/100 == 4:
		return plugins.Transient, "The mail server asks to come back later; the plugin tries again."
	case s == stepAuth, slices.Contains([]int{530, 534, 535, 538}, a.code):
		return plugins.Auth, authSentence(a, c)
	case s == stepGreeting || s == stepTLS:
		return plugins.Auth, fmt.Sprintf("The mail server at %s wants nothing to do with this machine; ask who runs it, and check smtp.host "+
			"and smtp.hello.", c.Host)
	case s == stepSender:
		return judgeSender(a)
	case s == stepRcpt:
		return judgeRecipient(a)
	default:
		return judgeContent(a)
	}
}

func judgeContent(a answer) (plugins.Kind, string) {
	if a.subject == 3 && a.detail == 4 || a.code == 552 {
		return plugins.Invalid, "The mail is larger than the mail server takes."
	}
	return plugins.Invalid, "The mail server refuses the mail's content; ask who runs it, and allow the sender in its filter."
}

func judgeSender(a answer) (plugins.Kind, string) {
	if a.code == 552 || a.subject == 3 {
		return plugins.Invalid, "The mail is larger than the mail server takes."
	}
	return plugins.Auth, "The mail server does not let this account send as that sender; correct from or bounces_to, or allow it there."
}

func judgeRecipient(a answer) (plugins.Kind, string) {
	switch {
	case a.subject == 7, a.code == 550 && a.subject == 5, a.code == 554 && a.subject == 0:
		return plugins.Auth, "The mail server does not pass mail on to that address for this account; give smtp.username and smtp.password, " +
			"or allow relaying there."
	case a.code == 552, a.subject == 2 && a.detail == 2:
		return plugins.NotFound, "The mailbox is full."
	default:
		return plugins.NotFound, "There is no such mailbox; correct the person's address in Accede, or role_to_recipients."
	}
}

func authSentence(a answer, c *SMTP) string {
	switch {
	case a.code == 530 && a.subject == 7 && a.detail == 0 && c.Username == "":
		return "The mail server wants a sign-in; give smtp.username and smtp.password."
	case c.Username == "":
		return "The mail server takes no mail without a sign-in; give smtp.username and smtp.password."
	case c.Auth == AuthXOAUTH2:
		return "The mail server does not take the access token; check smtp.username, the token's scope, and that the account may use SMTP."
	case a.code == 534:
		return "The mail server wants another kind of password; make one for applications, or use auth: xoauth2."
	default:
		return "The mail server does not take smtp.username and smtp.password; correct them, and check that the account may use SMTP."
	}
}

// judgeSilence says what it means when a step got no answer.
func judgeSilence(failed *smtpError, c *SMTP) (plugins.Kind, string) {
	if failed.step == stepDone {
		return plugins.Unknown, "The connection broke before the mail server said whether it took the mail."
	}
	if kind, text, known := judgeSetup(failed.err, c); known {
		return kind, text
	}
	_, noName := errors.AsType[*net.DNSError](failed.err)
	switch {
	case noName:
		return plugins.Transient, fmt.Sprintf("There is no machine called %s; correct smtp.host or the name service.", c.Host)
	case failed.step == stepConnect:
		return plugins.Transient, fmt.Sprintf("The mail server at %s could not be reached; check smtp.host, smtp.port and the network.", addressOf(c))
	case failed.step == stepGreeting:
		return plugins.Transient, fmt.Sprintf("Nothing that speaks SMTP answered at %s; if the port expects TLS from the first byte, as 465 does, "+
			"set smtp.tls to implicit.", addressOf(c))
	default:
		return plugins.Transient, "The connection to the mail server broke off before it had the mail; the plugin tries again."
	}
}

// judgeSetup knows the faults that are neither the server's answer nor the network's: somebody has to change a setting.
func judgeSetup(err error, c *SMTP) (plugins.Kind, string, bool) {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	_, way := errors.AsType[*wayError](err)
	switch {
	case errors.Is(err, errNoStartTLS):
		return plugins.Auth, "The mail server does not offer STARTTLS, so nothing was sent; use its submission port (587), smtp.tls: implicit " +
			"with port 465, or, only inside a machine or a trusted network, smtp.tls: none.", true
	case untrusted:
		return plugins.Auth, fmt.Sprintf("The mail server's certificate is not trusted for %s; give the name on the certificate as smtp.host, "+
			"or your own authority's certificate as smtp.ca_file.", c.Host), true
	case noTLS:
		return plugins.Auth, "The mail server does not speak TLS on this port; set smtp.tls to starttls, or smtp.port to 465.", true
	case way, errors.Is(err, errNoAuth):
		return plugins.Auth, "The mail server does not offer this way to sign in; set smtp.auth to one that it offers, or leave username out.", true
	case errors.Is(err, errReadable):
		return plugins.Auth, "The password would be sent readable, so it was not sent; set smtp.tls to starttls or implicit.", true
	default:
		return "", "", false
	}
}

func addressOf(c *SMTP) string { return net.JoinHostPort(c.Host.String(), strconv.Itoa(c.port())) }

// plainly words an error for the log, without what a server may have echoed of the credentials.
func plainly(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed):
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed"
	}
	text := ruler.OneLine(err.Error(), 300)
	return strings.TrimSpace(text)
}
