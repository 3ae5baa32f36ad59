package emailsim

import (
	"fmt"
	"net"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// The credentials of the demo. They open nothing but this stand-in.
//
//nolint:gosec // not secret: every copy of the sandbox has them
const (
	DemoUsername     = "accede@example.com"
	DemoPassword     = "demo-mail-password"
	DemoToken        = "demo-mail-access-token"
	DemoMailgunKey   = "key-demo-mailgun-0123456789"
	DemoSendingKey   = "key-demo-sending-0123456789"
	DemoDomain       = "mg.example.com"
	DemoClientID     = "demo-mail-client"
	DemoClientSecret = "demo-mail-client-secret"
	DemoRefreshToken = "demo-mail-refresh-token"
)

// Demo is the mail of the demo: alice asks, ivan and bob decide, carol has a mailbox too, dave's is full, and mallory's is
// at another company.
func Demo() Config {
	return Config{
		Domains: []string{"example.com", "evil.example"},
		Mailboxes: []Mailbox{
			{Name: "alice", RealName: "Alice Moreau", Address: "alice@example.com"},
			{Name: "ivan", RealName: "Ivan Petrov", Address: "ivan@example.com"},
			{Name: "bob", RealName: "Bob Okafor", Address: "bob@example.com"},
			{Name: "carol", RealName: "Carol Lindqvist", Address: "carol@example.com"},
			{Name: "dave", RealName: "Dave Guest", Address: "dave@example.com", Full: true},
			{Name: "mallory", RealName: "Mallory Evans", Address: "mallory@evil.example"},
		},
		Accounts: []Account{{
			Username: DemoUsername, Password: DemoPassword, Token: DemoToken,
			Senders: []string{DemoUsername, "accede@" + DemoDomain},
		}},
		Mechanisms: []string{"SCRAM-SHA-256", "PLAIN", "LOGIN", "XOAUTH2"},
		Mailgun:    Mailgun{Domain: DemoDomain, Key: DemoMailgunKey, SendingKey: DemoSendingKey},
		OAuth: OAuth{
			ClientID: DemoClientID, ClientSecret: DemoClientSecret, RefreshToken: DemoRefreshToken, Scope: "mail.send",
			Username: DemoUsername,
		},
	}
}

// DemoPlugin is the plugin's set-up for the demo: over SMTP if there is a place to hand mail in, else through Mailgun. The
// stand-in's own authority is trusted, and no other.
func DemoPlugin(at standin.Place) standin.Demo {
	demo := standin.Demo{Recipients: []string{"ivan@example.com", "bob@example.com"}}
	host, port, err := net.SplitHostPort(at.SideAddress)
	if err != nil {
		demo.Config = fmt.Sprintf("from: Accede <accede@%s>\nmailgun:\n  domain: %s\n  api_key: %s\n  api_url: %s\n",
			DemoDomain, DemoDomain, DemoMailgunKey, at.BaseURL)
		return demo
	}
	demo.Config = fmt.Sprintf("from: Accede <%s>\nsmtp:\n  host: %q\n  port: %s\n  username: %s\n  password: %s\n  ca: \"%s\"\n",
		DemoUsername, host, port, DemoUsername, DemoPassword, strings.ReplaceAll(CertificateAuthority(), "\n", `\n`))
	return demo
}
