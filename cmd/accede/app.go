package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
	"github.com/accede/accede/internal/process"
)

// app is what every command works with: its surroundings and the flags that all commands share.
type app struct {
	env       process.Env
	server    string
	tokenFile string
	format    string
}

// note tells people something that is not the result.
func (a *app) note(format string, args ...any) {
	_, _ = fmt.Fprintf(a.env.Stderr, format+"\n", args...) // nobody could be told that telling failed
}

// client calls the core as whoever is signed in.
func (a *app) client() (*client.Client, error) {
	address, token, err := a.credentials()
	if err != nil {
		return nil, err
	}
	return connect(address, token)
}

func connect(address, token string) (*client.Client, error) {
	c, err := client.New(address, client.Options{Token: token, Name: v1.ViaCLI})
	if err != nil {
		return nil, usage("%v", err)
	}
	return c, nil
}

// credentials finds the server and the token: flags before environment before the stored session, whose token is only
// given to its own server.
func (a *app) credentials() (address, token string, err error) {
	stored, err := a.loadSession()
	if err != nil {
		return "", "", err
	}
	given, err := a.givenToken()
	if err != nil {
		return "", "", err
	}
	if address = a.address(given.Server, stored.Server); address == "" {
		return "", "", &signedOutError{"You are not signed in. Run `accede login`."}
	}
	switch {
	case given.Token != "":
		return address, given.Token, nil
	case stored.Token != "" && address == stored.Server:
		return address, stored.Token, nil
	}
	return "", "", &signedOutError{fmt.Sprintf("You are not signed in to %s. Run `accede login --server=%s`.", address, address)}
}

// address is the server that was asked for, or else the first of the others that is known.
func (a *app) address(others ...string) string {
	for _, given := range append([]string{a.server, a.env.Getenv("ACCEDE_SERVER")}, others...) {
		if given != "" {
			return strings.TrimRight(given, "/")
		}
	}
	return ""
}

// givenToken is the token from --token-file or ACCEDE_TOKEN; it has a server if the file says so.
func (a *app) givenToken() (session, error) {
	given, from := session{Token: a.env.Getenv("ACCEDE_TOKEN")}, "ACCEDE_TOKEN"
	if a.tokenFile != "" {
		text, err := a.readSecret(a.tokenFile)
		if err != nil {
			return session{}, err
		}
		given, from = session{Token: text}, shownPath(a.tokenFile)
		if strings.HasPrefix(text, "{") {
			given = session{}
			if err := json.Unmarshal([]byte(text), &given); err != nil || given.Token == "" {
				return session{}, fmt.Errorf("%s is neither a token nor a credential file of acceded", from)
			}
		}
	}
	if strings.ContainsFunc(given.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return session{}, fmt.Errorf("what is in %s is not a token: a token has no spaces, line breaks or special characters", from)
	}
	return given, nil
}

const maxSecretFile = 64 << 10

// readSecret reads a file with one secret; - is stdin.
func (a *app) readSecret(path string) (string, error) {
	data, err := a.readFile(path, maxSecretFile)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(data), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty; it should hold the secret and nothing else", shownPath(path))
	}
	return secret, nil
}

// readFile reads a file of at most limit bytes; - is stdin.
func (a *app) readFile(path string, limit int64) ([]byte, error) {
	from := a.env.Stdin
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // the person names the file on the command line
		if err != nil {
			return nil, fileError(err)
		}
		defer file.Close() //nolint:errcheck // opened for reading: nothing can be lost
		from = file
	}
	data, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, fileError(err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", shownPath(path), limit)
	}
	return data, nil
}

func shownPath(path string) string {
	if path == "-" {
		return "stdin"
	}
	return path
}

// fileError says what is wrong with which file, without the system call.
func fileError(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	return err
}

// terminal returns the file descriptor of a stream that is a terminal.
func terminal(stream any) (fd int, ok bool) {
	file, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	return int(file.Fd()), true
}

// prompt asks for a line. instead names the flag for those who have no terminal.
func (a *app) prompt(ctx context.Context, question, instead string) (string, error) {
	if _, ok := terminal(a.env.Stdin); !ok {
		return "", usage("There is no terminal to ask for the %s; use %s.", strings.ToLower(question), instead)
	}
	_, _ = fmt.Fprintf(a.env.Stderr, "%s: ", question) // without the question the answer will be missing
	return interruptible(ctx, func() (string, error) {
		line, err := bufio.NewReader(a.env.Stdin).ReadString('\n')
		if errors.Is(err, io.EOF) && line != "" {
			err = nil
		}
		return strings.TrimSpace(line), err
	})
}

// promptSecret asks for a secret without showing it.
func (a *app) promptSecret(ctx context.Context, question, instead string) (string, error) {
	fd, ok := terminal(a.env.Stdin)
	if !ok {
		return "", usage("There is no terminal to ask for the %s; use %s.", strings.ToLower(question), instead)
	}
	_, _ = fmt.Fprintf(a.env.Stderr, "%s: ", question) // without the question the answer will be missing
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("reading the terminal's state: %w", err)
	}
	secret, err := interruptible(ctx, func() (string, error) {
		secret, err := term.ReadPassword(fd)
		return string(secret), err
	})
	a.note("")
	if err != nil {
		_ = term.Restore(fd, before) // an interrupted prompt leaves the echo off
	}
	return secret, err
}

// interruptible waits for a read that cannot be interrupted itself; after an interruption the process ends anyway.
func interruptible(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		if errors.Is(r.err, io.EOF) {
			return "", errors.New("the input ended before the answer")
		}
		return r.text, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// confirm asks yes or no, unless yes was said on the command line.
func (a *app) confirm(ctx context.Context, question string, yes bool) error {
	if yes {
		return nil
	}
	answer, err := a.prompt(ctx, question+" [y/N]", "--yes")
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"y", "yes"}, strings.ToLower(answer)) {
		a.note("Nothing was changed.")
		return &outcome{exitError}
	}
	return nil
}

// calling adapts a command that calls the core.
func (a *app) calling(do func(ctx context.Context, c *client.Client, args []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		defer c.Close()
		return do(command.Context(), c, args)
	}
}
