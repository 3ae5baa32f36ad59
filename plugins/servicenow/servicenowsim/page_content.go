package servicenowsim

import (
	"cmp"
	"slices"
	"strings"
)

// maxShown bounds how many records the page lists.
const maxShown = 100

// contentPage is what the template "content" draws.
type contentPage struct {
	Links   []link
	Heading string
	Said    string
	Back    string
	As      string
	Records []listed
	Record  *shownRecord
	Mine    []shownApproval
	View    string
	Rotas   []shownRota
	Empty   string
}

type link struct {
	Href, Label string
	Count       int
	Here        bool
}

// listed is a record in the list.
type listed struct {
	Href, Number, Title, Status, State, Opened, Badge string
	// Mine is the visitor's own approval, if they are asked.
	Mine *shownApproval
}

// shownRecord is a record's form.
type shownRecord struct {
	Number, Title, Description, CloseNotes string
	// Fields are what everybody looks at, Details the rest.
	Fields, Details []pair
	Approvals       []shownApproval
	Journal         []shownEntry
	List            string
}

type pair struct{ Label, Value string }

type shownApproval struct {
	ID, Who, State, When, Number, Title, Href string
	Mine                                      bool
}

type shownEntry struct{ Initial, Who, Kind, When, Text string }

type shownRota struct {
	ID, Name string
	Line     []shownShift
	People   []User
}

type shownShift struct {
	Level    int
	Who      string
	OnCall   bool
	Initials string
}

func (s *Sim) content(v visit, said string) contentPage {
	s.mu.Lock()
	defer s.mu.Unlock()
	page := contentPage{Said: said, Back: v.query(), As: v.user.UserName, View: v.view}
	mine := s.approvalsFor(v)
	page.Links = []link{
		{Href: v.query("view", viewRecords, "record", ""), Label: tableLabel(s.cfg.Table), Count: len(s.db.tables[s.cfg.Table].rows), Here: v.view == viewRecords},
		{Href: v.query("view", viewApprovals, "record", ""), Label: "My approvals", Count: len(mine), Here: v.view == viewApprovals},
		{Href: v.query("view", viewOnCall, "record", ""), Label: "On-call calendar", Here: v.view == viewOnCall},
	}
	switch v.view {
	case viewApprovals:
		page.Heading, page.Mine, page.Empty = "My approvals", mine, v.user.Name+" is not asked to approve anything."
	case viewOnCall:
		page.Heading, page.Rotas = "On-call calendar", s.rotas()
	default:
		s.recordsPage(&page, v)
	}
	return page
}

func tableLabel(table string) string {
	if table == "sc_req_item" {
		return "Requested Items"
	}
	return "Incidents"
}

func (s *Sim) recordsPage(page *contentPage, v visit) {
	page.Heading, page.Empty = tableLabel(s.cfg.Table), "No records yet. They show up here as soon as somebody asks for access."
	for _, stored := range slices.Backward(s.db.tables[s.cfg.Table].rows) {
		r := *stored
		if r["number"] == v.record {
			page.Heading, page.Record = r["number"], s.showRecord(v, r)
			return
		}
		if len(page.Records) < maxShown {
			page.Records = append(page.Records, s.listRecord(v, r))
		}
	}
}

func (s *Sim) listRecord(v visit, r row) listed {
	out := listed{
		Href: v.query("record", r["number"]), Number: r["number"], Title: r["short_description"],
		State: s.choiceLabel("state", r["state"]), Opened: r["sys_created_on"],
	}
	out.Status, _, _ = strings.Cut(r["description"], "\n")
	if s.open(r["sys_id"]) {
		out.Badge = "approval requested"
	}
	for _, approval := range s.db.approvalsOf(r["sys_id"]) {
		if (*approval)["approver"] == v.user.ID && (*approval)["state"] == requested {
			mine := s.showApproval(v, *approval, r)
			out.Mine = &mine
		}
	}
	return out
}

func (s *Sim) choiceLabel(element, value string) string {
	for _, c := range choices() {
		if c.table == s.cfg.Table && c.element == element && c.value == value {
			return c.label
		}
	}
	return value
}

func (s *Sim) showRecord(v visit, r row) *shownRecord {
	out := &shownRecord{
		Number: r["number"], Title: r["short_description"], Description: r["description"], CloseNotes: r["close_notes"],
		List: v.query("record", ""),
		Fields: []pair{
			{"State", s.choiceLabel("state", r["state"])},
			{"Assignment group", s.placeOf(r)},
			{"Caller", s.db.userName(cmp.Or(r["caller_id"], r["requested_for"]))},
			{"Resolution code", r["close_code"]},
		},
		Details: []pair{
			{"Urgency", r["urgency"]},
			{"Opened", r["opened_at"]},
			{"Updated", r["sys_updated_on"]},
			{"Correlation ID", r["correlation_id"]},
			{"Correlation display", r["correlation_display"]},
		},
	}
	empty := func(p pair) bool { return p.Value == "" }
	out.Fields, out.Details = slices.DeleteFunc(out.Fields, empty), slices.DeleteFunc(out.Details, empty)
	for _, approval := range s.db.approvalsOf(r["sys_id"]) {
		out.Approvals = append(out.Approvals, s.showApproval(v, *approval, r))
	}
	for _, entry := range slices.Backward(s.db.entries(r["sys_id"], "")) {
		who := s.nameOf(entry["sys_created_by"])
		out.Journal = append(out.Journal, shownEntry{
			Initial: initial(who), Who: who, Kind: journalLabel(entry["element"]), When: entry["sys_created_on"], Text: entry["value"],
		})
	}
	return out
}

func journalLabel(element string) string {
	if element == "comments" {
		return "Additional comments"
	}
	return "Work notes"
}

func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return "?"
}

func (s *Sim) showApproval(v visit, approval, record row) shownApproval {
	may := approval["approver"] == v.user.ID || v.user.Admin || s.standsIn(v.user, approval["approver"])
	return shownApproval{
		ID: approval["sys_id"], Who: s.db.userName(approval["approver"]), State: stateLabel(approval["state"]),
		When: approval["sys_updated_on"], Number: record["number"], Title: record["short_description"],
		Href: v.query("view", viewRecords, "record", record["number"]), Mine: may && approval["state"] == requested && !v.user.Limited,
	}
}

// approvalsFor lists what a person is asked, newest first.
func (s *Sim) approvalsFor(v visit) []shownApproval {
	var out []shownApproval
	for _, approval := range slices.Backward(s.db.tables[tableApproval].rows) {
		a := *approval
		if a["approver"] != v.user.ID || a["state"] != requested {
			continue
		}
		if record, there := s.db.tables[s.cfg.Table].byID[a["document_id"]]; there {
			out = append(out, s.showApproval(v, a, *record))
		}
	}
	return out
}

func (s *Sim) rotas() []shownRota {
	var out []shownRota
	for _, r := range s.cfg.Rotas {
		shown := shownRota{ID: r.ID, Name: r.Name, People: s.people()}
		line := s.lines[r.ID]
		for level := 1; level < 100; level++ {
			if user, there := line[level]; there {
				name := s.db.userName(user)
				shown.Line = append(shown.Line, shownShift{Level: level, Who: name, OnCall: level == 1, Initials: initial(name)})
			}
		}
		out = append(out, shown)
	}
	return out
}
