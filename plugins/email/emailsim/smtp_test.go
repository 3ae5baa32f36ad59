package emailsim_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/accede/accede/plugins/email/emailsim"
	"github.com/accede/accede/plugins/standin"
)

func TestMailArrivesAndIsThreaded(t *testing.T) {
	w := newWorld(t)
	if err := w.send(letter("1@example.com", "=?utf-8?q?Hall=C3=B6?=", "first", "X-Accede-Delivery: key-1"), "ivan@example.com", "bob@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := w.send(letter("2@example.com", "Hallo", "second", "In-Reply-To: <1@example.com>", "References: <1@example.com>"), "Ivan@Example.com"); err != nil {
		t.Fatal(err)
	}
	if err := w.send(letter("1@example.com", "Hallo", "first"), "ivan@example.com"); err != nil {
		t.Fatal(err)
	}
	mails := w.sim.Mails()
	if len(mails) != 4 {
		t.Fatalf("%d mails, want 4", len(mails))
	}
	first, second, again := mails[0], mails[2], mails[3]
	if first.Subject != "Hallö" || first.Key != "key-1" || first.Text != "first" || !first.TLS || first.Auth != "PLAIN" || first.Via != "smtp" {
		t.Errorf("the first mail is %+v", first)
	}
	if second.Parent != first.ID || second.To != "ivan@example.com" || !again.Again || first.Again {
		t.Errorf("the second mail is %+v, the repeated one %+v", second, again)
	}
	posts := w.sim.Posts()
	if posts[0].Place != "ivan" || posts[1].Place != "bob" || posts[2].Parent != posts[0].ID || posts[0].Key != "key-1" ||
		!strings.Contains(posts[0].Text, "https://accede.example.com/requests/1") || len(posts[0].Actions) != 0 {
		t.Errorf("posts are %+v", posts)
	}
}

func TestWhatTheServerRefuses(t *testing.T) {
	fine := letter("1@example.com", "x", "y")
	for name, c := range map[string]struct {
		raw, from, to, want string
	}{
		"unknown mailbox":    {fine, emailsim.DemoUsername, "nobody@example.com", "550 5.1.1"},
		"full mailbox":       {fine, emailsim.DemoUsername, "dave@example.com", "552 5.2.2"},
		"elsewhere":          {fine, emailsim.DemoUsername, "x@elsewhere.example", "550 5.7.1"},
		"somebody's address": {fine, "ceo@example.com", "ivan@example.com", "553 5.7.1"},
		"somebody's name":    {strings.Replace(fine, "accede@example.com", "ceo@example.com", 1), emailsim.DemoUsername, "ivan@example.com", "550 5.7.1"},
		"no date":            {strings.Replace(fine, "Date:", "X-Date:", 1), emailsim.DemoUsername, "ivan@example.com", "550 5.6.0"},
		"two subjects":       {"Subject: z\r\n" + fine, emailsim.DemoUsername, "ivan@example.com", "550 5.6.0"},
		"no id":              {strings.Replace(fine, "Message-ID:", "X-Message-ID:", 1), emailsim.DemoUsername, "ivan@example.com", "550 5.6.0"},
		"bare eight bits":    {strings.Replace(fine, "Subject: x", "Subject: ü", 1), emailsim.DemoUsername, "ivan@example.com", "550 5.6.0"},
		"long line":          {strings.Replace(fine, "Subject: x", "Subject: "+strings.Repeat("x", 1000), 1), emailsim.DemoUsername, "ivan@example.com", "550 5.6.0"},
		"too large":          {fine + strings.Repeat("x\r\n", 400_000), emailsim.DemoUsername, "ivan@example.com", "552 5.3.4"},
	} {
		w := newWorld(t, func(c *emailsim.Config) { c.MaxBytes = 1 << 20 })
		err := w.signedIn().SendMail(c.from, []string{c.to}, strings.NewReader(c.raw))
		if got := code(err); got != c.want || len(w.sim.Mails()) != 0 {
			t.Errorf("%s: %v (%s), want %s", name, err, got, c.want)
		}
	}
	w := newWorld(t)
	if err := w.dial().Mail(emailsim.DemoUsername, nil); code(err) != "530 5.7.0" {
		t.Errorf("without signing in: %v", err)
	}
}

