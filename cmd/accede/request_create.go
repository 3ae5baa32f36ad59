package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) requestCreate() *cobra.Command {
	var input v1.RequestInput
	var noWait bool
	var maxDuration, session, pending time.Duration
	c := &cobra.Command{
		Use: "create --roles=ROLE,…", Short: "Ask for access and wait for the decision",
		Long: "Asks for access and waits until it is decided. Ctrl-C ends the waiting and leaves the request. The exit code\n" +
			"says how it ended; see `accede help exit-codes`.",
		Example: "  accede request create --roles=dba --reviewers=alice@example.com,ivan@example.com --reason=\"ticket #123\"\n" +
			"  accede request create --roles=dba --reason=\"ticket #123\" --max-duration=4h --nowait -o json",
		Args: exactly(),
	}
	flags := c.Flags()
	flags.StringSliceVar(&input.Roles, "roles", nil, "roles to ask for, separated by commas")
	flags.StringSliceVar(&input.SuggestedReviewers, "reviewers", nil, "names or e-mail addresses of people to ask first")
	flags.StringVar(&input.Reason, "reason", "", "why you need it; reviewers see it")
	flags.DurationVar(&maxDuration, "max-duration", 0, "how long you need it, such as 4h; nothing takes what the role allows")
	flags.DurationVar(&session, "session-ttl", 0, "how long one session may last")
	flags.DurationVar(&pending, "request-ttl", 0, "how long to wait for reviews before the request expires")
	flags.Var(timeFlag{at: &input.AssumeStart}, "assume-start-time", "when the access should begin, at most seven days ahead")
	flags.BoolVar(&input.DryRun, "dry-run", false, "only show what the request would come to: who has to approve it, and for how long it would be")
	flags.BoolVar(&noWait, "nowait", false, "do not wait for the decision")
	_ = c.RegisterFlagCompletionFunc("roles", a.completeRoles)
	c.RunE = func(command *cobra.Command, args []string) error {
		if len(input.Roles) == 0 {
			return usage("Say which roles you need: --roles=ROLE,…")
		}
		input.MaxDuration, input.SessionTTL, input.PendingTTL = v1.Duration(maxDuration), v1.Duration(session), v1.Duration(pending)
		return a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
			return a.create(ctx, c, input, noWait)
		})(command, args)
	}
	return c
}

func (a *app) create(ctx context.Context, c *client.Client, input v1.RequestInput, noWait bool) error {
	request, created, err := c.CreateRequest(ctx, input)
	if err != nil {
		return err
	}
	if request.DryRun {
		a.note("This is a dry run; nothing was asked for.")
		return a.printRequest(request)
	}
	if !created {
		a.note("You have asked for this already and it is still pending; this is that request.")
	}
	if noWait {
		return a.printRequest(request)
	}
	a.note("Request %s", request.ID)
	return a.wait(ctx, c, request)
}
