package email_test

import (
	"flag"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/email"
	"github.com/accede/accede/plugins/email/emailsim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
)

const mailbox = "ivan@example.com"

func TestConformanceOverSMTP(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(overSMTP, "testdata/cards"))
}

func TestConformanceThroughMailgun(t *testing.T) {
	t.Parallel()
	s := subject(throughMailgun, "testdata/cards_mailgun")
	s.Kinds = map[int]plugins.Kind{http.StatusNotFound: plugins.Auth, http.StatusPaymentRequired: plugins.Auth}
	plugintest.Run(t, s)
}

func subject(configure func(*emailsim.Sim, string) *email.Config, golden string) plugintest.Subject {
	return plugintest.Subject{
		Spec:   email.Spec(),
		Update: flag.Lookup("update").Value.String() == "true", Golden: golden,
		NewVendor: func(t *testing.T, _ string) plugintest.Vendor { return newVendor(t, configure) },
		Secrets:   []string{emailsim.DemoPassword, emailsim.DemoMailgunKey},
	}
}

func overSMTP(sim *emailsim.Sim, _ string) *email.Config {
	c := email.NewConfig()
	host, port, _ := net.SplitHostPort(sim.SideAddress())
	c.From = "Accede <" + emailsim.DemoUsername + ">"
	c.SMTP.Host, c.SMTP.CA = config.Address(host), emailsim.CertificateAuthority()
	c.SMTP.Port, _ = strconv.Atoi(port)
	c.SMTP.Username, c.SMTP.Password = emailsim.DemoUsername, secret.New(emailsim.DemoPassword)
	return c
}

func throughMailgun(_ *emailsim.Sim, base string) *email.Config {
	c := email.NewConfig()
	c.From = "Accede <accede@" + emailsim.DemoDomain + ">"
	c.Mailgun.Domain, c.Mailgun.APIKey = emailsim.DemoDomain, secret.New(emailsim.DemoMailgunKey)
	c.Mailgun.APIURL = config.Address(base)
	return c
}

func newVendor(t *testing.T, configure func(*emailsim.Sim, string) *email.Config) plugintest.Vendor {
	t.Helper()
	sim, err := emailsim.New(emailsim.Demo(), standin.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/email", sim))
	t.Cleanup(func() {
		server.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	c := configure(sim, server.URL+"/email")
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	vendor := plugintest.Vendor{
		Config: c, Destination: plugins.Destination{ID: mailbox, Name: mailbox},
		Messages: func() []plugintest.Message { return shownIn(sim) },
	}
	if c.Mailgun.Domain != "" {
		vendor.Creates = func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/messages.mime") }
	}
	return vendor
}

func shownIn(sim *emailsim.Sim) []plugintest.Message {
	var out []plugintest.Message
	for _, m := range sim.Mails() {
		if m.To == mailbox {
			out = append(out, describe(m))
		}
	}
	return out
}

func describe(m emailsim.SeenMail) plugintest.Message {
	headers := map[string]string{}
	for _, h := range m.Headers {
		if h.Name != "Date" {
			headers[h.Name] = h.Value
		}
	}
	_, body, _ := strings.Cut(m.HTML, "<body ")
	return plugintest.Message{
		ID: m.ID, Key: m.Key, Reply: m.InReplyTo != "", Text: m.Subject + "\n" + m.Text + "\n" + m.HTML, Live: alive(m),
		Golden: map[string]any{
			"headers": headers, "text": strings.Split(m.Text, "\n"), "html": strings.Split("<body "+body, "\n"),
		},
	}
}

var (
	// linkable is what mail programs turn into links on their own.
	linkable = regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://[^\s<>"]+|\b(?:mailto|javascript|data|tel):\S|\bwww\.[^\s\x{200b}]|[a-z0-9._-]+@[a-z0-9-]+\.[a-z]+|\b[a-z0-9-]+\.(com|example|org|net)\b)`)
	ours     = regexp.MustCompile(`^https://accede\.example\.com/requests/[0-9a-f-]+$`)
	tags     = regexp.MustCompile(`<[^>]*>`)
	// ownTags are those of the layout.
	ownTags = regexp.MustCompile(`^</?(!doctype html|html( lang="en")?|head|meta [^>]*|title|style|body [^>]*|body|table [^>]*|table|tr|td [^>]*|td|div [^>]*|div|h1 dir="auto" style="[^"<>]*"|h1|p [^>]*|p|span class="soft" style="[^"<>]*"|span|br|bdi|a href="https://accede\.example\.com/requests/[0-9a-f-]+" class="open" style="[^"<>]*"|a)>$`)
)

// alive finds what came from people and would be a link, or markup.
func alive(m emailsim.SeenMail) []string {
	var live []string
	plain := tags.ReplaceAllString(m.HTML[strings.Index(m.HTML, "<body "):], " ")
	for _, text := range []string{m.Subject, m.Text, plain} {
		for _, found := range linkable.FindAllString(text, -1) {
			if !ours.MatchString(found) {
				live = append(live, found)
			}
		}
	}
	for _, tag := range tags.FindAllString(m.HTML, -1) {
		if !ownTags.MatchString(tag) {
			live = append(live, tag)
		}
	}
	return live
}
