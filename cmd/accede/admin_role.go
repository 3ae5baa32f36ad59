package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/accede/accede/client"
)

func (a *app) adminRole() *cobra.Command {
	return group("role", "Administer roles; `accede apply` creates and changes them",
		a.roleList(), a.roleShow(), a.roleDelete())
}

func (a *app) roleList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List roles", Args: exactly(),
		RunE: a.calling(func(ctx context.Context, c *client.Client, _ []string) error { return a.listRoles(ctx, c) }),
	}
}

func (a *app) listRoles(ctx context.Context, c *client.Client) error {
	roles, err := c.Roles(ctx)
	if err != nil {
		return err
	}
	return a.print(roles, func(w io.Writer) {
		row(w, "NAME", "DESCRIPTION")
		for _, role := range roles {
			row(w, role.Metadata.Name, dash(role.Metadata.Description))
		}
	})
}

func (a *app) roleShow() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show a role as `accede apply` takes it", Args: exactly("NAME"), ValidArgsFunction: a.completeRoles,
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error { return a.showRole(ctx, c, args[0]) }),
	}
}

func (a *app) showRole(ctx context.Context, c *client.Client, name string) error {
	role, err := c.Role(ctx, name)
	if err != nil {
		return err
	}
	return a.printDocument(role)
}

// printDocument prints what has no table.
func (a *app) printDocument(document any) error {
	format := a.format
	if format != formatJSON {
		format = formatYAML
	}
	return a.printAs(document, format, nil)
}

func (a *app) roleDelete() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "delete NAME", Aliases: []string{"rm"}, Short: "Delete a role that nobody holds", Args: exactly("NAME"),
		ValidArgsFunction: a.completeRoles,
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, args []string) error {
		if err := a.confirm(ctx, "Delete role "+clean(args[0])+"?", yes); err != nil {
			return err
		}
		if err := c.DeleteRole(ctx, args[0]); err != nil {
			return err
		}
		a.note("Role %s is deleted.", args[0])
		return nil
	})
	return c
}
