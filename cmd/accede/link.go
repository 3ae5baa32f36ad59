package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) link() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "link PLUGIN CODE", Short: "Connect your account at a vendor, with the code it showed you",
		Long: "Connects your account at a vendor to yourself, so that you can decide there. When you click without being\n" +
			"connected, you are shown a code; only enter a code that you were shown yourself.",
		Example: "  accede link slack ABCDE-23456",
		Args:    exactly("PLUGIN", "CODE"),
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, args []string) error {
		return a.claim(ctx, c, args[0], args[1], yes)
	})
	return c
}

func (a *app) claim(ctx context.Context, c *client.Client, plugin, code string, yes bool) error {
	offer, err := c.ClaimLink(ctx, v1.LinkClaim{Code: code})
	if err != nil {
		return err
	}
	if offer.Identity.Plugin != plugin {
		return usage("That code is for %s, not for %s.", line(offer.Identity.Plugin), plugin)
	}
	account := accountText(offer.Identity, offer.UserName)
	if err := a.confirm(ctx, account+". Is this your account?", yes); err != nil {
		return err
	}
	claimed, err := c.ClaimLink(ctx, v1.LinkClaim{Code: code, Confirm: true})
	if err != nil {
		return err
	}
	return a.print(claimed, func(w io.Writer) { row(w, account+" is connected to you now.") })
}

func accountText(identity v1.Identity, name string) string {
	if name != "" {
		return fmt.Sprintf("%s account %s (%s in %s)", line(identity.Plugin), line(name), line(identity.User), line(identity.Tenant))
	}
	return fmt.Sprintf("%s account %s in %s", line(identity.Plugin), line(identity.User), line(identity.Tenant))
}

func (a *app) links() *cobra.Command {
	return &cobra.Command{
		Use: "links", Short: "List your connected accounts", Args: exactly(),
		RunE: a.calling(func(ctx context.Context, c *client.Client, _ []string) error { return a.listLinks(ctx, c, "me") }),
	}
}
