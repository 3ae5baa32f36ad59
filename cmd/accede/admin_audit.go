package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/accede/accede/api/sheets"
	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) adminAudit() *cobra.Command {
	return group("audit", "Read who did what, and who tried in vain", a.auditList(), a.auditExport())
}

// auditFlags are the flags that narrow a list of audit entries.
func auditFlags(c *cobra.Command, filter *client.AuditFilter) {
	flags := c.Flags()
	flags.StringVar(&filter.Person, "person", "", "only what this person did or tried; me is yourself")
	flags.StringVar(&filter.Action, "action", "", "only this action, such as request.review; * stands for anything: 'role.*', '*_refused'")
	flags.StringVar(&filter.Request, "request", "", "only what is about the request with this id or the end of it")
	flags.Var(timeFlag{at: &filter.Since}, "since", "only entries of this date, this time or later")
	flags.Var(timeFlag{&filter.Until, true}, "until", "only entries up to the end of this date, or before this time")
}

func (a *app) auditList() *cobra.Command {
	var filter client.AuditFilter
	var all bool
	c := exporting(&cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List audit entries, newest first",
		Example: "  accede admin audit list --request=7f3a9c21\n  accede admin audit list --action='*_refused' --since=2026-01-01 -o json",
		Args:    exactly(),
	})
	auditFlags(c, &filter)
	c.Flags().IntVar(&filter.Limit, "limit", defaultShown, "how many to show")
	c.Flags().BoolVar(&all, "all", false, "show all that match")
	c.PreRunE = func(c *cobra.Command, _ []string) (err error) {
		filter.Limit, err = limitFlag(c, filter.Limit, all)
		return err
	}
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, _ []string) error { return a.listAudit(ctx, c, filter) })
	return c
}

func (a *app) auditExport() *cobra.Command {
	filter := client.AuditFilter{OldestFirst: true}
	c := exporting(&cobra.Command{
		Use: "export", Short: "Write all audit entries, oldest first, as JSON lines or CSV",
		Long: "Writes all audit entries that match, oldest first, as they come: JSON lines, or CSV with -o csv. --after\n" +
			"continues where an earlier export ended.",
		Example: "  accede admin audit export >> audit.jsonl\n  accede admin audit export --since=2026-01-01 -o csv",
		Args:    exactly(),
	})
	auditFlags(c, &filter)
	c.Flags().Int64Var(&filter.Cursor, "after", 0, "only entries after the one with this number (seq)")
	c.PreRunE = func(*cobra.Command, []string) error {
		if a.format == "" {
			a.format = formatJSONL
		}
		if a.format != formatCSV && a.format != formatJSONL {
			return usage("An export is written as jsonl or csv, not as %s.", a.format)
		}
		return nil
	}
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, _ []string) error { return a.listAudit(ctx, c, filter) })
	return c
}

// listAudit prints so many entries as the filter's limit says; all if it is zero.
func (a *app) listAudit(ctx context.Context, c *client.Client, filter client.AuditFilter) error {
	if err := wholeID(ctx, c, &filter.Request); err != nil {
		return err
	}
	if a.format == formatCSV || a.format == formatJSONL {
		writer := sheets.NewWriter(a.env.Stdout, sheets.Format(a.format), sheets.Audit())
		more, err := eachAuditPage(ctx, c, filter, writer.WriteAll)
		return a.noteMoreAudit(more, err)
	}
	entries := []v1.AuditEntry{}
	more, err := eachAuditPage(ctx, c, filter, func(page []v1.AuditEntry) error {
		entries = append(entries, page...)
		return nil
	})
	if err != nil {
		return err
	}
	return a.noteMoreAudit(more, a.print(entries, func(w io.Writer) { auditTable(w, entries) }))
}

func (a *app) noteMoreAudit(more bool, err error) error {
	if err == nil && more {
		a.note("There are more; --limit and --all show more, --person, --action, --request and --since show fewer.")
	}
	return err
}

// wholeID replaces the end of a request's id by the whole.
func wholeID(ctx context.Context, c *client.Client, id *string) error {
	if *id == "" {
		return nil
	}
	if whole, err := uuid.Parse(*id); err == nil {
		*id = whole.String()
		return nil
	}
	request, err := findRequest(ctx, c, *id)
	*id = request.ID
	return err
}

// eachAuditPage reads page after page until it has so many entries as the filter's limit says, and says whether there are more.
func eachAuditPage(ctx context.Context, c *client.Client, filter client.AuditFilter, do func([]v1.AuditEntry) error) (more bool, err error) {
	wanted := filter.Limit
	for seen := 0; ; {
		filter.Limit = pageSize(wanted, seen)
		page, err := c.Audit(ctx, filter)
		if err != nil {
			return false, err
		}
		if err := do(page.Entries); err != nil {
			return false, err
		}
		seen += len(page.Entries)
		if page.Next == 0 || wanted > 0 && seen >= wanted {
			return page.Next != 0, nil
		}
		filter.Cursor = page.Next
	}
}

func auditTable(w io.Writer, entries []v1.AuditEntry) {
	if len(entries) == 0 {
		_, _ = fmt.Fprintln(w, "No entries.") // errors come with the flush
		return
	}
	row(w, "SEQ", "TIME", "WHO", "ACTION", "REQUEST", "THROUGH", "POLICY", "RESULT")
	for _, e := range entries {
		row(w, strconv.FormatInt(e.Seq, 10), when(e.At), dash(e.Actor), e.Action, dash(shortID(e.RequestID)), through(e),
			strconv.FormatInt(e.PolicyVersion, 10), short(result(e), 60))
	}
}

// through is the door and, behind a plugin, the account.
func through(e v1.AuditEntry) string {
	if e.Identity == nil {
		return dash(e.Via)
	}
	return fmt.Sprintf("%s (%s in %s)", e.Via, e.Identity.User, e.Identity.Tenant)
}

// result is what a list can say of a detail: why something was refused, or where a request stands then.
func result(e v1.AuditEntry) string {
	var detail struct {
		Message string   `json:"message"`
		State   v1.State `json:"state"`
	}
	if err := json.Unmarshal(e.Detail, &detail); err != nil || detail.Message == "" {
		return string(detail.State)
	}
	return detail.Message
}
