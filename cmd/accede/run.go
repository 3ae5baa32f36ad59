package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accede/accede/internal/process"
)

// run carries out one command line and returns its exit code.
func run(ctx context.Context, env process.Env) int {
	a := &app{env: env}
	root := a.root() //nolint:contextcheck // commands get the context when they run
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	if text := explain(err); text != "" {
		_, _ = fmt.Fprintln(env.Stderr, "accede: "+text) // nobody could be told that telling failed
	}
	return exitCode(err)
}

func (a *app) root() *cobra.Command {
	root := group("accede", "Ask for access, review what others ask for, and administer who may")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(flagError)
	flags := root.PersistentFlags()
	flags.StringVar(&a.server, "server", "", "address of the core, such as https://accede.example.com (or ACCEDE_SERVER)")
	flags.StringVar(&a.tokenFile, "token-file", "", "file with the token or credential to use, - for stdin (or the token itself in ACCEDE_TOKEN)")
	flags.StringVarP(&a.format, "output", "o", "", "how to print: table, json or yaml; lists that can be exported also csv or jsonl")
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return a.checkFormat(c) }
	root.AddCommand(
		a.login(), a.status(), a.logout(), a.version(), a.request(), a.admin(), a.link(), a.links(), a.apply(), a.get(), a.policy(),
		exitCodesTopic(),
	)
	root.InitDefaultCompletionCmd()
	_ = root.RegisterFlagCompletionFunc("output", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return formatsOf(c), cobra.ShellCompDirectiveNoFileComp
	})
	return root
}

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs}
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return unknownCommand(c, args[0])
	}
	c.AddCommand(commands...)
	return c
}

// flagError blames the command before its flags: whoever got the command wrong gets its flags wrong, too.
func flagError(c *cobra.Command, err error) error {
	if names := c.Flags().Args(); c.HasSubCommands() && len(names) > 0 {
		return unknownCommand(c, names[0])
	}
	return usage("%v", err)
}

func unknownCommand(c *cobra.Command, name string) error {
	text := fmt.Sprintf("There is no command %q in `%s`.", name, c.CommandPath())
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(name); len(near) > 0 {
		return usage("%s Did you mean %s?", text, strings.Join(near, " or "))
	}
	return usage("%s `%s --help` lists them.", text, c.CommandPath())
}

// exactly checks that one argument is given for each name.
func exactly(names ...string) cobra.PositionalArgs {
	return between(len(names), names...)
}

// between checks that at least so many of the named arguments are given and none more, and that none is empty.
func between(least int, names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least {
			return usage("Say %s: `%s`.", strings.Join(names[len(args):least], " and "), c.UseLine())
		}
		if len(args) > len(names) {
			return usage("%q is one argument too many: `%s`.", args[len(names)], c.UseLine())
		}
		if at := slices.Index(args, ""); at >= 0 {
			return usage("%s is empty.", names[at])
		}
		return nil
	}
}
