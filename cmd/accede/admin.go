package main

import (
	"context"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) admin() *cobra.Command {
	return group("admin", "Administer people, roles, tokens, plugins and links, and read the audit",
		a.adminRequest(), a.adminUser(), a.adminRole(), a.adminToken(), a.adminPlugin(), a.adminLink(), a.adminAudit())
}

func (a *app) adminRequest() *cobra.Command {
	list := a.requestList()
	list.Short = "List requests, newest first"
	return group("request", "Decide requests past all review rules",
		list, a.override("approve", v1.Approve), a.override("deny", v1.Deny))
}

func (a *app) override(verb string, verdict v1.Verdict) *cobra.Command {
	input := v1.OverrideInput{Verdict: verdict}
	c := a.onRequest(&cobra.Command{
		Use: verb + " ID --reason=WHY", Short: "Decide a request past all review rules: " + verb,
		Long: "Skips thresholds and review rules. It needs a reason and is marked as an override wherever it is shown.",
	}, func(ctx context.Context, c *client.Client, request v1.Request) error {
		decided, err := c.Override(ctx, request.ID, input)
		if err != nil {
			return err
		}
		return a.printDone(decided, "It is decided.")
	})
	c.Flags().StringVar(&input.Reason, "reason", "", "why; required")
	if verdict == v1.Approve {
		c.Flags().StringSliceVar(&input.Roles, "roles", nil, "grant only these of the roles that were asked for")
	}
	c.PreRunE = func(*cobra.Command, []string) error {
		if input.Reason == "" {
			return usage("An override needs a reason: --reason=WHY.")
		}
		return nil
	}
	return c
}
