package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

// loginWait is how long somebody may take in the browser; the core forgets the sign-in then.
const loginWait = 10 * time.Minute

const (
	pageHead = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>" +
		"<meta name=color-scheme content='light dark'><title>Accede</title>" +
		"<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:30rem;margin:4rem auto;padding:0 1.25rem}</style>"
	signedInPage = pageHead + "<p>You are signed in. Close this page and go back to the terminal."
	refusedPage  = pageHead + "<p>Nobody is signed in. Close this page."
)

// loginProof is what makes sure that the program that began a sign-in is the one that ends it.
type loginProof struct{ verifier, challenge, device string }

func newLoginProof() loginProof {
	proof := loginProof{verifier: rand.Text() + rand.Text()}
	proof.challenge = v1.LoginChallenge(proof.verifier)
	if host, err := os.Hostname(); err == nil {
		proof.device = host[:min(len(host), 100)]
	}
	return proof
}

// browserSession signs in with a browser on this machine, which brings a code back to a port of its own.
func (a *app) browserSession(ctx context.Context, address string) (session, error) {
	caller, err := connect(address, "")
	if err != nil {
		return session{}, err
	}
	defer caller.Close()
	proof, state := newLoginProof(), rand.Text()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return session{}, fmt.Errorf("listening for the browser: %w; try --device", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return session{}, fmt.Errorf("reading the port: %w", err)
	}
	page := caller.Address() + "/login?" + url.Values{
		"challenge": {proof.challenge}, "device": {proof.device}, "port": {port}, "state": {state},
	}.Encode()
	a.note("Sign in with your browser. The page shows the word %s. If it does not open, go to\n  %s", v1.LoginWord(proof.challenge), page)
	if err := a.openBrowser(ctx, page); err != nil {
		a.note("(%v)", err)
	}
	code, err := awaitCode(ctx, listener, state)
	if err != nil {
		return session{}, err
	}
	return finishLogin(ctx, caller, v1.LoginFinish{Code: code, Verifier: proof.verifier}, 0)
}

// brought is what a browser brought back.
type brought struct {
	code string
	err  error
}

// awaitCode serves the one page to which the browser comes back.
func awaitCode(ctx context.Context, listener net.Listener, state string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, loginWait)
	defer cancel()
	came := make(chan brought, 1)
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/" || r.URL.Query().Get("state") != state {
				http.NotFound(w, r) // not ours: another page guesses ports
				return
			}
			got, page := readCode(r.URL.Query())
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Referrer-Policy", "no-referrer")
			_, _ = w.Write([]byte(page)) //nolint:gosec // one of two constants; that the browser has gone does not matter
			select {
			case came <- got:
			default:
			}
		}),
	}
	go func() { _ = server.Serve(listener) }() // it ends when the server is shut down
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second) // ctx may have ended
		defer cancel()
		_ = server.Shutdown(stopping) // the process is about to go on without it
	}()
	select {
	case got := <-came:
		return got.code, got.err
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for the browser: %w", ctx.Err())
	}
}

func readCode(query url.Values) (brought, string) {
	if query.Get("error") != "" || query.Get("code") == "" {
		return brought{err: &signedOutError{"The sign-in was refused in the browser."}}, refusedPage
	}
	return brought{code: query.Get("code")}, signedInPage
}

// deviceSession signs in with a browser elsewhere, where somebody types a word.
func (a *app) deviceSession(ctx context.Context, address string) (session, error) {
	caller, err := connect(address, "")
	if err != nil {
		return session{}, err
	}
	defer caller.Close()
	proof := newLoginProof()
	begun, err := caller.BeginLogin(ctx, v1.LoginInput{Challenge: proof.challenge, Device: proof.device})
	if err != nil {
		return session{}, err
	}
	a.note("Go to %s on any device, sign in, and type the word %s within 10 minutes.", caller.Address()+begun.Page, begun.Word)
	return finishLogin(ctx, caller, v1.LoginFinish{Code: begun.Code, Verifier: proof.verifier}, begun.Interval.Std())
}

// finishLogin asks for the session until somebody has agreed.
func finishLogin(ctx context.Context, caller *client.Client, input v1.LoginFinish, interval time.Duration) (session, error) {
	ctx, cancel := context.WithTimeout(ctx, loginWait)
	defer cancel()
	for {
		result, err := caller.FinishLogin(ctx, input)
		if err != nil {
			return session{}, loginRefusal(err)
		}
		if done := result.Session; done != nil {
			return session{Server: caller.Address(), Name: done.Person, Token: done.Secret, Expires: done.Expires}, nil
		}
		select {
		case <-time.After(max(interval, 100*time.Millisecond)):
		case <-ctx.Done():
			return session{}, fmt.Errorf("waiting for somebody to agree: %w", ctx.Err())
		}
	}
}

// loginRefusal makes a refusal of a sign-in end like any other failure to sign in.
func loginRefusal(err error) error {
	problem, ok := errors.AsType[*v1.Problem](err)
	if ok && (problem.Code == v1.CodeForbidden || problem.Code == v1.CodeUnauthenticated) {
		return &signedOutError{problem.Detail}
	}
	return err
}

// openBrowser opens a page with the command in ACCEDE_BROWSER, or with what the system has for it.
func (a *app) openBrowser(ctx context.Context, page string) error {
	command := strings.Fields(a.env.Getenv("ACCEDE_BROWSER"))
	if len(command) == 0 {
		switch runtime.GOOS {
		case "darwin":
			command = []string{"open"}
		case "windows":
			command = []string{"rundll32", "url.dll,FileProtocolHandler"}
		default:
			command = []string{"xdg-open"}
		}
	}
	started := exec.CommandContext(context.WithoutCancel(ctx), command[0], append(command[1:], page)...) //nolint:gosec // the person's own choice
	if err := started.Start(); err != nil {
		return errors.New("no browser could be opened; ACCEDE_BROWSER names the command for it")
	}
	go func() { _ = started.Wait() }() // what the browser says of itself does not matter
	return nil
}
