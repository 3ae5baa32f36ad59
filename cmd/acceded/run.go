package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"

	"github.com/accede/accede/core/app"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/httpx"
	"github.com/accede/accede/internal/obs"
	"github.com/accede/accede/internal/process"
	"github.com/accede/accede/internal/version"
)

// Exit codes.
const (
	exitOK = iota
	exitFailure
	exitUsage
)

const usage = `acceded runs the core of Accede.

  acceded start [--config FILE]        run until SIGINT or SIGTERM
  acceded check [--config FILE]        read the configuration and say what is wrong with it
  acceded example                      print a commented configuration
  acceded credential [--config FILE]   make a new administrator's credential, while acceded is stopped
  acceded backup [--config FILE] TO    write a consistent copy of the data to the file TO, while acceded is stopped
  acceded healthcheck [URL]            ask a running core for its health; exit code 0 if it is ready
  acceded version                      print the version
`

//go:embed example.yaml
var example string

func run(ctx context.Context, env process.Env) int {
	if len(env.Args) == 0 {
		_, _ = fmt.Fprint(env.Stderr, usage)
		return exitUsage
	}
	command, args := env.Args[0], env.Args[1:]
	var err error
	switch command {
	case "start", "check", "credential", "backup":
		return withConfig(ctx, env, command, args)
	case "healthcheck":
		err = healthcheck(ctx, args)
	case "example":
		_, _ = fmt.Fprint(env.Stdout, example)
	case "version":
		_, _ = fmt.Fprintln(env.Stdout, version.String())
	case "help", "-h", "--help":
		_, _ = fmt.Fprint(env.Stdout, usage)
	default:
		_, _ = fmt.Fprintf(env.Stderr, "acceded: there is no command %q\n\n%s", command, usage)
		return exitUsage
	}
	return report(env, err)
}

func report(env process.Env, err error) int {
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintln(env.Stderr, "acceded:", err)
	return exitFailure
}

func withConfig(ctx context.Context, env process.Env, command string, args []string) int {
	flags := flag.NewFlagSet("acceded "+command, flag.ContinueOnError)
	flags.SetOutput(env.Stderr)
	path := flags.String("config", "", "configuration `file`; without one the defaults hold")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage
	}
	if wanted := map[string]int{"backup": 1}[command]; flags.NArg() != wanted {
		_, _ = fmt.Fprintf(env.Stderr, "acceded %s: takes %d argument(s) besides its flags, not %d\n", command, wanted, flags.NArg())
		return exitUsage
	}
	settings, err := load(*path, env)
	if err != nil {
		return report(env, err)
	}
	switch command {
	case "start":
		err = start(ctx, env, settings)
	case "credential":
		err = credential(ctx, env, settings)
	case "backup":
		err = app.Backup(ctx, settings, flags.Arg(0))
	default:
		_, _ = fmt.Fprintln(env.Stdout, "The configuration is fine.")
	}
	return report(env, err)
}

func load(path string, env process.Env) (*app.Config, error) {
	settings := app.NewConfig()
	if path == "" {
		return settings, settings.Validate()
	}
	return settings, config.Load(path, settings, env.Getenv)
}

func start(ctx context.Context, env process.Env, settings *app.Config) error {
	logger, err := obs.NewLogger(env.Stderr, obs.LogOptions{Level: settings.Log.Level, Format: settings.Log.Format})
	if err != nil {
		return err
	}
	core, err := app.New(ctx, settings, logger)
	if err != nil {
		return err
	}
	return core.Run(ctx)
}

func credential(ctx context.Context, env process.Env, settings *app.Config) error {
	file, err := app.NewCredential(ctx, settings)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(env.Stdout, "The new administrator's credential is in", file)
	return nil
}

func healthcheck(ctx context.Context, args []string) error {
	address := "http://127.0.0.1:4180/readyz"
	if len(args) > 0 {
		address = args[0]
	}
	return httpx.Probe(ctx, address)
}
