package servicenow

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// Keys of a decision's evidence.
const (
	evidenceRecord   = "record"
	evidenceNumber   = "number"
	evidenceApproval = "approval"
	evidenceApprover = "approver"
	evidenceBy       = "sys_updated_by"
	evidenceOn       = "sys_updated_on"
)

// verdictOf is what an approval's state says; not ok for one that decides nothing.
func verdictOf(state string) (v1.Verdict, bool) {
	switch state {
	case stateApproved:
		return v1.Approve, true
	case stateRejected:
		return v1.Deny, true
	default:
		return "", false
	}
}

// judge hands over what was decided in rows of the approval table. Nothing in a row is taken for granted: clauses of the
// question may have been left out.
func (b *bot) judge(ctx context.Context, rows []row, records map[string]plugins.Posted, decisions plugins.Decisions) error {
	rows = slices.DeleteFunc(rows, func(r row) bool { return !b.concerns(r, records) || b.seen.isDealt(r) })
	if len(rows) == 0 {
		return nil
	}
	shown, err := b.readRecords(ctx, rows)
	if err != nil {
		return err
	}
	users, err := b.people.byIDs(ctx, distinct(rows, "approver"))
	if err != nil {
		return err
	}
	reasons, err := b.reasons(ctx, rows)
	if err != nil {
		return err
	}
	for _, r := range rows {
		a := approval{row: r, posted: records[aboutOf(r)], record: shown[aboutOf(r)], approver: users[r.get("approver")]}
		if err := b.submit(ctx, a, reasons, decisions); err != nil {
			return err
		}
	}
	return nil
}

// aboutOf is the record that an approval is about.
func aboutOf(r row) string {
	if id := r.get("document_id"); id != "" {
		return id
	}
	return r.get("sysapproval")
}

// concerns says whether a row is a decision on one of the records.
func (b *bot) concerns(r row, records map[string]plugins.Posted) bool {
	_, ours := records[aboutOf(r)]
	_, decided := verdictOf(r.get("state"))
	return ours && decided && r.id() != "" && r.get("source_table") == b.config.Table
}

