package main

import (
	"context"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) get() *cobra.Command {
	return group("get", "Print roles, users and requests as documents; without NAME, list them",
		a.getOne("role", "roles", a.listRoles, a.showRole),
		a.getOne("user", "users", a.listPeople, a.showUser),
		a.getOne("request", "requests", a.listNewest, a.showRequest))
}

func (a *app) getOne(kind, plural string, list func(context.Context, *client.Client) error,
	show func(context.Context, *client.Client, string) error,
) *cobra.Command {
	return &cobra.Command{
		Use: kind + " [NAME]", Aliases: []string{plural}, Short: "Print a " + kind + ", or list " + plural, Args: between(0, "NAME"),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			if len(args) == 0 {
				return list(ctx, c)
			}
			return show(ctx, c, args[0])
		}),
	}
}

func (a *app) listNewest(ctx context.Context, c *client.Client) error {
	return a.listRequests(ctx, c, client.Filter{Limit: defaultShown})
}

func (a *app) showRequest(ctx context.Context, c *client.Client, id string) error {
	request, err := findRequest(ctx, c, id)
	if err != nil {
		return err
	}
	return a.printDocument(request)
}

// showUser prints a person as `accede apply` takes it.
func (a *app) showUser(ctx context.Context, c *client.Client, name string) error {
	p, err := c.Person(ctx, name)
	if err != nil {
		return err
	}
	return a.printDocument(v1.PersonDocument{
		Kind: v1.PersonDocumentKind, Version: v1.RoleVersion, Metadata: v1.Metadata{Name: p.Name},
		Spec: v1.PersonSpec{
			DisplayName: p.DisplayName, Email: p.Email, Kind: p.Kind, Roles: p.Roles, Traits: p.Traits, Admin: p.Admin, Disabled: p.Disabled,
		},
	})
}
