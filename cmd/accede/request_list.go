package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accede/accede/api/sheets"
	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

const (
	largestPage  = 500
	defaultShown = 50
)

// listFlags are the flags of a list of requests that need a second look.
type listFlags struct {
	filter    client.Filter
	states    []string
	mine, all bool
}

func (a *app) requestList() *cobra.Command {
	var given listFlags
	c := exporting(&cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List requests that you may see, newest first",
		Long: "Lists requests that you may see, newest first: so many of the newest, or --all that match. With -o csv and\n" +
			"-o jsonl they are written as they come, however many there are.",
		Example: "  accede request list --state=pending\n  accede request list --mine -o json\n" +
			"  accede request list --all --role=dba --since=2026-01-01 --until=2026-03-31 -o csv",
		Args: exactly(),
	})
	flags := c.Flags()
	flags.StringSliceVar(&given.states, "state", nil, "only these states: pending, approved, denied, expired, withdrawn, promoted")
	flags.StringVar(&given.filter.Requester, "requester", "", "only requests of this person")
	flags.BoolVar(&given.mine, "mine", false, "only your own requests")
	flags.StringVar(&given.filter.Reviewer, "reviewer", "", "only requests this person reviewed or was suggested for; me is yourself")
	flags.StringVar(&given.filter.Role, "role", "", "only requests for this role")
	flags.Var(timeFlag{at: &given.filter.Since}, "since", "only requests made on this date, at this time or later")
	flags.Var(timeFlag{&given.filter.Until, true}, "until", "only requests made up to the end of this date, or before this time")
	flags.StringVar(&given.filter.Text, "text", "", "only requests with this text in a reason, a role or a name, whatever the case")
	flags.IntVar(&given.filter.Limit, "limit", defaultShown, "how many to show")
	flags.BoolVar(&given.all, "all", false, "show all that match")
	_ = c.RegisterFlagCompletionFunc("role", a.completeRoles)
	_ = c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(stateNames(), cobra.ShellCompDirectiveNoFileComp))
	c.PreRunE = func(c *cobra.Command, _ []string) error { return given.check(c) }
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
		return a.listRequests(ctx, c, given.filter)
	})
	return c
}

func (f *listFlags) check(c *cobra.Command) (err error) {
	if f.mine {
		f.filter.Requester = "me"
	}
	if f.filter.Limit, err = limitFlag(c, f.filter.Limit, f.all); err != nil {
		return err
	}
	f.filter.States, err = parseStates(f.states)
	return err
}

// limitFlag is how many records --limit or --all ask for; zero is all.
func limitFlag(c *cobra.Command, limit int, all bool) (int, error) {
	switch {
	case all && c.Flags().Changed("limit"):
		return 0, usage("Say either --all or --limit.")
	case all:
		return 0, nil
	case limit < 1:
		return 0, usage("--limit is at least 1.")
	}
	return limit, nil
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

// listRequests prints the newest requests, so many as the filter's limit says; all if it is zero.
func (a *app) listRequests(ctx context.Context, c *client.Client, filter client.Filter) error {
	if a.format == formatCSV || a.format == formatJSONL {
		return a.exportRequests(ctx, c, filter)
	}
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
	return a.noteMore(more, err)
}

func (a *app) noteMore(more bool, err error) error {
	if err == nil && more {
		a.note("There are more; --limit and --all show more, --state, --mine, --role, --since and --text show fewer.")
	}
	return err
}

func (a *app) exportRequests(ctx context.Context, c *client.Client, filter client.Filter) error {
	writer := sheets.NewWriter(a.env.Stdout, sheets.Format(a.format), sheets.Requests())
	more, err := eachPage(ctx, c, filter, filter.Limit, writer.WriteAll)
	return a.noteMore(more, err)
}

// requestsUpTo reads pages until it has so many; all if wanted is zero.
func requestsUpTo(ctx context.Context, c *client.Client, filter client.Filter, wanted int) (all []v1.Request, more bool, err error) {
	all = []v1.Request{}
	more, err = eachPage(ctx, c, filter, wanted, func(page []v1.Request) error {
		all = append(all, page...)
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	return all, more, nil
}

// eachPage reads page after page until it has so many requests, all if wanted is zero, and says whether there are more.
func eachPage(ctx context.Context, c *client.Client, filter client.Filter, wanted int, do func([]v1.Request) error) (more bool, err error) {
	for seen := 0; ; {
		filter.Limit = pageSize(wanted, seen)
		page, err := c.Requests(ctx, filter)
		if err != nil {
			return false, err
		}
		if err := do(page.Requests); err != nil {
			return false, err
		}
		seen += len(page.Requests)
		if page.Next == "" || wanted > 0 && seen >= wanted {
			return page.Next != "", nil
		}
		filter.Cursor = page.Next
	}
}

// pageSize is how many records to ask for when so many are wanted, all if that is zero.
func pageSize(wanted, seen int) int {
	if wanted == 0 {
		return largestPage
	}
	return min(wanted-seen, largestPage)
}