func distinct(rows []row, field string) []string {
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.get(field))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// readRecords reads the records that approvals are about.
func (b *bot) readRecords(ctx context.Context, approvals []row) (map[string]row, error) {
	var ids []string
	for _, r := range approvals {
		ids = append(ids, aboutOf(r))
	}
	slices.Sort(ids)
	records := map[string]row{}
	for _, some := range chunks(slices.Compact(ids)) {
		rows, _, err := b.api.ask(ctx, question{
			op: "reading records", table: b.config.Table, clauses: []string{in("sys_id", some)},
			fields: []string{"sys_id", "number", "correlation_display", "sys_created_by"},
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			records[r.id()] = r
		}
	}
	return records, nil
}

// approval is a decided row with what it takes to judge it.
type approval struct {
	row      row
	posted   plugins.Posted
	record   row
	approver user
}

// verb is what the approval's owner did, in words.
func (a approval) verb() string {
	if a.row.get("state") == stateApproved {
		return "approval"
	}
	return "rejection"
}

// submit hands an approval over, or notes on the record why it counts for nothing.
func (b *bot) submit(ctx context.Context, a approval, reasons map[string]entry, decisions plugins.Decisions) error {
	seen, objection := b.objection(a)
	var actor user
	if objection == "" {
		var err error
		if actor, objection, err = b.actor(ctx, a); err != nil {
			return err
		}
	}
	if objection != "" {
		return b.object(ctx, a, objection)
	}
	decision := b.decision(a, seen, actor, reasons[a.row.id()].by(actor))
	if err := decisions.Submit(ctx, decision); err != nil {
		b.log.Error("decision was not taken", "request_id", decision.RequestID, "err", err)
	}
	b.seen.deal(a.row)
	return nil
}

// objection says what is wrong with the record itself.
func (b *bot) objection(a approval) (seen marker, objection string) {
	seen, ok := parseMarker(a.record.get("correlation_display"))
	switch {
	case a.record.id() == "":
		return marker{}, "the record cannot be read"
	case !ok:
		return marker{}, "the record's correlation_display, which says what it is about, was changed or is hidden"
	case seen.request != a.posted.Card.RequestID:
		return marker{}, "the record names another request"
	default:
		return seen, ""
	}
}

// actor is who decided: the approver if they changed the row last or, where that is allowed, somebody who stands in.
func (b *bot) actor(ctx context.Context, a approval) (actor user, objection string, err error) {
	by := a.row.get("sys_updated_by")
	actor = a.approver
	switch {
	case actor.id == "":
		return user{}, "the approver's account cannot be read", nil
	case strings.EqualFold(by, a.record.get("sys_created_by")) || strings.EqualFold(by, b.config.User) && by != "":
		return user{}, "it was set by the integration user", nil
	case !strings.EqualFold(by, actor.login) || by == "":
		if !b.config.Approvals.Delegates {
			return user{}, "it was set by " + oneLine(by, maxName) + ", not by the approver", nil
		}
		if actor, objection, err = b.delegate(ctx, by, actor); err != nil || objection != "" {
			return user{}, objection, err
		}
	}
	switch {
	case !actor.active:
		return user{}, "the account is locked out", nil
	case actor.machine:
		return user{}, "integrations cannot decide", nil
	default:
		return actor, "", nil
	}
}

// delegate is the account that changed somebody else's approval, if the approver has named it to stand in for approvals at
// this time.
func (b *bot) delegate(ctx context.Context, login string, approver user) (actor user, objection string, err error) {
	nobody := "it was set by " + oneLine(login, maxName) + ", who does not stand in for the approver"
	actor, found, err := b.people.byLogin(ctx, login)
	if err != nil || !found {
		return user{}, nobody, err
	}
	rows, _, err := b.api.ask(ctx, question{
		op: "reading delegates", table: "sys_user_delegate",
		clauses: []string{is("user", approver.id), is("delegate", actor.id), "approvals=true"},
		fields:  []string{"sys_id", "user", "delegate", "approvals", "starts", "ends"},
	})
	if err != nil {
		return user{}, "", err
	}
	now := b.now()
	if !slices.ContainsFunc(rows, func(r row) bool {
		starts, ends := r.time("starts"), r.time("ends")
		return r.get("user") == approver.id && r.get("delegate") == actor.id && r.get("approvals") == "true" &&
			!starts.IsZero() && now.After(starts) && now.Before(ends)
	}) {
		return user{}, nobody, nil
	}
	return actor, "", nil
}

// decision is an approval in the host's terms. Its id is the same whether a poll or a webhook found it.
func (b *bot) decision(a approval, seen marker, actor user, reason string) v1.Decision {
	verdict, _ := verdictOf(a.row.get("state"))
	unique := b.config.tenant() + "/" + a.row.id() + "/" + a.row.get("state") + "/" + a.row.get("sys_updated_on")
	return v1.Decision{
		ID:       v1.DecisionID(Name, unique, actor.id, seen.request, verdict),
		Identity: v1.Identity{Plugin: Name, Tenant: b.config.tenant(), User: actor.id},
		UserName: actor.name, RequestID: seen.request, Verdict: verdict, Reason: reason,
		SeenVersion: seen.version, SeenFingerprint: seen.fingerprint, Made: a.row.time("sys_updated_on"),
		Evidence: map[string]string{
			evidenceRecord: a.record.id(), evidenceNumber: oneLine(a.record.get("number"), maxName), evidenceApproval: a.row.id(),
			evidenceApprover: a.approver.id, evidenceBy: oneLine(a.row.get("sys_updated_by"), maxName),
			evidenceOn: a.row.get("sys_updated_on"),
		},
	}
}

// entry is what somebody wrote on an approval.
type entry struct{ login, text string }

// by is the text if that person wrote it.
func (e entry) by(u user) string {
	if !strings.EqualFold(e.login, u.login) {
		return ""
	}
	text := strings.ToValidUTF8(e.text, wording.Hole)
	for len(text) > v1.MaxReasonBytes {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return strings.TrimSpace(text)
}

// reasons reads the newest comment on each approval. Where the journal cannot be read, decisions come without.
func (b *bot) reasons(ctx context.Context, approvals []row) (map[string]entry, error) {
	reasons := map[string]entry{}
	if b.config.ReadNotes != NotesJournal {
		return reasons, nil
	}
	for _, ids := range chunks(distinct(approvals, "sys_id")) {
		rows, _, err := b.api.ask(ctx, question{
			op: "reading comments", table: journalTable,
			clauses: []string{in("element_id", ids), is("element", commentsField), "ORDERBYsys_created_on"},
			fields:  []string{"sys_id", "element_id", "element", "value", "sys_created_by"},
		})
		if plugins.KindOf(err) == plugins.Auth && err != nil {
			b.log.Warn("comments on approvals cannot be read, so decisions come without their reason", "err", err)
			return reasons, nil
		}
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.get("element") == commentsField {
				reasons[r.get("element_id")] = entry{login: r.get("sys_created_by"), text: r.get("value")}
			}
		}
	}
	return reasons, nil
}
