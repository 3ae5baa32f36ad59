package emailsim

import (
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
)

// FuzzMail reads whatever is handed in: it is taken or refused, and what is taken has one sender and one id.
func FuzzMail(f *testing.F) {
	f.Add([]byte("From: a@b.example\r\nTo: c@d.example\r\nDate: Fri, 20 Nov 2026 09:30:00 +0000\r\nMessage-ID: <1@b>\r\nSubject: x\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"))
	f.Add([]byte("From: a@b\r\n\r\n"))
	f.Add([]byte("\r\n\r\n\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		seen, err := parseMail(raw)
		if err == nil && (seen.From == "" || seen.MessageID == "" && !strings.Contains(strings.ToLower(string(raw)), "message-id:")) {
			t.Fatalf("%q was taken as %+v", raw, seen)
		}
	})
}

// nobody has no account.
type nobody struct{}

func (nobody) password(string) (string, bool) { return "", false }
func (nobody) tokenOpens(string, string) bool { return false }

// FuzzSignIn lets nobody in, whatever they say.
func FuzzSignIn(f *testing.F) {
	f.Add("SCRAM-SHA-256", []byte("n,,n=x,r=y"), []byte("c=biws,r=y,p=eA=="))
	f.Add("XOAUTH2", []byte("user=x\x01auth=Bearer y\x01\x01"), []byte(""))
	f.Add("LOGIN", []byte("x"), []byte(""))
	f.Add("PLAIN", []byte("\x00x\x00"), []byte(""))
	f.Fuzz(func(t *testing.T, name string, first, second []byte) {
		server, err := mechanism(name, nobody{}, func(username string) { t.Fatalf("%q was let in", username) })
		if err != nil {
			return
		}
		talk(server, first, second)
	})
}

func talk(server sasl.Server, lines ...[]byte) {
	for _, line := range append(lines, nil, []byte{}) {
		if _, done, err := server.Next(line); done || err != nil {
			return
		}
	}
}
