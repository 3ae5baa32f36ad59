package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) request() *cobra.Command {
	return group("request", "Ask for access, follow and review requests",
		a.requestCreate(), a.requestList(), a.requestShow(), a.requestReview(), a.requestWithdraw(), a.requestUse(), a.requestWatch(),
		a.requestExplain(), a.requestCapabilities())
}

func (a *app) requestShow() *cobra.Command {
	return a.onRequest(&cobra.Command{
		Use: "show ID", Aliases: []string{"get"}, Short: "Show a request",
		Long: "Shows a request. ID is the whole id or its last characters, as lists show them.",
	}, func(_ context.Context, _ *client.Client, request v1.Request) error {
		return a.printRequest(request)
	})
}

func (a *app) requestWatch() *cobra.Command {
	return a.onRequest(&cobra.Command{
		Use: "watch ID", Short: "Wait until a request is decided",
		Long: "Waits until a request is decided and shows how far it is. The exit code says how it ended; see\n" +
			"`accede help exit-codes`.",
	}, a.wait)
}

func (a *app) requestReview() *cobra.Command {
	var input v1.ReviewInput
	var approve, deny bool
	var maxDuration time.Duration
	c := a.onRequest(&cobra.Command{
		Use: "review ID --approve|--deny", Short: "Approve or deny a request", SuggestFor: []string{"approve", "deny"},
		Example: "  accede request review 7f3a9c21 --approve\n  accede request review 7f3a9c21 --deny --reason=\"ask for the replica\"",
	}, func(ctx context.Context, c *client.Client, request v1.Request) error {
		input.Verdict, input.MaxDuration = v1.Approve, v1.Duration(maxDuration)
		if deny {
			input.Verdict = v1.Deny
		}
		input.SeenVersion, input.SeenFingerprint = request.Version, request.Fingerprint
		reviewed, err := c.Review(ctx, request.ID, input)
		if err != nil {
			return err
		}
		return a.printDone(reviewed, reviewedText(reviewed))
	})
	c.Flags().BoolVar(&approve, "approve", false, "approve it")
	c.Flags().BoolVar(&deny, "deny", false, "deny it")
	c.Flags().StringVar(&input.Reason, "reason", "", "why; the requester and the other reviewers see it")
	c.Flags().DurationVar(&maxDuration, "max-duration", 0, "with --approve: grant less time than was asked for")
	c.Flags().Var(timeFlag{at: &input.AssumeStart}, "assume-start-time", "with --approve: let the access begin later than was asked for")
	exactlyOneOf(c, "approve", "deny")
	return c
}

func (a *app) requestWithdraw() *cobra.Command {
	var input v1.WithdrawInput
	c := a.onRequest(&cobra.Command{
		Use: "withdraw ID", Short: "Take your own pending request back",
	}, func(ctx context.Context, c *client.Client, request v1.Request) error {
		withdrawn, err := c.Withdraw(ctx, request.ID, input)
		if err != nil {
			return err
		}
		return a.printDone(withdrawn, "Your request is withdrawn.")
	})
	c.Flags().StringVar(&input.Reason, "reason", "", "why")
	return c
}

func (a *app) requestUse() *cobra.Command {
	return a.onRequest(&cobra.Command{
		Use: "use ID", Short: "Begin your own access that runs from its first use",
	}, func(ctx context.Context, c *client.Client, request v1.Request) error {
		used, err := c.Use(ctx, request.ID)
		if err != nil {
			return err
		}
		return a.printDone(used, "Your access has begun.")
	})
}

// onRequest completes a command whose argument names a request.
func (a *app) onRequest(command *cobra.Command, do func(context.Context, *client.Client, v1.Request) error) *cobra.Command {
	command.Args = exactly("ID")
	command.ValidArgsFunction = a.completeRequests
	command.RunE = a.calling(func(ctx context.Context, c *client.Client, args []string) error {
		request, err := findRequest(ctx, c, args[0])
		if err != nil {
			return err
		}
		return do(ctx, c, request)
	})
	return command
}

// exactlyOneOf demands one of several flags and no two.
func exactlyOneOf(c *cobra.Command, names ...string) {
	before := c.PreRunE
	c.PreRunE = func(c *cobra.Command, args []string) error {
		given := 0
		for _, name := range names {
			if on, err := c.Flags().GetBool(name); err == nil && on {
				given++
			}
		}
		if given != 1 {
			return usage("Say either --%s or --%s.", names[0], names[1])
		}
		if before != nil {
			return before(c, args)
		}
		return nil
	}
}

// printDone prints what became of a request: a sentence for people, the whole for programs.
func (a *app) printDone(request v1.Request, sentence string) error {
	return a.print(request, func(w io.Writer) {
		_, _ = fmt.Fprintln(w, sentence+" "+summary(request)) // errors come with the flush
	})
}

func (a *app) printRequest(request v1.Request) error {
	return a.print(request, func(w io.Writer) { requestTable(w, request) })
}
