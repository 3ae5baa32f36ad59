package main

import (
	"context"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

// everyRole stands for every role that a person may request.
const everyRole = "*"

// signInRequest says how to make the request that some roles want at sign-in.
type signInRequest struct {
	reason string
	noWait bool
}

// requestAtSignIn makes the request that the roles of whoever has just signed in want, and waits for it. Whatever comes
// of it, the session stays.
func (a *app) requestAtSignIn(ctx context.Context, signedIn session, how signInRequest) error {
	c, err := connect(signedIn.Server, signedIn.Token)
	if err != nil {
		return err
	}
	defer c.Close()
	can, err := c.Capabilities(ctx)
	if err != nil {
		return err
	}
	if can.RequestAccess != v1.RequestAlways && can.RequestAccess != v1.RequestReason {
		return nil
	}
	if len(can.RequestableRoles) == 0 {
		a.note("Your roles ask for access at sign-in, but there is no role you could request now; nothing was asked for.")
		return nil
	}
	return a.requestEverything(ctx, c, can, how)
}

func (a *app) requestEverything(ctx context.Context, c *client.Client, can v1.Capabilities, how signInRequest) error {
	if how.reason == "" {
		reason, err := a.askReason(ctx, can)
		if err != nil {
			return err
		}
		how.reason = reason
	}
	return a.create(ctx, c, v1.RequestInput{Roles: []string{everyRole}, Reason: how.reason}, how.noWait)
}

// askReason asks why, in the words of the roles, if the request would be refused without a reason.
func (a *app) askReason(ctx context.Context, can v1.Capabilities) (string, error) {
	if !can.ReasonRequired && len(can.RolesWithReason) == 0 {
		return "", nil
	}
	for _, prompt := range can.Prompts {
		a.note("%s", line(prompt))
	}
	if _, ok := terminal(a.env.Stdin); !ok {
		return "", usage("You are signed in, but your roles want a reason for access and there is no terminal to ask for it; " +
			"nothing was requested. Use --request-reason, or `accede request create --roles='*' --reason=…`.")
	}
	return a.prompt(ctx, "Reason", "--request-reason")
}
