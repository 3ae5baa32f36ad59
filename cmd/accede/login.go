package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
)

func (a *app) login() *cobra.Command {
	var name, passwordFile string
	c := &cobra.Command{
		Use: "login", Short: "Sign in and remember it",
		Long: "Signs in with a name and a password, or with the API token in --token-file or ACCEDE_TOKEN, and stores the\n" +
			"session where only you can read it: in ACCEDE_CONFIG_DIR, or ~/.config/accede. What is missing is asked for.",
		Example: "  accede login --server=https://accede.example.com --name=alice\n" +
			"  accede login --server=https://accede.example.com --token-file=/run/secrets/accede-token",
		Args: exactly(),
	}
	c.Flags().StringVar(&name, "name", "", "your name")
	c.Flags().StringVar(&passwordFile, "password-file", "", "file with your password, - for stdin")
	c.RunE = func(c *cobra.Command, _ []string) error {
		address, err := a.askAddress(c.Context())
		if err != nil {
			return err
		}
		started, err := a.startSession(c.Context(), address, name, passwordFile)
		if err != nil {
			return err
		}
		if err := a.saveSession(started); err != nil {
			return err
		}
		a.note("Signed in to %s as %s%s.", address, clean(started.Name), untilText(started.Expires))
		return nil
	}
	return c
}

func untilText(expires time.Time) string {
	if expires.IsZero() {
		return ""
	}
	return " until " + when(expires)
}

func (a *app) askAddress(ctx context.Context) (string, error) {
	stored, err := a.loadSession()
	if err != nil {
		stored = session{} // a damaged session is replaced by this one
	}
	address := a.address(stored)
	if address == "" {
		if address, err = a.prompt(ctx, "Server", "--server"); err != nil {
			return "", err
		}
	}
	if plain, host := unencrypted(address); plain {
		a.note("Warning: %s is not encrypted; everybody on the way to %s can read your password.", address, host)
	}
	return address, nil
}

// unencrypted says whether an address is plain HTTP to another machine.
func unencrypted(address string) (plain bool, host string) {
	target, err := url.Parse(address)
	if err != nil || target.Scheme != "http" {
		return false, ""
	}
	host = target.Hostname()
	ip := net.ParseIP(host)
	return host != "localhost" && (ip == nil || !ip.IsLoopback()), host
}

func (a *app) startSession(ctx context.Context, address, name, passwordFile string) (session, error) {
	if token, err := a.givenToken(); err != nil || token != "" && passwordFile == "" {
		if err != nil {
			return session{}, err
		}
		return a.sessionOfToken(ctx, address, token)
	}
	var err error
	if name == "" {
		if name, err = a.prompt(ctx, "Name", "--name"); err != nil {
			return session{}, err
		}
	}
	password, err := a.password(ctx, "Password", passwordFile)
	if err != nil {
		return session{}, err
	}
	caller, err := connect(address, "")
	if err != nil {
		return session{}, err
	}
	defer caller.Close()
	token, err := caller.SignIn(ctx, v1.SignInInput{Name: name, Password: password})
	if err != nil {
		return session{}, err
	}
	return session{Server: caller.Address(), Name: token.Person, Token: token.Secret, Expires: token.Expires}, nil
}

func (a *app) givenToken() (string, error) {
	if a.tokenFile != "" {
		return a.readSecret(a.tokenFile)
	}
	return a.env.Getenv("ACCEDE_TOKEN"), nil
}

func (a *app) sessionOfToken(ctx context.Context, address, token string) (session, error) {
	caller, err := connect(address, token)
	if err != nil {
		return session{}, err
	}
	defer caller.Close()
	current, err := caller.Session(ctx)
	if problem, ok := errors.AsType[*v1.Problem](err); ok && problem.Code == v1.CodeUnauthenticated {
		return session{}, &signedOutError{fmt.Sprintf("%s does not take this token: it is unknown, revoked or too old.", address)}
	}
	if err != nil {
		return session{}, err
	}
	return session{Server: caller.Address(), Name: current.Person.Name, Token: token, Expires: current.Token.Expires}, nil
}

// password reads a password from a file or asks for it.
func (a *app) password(ctx context.Context, question, file string) (string, error) {
	if file != "" {
		return a.readSecret(file)
	}
	return a.promptSecret(ctx, question, "--password-file")
}
