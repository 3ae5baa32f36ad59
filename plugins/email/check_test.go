package email

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/email/emailsim"
	"github.com/accede/accede/plugins/standin"
)

func TestCheckFindsNothingWhenAllIsWell(t *testing.T) {
	for name, way := range map[string]func(*setting){"smtp": func(*setting) {}, "mailgun": viaMailgun} {
		w := newWorld(t, way)
		if got := w.check("ivan@example.com", "bob@example.com"); len(got) != 0 {
			t.Errorf("%s: findings are %+v", name, got)
		}
		if len(w.sim.Mails()) != 0 {
			t.Errorf("%s: looking sent a mail", name)
		}
	}
}

// misconfiguration is a fault, and what check says about it. The documentation explains every one of them.
type misconfiguration struct {
	name      string
	change    func(*setting)
	recipient string
	what, fix string
	warning   bool
}

func misconfigurations() []misconfiguration {
	smtp := func(change func(*SMTP)) func(*setting) { return func(s *setting) { change(&s.config.SMTP) } }
	gun := func(change func(*setting)) func(*setting) {
		return func(s *setting) {
			s.useMailgun()
			change(s)
		}
	}
	return []misconfiguration{
		{"no such machine", smtp(func(c *SMTP) { c.Host, c.Port = "mail.invalid", 587 }), "", "The mail server cannot be used", "There is no machine called", false},
		{"nobody listens", smtp(func(c *SMTP) { c.Port = 1 }), "", "The mail server cannot be used", "could not be reached", false},
		{"STARTTLS on a TLS port", func(s *setting) { s.mail.TLS = "implicit" }, "", "The mail server cannot be used", "set smtp.tls to implicit", false},
		{"TLS on a STARTTLS port", smtp(func(c *SMTP) { c.TLS = TLSImplicit }), "", "The mail server cannot be used", "does not speak TLS on this port", false},
		{"no STARTTLS", func(s *setting) { s.mail.TLS = "none" }, "", "The mail server cannot be used", "does not offer STARTTLS", false},
		{"unknown authority", smtp(func(c *SMTP) { c.CA = "" }), "", "The mail server cannot be used", "certificate is not trusted", false},
		{"another name", func(s *setting) { s.mail.Certificate = "other" }, "", "The mail server cannot be used", "certificate is not trusted", false},
		{"another authority", func(s *setting) { s.mail.Certificate = "stranger" }, "", "The mail server cannot be used", "smtp.ca_file", false},
		{"wrong password", smtp(func(c *SMTP) { c.Password = secret.New("canary-wrong") }), "", "The mail server cannot be used", "does not take smtp.username and smtp.password", false},
		{"wrong user", smtp(func(c *SMTP) { c.Username = "nobody@example.com" }), "", "The mail server cannot be used", "does not take smtp.username and smtp.password", false},
		{"no sign-in", smtp(func(c *SMTP) { c.Username, c.Password = "", secret.String{} }), "", "does not let accede@example.com send", "wants a sign-in", false},
		{"no such way", func(s *setting) {
			s.mail.Mechanisms, s.config.SMTP.Auth = []string{"PLAIN"}, AuthSCRAM
		}, "", "The mail server cannot be used", "does not offer this way to sign in", false},
		{"no way at all", func(s *setting) { s.mail.Mechanisms = nil }, "", "The mail server cannot be used", "does not offer this way to sign in", false},
		{"token refused", func(s *setting) {
			s.useTokenEndpoint()
			s.config.SMTP.Auth, s.mail.OAuth.Username = AuthXOAUTH2, "somebody@example.com"
		}, "", "The mail server cannot be used", "does not take the access token", false},
		{"token endpoint refuses", func(s *setting) {
			s.useTokenEndpoint()
			s.config.SMTP.Auth, s.config.SMTP.OAuth.ClientSecret = AuthXOAUTH2, secret.New("canary-wrong")
		}, "", "The mail server cannot be used", "The token endpoint refuses (invalid_client)", false},
		{"no token file", func(s *setting) {
			s.config.SMTP.Auth, s.config.SMTP.OAuth.TokenPath = AuthXOAUTH2, "/nowhere/token"
		}, "", "The mail server cannot be used", "holds no access token", false},
		{"wrong sender", func(s *setting) { s.config.From = "ceo@example.com" }, "", "does not let ceo@example.com send", "does not let this account send as that sender", false},
		{"unknown recipient", nil, "nobody@example.com", "refuses the recipient", "There is no such mailbox", false},
		{"full mailbox", nil, "dave@example.com", "refuses the recipient", "The mailbox is full", false},
		{"no relaying", nil, "x@elsewhere.example", "refuses the recipient", "does not pass mail on", false},
		{"no address", nil, "#dba", "is not a mail address", "Give an address", false},
		{"foreign domain", func(s *setting) { s.config.OnlyDomains = []string{"example.com"} }, "x@elsewhere.example", "outside the domains of only_domains", "add its domain", false},
		{"Mailgun's key", gun(func(s *setting) { s.config.Mailgun.APIKey = secret.New("canary-wrong") }), "", "Mailgun cannot be used", "mailgun.region is where the domain was created", false},
		{"Mailgun's domain", gun(func(s *setting) { s.config.Mailgun.Domain = "mg.other.example" }), "", "Mailgun cannot be used", "knows no domain mg.other.example", false},
		{"Mailgun not verified", gun(func(s *setting) { s.mail.Mailgun.State = "unverified" }), "", "is not active", "set the DNS records", false},
		{"Mailgun sending key", gun(func(s *setting) { s.config.Mailgun.APIKey = secret.New(emailsim.DemoSendingKey) }), "", "Mailgun cannot be used", "does not allow this account or key", false},
		{"Mailgun sender", gun(func(s *setting) { s.config.From = "accede@other.example" }), "", "may take them for forged", "Use an address of the Mailgun domain", true},
	}
}

