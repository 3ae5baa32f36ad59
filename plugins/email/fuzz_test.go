package email

import (
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins"
)

// FuzzAddress lets no address through that could end a command or name a second recipient.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"ivan@example.com", "a@b@c", "a b@c", "a@b\r\nRCPT TO:<x@y>", "<a@b>", "a,b@c", "a@[1.2.3.4]", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := parseAddress(text)
		if err != nil {
			return
		}
		if strings.ContainsAny(address, "<>,; \t\r\n\"()[]\\:") || strings.Count(address, "@") != 1 || len(address) > maxAddress {
			t.Fatalf("%q was taken as %q", text, address)
		}
		if again, err := parseAddress(address); err != nil || again != address {
			t.Fatalf("%q is not stable: %q %v", address, again, err)
		}
	})
}

// FuzzSender takes the addresses of the configuration.
func FuzzSender(f *testing.F) {
	f.Add("Accede <accede@example.com>")
	f.Add("=?utf-8?q?A=0D=0ABcc:_x?= <a@b.example>")
	f.Fuzz(func(t *testing.T, text string) {
		box, err := parseMailbox(text)
		if err == nil && strings.ContainsAny(box.name+box.address, "\r\n") {
			t.Fatalf("%q was taken as %+v", text, box)
		}
	})
}

// FuzzAnswer reads what servers say.
func FuzzAnswer(f *testing.F) {
	f.Add(550, "5.1.1 User unknown")
	f.Add(451, "4.7.1 Greylisted\nline two")
	f.Add(0, "5.999999.1")
	f.Fuzz(func(t *testing.T, code int, text string) {
		err := at(stepRcpt, &textproto.Error{Code: code, Msg: text})
		failure := smtpFailure(err, &SMTP{Host: "mail.example.com"})
		if failure.Kind == "" || failure.Public == "" || failure.Kind == plugins.Unknown {
			t.Fatalf("%d %q is %+v", code, text, failure)
		}
	})
}

// FuzzReference reads what the ledger gives back.
func FuzzReference(f *testing.F) {
	f.Add("ivan@example.com <019aa0b1-0000@example.com>")
	f.Add("ivan@example.com <a@b>\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := decodeRef(plugins.Ref(text))
		if err != nil {
			return
		}
		if strings.ContainsAny(r.to+r.id, "\r\n <>") || string(r.encode()) != text {
			t.Fatalf("%q was read as %+v", text, r)
		}
	})
}

// FuzzMailgun reads what Mailgun answers.
func FuzzMailgun(f *testing.F) {
	f.Add([]byte(`{"id":"<x@y>","message":"Queued. Thank you."}`))
	f.Add([]byte(`{"items":[{"message":{"headers":{"message-id":"x@y"}}}]}`))
	f.Add([]byte(`{"message":"request limit exceeded, try again after Wed, 21 Oct 2026 07:28:00 GMT"}`))
	f.Add([]byte("Forbidden"))
	f.Fuzz(func(t *testing.T, body []byte) {
		said := mailgunSaid(body)
		if strings.ContainsAny(said, "\r\n") || len(said) > 1200 {
			t.Fatalf("%q was read as %q", body, said)
		}
		if wait, ok := waitIn(said, time.Unix(1_700_000_000, 0)); ok && (wait <= 0 || wait > longestWait) {
			t.Fatalf("%q asks to wait %s", said, wait)
		}
		_ = parseQueued(body)
		if found, err := parseEvents(body, "x@y"); err == nil && found && !strings.Contains(string(body), "x@y") && !strings.Contains(string(body), `\u`) {
			t.Fatalf("found in %q", body)
		}
		if domain := (&mailgun{config: &Config{}}).checkDomain(body); len(domain) > 1 {
			t.Fatal("more than one finding")
		}
	})
}

// FuzzGrant reads what a token endpoint answers.
func FuzzGrant(f *testing.F) {
	f.Add([]byte(`{"access_token":"x","expires_in":3600}`))
	f.Add([]byte(`{"access_token":"x\r\nQUIT","expires_in":-1e300}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		g, err := parseGrant(body)
		if err == nil && (!printable(g.AccessToken) || g.AccessToken == "" || g.lasts() <= 0) {
			t.Fatalf("%q was read as %+v", body, g)
		}
	})
}
