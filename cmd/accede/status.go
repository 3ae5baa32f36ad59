package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Aliases: []string{"whoami"}, Short: "Show who you are, where, and until when", Args: exactly(),
		RunE: a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
			current, err := c.Session(ctx)
			if err != nil {
				return err
			}
			return a.print(current, func(w io.Writer) {
				row(w, "Server:", c.Address()+" ("+current.Version+")")
				row(w, "Person:", shown(current.Person.Ref()))
				row(w, "E-mail:", dash(current.Person.Email))
				row(w, "Roles:", dash(strings.Join(current.Person.Roles, ", ")))
				if current.Person.Admin {
					row(w, "Rights:", "administrator")
				}
				row(w, "Signed in:", current.Token.Title+untilText(current.Token.Expires))
			})
		}),
	}
}

func (a *app) logout() *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "Sign out and forget the session", Args: exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			stored, err := a.loadSession()
			if err != nil {
				return errors.Join(a.removeSession(), err)
			}
			if stored.Token == "" {
				a.note("You were not signed in.")
				return nil
			}
			return a.endSession(command.Context(), stored)
		},
	}
}

func (a *app) endSession(ctx context.Context, stored session) error {
	c, err := connect(stored.Server, stored.Token)
	if err != nil {
		return errors.Join(a.removeSession(), err)
	}
	defer c.Close()
	err = c.SignOut(ctx)
	if removed := a.removeSession(); removed != nil {
		return removed
	}
	if problem, ok := errors.AsType[*v1.Problem](err); ok && problem.Code == v1.CodeUnauthenticated {
		err = nil // the token was no good any more
	}
	if err != nil {
		a.note("The session is forgotten here, but %s could not be told: the token holds%s.", stored.Server, untilText(stored.Expires))
		return err
	}
	a.note("Signed out of %s.", stored.Server)
	return nil
}