func TestCheckNamesEachFaultAndItsCure(t *testing.T) {
	for _, c := range misconfigurations() {
		t.Run(c.name, func(t *testing.T) {
			var changes []func(*setting)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			w := newWorld(t, changes...)
			var recipients []string
			if c.recipient != "" {
				recipients = []string{c.recipient}
			}
			found := w.check(recipients...)
			if !slices.ContainsFunc(found, func(f plugins.Finding) bool {
				return strings.Contains(f.What, c.what) && strings.Contains(f.Fix, c.fix) && f.Warning == c.warning
			}) {
				t.Errorf("findings are %+v, want one with %q and %q", found, c.what, c.fix)
			}
			for _, f := range found {
				w.assertNoSecretIn(f.What + f.Fix)
				if strings.Contains(f.What+f.Fix, "canary-wrong") {
					t.Errorf("%q shows a credential", f.What)
				}
			}
		})
	}
}

func TestCheckOfAServerThatIsDown(t *testing.T) {
	w := newWorld(t)
	if err := w.sim.Faults().Set(standin.Faults{RateLimit: 1, Only: []string{"RCPT"}}); err != nil {
		t.Fatal(err)
	}
	if found := w.check("ivan@example.com"); len(found) != 1 || !found[0].Warning {
		t.Errorf("greylisting is %+v, want a warning", found)
	}
	if err := w.sim.Faults().Set(standin.Faults{FailBefore: 1}); err != nil {
		t.Fatal(err)
	}
	if found := w.check("ivan@example.com"); len(found) != 1 || found[0].Warning || !strings.Contains(found[0].Fix, "tries again") {
		t.Errorf("a server in trouble is %+v", found)
	}
}

func TestCheckWarnsOfPlainText(t *testing.T) {
	for name, c := range map[string]struct {
		find  func(*postman) []plugins.Finding
		wants string
	}{
		"smtp": {func(*postman) []plugins.Finding {
			return (&smtpCourier{server: &server{config: &SMTP{Host: "mail.example.com", TLS: TLSNone}}}).checkSettings()
		}, "smtp.tls is none"},
		"token": {func(*postman) []plugins.Finding {
			return (&smtpCourier{server: &server{config: &SMTP{Host: "mail.example.com", OAuth: OAuth{TokenURL: "http://login.example.com/"}}}}).checkSettings()
		}, "smtp.oauth.token_url is plain http"},
		"mailgun": {func(p *postman) []plugins.Finding {
			config := &Config{Mailgun: Mailgun{Domain: "example.com", APIURL: "http://mailgun.example.com"}}
			return (&mailgun{config: config, writer: p.writer}).checkSettings()
		}, "mailgun.api_url is plain http"},
	} {
		found := c.find(&postman{writer: newTestWriter(t)})
		if len(found) != 1 || !found[0].Warning || !strings.Contains(found[0].What, c.wants) {
			t.Errorf("%s: findings are %+v", name, found)
		}
	}
}

// TestTheDocumentationKnowsWhatThePluginSays keeps the page for users in step with the plugin.
func TestTheDocumentationKnowsWhatThePluginSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/plugins/email.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range misconfigurations() {
		for _, sentence := range []string{c.what, c.fix} {
			if !strings.Contains(string(page), sentence) {
				t.Errorf("docs/plugins/email.md does not explain %q (%s)", sentence, c.name)
			}
		}
	}
	for _, setting := range []string{
		"from", "reply_to", "bounces_to", "only_domains", "follow_ups", "ca_file", "hello", "connections", "token_path", "refresh_token", "require_tls", "region",
	} {
		if !strings.Contains(string(page), "`"+setting+"`") && !strings.Contains(string(page), "`smtp."+setting+"`") &&
			!strings.Contains(string(page), "`mailgun."+setting+"`") && !strings.Contains(string(page), "`smtp.oauth."+setting+"`") {
			t.Errorf("docs/plugins/email.md does not explain the setting %s", setting)
		}
	}
}

func TestAPortThatAcceptsAndSaysNothing(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := listener.Accept(); err == nil {
			_ = conn.Close()
		}
	}()
	_, port := hostPort(t, listener.Addr().String())
	w := newWorld(t, func(s *setting) { s.config.SMTP.Port = port })
	if _, err := w.post("key-of-the-mail", demoCard()); plugins.KindOf(err) != plugins.Transient || !strings.Contains(err.Error(), "greeting") {
		t.Errorf("a port that hangs up is %v", err)
	}
	_ = listener.Close()
	<-done
}
