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

func (a *app) adminToken() *cobra.Command {
	return group("token", "Make and revoke API tokens", a.tokenCreate(), a.tokenList(), a.tokenRevoke())
}

func (a *app) tokenCreate() *cobra.Command {
	var input v1.TokenInput
	var ttl time.Duration
	var out string
	c := &cobra.Command{
		Use: "create --title=TITLE", Short: "Make an API token and print its secret, this once",
		Example: "  accede admin token create --title=\"CI of billing\" --ttl=720h --out=token",
		Args:    exactly(),
	}
	c.Flags().StringVar(&input.Title, "title", "", "what it is for")
	c.Flags().DurationVar(&ttl, "ttl", 0, "how long it holds, such as 720h; nothing takes the longest allowed")
	c.Flags().StringVar(&input.Person, "person", "", "whose token; others than yourself are for administrators")
	c.Flags().StringVar(&out, "out", "", "write the secret to this file, which only you can read")
	c.PreRunE = func(*cobra.Command, []string) error {
		if input.Title == "" {
			return usage("Say what the token is for: --title=TITLE.")
		}
		input.TTL = v1.Duration(ttl)
		return nil
	}
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
		token, err := c.CreateToken(ctx, input)
		if err != nil {
			return err
		}
		return a.printToken(token, out)
	})
	return c
}

func (a *app) printToken(token v1.SecretToken, out string) error {
	a.note("Token %s of %s%s.", shortID(token.ID), clean(token.Person), untilText(token.Expires))
	if out != "" {
		return a.writeSecret(out, token.Secret+"\n")
	}
	return a.print(token, func(w io.Writer) {
		_, _ = fmt.Fprintln(w, token.Secret) // errors come with the flush
	})
}

// writeSecret writes what is shown only once to a file that only its owner can read.
func (a *app) writeSecret(path, secret string) error {
	if err := writePrivate(path, []byte(secret)); err != nil {
		return fmt.Errorf("the secret was made but is lost, for it could not be written: %w; make another one", err)
	}
	a.note("The secret is in %s.", path)
	return nil
}

func (a *app) tokenList() *cobra.Command {
	var person string
	c := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List API tokens and sessions", Args: exactly(),
	}
	c.Flags().StringVar(&person, "person", "", "whose; others than yourself are for administrators")
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
		tokens, err := c.Tokens(ctx, person)
		if err != nil {
			return err
		}
		return a.print(tokens, func(w io.Writer) {
			row(w, "ID", "PERSON", "TITLE", "CREATED", "EXPIRES", "LAST USED")
			for _, t := range tokens {
				row(w, shortID(t.ID), t.Person, short(t.Title, 40), when(t.Created), when(t.Expires), when(t.LastUsed))
			}
		})
	})
	return c
}

func (a *app) tokenRevoke() *cobra.Command {
	var person string
	c := &cobra.Command{
		Use: "revoke ID", Short: "Revoke an API token or a session", Args: exactly("ID"),
	}
	c.Flags().StringVar(&person, "person", "", "whose; others than yourself are for administrators")
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, args []string) error {
		tokens, err := c.Tokens(ctx, person)
		if err != nil {
			return err
		}
		token, err := findToken(tokens, args[0])
		if err != nil {
			return err
		}
		if err := c.RevokeToken(ctx, token.ID); err != nil {
			return err
		}
		a.note("Token %s (%s) is revoked.", shortID(token.ID), line(token.Title))
		return nil
	})
	return c
}
