package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) requestExplain() *cobra.Command {
	var person string
	c := a.onRequest(&cobra.Command{
		Use: "explain ID", Short: "Say how a request stands, why, and who may review it",
		Example: "  accede request explain 7f3a9c21\n  accede request explain 7f3a9c21 --for=ivan",
	}, func(ctx context.Context, c *client.Client, request v1.Request) error {
		explanation, err := c.Explain(ctx, request.ID, person)
		if err != nil {
			return err
		}
		return a.print(explanation, func(w io.Writer) { explanationTable(w, explanation) })
	})
	c.Flags().StringVar(&person, "for", "", "say whether this person may review it, and why or why not; me is yourself")
	return c
}

func (a *app) policy() *cobra.Command {
	return group("policy", "Ask what the roles come to", a.whoCanApprove())
}

func (a *app) whoCanApprove() *cobra.Command {
	var roles []string
	var person string
	c := &cobra.Command{
		Use: "who-can-approve --roles=ROLE,…", Short: "Say who could approve a request for roles, and what it would take",
		Example: "  accede policy who-can-approve --roles=dba\n  accede policy who-can-approve --roles=dba --for=alice",
		Args:    exactly(),
	}
	c.Flags().StringSliceVar(&roles, "roles", nil, "roles that would be asked for, separated by commas")
	c.Flags().StringVar(&person, "for", "", "who would ask, for administrators; nothing is yourself")
	_ = c.RegisterFlagCompletionFunc("roles", a.completeRoles)
	c.RunE = func(command *cobra.Command, args []string) error {
		if len(roles) == 0 {
			return usage("Say which roles: --roles=ROLE,…")
		}
		return a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
			explanation, err := c.Approvers(ctx, roles, person)
			if err != nil {
				return err
			}
			return a.print(explanation, func(w io.Writer) { explanationTable(w, explanation) })
		})(command, args)
	}
	return c
}

func explanationTable(w io.Writer, e v1.Explanation) {
	row(w, "Stands:", e.Summary)
	for _, rule := range e.Rules {
		done := "open"
		if rule.Satisfied {
			done = "satisfied"
		}
		row(w, "Rule:", rule.Text+" ("+done+")")
	}
	for _, threshold := range e.Thresholds {
		row(w, "Threshold:", thresholdText(threshold))
	}
	for _, person := range e.People {
		row(w, verdictText(person), shown(person.Person)+": "+person.Why)
		for _, note := range person.Notes {
			row(w, "Note:", note)
		}
	}
	if len(e.People) == 0 {
		row(w, "May review:", "nobody")
	}
	for _, note := range e.Notes {
		row(w, "Note:", note)
	}
}

func verdictText(person v1.PersonRuling) string {
	if person.May {
		return "May review:"
	}
	return "May not:"
}

func thresholdText(t v1.ThresholdProgress) string {
	text := t.Text
	if len(t.By) > 0 {
		text += " by " + strings.Join(t.By, ", ")
	}
	if t.Missing > 0 {
		text += fmt.Sprintf(", %d missing", t.Missing)
	}
	if t.Filter != "" {
		text += ", counts where " + t.Filter
	}
	return text
}

func (a *app) requestCapabilities() *cobra.Command {
	return &cobra.Command{
		Use: "capabilities", Short: "Say what you may ask for and what it takes", Args: exactly(),
		RunE: a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
			can, err := c.Capabilities(ctx)
			if err != nil {
				return err
			}
			return a.print(can, func(w io.Writer) { capabilitiesTable(w, can) })
		}),
	}
}

func capabilitiesTable(w io.Writer, can v1.Capabilities) {
	row(w, "Roles:", dash(strings.Join(can.RequestableRoles, ", ")))
	if len(can.SearchAsRoles) > 0 {
		row(w, "Resources:", "through "+strings.Join(can.SearchAsRoles, ", "))
	}
	if len(can.SuggestedReviewers) > 0 {
		row(w, "Reviewers:", strings.Join(can.SuggestedReviewers, ", "))
	}
	for _, prompt := range can.Prompts {
		row(w, "Asked for:", prompt)
	}
	row(w, "Reason:", reasonText(can))
	row(w, "Longest:", fmt.Sprintf("access %s, session %s, waiting for reviews %s, start %s ahead", can.Limits.MaxDuration,
		can.Limits.MaxSession, can.Limits.MaxPending, can.Limits.MaxStartAhead))
	row(w, "At once:", fmt.Sprintf("%d roles or %d resources, a reason of %d bytes", can.Limits.MaxRoles, can.Limits.MaxResources,
		can.Limits.MaxReasonBytes))
}

func reasonText(can v1.Capabilities) string {
	switch {
	case can.ReasonRequired:
		return "needed"
	case len(can.RolesWithReason) > 0:
		return "needed for " + strings.Join(can.RolesWithReason, ", ")
	}
	return "not needed"
}
