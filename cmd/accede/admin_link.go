package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) adminLink() *cobra.Command {
	return group("link", "Administer which vendor accounts belong to whom", a.linkAdd(), a.linkList(), a.linkRemove())
}

func (a *app) linkAdd() *cobra.Command {
	var person string
	c := &cobra.Command{
		Use: "add PLUGIN TENANT USER --person=NAME", Short: "Link a vendor account to a person",
		Long:    "Links a vendor account to a person. TENANT and USER are the vendor's own ids, never names that can change.",
		Example: "  accede admin link add slack T0ACCEDE U0IVAN --person=ivan",
		Args:    exactly("PLUGIN", "TENANT", "USER"),
	}
	c.Flags().StringVar(&person, "person", "", "whose account it is")
	c.PreRunE = func(*cobra.Command, []string) error {
		if person == "" {
			return usage("Say whose account it is: --person=NAME.")
		}
		return nil
	}
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, args []string) error {
		link, err := c.AddLink(ctx, identityOf(args), person)
		if err != nil {
			return err
		}
		return a.print(link, func(w io.Writer) { row(w, accountText(link.Identity, "")+" belongs to "+link.Person+" now.") })
	})
	return c
}

func identityOf(args []string) v1.Identity {
	return v1.Identity{Plugin: args[0], Tenant: args[1], User: args[2]}
}

func (a *app) linkList() *cobra.Command {
	var person string
	c := &cobra.Command{Use: "list", Aliases: []string{"ls"}, Short: "List links", Args: exactly()}
	c.Flags().StringVar(&person, "person", "", "only this person's")
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, _ []string) error { return a.listLinks(ctx, c, person) })
	return c
}

func (a *app) listLinks(ctx context.Context, c *client.Client, person string) error {
	links, err := c.Links(ctx, person)
	if err != nil {
		return err
	}
	return a.print(links, func(w io.Writer) {
		row(w, "PLUGIN", "TENANT", "USER", "PERSON", "CREATED", "BY")
		for _, l := range links {
			row(w, l.Plugin, l.Tenant, l.User, l.Person, when(l.Created), l.CreatedBy)
		}
	})
}

func (a *app) linkRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove PLUGIN TENANT USER", Aliases: []string{"rm"}, Short: "Remove a link; everybody may remove their own",
		Args: exactly("PLUGIN", "TENANT", "USER"),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.RemoveLink(ctx, identityOf(args)); err != nil {
				return err
			}
			a.note("The link is removed.")
			return nil
		}),
	}
}
