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
	var how signInChoice
	var request signInRequest
	c := &cobra.Command{
		Use: "login", Short: "Sign in and remember it",
		Long: "Signs in with a browser, with a name and a password, or with the token in --token-file or ACCEDE_TOKEN, and stores\n" +
			"the session where only you can read it: in ACCEDE_CONFIG_DIR, or ~/.config/accede. What is missing is asked for.\n" +
			"The file may also be the credential that acceded writes at its first start.\n\n" +
			"--browser opens a browser on this machine, where you sign in as you always do; ACCEDE_BROWSER names the command\n" +
			"that opens it. --device shows a word to type into a browser on any other machine.\n\n" +
			"Where your roles say so, signing in also requests every role you may have and waits for the decision, as\n" +
			"`accede request create --roles='*'` does: with the same exit codes, and Ctrl-C leaves the request.",
		Example: "  accede login --server=https://accede.example.com --browser\n" +
			"  accede login --server=https://accede.example.com --name=alice\n" +
			"  accede login --token-file=data/admin.json",
		Args: exactly(),
	}
	c.Flags().StringVar(&how.name, "name", "", "your name")
	c.Flags().StringVar(&how.passwordFile, "password-file", "", "file with your password, - for stdin")
	c.Flags().BoolVar(&how.browser, "browser", false, "sign in with a browser on this machine")
	c.Flags().BoolVar(&how.device, "device", false, "sign in with a browser on another machine")
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
		started, err := a.startSession(c.Context(), address, given.Token, how)
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

// signInChoice is how somebody wants to sign in.
type signInChoice struct {
	name, passwordFile string
	browser, device    bool
}

func (a *app) startSession(ctx context.Context, address, token string, how signInChoice) (session, error) {
	if chosen := []bool{how.browser, how.device, how.name != "" || how.passwordFile != ""}; count(chosen) > 1 {
		return session{}, usage("Use only one of --browser, --device, and --name with --password-file.")
	}
	switch {
	case how.browser:
		return a.browserSession(ctx, address)
	case how.device:
		return a.deviceSession(ctx, address)
	case token != "" && how.passwordFile == "":
		return a.sessionOfToken(ctx, address, token)
	case how.name != "":
		return a.passwordSession(ctx, address, how.name, how.passwordFile)
	}
	if _, ok := terminal(a.env.Stdin); !ok {
		return session{}, usage("There is no terminal to ask for the name; use --name, --browser or --device.")
	}
	name, err := a.prompt(ctx, "Name, or Enter to sign in with a browser", "--name")
	if err != nil {
		return session{}, err
	}
	if name == "" {
		return a.browserSession(ctx, address)
	}
	return a.passwordSession(ctx, address, name, how.passwordFile)
}

func count(chosen []bool) (n int) {
	for _, one := range chosen {
		if one {
			n++
		}
	}
	return n
}

func (a *app) passwordSession(ctx context.Context, address, name, passwordFile string) (session, error) {
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
