package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"

	"github.com/accede/accede/plugins"
)

// Headers by which rules and programs can tell our mails, and the delivery inside them.
const (
	headerDelivery = "X-Accede-Delivery"
	headerRequest  = "X-Accede-Request"
)

// letter is one mail to one mailbox.
type letter struct {
	to string
	// id is the Message-ID, made from the delivery's key, without its angle brackets.
	id string
	// thread is the Message-ID of the mail that this one follows; empty for the first.
	thread  string
	request string
	sheet   sheet
}

// writer makes mails.
type writer struct {
	from, replyTo, bouncesTo mailbox
	press                    press
	now                      func() time.Time
}

func newWriter(c *Config, now func() time.Time) (*writer, error) {
	drawn, err := newPress()
	if err != nil {
		return nil, err
	}
	w := &writer{press: drawn, now: now}
	for _, one := range []struct {
		into *mailbox
		text string
	}{{&w.from, c.From}, {&w.replyTo, c.ReplyTo}, {&w.bouncesTo, c.BouncesTo}} {
		if one.text == "" {
			continue
		}
		if *one.into, err = parseMailbox(one.text); err != nil {
			return nil, fmt.Errorf("reading sender: %w", err)
		}
	}
	if w.bouncesTo.address == "" {
		w.bouncesTo = w.from
	}
	return w, nil
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// messageID makes the same Message-ID of the same key, always: by it a receiver can recognise a mail that comes twice.
func (w *writer) messageID(key string) string {
	if !plainKey.MatchString(key) {
		sum := sha256.Sum256([]byte(key))
		key = hex.EncodeToString(sum[:16])
	}
	return key + "@" + w.from.domain()
}

// letter addresses a sheet.
func (w *writer) letter(to, key string, c plugins.Card, s sheet) letter {
	return letter{to: to, id: w.messageID(key), request: c.RequestID, sheet: s}
}

// message makes the mail. Every header is set here or has a fixed form; none holds a line break.
func (w *writer) message(l letter) (*mail.Msg, error) {
	html, err := w.press.html(l.sheet)
	if err != nil {
		return nil, &plugins.Error{Op: "writing mail", Kind: plugins.Invalid, Err: err, Public: "The mail could not be laid out; please report this."}
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP), mail.WithBoundary(boundaryOf(l.id)))
	if err := w.address(m, l.to); err != nil {
		return nil, &plugins.Error{Op: "addressing mail", Kind: plugins.Invalid, Err: err, Public: "The mail could not be addressed; please report this."}
	}
	m.Subject(l.sheet.subject)
	m.SetDateWithValue(w.now().UTC())
	m.SetMessageIDWithValue(l.id)
	if l.thread != "" {
		m.SetGenHeader(mail.HeaderInReplyTo, "<"+l.thread+">")
		m.SetGenHeader(mail.HeaderReferences, "<"+l.thread+">")
	}
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetGenHeader(headerDelivery, strings.TrimSuffix(l.id, "@"+w.from.domain()))
	if plainKey.MatchString(l.request) {
		m.SetGenHeader(headerRequest, l.request)
	}
	m.SetBodyString(mail.TypeTextPlain, l.sheet.text())
	m.AddAlternativeString(mail.TypeTextHTML, html)
	return m, nil
}

func (w *writer) address(m *mail.Msg, to string) error {
	if err := m.FromFormat(w.from.name, w.from.address); err != nil {
		return err
	}
	if err := m.EnvelopeFrom(w.bouncesTo.address); err != nil {
		return err
	}
	if w.replyTo.address != "" {
		if err := m.ReplyToFormat(w.replyTo.name, w.replyTo.address); err != nil {
			return err
		}
	}
	return m.To(to)
}

// boundaryOf makes a repeated mail the same to the byte, its date aside.
func boundaryOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "accede-" + hex.EncodeToString(sum[:12])
}

// bytes is the mail as it goes over the wire.
func (w *writer) bytes(l letter) ([]byte, error) {
	m, err := w.message(l)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := m.WriteTo(&out); err != nil {
		return nil, &plugins.Error{Op: "writing mail", Kind: plugins.Invalid, Err: err, Public: "The mail could not be written; please report this."}
	}
	return out.Bytes(), nil
}