func TestSigningIn(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		client sasl.Client
		good   bool
	}{
		"PLAIN":           {sasl.NewPlainClient("", emailsim.DemoUsername, emailsim.DemoPassword), true},
		"PLAIN wrong":     {sasl.NewPlainClient("", emailsim.DemoUsername, "x"), false},
		"PLAIN nobody":    {sasl.NewPlainClient("", "nobody@example.com", emailsim.DemoPassword), false},
		"LOGIN":           {sasl.NewLoginClient(emailsim.DemoUsername, emailsim.DemoPassword), true},
		"LOGIN wrong":     {sasl.NewLoginClient(emailsim.DemoUsername, ""), false},
		"XOAUTH2":         {&bearer{emailsim.DemoUsername, emailsim.DemoToken}, true},
		"XOAUTH2 wrong":   {&bearer{emailsim.DemoUsername, "x"}, false},
		"XOAUTH2 nobody":  {&bearer{"nobody@example.com", emailsim.DemoToken}, false},
		"XOAUTH2 empty":   {&bearer{emailsim.DemoUsername, ""}, false},
		"SCRAM nonsense":  {&script{"SCRAM-SHA-256", []string{"n,,n=x,r=y", "c=biws,r=z,p=eA=="}}, false},
		"SCRAM binding":   {&script{"SCRAM-SHA-256", []string{"p=tls-unique,,n=x,r=y"}}, false},
		"SCRAM no proof":  {&script{"SCRAM-SHA-256", []string{"n,,n=" + emailsim.DemoUsername + ",r=y", ""}}, false},
		"unknown":         {&script{"CRAM-MD5", []string{"x"}}, false},
		"LOGIN in one go": {&script{"LOGIN", []string{emailsim.DemoUsername, emailsim.DemoPassword}}, true},
	} {
		err := w.dial().Auth(c.client)
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// bearer signs in with an access token.
type bearer struct{ user, token string }

func (b *bearer) Start() (name string, first []byte, err error) {
	return "XOAUTH2", []byte("user=" + b.user + "\x01auth=Bearer " + b.token + "\x01\x01"), nil
}

func (*bearer) Next([]byte) ([]byte, error) { return []byte{}, nil }

// script says what it was told to, whatever the server answers.
type script struct {
	name  string
	lines []string
}

func (s *script) Start() (name string, first []byte, err error) {
	first = []byte(s.lines[0])
	s.lines = s.lines[1:]
	return s.name, first, nil
}

func (s *script) Next([]byte) ([]byte, error) {
	if len(s.lines) == 0 {
		return []byte{}, nil
	}
	line := s.lines[0]
	s.lines = s.lines[1:]
	return []byte(line), nil
}

func TestWithoutTLSNobodySignsIn(t *testing.T) {
	w := newWorld(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", w.sim.SideAddress())
	if err != nil {
		t.Fatal(err)
	}
	client := smtp.NewClient(conn)
	defer func() { _ = client.Close() }()
	if ok, _ := client.Extension("AUTH"); ok {
		t.Error("signing in is offered on an unprotected connection")
	}
	if err := client.Auth(sasl.NewPlainClient("", emailsim.DemoUsername, emailsim.DemoPassword)); err == nil {
		t.Error("somebody signed in on an unprotected connection")
	}
}

func TestFaultsOfTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		faults  standin.Faults
		want    string
		arrived int
	}{
		"later":            {standin.Faults{FailBefore: 1, Only: []string{"RCPT"}}, "451 4.3.0", 0},
		"too fast":         {standin.Faults{RateLimit: 1, Only: []string{"MAIL"}}, "450 4.7.1", 0},
		"refused at end":   {standin.Faults{FailBefore: 1, Only: []string{"DATA"}}, "451 4.3.0", 0},
		"limited at end":   {standin.Faults{RateLimit: 1, Only: []string{"DATA"}}, "450 4.7.1", 0},
		"taken, not said":  {standin.Faults{FailAfter: 1, Only: []string{"DATA"}}, "451 4.3.0", 1},
		"taken, dropped":   {standin.Faults{DropAfter: 1, Only: []string{"DATA"}}, "EOF", 1},
		"taken, half said": {standin.Faults{TruncateJSON: 1, Only: []string{"DATA"}}, "short response", 1},
		"dropped early":    {standin.Faults{DropAfter: 1, Only: []string{"RCPT"}}, "EOF", 0},
	} {
		w := newWorld(t)
		client := w.signedIn()
		if err := w.sim.Faults().Set(c.faults); err != nil {
			t.Fatal(err)
		}
		err := client.SendMail(emailsim.DemoUsername, []string{"ivan@example.com"}, strings.NewReader(letter("1@example.com", "x", "y")))
		if got := code(err); !strings.Contains(got, c.want) || len(w.sim.Mails()) != c.arrived {
			t.Errorf("%s: %v with %d mails, want %s with %d", name, err, len(w.sim.Mails()), c.want, c.arrived)
		}
	}
}

func TestOpenConversationsDoNotHoldTheStopUp(t *testing.T) {
	w := newWorld(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", w.sim.SideAddress())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	greeting, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.HasPrefix(greeting, "220 ") {
		t.Fatalf("%q %v", greeting, err)
	}
	if err := w.sim.Close(); err != nil {
		t.Error(err)
	}
	if _, err := fmt.Fprint(conn, "NOOP\r\n"); err == nil {
		if _, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
			t.Error("the conversation outlived the stand-in")
		}
	}
}

func TestTheAuthorityIsTheSameEverywhere(t *testing.T) {
	if first := emailsim.CertificateAuthority(); first == "" || first != emailsim.CertificateAuthority() {
		t.Error("the certificate changes from call to call, so no configuration could name it")
	}
	if _, err := emailsim.New(emailsim.Config{TLS: "later"}, standin.Options{}); err == nil {
		t.Error("a set-up that makes no sense was taken")
	}
	w := newWorld(t)
	if _, err := emailsim.New(emailsim.Demo(), standin.Options{SideListen: w.sim.SideAddress()}); err == nil {
		t.Error("two servers at one address")
	}
}
