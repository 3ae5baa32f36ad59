package servicenow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
)

// need is a table that the plugin reads, with the fields that it cannot do without.
type need struct {
	table  string
	fields []string
	use    string
	fix    string
	// without says what still works when it cannot be read; empty if nothing does.
	without string
}

func (b *bot) needs() []need {
	fields := []string{
		"sys_id", "number", "state", "short_description", "description", "correlation_id", "correlation_display",
		"sys_created_by", "sys_created_on",
	}
	for _, name := range []string{b.config.GroupField, b.config.RequesterField} {
		if name != "" {
			fields = append(fields, name)
		}
	}
	fields = append(fields, slices.Sorted(maps.Keys(b.config.Fields))...)
	needs := []need{
		{table: b.config.Table, fields: fields, use: "open and follow records", fix: "Give it the role itil, or a role with access rules " +
			"of your own that let it create, read and write this table."},
		{table: userTable, fields: userFields(), use: "tell who approved", fix: "Give it a role that may read users, such as itil."},
	}
	if b.decides {
		needs = append(needs, need{
			table: approvalTable, fields: approvalFields(), use: "see approvals",
			fix: "Give it the role approval_admin, or access rules of your own for this table.",
		})
	}
	if b.config.Approvals.Delegates {
		needs = append(needs, need{
			table: "sys_user_delegate", fields: []string{"user", "delegate", "approvals", "starts", "ends"},
			use: "see who stands in for an approver", fix: "Add a read access rule for this table, or switch approvals.delegates off.",
		})
	}
	if b.config.ReadNotes == NotesJournal {
		needs = append(needs, need{
			table: journalTable, fields: []string{"element_id", "element", "value", "sys_created_by"},
			use: "find its notes again and read the comments of approvers",
			fix: "Add a read access rule for this table, or set read_notes: display.",
		})
	}
	return needs
}

// Check asks ServiceNow whether everything needed is there. It changes nothing, so that it cannot tell whether a record
// may be created.
func (b *bot) Check(ctx context.Context, recipients []string) []plugins.Finding {
	needs := b.needs()
	own, findings := b.checkTable(ctx, needs[0])
	if len(findings) > 0 && own == nil && !strings.Contains(findings[0].What, "may not read") {
		return findings
	}
	for _, n := range needs[1:] {
		_, more := b.checkTable(ctx, n)
		findings = append(findings, more...)
	}
	findings = append(findings, b.checkClosing(ctx)...)
	findings = append(findings, b.checkZone(ctx, own)...)
	findings = append(findings, b.checkOnCall(ctx)...)
	for _, recipient := range recipients {
		findings = append(findings, b.checkRecipient(ctx, recipient)...)
	}
	return findings
}

// finding words an error of ServiceNow's.
func finding(what string, err error) plugins.Finding {
	f := plugins.Finding{What: what + ": " + err.Error() + ".", Fix: "See the plugin's log."}
	if typed, ok := errors.AsType[*plugins.Error](err); ok && typed.Public != "" {
		f.Fix = typed.Public
	}
	return f
}

// checkTable reads one row, one of the plugin's own if it can be, and looks which fields are left out of it.
func (b *bot) checkTable(ctx context.Context, n need) (row, []plugins.Finding) {
	r, err := b.sample(ctx, n)
	typed, _ := errors.AsType[*plugins.Error](err)
	switch {
	case err == nil:
		return r, b.checkFields(n, r)
	case typed != nil && typed.Kind == plugins.Auth && !strings.Contains(typed.Error(), "401") && typed.Op != opToken:
		return nil, []plugins.Finding{{
			What: fmt.Sprintf("The integration user may not read the table %s, so it cannot %s.", n.table, n.use),
			Fix:  n.fix, Warning: n.without != "",
		}}
	case typed != nil && typed.Kind == plugins.Invalid:
		return nil, []plugins.Finding{{
			What: fmt.Sprintf("The instance has no table %s: %v.", n.table, err), Fix: "Correct servicenow.table.",
		}}
	default:
		return nil, []plugins.Finding{finding("ServiceNow cannot be used", err)}
	}
}

func (b *bot) sample(ctx context.Context, n need) (row, error) {
	clauses := [][]string{nil}
	if n.table == b.config.Table {
		clauses = [][]string{{"correlation_displaySTARTSWITHaccede:", "ORDERBYDESCsys_created_on"}, nil}
	}
	for _, some := range clauses {
		rows, _, err := b.api.ask(ctx, question{op: "checking " + n.table, table: n.table, clauses: some, fields: n.fields, limit: 1})
		if err != nil || len(rows) > 0 {
			return first(rows), err
		}
	}
	return nil, nil
}

func first(rows []row) row {
	if len(rows) == 0 {
		return nil
	}
	return rows[0]
}

func (b *bot) checkFields(n need, r row) []plugins.Finding {
	if r == nil {
		return nil
	}
	var hidden []string
	for _, field := range n.fields {
		if !r.has(field) {
			hidden = append(hidden, field)
		}
	}
	if len(hidden) == 0 {
		return nil
	}
	return []plugins.Finding{{
		What: fmt.Sprintf("The integration user cannot read %s of the table %s, or the table has no such field.",
			strings.Join(hidden, ", "), n.table),
		Fix: "Add a field access rule (System Security > Access Control) for each, or correct the field's name in the configuration.",
	}}
}

