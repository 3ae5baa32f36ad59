package servicenow

import (
	"context"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
)

const approvalTable = "sysapproval_approver"

// The states of an approval that the plugin knows.
const (
	stateRequested   = "requested"
	stateApproved    = "approved"
	stateRejected    = "rejected"
	stateNotRequired = "not_required"
)

func approvalFields() []string {
	return []string{
		"sys_id", "state", "approver", "document_id", "sysapproval", "source_table", "sys_updated_on", "sys_updated_by",
	}
}

// postToPerson asks a reviewer to approve the request's record. For the requester, and for reviewers that a flow asks,
// nothing is made: what they have is the record.
func (b *bot) postToPerson(ctx context.Context, person, key string, card plugins.Card) (plugins.Ref, error) {
	switch {
	case card.Audience == plugins.ForRequester && card.State.Resolved():
		return b.tellLate(ctx, key, card)
	case card.Audience == plugins.ForRequester:
		return ref{kind: refCaller, request: card.RequestID}.encode(), nil
	case b.config.Approvals.Mode != ModeCreate || len(card.Actions) == 0:
		return ref{kind: refNone}.encode(), nil
	}
	record, found, err := b.recordOf(ctx, card.RequestID)
	if err != nil {
		return "", err
	}
	if !found {
		return "", &plugins.Error{
			Op: "looking up the request's record", Kind: plugins.Transient,
			Public: "The request has no record in ServiceNow yet. If this lasts, name a group or the table in " +
				"role_to_recipients beside the people.",
		}
	}
	return b.ask(ctx, record, person)
}

// tellLate tells a requester how it ended who had no card before.
func (b *bot) tellLate(ctx context.Context, key string, card plugins.Card) (plugins.Ref, error) {
	record, found, err := b.recordOf(ctx, card.RequestID)
	if err != nil || !found {
		return ref{kind: refNone}.encode(), err
	}
	told, err := b.noted(ctx, b.config.Table, record, commentsField, key)
	if err != nil || told {
		return ref{kind: refNote, record: record, key: key}.encode(), err
	}
	return b.write(ctx, b.config.Table, record, commentsField, key, noteText(plugins.Note{Kind: plugins.NoteOutcome, Card: card}))
}

// recordOf returns the request's record. If there are several the first by destination counts, so that every reviewer is
// asked about the same.
func (b *bot) recordOf(ctx context.Context, requestID string) (record string, found bool, err error) {
	posted, err := b.cards.Of(ctx, requestID)
	if err != nil {
		return "", false, &plugins.Error{Op: "looking up the request's record", Kind: plugins.Transient, Err: err}
	}
	slices.SortFunc(posted, func(x, y plugins.Posted) int { return strings.Compare(x.Destination.ID, y.Destination.ID) })
	for _, p := range posted {
		if at, err := decodeRef(p.Ref); err == nil && at.isRecord(b.config.Table) {
			return at.record, true, nil
		}
	}
	return "", false, nil
}

// ask makes one approval, unless the person was asked about this record before.
func (b *bot) ask(ctx context.Context, record, person string) (plugins.Ref, error) {
	rows, err := b.approvals(ctx, record, is("approver", person))
	if err != nil {
		return "", err
	}
	for _, r := range rows {
		if r.get("approver") == person {
			return ref{kind: refApproval, record: record, approval: r.id()}.encode(), nil
		}
	}
	made, err := b.api.insert(ctx, "asking for approval", approvalTable, map[string]string{
		"approver": person, "sysapproval": record, "document_id": record, "source_table": b.config.Table, "state": stateRequested,
	})
	if err != nil {
		return "", err
	}
	return ref{kind: refApproval, record: record, approval: made.id()}.encode(), nil
}

// approvals lists the approvals of a record.
func (b *bot) approvals(ctx context.Context, record string, clauses ...string) ([]row, error) {
	rows, _, err := b.api.ask(ctx, question{
		op: "reading approvals", table: approvalTable, clauses: append([]string{is("document_id", record)}, clauses...),
		fields: approvalFields(),
	})
	return slices.DeleteFunc(rows, func(r row) bool { return r.get("document_id") != record || r.id() == "" }), err
}

// withdraw takes back what is still asked about the record of a resolved request.
func (b *bot) withdraw(ctx context.Context, at ref, card plugins.Card) error {
	if !card.State.Resolved() || !b.config.Approvals.Withdraw || !b.decides {
		return nil
	}
	rows, err := b.approvals(ctx, at.record, is("state", stateRequested))
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.get("state") != stateRequested {
			continue
		}
		if err := b.notRequired(ctx, r.id()); err != nil {
			return err
		}
	}
	return nil
}

// withdrawOne takes back one approval that the plugin asked for.
func (b *bot) withdrawOne(ctx context.Context, approval string, card plugins.Card) error {
	if !card.State.Resolved() || !b.config.Approvals.Withdraw {
		return nil
	}
	r, found, err := b.api.get(ctx, "reading approval", approvalTable, approval, "state")
	if err != nil || !found || r.get("state") != stateRequested {
		return err
	}
	return b.notRequired(ctx, approval)
}

func (b *bot) notRequired(ctx context.Context, approval string) error {
	err := b.api.change(ctx, "withdrawing approval", repeatable, approvalTable, approval, map[string]string{"state": stateNotRequired})
	if plugins.KindOf(err) == plugins.Gone && err != nil {
		return nil
	}
	return err
}
