package emailsim

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config is the company's mail as the stand-in has it.
type Config struct {
	// Domains are those that the server has mailboxes for; it passes mail to no others.
	Domains   []string
	Mailboxes []Mailbox
	Accounts  []Account
	// Mechanisms are the ways to sign in that the server offers; none means that it offers none and asks for none.
	Mechanisms []string
	// TLS is "starttls", "implicit" or "none".
	TLS string
	// Certificate is "good", "other" for one with another name on it, or "stranger" for one of another authority.
	Certificate string
	// MaxBytes is the largest mail it takes; 0 means 25 MB.
	MaxBytes int64
	Mailgun  Mailgun
	OAuth    OAuth
}

// Mailbox is where mail for one address goes.
type Mailbox struct {
	// Name is what people call its owner, RealName how they are shown.
	Name, RealName, Address string
	// Full refuses everything as a mailbox over its quota.
	Full bool
}

// Account may hand in mail.
type Account struct {
	Username, Password string
	// Senders are the addresses it may send as; none means its username.
	Senders []string
	// Token is a fixed access token that it may sign in with, besides those of the token endpoint.
	Token string
}

// Mailgun is an account at Mailgun.
type Mailgun struct {
	Domain, Key string
	// SendingKey may send and nothing else.
	SendingKey string
	// State is the domain's: active, unverified or disabled.
	State string
	// EventLag is how long an event takes to appear.
	EventLag time.Duration
}

// OAuth is a client of the token endpoint, and whose mail it may send.
type OAuth struct {
	ClientID, ClientSecret, RefreshToken, Scope, Username string
	// Lasts is how long a token is good for; 0 means an hour.
	Lasts time.Duration
}

const defaultMaxBytes = 25 << 20

func (c Config) withDefaults() Config {
	if c.TLS == "" {
		c.TLS = "starttls"
	}
	if c.Certificate == "" {
		c.Certificate = "good"
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.Mailgun.State == "" {
		c.Mailgun.State = "active"
	}
	if c.OAuth.Lasts == 0 {
		c.OAuth.Lasts = time.Hour
	}
	return c
}

// Validate names everything that keeps the set-up from making sense.
func (c Config) Validate() error {
	var problems []error
	seen := map[string]bool{}
	for _, m := range c.Mailboxes {
		if seen[m.Address] || m.Name == "" || !strings.Contains(m.Address, "@") || m.Address != strings.ToLower(m.Address) {
			problems = append(problems, fmt.Errorf("mailbox %q needs a name and a lower-case address of its own", m.Address))
		}
		seen[m.Address] = true
	}
	if len(c.Mailboxes) == 0 {
		problems = append(problems, errors.New("there are no mailboxes"))
	}
	for name, pair := range map[string][2]string{
		"TLS":         {c.TLS, " starttls implicit none "},
		"Certificate": {c.Certificate, " good other stranger "},
	} {
		if !strings.Contains(pair[1], " "+pair[0]+" ") {
			problems = append(problems, fmt.Errorf("%s %q is none of%s", name, pair[0], pair[1]))
		}
	}
	return errors.Join(problems...)
}

func (a Account) mayBe(sender string) bool {
	if len(a.Senders) == 0 {
		return strings.EqualFold(sender, a.Username)
	}
	for _, s := range a.Senders {
		if strings.EqualFold(s, sender) {
			return true
		}
	}
	return false
}

func (c Config) serves(domain string) bool {
	for _, d := range c.Domains {
		if strings.EqualFold(d, domain) {
			return true
		}
	}
	return false
}