// checkClosing compares what closes records with the choices of the instance, where those can be read.
func (b *bot) checkClosing(ctx context.Context) []plugins.Finding {
	var findings []plugins.Finding
	for _, field := range []string{"state", "close_code"} {
		choices := b.choices(ctx, field)
		for _, outcome := range []string{outcomeApproved, outcomeDenied, outcomeExpired, outcomeWithdrawn} {
			value := b.config.closing(outcome)[field]
			if value == "" || len(choices) == 0 || slices.Contains(choices, value) {
				continue
			}
			findings = append(findings, plugins.Finding{
				What: fmt.Sprintf("The field %s of %s has no choice %q, which closes records of requests that were %s.",
					field, b.config.Table, value, outcome),
				Fix: fmt.Sprintf("Correct servicenow.closing.%s.%s; there are: %s.", outcome, field, strings.Join(choices, ", ")),
			})
		}
	}
	return findings
}

func (b *bot) choices(ctx context.Context, field string) []string {
	rows, _, err := b.api.ask(ctx, question{
		op: "reading choices", table: "sys_choice",
		clauses: []string{in("name", []string{b.config.Table, "task"}), is("element", field), "inactive=false"},
		fields:  []string{"sys_id", "name", "element", "value"},
	})
	if err != nil {
		return nil // only some roles may read choices
	}
	var own, inherited []string
	for _, r := range rows {
		switch {
		case r.get("element") != field:
		case r.get("name") == b.config.Table:
			own = append(own, oneLine(r.get("value"), maxName))
		case r.get("name") == "task":
			inherited = append(inherited, oneLine(r.get("value"), maxName))
		}
	}
	if len(own) > 0 {
		return own
	}
	return inherited
}

// checkZone compares the integration user's time zone with the configured one, where it is known who that is.
func (b *bot) checkZone(ctx context.Context, own row) []plugins.Finding {
	login := b.config.User
	if _, ours := parseMarker(own.get("correlation_display")); login == "" && ours {
		login = own.get("sys_created_by")
	}
	if !harmless.MatchString(login) {
		return nil
	}
	rows, _, err := b.api.ask(ctx, question{
		op: "checking time zone", table: userTable, clauses: []string{is("user_name", login)},
		fields: []string{"sys_id", "user_name", "time_zone"}, limit: 1,
	})
	r := first(rows)
	if err != nil || !strings.EqualFold(r.get("user_name"), login) || r.get("time_zone") == "" || r.get("time_zone") == b.config.TimeZone {
		return nil
	}
	zone := oneLine(r.get("time_zone"), maxName)
	return []plugins.Finding{{
		What: fmt.Sprintf("The integration user's time zone is %s, the configuration says %s: approvals would be seen up to %s late.",
			zone, b.config.TimeZone, lookAgain),
		Fix: fmt.Sprintf("Set servicenow.time_zone to %s, or the user's time zone to %s.", zone, b.config.TimeZone), Warning: true,
	}}
}

// checkOnCall asks about a schedule that cannot be.
func (b *bot) checkOnCall(ctx context.Context) []plugins.Finding {
	nobody := schedule{id: strings.Repeat("0", 32), parameter: "rota_ids", table: "cmn_rota"}
	_, _, err := b.scheduleName(ctx, nobody)
	if plugins.KindOf(err) == plugins.NotFound {
		_, err = b.lineUp(ctx, nobody)
	}
	kind := plugins.KindOf(err)
	switch {
	case err == nil, kind == plugins.Transient, kind == plugins.RateLimited:
		return nil
	case kind == plugins.Auth:
		return []plugins.Finding{{
			What: "The integration user may not see who is on call.", Warning: true,
			Fix: "Give it the role rota_admin, or read access to cmn_rota; without, nothing is approved for people on call.",
		}}
	default:
		return []plugins.Finding{{
			What: "The instance does not know who is on call: the plugin com.snc.on_call_rotation is not active.", Warning: true,
			Fix: "Activate On-Call Scheduling under System Applications > All Available Applications; without, nothing is " +
				"approved for people on call.",
		}}
	}
}

func (b *bot) checkRecipient(ctx context.Context, recipient string) []plugins.Finding {
	found, err := b.Resolve(ctx, plugins.Recipient{Name: recipient})
	switch {
	case err != nil:
		return []plugins.Finding{finding(fmt.Sprintf("The recipient %q cannot be looked up", recipient), err)}
	case len(found) > 0:
		return nil
	case strings.Contains(recipient, "@") && b.config.Approvals.Mode != ModeCreate:
		return []plugins.Finding{{
			What: fmt.Sprintf("%q is a person, but the plugin asks nobody by itself.", recipient),
			Fix:  "Set servicenow.approvals.mode to create, or take the person out of role_to_recipients.",
		}}
	case strings.Contains(recipient, "@"):
		return []plugins.Finding{{
			What: fmt.Sprintf("There is no one active user with the e-mail address %q.", recipient),
			Fix:  "Correct the address in role_to_recipients, or see that exactly one active user has it.",
		}}
	default:
		return []plugins.Finding{{
			What: fmt.Sprintf("There is no active group %q that the integration user can see.", recipient),
			Fix: fmt.Sprintf("Correct its name in role_to_recipients, give its sys_id, or write %q for records without a group.",
				b.config.Table),
		}}
	}
}
