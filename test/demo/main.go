package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/accede/accede/internal/process"
	"github.com/accede/accede/test/stack"
)

func main() {
	os.Exit(process.Main(run))
}

func run(ctx context.Context, env process.Env) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(env.Stderr)
	smoke := flags.Bool("smoke", false, "play the main job headless and end")
	dir := flags.String("dir", ".demo", "directory for data, configurations and logs of the demo; it is emptied first")
	bin := flags.String("bin", "bin", "directory of the binaries")
	if err := flags.Parse(env.Args); err != nil {
		return 2
	}
	play := showDemo
	if *smoke {
		play = playSmoke
	}
	if err := play(ctx, env, *dir, *bin); err != nil {
		_, _ = fmt.Fprintln(env.Stderr, "demo:", err)
		return 1
	}
	return 0
}

// showDemo starts everything on the well-known ports and stays up until it is interrupted.
func showDemo(ctx context.Context, env process.Env, dir, bin string) error {
	s, err := lay(ctx, dir, bin, stack.Options{Fixed: true, PluginNames: stack.Every()})
	if err != nil {
		return err
	}
	if err := stack.CheckFree(ctx, s.Addresses()); err != nil {
		return err
	}
	defer s.Kill()
	if err := s.Start(ctx); err != nil {
		return err
	}
	people := []string{"alice", "ivan", "bob", "carol"}
	for _, person := range people {
		if err := s.SignIn(ctx, person); err != nil {
			return err
		}
	}
	for _, person := range append(people, "admin") {
		if err := s.SetPassword(ctx, person, password); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(env.Stdout, guide, s.SandboxURL, s.CoreURL, dir, password)
	<-ctx.Done()
	_, _ = fmt.Fprintln(env.Stdout, "\nStopping …")
	return s.Stop()
}

// lay empties the directory and lays a stack out in it.
func lay(ctx context.Context, dir, bin string, options stack.Options) (*stack.Stack, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("finding the repository: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("emptying %s: %w", dir, err)
	}
	absolute := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(root, path)
	}
	options.Dir, options.Bin, options.Root = absolute(dir), absolute(bin), root
	return stack.New(ctx, options)
}

// password is that of every person of the demo.
const password = "accede-demo" //nolint:gosec // it opens nothing but the demo

const guide = `
Accede is running.

  every vendor, side by side         %[1]s/
  Accede's own pages                 %[2]s/            alice, ivan, bob, carol or admin; password %[4]s
  the core's API                     %[2]s/openapi.json

Four things to try, in a second terminal, in this folder:

1. Ask as Alice, a contractor, and let it wait:

     ACCEDE_CONFIG_DIR=%[3]s/alice bin/accede request create --roles=dba --reason="ticket #123"

   Then look at the vendors as Ivan and click Approve at one of them; as Bob, approve at another. All copies follow.

2. Ask again, and click in Slack as Carol, whose account is not connected to Accede. She privately gets a code:

     ACCEDE_CONFIG_DIR=%[3]s/carol bin/accede link slack CODE

   Connected, she clicks again – and is told that she is no reviewer.

3. Open %[1]s/pagerduty/, make Alice first on call, and ask for what opens to whoever is on call:

     ACCEDE_CONFIG_DIR=%[3]s/alice bin/accede request create --roles=incident-pagerduty --reason="the pager"

4. Kill the Slack plugin while a request is open, ask again, and start it anew. No card is lost or doubled:

     pkill -9 accede-slack
     bin/accede-slack start --config %[3]s/slack-1.yaml

Logs, configurations and data are in %[3]s. Ctrl-C stops everything.
`
