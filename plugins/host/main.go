package host

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/httpx"
	"github.com/accede/accede/internal/process"
	"github.com/accede/accede/internal/version"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// Exit codes of a plugin's binary.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	// goOn is no exit code.
	goOn = -1
)

// Main is the whole of a plugin's main: it runs the command on the command line and returns the exit code.
//
//	func main() { os.Exit(host.Main(slack.Spec())) }
func Main(spec plugins.Spec) int {
	return process.Main(func(ctx context.Context, env process.Env) int { return Run(ctx, spec, env) })
}

// Run runs one command with the given surroundings: start, check, example, version or healthcheck.
func Run(ctx context.Context, spec plugins.Spec, env process.Env) int {
	p := program{spec: spec, env: env}
	if len(env.Args) == 0 {
		p.usage(env.Stderr)
		return exitUsage
	}
	name, args := env.Args[0], env.Args[1:]
	switch name {
	case "start":
		return p.withConfig(ctx, name, args, p.start)
	case "check":
		return p.withConfig(ctx, name, args, p.check)
	case "healthcheck":
		return p.withConfig(ctx, name, args, p.healthcheck)
	case "example":
		return p.print(string(spec.Example))
	case "version", "--version", "-version":
		return p.print(fmt.Sprintf("accede-%s %s\n", spec.Name, version.String()))
	case "help", "--help", "-help", "-h":
		p.usage(env.Stdout)
		return exitOK
	}
	if command, ok := p.own(name); ok {
		return p.runOwn(ctx, command, args)
	}
	_, _ = fmt.Fprintf(env.Stderr, "accede-%s has no command %q\n\n", spec.Name, name) // nobody is left to tell
	p.usage(env.Stderr)
	return exitUsage
}

// program is a plugin's binary.
type program struct {
	spec plugins.Spec
	env  process.Env
}

const usageText = `accede-%[1]s connects Accede with %[2]s.

  accede-%[1]s start --config FILE        run until a signal comes
  accede-%[1]s check --config FILE        say what is wrong and how to mend it
  accede-%[1]s healthcheck --config FILE  ask the running plugin whether it is ready
  accede-%[1]s example                    print a commented configuration
  accede-%[1]s version                    print the version
`

func (p program) usage(w io.Writer) {
	_, _ = fmt.Fprintf(w, usageText, p.spec.Name, p.spec.Title) // nobody is left to tell
	for _, command := range p.spec.Commands {
		_, _ = fmt.Fprintf(w, "  accede-%s %s --config FILE %s  %s\n", p.spec.Name, command.Name, command.Arguments, command.About)
	}
}

// own finds a command that only this plugin has.
func (p program) own(name string) (plugins.Command, bool) {
	for _, command := range p.spec.Commands {
		if command.Name == name {
			return command, true
		}
	}
	return plugins.Command{}, false
}

func (p program) runOwn(ctx context.Context, command plugins.Command, args []string) int {
	c, rest, exit := p.load(command.Name, args, len(args))
	if exit != goOn {
		return exit
	}
	if err := command.Run(ctx, c.vendor, rest, p.env.Stdout); err != nil {
		return p.fail(err)
	}
	return exitOK
}

func (p program) print(text string) int {
	if _, err := io.WriteString(p.env.Stdout, text); err != nil {
		return exitFailed
	}
	return exitOK
}

func (p program) fail(err error) int {
	_, _ = fmt.Fprintf(p.env.Stderr, "accede-%s: %s\n", p.spec.Name, vendorhttp.Redact(err.Error())) // nobody is left to tell
	return exitFailed
}

// withConfig reads the configuration that the flags name and hands it on.
func (p program) withConfig(ctx context.Context, name string, args []string, run func(context.Context, loaded) error) int {
	c, _, exit := p.load(name, args, 0)
	if exit != goOn {
		return exit
	}
	if err := run(ctx, c); err != nil {
		return p.fail(err)
	}
	return exitOK
}

// load reads the configuration that the flags name, and returns the arguments that are no flags, at most so many. Exit is
// the code to end with, or goOn.
func (p program) load(name string, args []string, most int) (c loaded, rest []string, exit int) {
	flags := flag.NewFlagSet("accede-"+p.spec.Name+" "+name, flag.ContinueOnError)
	flags.SetOutput(p.env.Stderr)
	path := flags.String("config", p.spec.Name+".yaml", "configuration `file`")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return loaded{}, nil, exitOK
	} else if err != nil || flags.NArg() > most {
		return loaded{}, nil, exitUsage
	}
	settings, vendor, err := LoadSettings(p.spec, *path, config.Getenv(p.env.Getenv))
	if err != nil {
		return loaded{}, nil, p.fail(err)
	}
	return loaded{settings: settings, vendor: vendor}, flags.Args(), goOn
}

// loaded is a configuration that was read.
type loaded struct {
	settings Settings
	vendor   any
}

// credential reads the credential and checks that it is this plugin's.
func (p program) credential(settings Settings) (broker.Credential, error) {
	credential, err := broker.ReadCredential(settings.Broker.CredentialFile.String())
	if err != nil {
		return broker.Credential{}, err
	}
	if credential.Plugin != p.spec.Name {
		return broker.Credential{}, fmt.Errorf("%s is the credential of plugin %q, not of %q; make one with `accede admin plugin add %s`",
			settings.Broker.CredentialFile, credential.Plugin, p.spec.Name, p.spec.Name)
	}
	if settings.Broker.Address != "" {
		credential.Broker = settings.Broker.Address.String()
	}
	return credential, nil
}

// healthcheck asks the plugin that runs with the same configuration.
func (program) healthcheck(ctx context.Context, c loaded) error {
	_, port, err := net.SplitHostPort(c.settings.HTTP.Listen.String())
	if err != nil {
		return errors.New("http.listen is not set, so there is nothing to ask")
	}
	return httpx.Probe(ctx, "http://"+net.JoinHostPort("127.0.0.1", port)+"/readyz")
}
