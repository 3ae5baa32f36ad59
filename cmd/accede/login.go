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
	var request signInRequest
	c := &cobra.Command{
		Use: "login", Short: "Sign in and remember it",
		Long: "Signs in with a name and a password, or with the token in --token-file or ACCEDE_TOKEN, and stores the session\n" +
			"where only you can read it: in ACCEDE_CONFIG_DIR, or ~/.config/accede. What is missing is asked for. The file\n" +
			"may also be the credential that acceded writes at its first start.\n\n" +
			"Where your roles say so, signing in also requests every role you may have and waits for the decision, as\n" +
			"`accede request create --roles='*'` does: with the same exit codes, and Ctrl-C leaves the request.",
		Example: "  accede login --server=https://accede.example.com --name=alice\n" +
			"  accede login --token-file=data/admin.json",
		Args: exactly(),
	}
	c.Flags().StringVar(&name, "name", "", "your name")
	c.Flags().StringVar(&passwordFile, "password-file", "", "file with your password, - for stdin")
	c.Flags().StringVar(&request.reason, "request-reason", "", "why you need access, where your roles request it at sign-in")
	c.Flags().BoolVar(&request.noWait, "request-nowait", false, "do not wait for the decision on what your roles request at sign-in")
	c.RunE = func(c *cobra.Command, _ []string) error {
		given, err := a.givenToken()
		if err != nil {
			return err
		}
		address, err := a.askAddress(c.Context(), given.Server)
		if err != nil {
			return err
		}
		started, err := a.startSession(c.Context(), address, given.Token, name, passwordFile)
		if err != nil {
			return err
		}
		if err := a.saveSession(started); err != nil {
			return err
		}
		a.note("Signed in to %s as %s%s.", address, clean(started.Name), untilText(started.Expires))
		return a.requestAtSignIn(c.Context(), started, request)
	}
	return c
}

func untilText(expires time.Time) string {
	if expires.IsZero() {
		return ""
	}
	return " until " + when(expires)
}

func (a *app) askAddress(ctx context.Context, given string) (string, error) {
	stored, err := a.loadSession()
	if err != nil {
		stored = session{} // a damaged session is replaced by this one
	}
	address := a.address(given, stored.Server)
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

func (a *app) startSession(ctx context.Context, address, token, name, passwordFile string) (session, error) {
	if token != "" && passwordFile == "" {
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
	signedIn, err := caller.SignIn(ctx, v1.SignInInput{Name: name, Password: password})
	if err != nil {
		return session{}, err
	}
	return session{Server: caller.Address(), Name: signedIn.Person, Token: signedIn.Secret, Expires: signedIn.Expires}, nil
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
