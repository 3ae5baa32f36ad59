package email

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// chooser signs in the way that is configured, or the strongest way that the server offers.
type chooser struct {
	config *SMTP
	token  string
	smtp.Auth
}

var (
	errNoAuth   = errors.New("the server offers no way to sign in")
	errReadable = errors.New("the connection is not protected, so the password is not sent")
)

// wayError says that the server does not offer the way that is configured.
type wayError struct {
	wanted  string
	offered []string
}

// Error names both sides.
func (e *wayError) Error() string {
	return fmt.Sprintf("the server does not offer %s; it offers %s", e.wanted, strings.Join(e.offered, ", "))
}

// Start picks the mechanism. It is called once the connection is protected, if it is to be.
func (c *chooser) Start(server *smtp.ServerInfo) (name string, first []byte, err error) {
	if len(server.Auth) == 0 {
		return "", nil, errNoAuth
	}
	wanted := c.wanted()
	i := slices.IndexFunc(wanted, func(way string) bool { return slices.Contains(server.Auth, way) })
	if i < 0 {
		return "", nil, &wayError{wanted: strings.Join(wanted, ", "), offered: server.Auth}
	}
	if !server.TLS && wanted[i] != wayScram && !loopback(c.config.Host.String()) {
		return "", nil, errReadable
	}
	c.Auth = c.mechanism(wanted[i])
	return c.Auth.Start(server)
}

// The mechanisms by the names that servers call them.
const (
	wayScram   = "SCRAM-SHA-256"
	wayPlain   = "PLAIN"
	wayLogin   = "LOGIN"
	wayXOAUTH2 = "XOAUTH2"
)

func (c *chooser) wanted() []string {
	switch c.config.Auth {
	case AuthPlain:
		return []string{wayPlain}
	case AuthLogin:
		return []string{wayLogin}
	case AuthSCRAM:
		return []string{wayScram}
	case AuthXOAUTH2:
		return []string{wayXOAUTH2}
	default:
		return []string{wayScram, wayPlain, wayLogin}
	}
}

func (c *chooser) mechanism(way string) smtp.Auth {
	user, password, host := c.config.Username.String(), c.config.Password.Reveal(), c.config.Host.String()
	switch way {
	case wayScram:
		return smtp.ScramSHA256Auth(user, password)
	case wayLogin:
		return smtp.LoginAuth(user, password, host, false)
	case wayXOAUTH2:
		return smtp.XOAuth2Auth(user, c.token)
	default:
		return smtp.PlainAuth("", user, password, host, false)
	}
}
