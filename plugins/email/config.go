package email

import (
	"net"
	"net/url"
	"strings"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

// FollowUps says which reviews reviewers get a mail about.
type FollowUps string

// The choices of follow-up mails.
const (
	// FollowEvery: each review is a mail in the request's thread.
	FollowEvery FollowUps = "every_review"
	// FollowOutcome: only the review that ended the request is.
	FollowOutcome FollowUps = "outcome"
	// FollowNone: reviewers get one mail per request.
	FollowNone FollowUps = "none"
)

// Config is the mail part of the plugin's configuration. Mails leave through SMTP or through Mailgun, whichever is given.
type Config struct {
	// From is who the mails are from, such as "Accede <accede@example.com>".
	From string `yaml:"from"`
	// ReplyTo is where answers go; empty means From. Nobody reads them for decisions.
	ReplyTo string `yaml:"reply_to"`
	// BouncesTo is the envelope sender, to which servers return what they cannot deliver; empty means From.
	BouncesTo string `yaml:"bounces_to"`
	// OnlyDomains, when given, are the only domains that mails are sent to.
	OnlyDomains []string `yaml:"only_domains"`
	// FollowUps says which reviews reviewers get a mail about.
	FollowUps FollowUps `yaml:"follow_ups"`
	SMTP      SMTP      `yaml:"smtp"`
	Mailgun   Mailgun   `yaml:"mailgun"`
}

// TLS says how a connection is protected.
type TLS string

// The protections.
const (
	// TLSStart: STARTTLS, and nothing is sent if the server does not offer it.
	TLSStart TLS = "starttls"
	// TLSImplicit: TLS from the first byte, usually on port 465.
	TLSImplicit TLS = "implicit"
	// TLSNone: no protection.
	TLSNone TLS = "none"
)

// Auth is a way to sign in at a mail server.
type Auth string

// The ways to sign in.
const (
	// AuthAuto: the strongest of SCRAM-SHA-256, PLAIN and LOGIN that the server offers, if there is a username.
	AuthAuto    Auth = "auto"
	AuthPlain   Auth = "plain"
	AuthLogin   Auth = "login"
	AuthSCRAM   Auth = "scram-sha-256"
	AuthXOAUTH2 Auth = "xoauth2"
)

// SMTP says how to reach a mail server.
type SMTP struct {
	Host config.Address `yaml:"host"`
	// Port is 587, or 465 with implicit TLS, or 25 without protection, unless it is given.
	Port int `yaml:"port"`
	TLS  TLS `yaml:"tls"`
	// CAFile holds certificates in PEM, instead of the system's; CA holds them right here.
	CAFile config.Address `yaml:"ca_file"`
	CA     string         `yaml:"ca"`
	// Hello is the name this machine calls itself; empty means localhost.
	Hello        string         `yaml:"hello"`
	Auth         Auth           `yaml:"auth"`
	Username     config.Address `yaml:"username"`
	Password     secret.String  `yaml:"password"`
	PasswordFile string         `yaml:"password_file"`
	OAuth        OAuth          `yaml:"oauth"`
	// Connections is how many there are at a time; servers limit that.
	Connections int `yaml:"connections"`
}

// OAuth says where access tokens for XOAUTH2 come from: a file that something else keeps fresh, or a token endpoint.
type OAuth struct {
	// TokenPath is read anew for every mail.
	TokenPath        config.Address `yaml:"token_path"`
	TokenURL         config.Address `yaml:"token_url"`
	ClientID         config.Address `yaml:"client_id"`
	ClientSecret     secret.String  `yaml:"client_secret"`
	ClientSecretFile string         `yaml:"client_secret_file"`
	// RefreshToken, when given, is exchanged for access tokens; without it the client's own credentials are.
	RefreshToken     secret.String `yaml:"refresh_token"`
	RefreshTokenFile string        `yaml:"refresh_token_file"`
	Scope            string        `yaml:"scope"`
}

// Mailgun says which account at Mailgun to use.
type Mailgun struct {
	Domain     config.Address `yaml:"domain"`
	APIKey     secret.String  `yaml:"api_key"`
	APIKeyFile string         `yaml:"api_key_file"`
	// Region is us or eu: where the domain was created.
	Region string `yaml:"region"`
	// APIURL replaces the region's address; only a sandbox needs it.
	APIURL config.Address `yaml:"api_url"`
	// RequireTLS makes Mailgun deliver over TLS or not at all.
	RequireTLS bool `yaml:"require_tls"`
}

const (
	defaultConnections = 3 // what Exchange Online allows one account
	maxConnections     = 50
)

// NewConfig returns the defaults.
func NewConfig() *Config {
	return &Config{
		FollowUps: FollowEvery,
		SMTP:      SMTP{TLS: TLSStart, Auth: AuthAuto, Connections: defaultConnections},
		Mailgun:   Mailgun{Region: "us"},
	}
}

// Validate returns every fault of the configuration.
func (c *Config) Validate() error {
	var p config.Problems
	checkAddress(&p, "from", c.From, true)
	checkAddress(&p, "reply_to", c.ReplyTo, false)
	checkAddress(&p, "bounces_to", c.BouncesTo, false)
	for _, domain := range c.OnlyDomains {
		p.Check(validDomain(domain), "only_domains", "%q is not a domain such as example.com", domain)
	}
	switch c.FollowUps {
	case FollowEvery, FollowOutcome, FollowNone:
	default:
		p.Add("follow_ups", "is %q; give every_review, outcome or none", string(c.FollowUps))
	}
	switch smtp, mailgun := c.SMTP.Host != "", c.Mailgun.Domain != ""; {
	case smtp && mailgun:
		p.Add("mailgun.domain", "is given as well as smtp.host; keep one of the two")
	case smtp:
		c.SMTP.validate(&p)
	case mailgun:
		c.Mailgun.validate(&p)
	default:
		p.Add("smtp.host", "is missing; give smtp.host, or mailgun.domain to send through Mailgun")
	}
	return p.Err()
}

func checkAddress(p *config.Problems, field, text string, needed bool) {
	if text == "" {
		p.Check(!needed, field, "is missing; give an address such as Accede <accede@example.com>")
		return
	}
	_, err := parseMailbox(text)
	p.Check(err == nil, field, "%q is not one mail address such as Accede <accede@example.com>", text)
}

func (s *SMTP) validate(p *config.Problems) {
	p.Check(!strings.ContainsAny(s.Host.String(), ":/ @"), "smtp.host", "%q must be a host name alone; the port goes into smtp.port", s.Host)
	p.Check(s.Port >= 0 && s.Port < 1<<16, "smtp.port", "is %d; give 1 to 65535", s.Port)
	p.Check(s.Connections > 0 && s.Connections <= maxConnections, "smtp.connections", "is %d; give 1 to %d", s.Connections, maxConnections)
	p.Check(s.CA == "" || s.CAFile == "", "smtp.ca", "is given as well as smtp.ca_file; keep one of the two")
	if _, err := s.roots(); err != nil && s.CAFile == "" {
		p.Add("smtp.ca", "%s", err)
	}
	p.Check(s.Hello == "" || validDomain(s.Hello), "smtp.hello", "%q is not a host name", s.Hello)
	switch s.TLS {
	case TLSStart, TLSImplicit:
	case TLSNone:
		p.Check(!s.exposesPassword(), "smtp.tls", "is none, which would send the password readable; use starttls or implicit, "+
			"auth: scram-sha-256, or no username")
	default:
		p.Add("smtp.tls", "is %q; give starttls, implicit or none", string(s.TLS))
	}
	s.validateAuth(p)
}

func (s *SMTP) validateAuth(p *config.Problems) {
	switch s.Auth {
	case AuthXOAUTH2:
		p.Check(s.Username != "", "smtp.username", "is missing; xoauth2 needs the address that the token is for")
		s.OAuth.validate(p)
		return
	case AuthAuto, AuthPlain, AuthLogin, AuthSCRAM:
	default:
		p.Add("smtp.auth", "is %q; give auto, plain, login, scram-sha-256 or xoauth2", string(s.Auth))
	}
	p.Check(s.Username == "" || !s.Password.IsZero(), "smtp.password", "is missing; with a username there must be one")
	p.Check(s.Username != "" || s.Password.IsZero(), "smtp.username", "is missing; with a password there must be one")
	p.Check(s.Username != "" || s.Auth == AuthAuto, "smtp.username", "is missing; auth: %s needs one", s.Auth)
}

// exposesPassword says that a listener on the way would see the credentials.
func (s *SMTP) exposesPassword() bool {
	return s.Username != "" && s.Auth != AuthSCRAM && !loopback(s.Host.String())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (o *OAuth) validate(p *config.Problems) {
	switch file, endpoint := o.TokenPath != "", o.TokenURL != ""; {
	case file && endpoint:
		p.Add("smtp.oauth.token_url", "is given as well as token_path; keep one of the two")
	case endpoint:
		p.Check(validURL(o.TokenURL.String()), "smtp.oauth.token_url", "must be a full https address")
		p.Check(o.ClientID != "", "smtp.oauth.client_id", "is missing")
		p.Check(!o.ClientSecret.IsZero() || !o.RefreshToken.IsZero(), "smtp.oauth.client_secret", "is missing")
	case !file:
		p.Add("smtp.oauth.token_path", "is missing; xoauth2 needs token_path, or token_url with client_id and client_secret")
	}
}

func (m *Mailgun) validate(p *config.Problems) {
	p.Check(validDomain(m.Domain.String()), "mailgun.domain", "%q is not a domain such as mg.example.com", m.Domain)
	p.Check(!m.APIKey.IsZero(), "mailgun.api_key", "is missing; make one under API keys in Mailgun's control panel")
	p.Check(m.Region == "us" || m.Region == "eu", "mailgun.region", "is %q; give us or eu, where the domain was created", m.Region)
	p.Check(m.APIURL == "" || validURL(m.APIURL.String()), "mailgun.api_url", "must be a full https address")
}

// validURL takes plain http too, which sandboxes speak; Check warns of it elsewhere.
func validURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http"
}

// base is the address of Mailgun's API without a trailing slash.
func (m *Mailgun) base() string {
	switch {
	case m.APIURL != "":
		return strings.TrimSuffix(m.APIURL.String(), "/")
	case m.Region == "eu":
		return "https://api.eu.mailgun.net"
	default:
		return "https://api.mailgun.net"
	}
}

// port is the port in force.
func (s *SMTP) port() int {
	switch {
	case s.Port != 0:
		return s.Port
	case s.TLS == TLSImplicit:
		return 465
	case s.TLS == TLSNone:
		return 25
	default:
		return 587
	}
}
