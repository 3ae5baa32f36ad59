package servicenowsim

// kind is what a field holds.
type kind int

const (
	// reference points to a row of another table. Other fields are text.
	reference kind = iota + 1
	// journal takes entries and shows nothing: they go to sys_journal_field.
	journal
)

// field is one column.
type field struct {
	kind kind
	// target is the table that a reference points to.
	target string
	// most is how many characters are kept; what is longer is cut without a word.
	most int
}

// columns are the fields of one table by name.
type columns map[string]field

const (
	shortText = 100
	longText  = 4000
	anyLength = 65000
)

// The tables that are always there.
const (
	tableApproval = "sysapproval_approver"
	tableUser     = "sys_user"
	tableGroup    = "sys_user_group"
	tableJournal  = "sys_journal_field"
	tableDelegate = "sys_user_delegate"
	tableRota     = "cmn_rota"
	tableChoice   = "sys_choice"
)

func plain(most int, names ...string) columns {
	out := columns{}
	for _, name := range names {
		out[name] = field{most: most}
	}
	return out
}

func (c columns) with(others ...columns) columns {
	out := plain(40, "sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by", "sys_mod_count", "sys_id")
	for _, more := range append(others, c) {
		for name, f := range more {
			out[name] = f
		}
	}
	return out
}

func ref(target string, names ...string) columns {
	out := columns{}
	for _, name := range names {
		out[name] = field{kind: reference, target: target, most: 32}
	}
	return out
}

// task is what records of incidents and requested items have in common.
func task() columns {
	out := plain(shortText, "number", "state", "active", "urgency", "impact", "priority", "approval", "correlation_id",
		"correlation_display", "opened_at", "closed_at")
	out["short_description"] = field{most: 160}
	out["description"] = field{most: longText}
	out["close_notes"] = field{most: longText}
	out["work_notes"] = field{kind: journal, most: anyLength}
	out["comments"] = field{kind: journal, most: anyLength}
	return out.with(ref(tableUser, "assigned_to", "opened_by"), ref(tableGroup, "assignment_group"))
}

// schema is every table of the instance.
func schema() map[string]columns {
	approval := plain(shortText, "state", "source_table", "due_date")
	approval["comments"] = field{kind: journal, most: anyLength}
	entry := plain(shortText, "name", "element", "element_id")
	entry["value"] = field{most: anyLength}
	return map[string]columns{
		"incident":    plain(shortText, "category", "subcategory", "close_code").with(task(), ref(tableUser, "caller_id")),
		"sc_req_item": plain(shortText, "stage", "quantity").with(task(), ref(tableUser, "requested_for")),
		tableApproval: approval.with(ref(tableUser, "approver"), ref("task", "sysapproval", "document_id"), ref(tableGroup, "group")),
		tableUser: plain(shortText, "user_name", "name", "email", "active", "time_zone", "web_service_access_only",
			"internal_integration_user").with(),
		tableGroup:    plain(shortText, "name", "active").with(),
		tableJournal:  entry.with(),
		tableDelegate: plain(shortText, "approvals", "starts", "ends").with(ref(tableUser, "user", "delegate")),
		tableRota:     plain(shortText, "name", "active").with(ref(tableGroup, "group")),
		tableChoice:   plain(shortText, "name", "element", "value", "label", "inactive").with(),
	}
}
