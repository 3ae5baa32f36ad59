package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

const (
	largestPage  = 500
	defaultShown = 50
)

func (a *app) requestList() *cobra.Command {
	var filter client.Filter
	var states []string
	var mine bool
	c := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List requests that you may see, newest first",
		Example: "  accede request list --state=pending\n  accede request list --mine -o json",
		Args:    exactly(),
	}
	flags := c.Flags()
	flags.StringSliceVar(&states, "state", nil, "only these states: pending, approved, denied, expired, withdrawn, promoted")
	flags.StringVar(&filter.Requester, "requester", "", "only requests of this person")
	flags.BoolVar(&mine, "mine", false, "only your own requests")
	flags.StringVar(&filter.Reviewer, "reviewer", "", "only requests this person reviewed or was suggested for; me is yourself")
	flags.StringVar(&filter.Role, "role", "", "only requests for this role")
	flags.IntVar(&filter.Limit, "limit", defaultShown, "how many to show")
	_ = c.RegisterFlagCompletionFunc("role", a.completeRoles)
	_ = c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(stateNames(), cobra.ShellCompDirectiveNoFileComp))
	c.PreRunE = func(*cobra.Command, []string) (err error) {
		if mine {
			filter.Requester = "me"
		}
		if filter.Limit < 1 {
			return usage("--limit is at least 1.")
		}
		filter.States, err = parseStates(states)
		return err
	}
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
		return a.listRequests(ctx, c, filter)
	})
	return c
}

func stateNames() []string {
	var names []string
	for _, state := range v1.States() {
		names = append(names, strings.ToLower(string(state)))
	}
	return names
}

func parseStates(names []string) ([]v1.State, error) {
	var states []v1.State
	for _, name := range names {
		state := v1.State(strings.ToUpper(name))
		if !slices.Contains(v1.States(), state) {
			return nil, usage("There is no state %q; the states are %s.", name, strings.Join(stateNames(), ", "))
		}
		states = append(states, state)
	}
	return states, nil
}

func (a *app) listRequests(ctx context.Context, c *client.Client, filter client.Filter) error {
	requests, more, err := requestsUpTo(ctx, c, filter, filter.Limit)
	if err != nil {
		return err
	}
	err = a.print(requests, func(w io.Writer) {
		if len(requests) == 0 {
			_, _ = fmt.Fprintln(w, "No requests.") // errors come with the flush
			return
		}
		row(w, "ID", "STATE", "REQUESTER", "ROLES", "PROGRESS", "CREATED", "REASON")
		for _, r := range requests {
			row(w, shortID(r.ID), string(r.State), r.Requester.Name, short(strings.Join(r.Roles, ","), 40), progress(r),
				when(r.Created), short(r.Reason, 50))
		}
	})
	if err == nil && more {
		a.note("There are more; --limit shows more, --state, --mine and --role show fewer.")
	}
	return err
}

// requestsUpTo reads pages until it has so many.
func requestsUpTo(ctx context.Context, c *client.Client, filter client.Filter, wanted int) (all []v1.Request, more bool, err error) {
	all = []v1.Request{}
	for {
		filter.Limit = min(wanted-len(all), largestPage)
		page, err := c.Requests(ctx, filter)
		if err != nil {
			return nil, false, err
		}
		all = append(all, page.Requests...)
		if page.Next == "" || len(all) >= wanted {
			return all, page.Next != "", nil
		}
		filter.Cursor = page.Next
	}
}
