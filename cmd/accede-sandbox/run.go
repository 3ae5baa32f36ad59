package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/accede/accede/internal/httpx"
	"github.com/accede/accede/internal/obs"
	"github.com/accede/accede/internal/process"
	"github.com/accede/accede/internal/version"
	"github.com/accede/accede/plugins/catalog"
)

// Exit codes.
const (
	exitOK = iota
	exitFailure
	exitUsage
)

const defaultListen = "127.0.0.1:4190"

// settings are what the flags say.
type settings struct {
	listen    string
	external  string
	seed      uint64
	callbacks map[string]*string
	// sides are the addresses of the stand-ins' second protocols.
	sides map[string]*string
}

func run(ctx context.Context, env process.Env) int {
	if len(env.Args) > 0 {
		switch env.Args[0] {
		case "healthcheck":
			return healthcheck(ctx, env)
		case "version":
			_, _ = fmt.Fprintln(env.Stdout, version.String())
			return exitOK
		}
	}
	set, code, done := parse(env)
	if done {
		return code
	}
	if err := serve(ctx, env, set); err != nil {
		_, _ = fmt.Fprintln(env.Stderr, "accede-sandbox:", err)
		return exitFailure
	}
	return exitOK
}

// parse reads the flags; done means there is nothing to run.
func parse(env process.Env) (set settings, code int, done bool) {
	set.callbacks, set.sides = map[string]*string{}, map[string]*string{}
	flags := newFlags("accede-sandbox", env.Stderr)
	flags.StringVar(&set.listen, "listen", defaultListen, "`address` to serve the stand-ins and their pages on")
	flags.StringVar(&set.external, "base-url", "", "`URL` under which plugins reach this sandbox (default: whatever address they use)")
	flags.Uint64Var(&set.seed, "seed", 1, "seed of every random choice, so that runs repeat")
	for _, e := range catalog.All() {
		name := e.Spec.Name
		set.callbacks[name] = flags.String(name+"-callback-url", "", "`URL` where "+e.Spec.Title+" posts clicks (default: none)")
		if e.Side != "" {
			set.sides[name] = flags.String(name+"-"+e.Side+"-listen", "", "`address` for "+strings.ToUpper(e.Side)+" of "+e.Spec.Title+" (default: any free port)")
		}
	}
	switch err := flags.Parse(env.Args); {
	case errors.Is(err, flag.ErrHelp):
		return set, exitOK, true
	case err != nil:
		return set, exitUsage, true
	}
	if err := set.check(flags.Args()); err != nil {
		_, _ = fmt.Fprintln(env.Stderr, "accede-sandbox:", err)
		return set, exitUsage, true
	}
	return set, exitOK, false
}

func newFlags(name string, output io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(output)
	return flags
}

func (s settings) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("%q is no command; the commands are healthcheck and version, and none starts the sandbox", rest[0])
	}
	var problems []error
	problems = append(problems, checkURL("base-url", s.external))
	for name, callback := range s.callbacks {
		problems = append(problems, checkURL(name+"-callback-url", *callback))
	}
	return errors.Join(problems...)
}

func checkURL(name, address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("--%s must be a full http or https address such as http://127.0.0.1:4191/, not %q", name, address)
	}
	return nil
}

func serve(ctx context.Context, env process.Env, set settings) error {
	logger, err := obs.NewLogger(env.Stderr, obs.LogOptions{})
	if err != nil {
		return fmt.Errorf("preparing the log: %w", err)
	}
	box, err := newSandbox(set, logger)
	if err != nil {
		return err
	}
	defer box.close()
	listener, err := httpx.Listen(ctx, set.listen)
	if err != nil {
		return fmt.Errorf("starting the sandbox: %w", err)
	}
	_, _ = fmt.Fprintf(env.Stdout, "The sandbox is at http://%s/\n", listener.Addr())
	context.AfterFunc(ctx, box.close)
	if err := httpx.Serve(ctx, listener, box, logger); err != nil {
		return fmt.Errorf("running the sandbox: %w", err)
	}
	return nil
}

func healthcheck(ctx context.Context, env process.Env) int {
	flags := newFlags("accede-sandbox healthcheck", env.Stderr)
	address := flags.String("url", "http://"+defaultListen+"/healthz", "health endpoint to ask")
	if err := flags.Parse(env.Args[1:]); err != nil {
		return exitUsage
	}
	if err := httpx.Probe(ctx, strings.TrimSpace(*address)); err != nil {
		_, _ = fmt.Fprintln(env.Stderr, "accede-sandbox:", err)
		return exitFailure
	}
	return exitOK
}
