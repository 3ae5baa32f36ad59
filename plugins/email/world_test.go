package email

import (
	"context"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/wneessen/go-mail/smtp"
	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/email/emailsim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// world is a company's mail and the plugin.
type world struct {
	t    *testing.T
	sim  *emailsim.Sim
	bot  plugins.Notifier
	logs *obstest.Log
}

// setting changes what a world is made of.
type setting struct {
	base string
	// side is where the mail server listens; empty for any free port.
	side   string
	mail   emailsim.Config
	config *Config
}

func (s *setting) useTokenEndpoint() {
	s.config.SMTP.Password = secret.String{}
	s.config.SMTP.OAuth = OAuth{
		TokenURL: address(s.base + "/oauth/token"), ClientID: emailsim.DemoClientID, ClientSecret: secret.New(emailsim.DemoClientSecret),
		Scope: "mail.send",
	}
}

func (s *setting) useMailgun() {
	s.config.SMTP = NewConfig().SMTP
	s.config.From = "Accede <accede@" + emailsim.DemoDomain + ">"
	s.config.Mailgun.Domain, s.config.Mailgun.APIKey = emailsim.DemoDomain, secret.New(emailsim.DemoMailgunKey)
	s.config.Mailgun.APIURL = address(s.base)
}

func viaMailgun(s *setting) { s.useMailgun() }

func address(text string) config.Address { return config.Address(text) }

func newWorld(t *testing.T, change ...func(*setting)) *world {
	t.Helper()
	w := &world{t: t, logs: &obstest.Log{}}
	server := httptest.NewUnstartedServer(nil)
	s := setting{base: "http://" + server.Listener.Addr().String() + "/email", mail: emailsim.Demo(), config: NewConfig()}
	s.config.From = "Accede <" + emailsim.DemoUsername + ">"
	s.config.SMTP.Host, s.config.SMTP.CA = "127.0.0.1", emailsim.CertificateAuthority()
	s.config.SMTP.Username, s.config.SMTP.Password = emailsim.DemoUsername, secret.New(emailsim.DemoPassword)
	for _, do := range change {
		do(&s)
	}
	sim, err := emailsim.New(s.mail, standin.Options{Seed: 1, SideListen: s.side})
	if err != nil {
		t.Fatal(err)
	}
	w.sim = sim
	if s.config.SMTP.Host == "127.0.0.1" && s.config.SMTP.Port == 0 {
		_, s.config.SMTP.Port = hostPort(t, sim.SideAddress())
	}
	server.Config.Handler = http.StripPrefix("/email", sim)
	server.Start()
	client := vendorhttp.New(vendorhttp.Options{})
	if w.bot, err = open(t.Context(), s.config, plugins.Deps{
		Logger: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), HTTP: client, Now: time.Now,
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
		w.assertNoSecretIn(w.logs.String())
	})
	return w
}

func (w *world) assertNoSecretIn(text string) {
	w.t.Helper()
	secrettest.AssertAbsent(w.t, text, emailsim.DemoPassword, emailsim.DemoToken, emailsim.DemoMailgunKey, emailsim.DemoClientSecret,
		emailsim.DemoRefreshToken)
}

func (w *world) post(key string, card plugins.Card) (plugins.Ref, error) {
	w.t.Helper()
	ref, err := w.bot.Post(w.t.Context(), plugins.Destination{ID: "ivan@example.com"}, key, card)
	if err != nil {
		w.assertNoSecretIn(err.Error())
	}
	return ref, err
}

func (w *world) mustPost(key string, card plugins.Card) plugins.Ref {
	w.t.Helper()
	ref, err := w.post(key, card)
	if err != nil {
		w.t.Fatal(err)
	}
	return ref
}

func (w *world) reply(ref plugins.Ref, key string, note plugins.Note) plugins.Ref {
	w.t.Helper()
	told, err := w.bot.(plugins.Replier).Reply(w.t.Context(), ref, key, note) //nolint:errcheck // a bot of this package
	if err != nil {
		w.t.Fatal(err)
	}
	return told
}

func (w *world) check(recipients ...string) []plugins.Finding {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Second) // some servers say nothing until they are spoken to
	defer cancel()
	return w.bot.(plugins.Checker).Check(ctx, recipients) //nolint:errcheck // a bot of this package
}

func (w *world) resolve(recipient plugins.Recipient) []plugins.Destination {
	w.t.Helper()
	found, err := w.bot.(plugins.Resolver).Resolve(w.t.Context(), recipient) //nolint:errcheck // a bot of this package
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func (w *world) await(what string, condition func() bool) {
	w.t.Helper()
	eventually.True(w.t, patience, what, condition)
}

func (w *world) last() emailsim.SeenMail {
	w.t.Helper()
	mails := w.sim.Mails()
	if len(mails) == 0 {
		w.t.Fatal("no mail arrived")
	}
	return mails[len(mails)-1]
}

func serverInfo(tls bool, mechanisms ...string) *smtp.ServerInfo {
	return &smtp.ServerInfo{Name: "mail.example.com", TLS: tls, Auth: mechanisms}
}

// freePort is one that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// demoCard has no buttons: mails have none.
func demoCard(change ...func(*plugins.Card)) plugins.Card {
	silent := func(card *plugins.Card) { card.Actions = nil }
	return plugintest.DemoCard(append([]func(*plugins.Card){silent}, change...)...)
}

func review(by string, verdict v1.Verdict, reason string) v1.Review {
	return plugintest.Review(v1.PersonRef{Name: by}, verdict, reason, "web")
}

func resolved(state v1.State, end v1.Resolution) func(*plugins.Card) {
	return func(card *plugins.Card) { plugintest.Resolve(card, state, end) }
}
