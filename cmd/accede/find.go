package main

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

const (
	// idShown is how much of an id lists show: the end, because ids that were made one after the other begin alike.
	idShown = 8
	// leastOfID is how much of an id has to be given.
	leastOfID = 4
	// searched is how many of the newest requests are looked through for a part of an id.
	searched = 1000
)

func shortID(id string) string { return id[max(0, len(id)-idShown):] }

// findRequest finds a request by its id or the end of it.
func findRequest(ctx context.Context, c *client.Client, given string) (v1.Request, error) {
	given = strings.ToLower(given)
	if id, err := uuid.Parse(given); err == nil {
		return c.Request(ctx, id.String())
	}
	if len(given) < leastOfID || strings.Trim(given, "0123456789abcdef-") != "" {
		return v1.Request{}, usage("%q is not a request's id. Give the id or its last %d characters; `accede request list` shows them.",
			given, idShown)
	}
	requests, _, err := requestsUpTo(ctx, c, client.Filter{}, searched)
	if err != nil {
		return v1.Request{}, err
	}
	var found []v1.Request
	for _, request := range requests {
		if strings.HasSuffix(request.ID, given) {
			found = append(found, request)
		}
	}
	return theOne(found, given)
}

func theOne(found []v1.Request, given string) (v1.Request, error) {
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return v1.Request{}, &v1.Problem{Code: v1.CodeNotFound, Detail: "None of the newest requests that you may see ends in " +
			given + ". Give the whole id, or look with `accede request list`."}
	}
	text := "More than one request ends in " + given + "; give more of the id:"
	for _, request := range found {
		text += "\n  " + request.ID + "  " + summary(request)
	}
	return v1.Request{}, usage("%s", text)
}

// findToken finds a token among some by its id or the end of it.
func findToken(tokens []v1.Token, given string) (v1.Token, error) {
	var found []v1.Token
	for _, token := range tokens {
		if strings.HasSuffix(token.ID, strings.ToLower(given)) {
			found = append(found, token)
		}
	}
	switch {
	case len(found) == 1 && len(given) >= leastOfID:
		return found[0], nil
	case len(found) > 1 || len(given) < leastOfID:
		return v1.Token{}, usage("%q does not name one token; give more of the id.", given)
	}
	return v1.Token{}, &v1.Problem{Code: v1.CodeNotFound, Detail: "There is no token whose id ends in " + given +
		". `accede admin token list` shows them."}
}

const completionItems = 30

// completing runs a look-up for shell completion, which stays silent when there is nobody to ask.
func (a *app) completing(command *cobra.Command, look func(context.Context, *client.Client) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(command.Context(), completionTimeout)
	defer cancel()
	c, err := a.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer c.Close()
	items, err := look(ctx, c)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return items, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeRequests(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completing(command, func(ctx context.Context, c *client.Client) ([]string, error) {
		requests, _, err := requestsUpTo(ctx, c, client.Filter{}, completionItems)
		var items []string
		for _, r := range requests {
			items = append(items, shortID(r.ID)+"\t"+line(summary(r)))
		}
		return items, err
	})
}

func (a *app) completeRoles(command *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.completing(command, func(ctx context.Context, c *client.Client) ([]string, error) {
		roles, err := c.Roles(ctx)
		var items []string
		for _, role := range roles {
			items = append(items, role.Metadata.Name+"\t"+line(role.Metadata.Description))
		}
		return items, err
	})
}
