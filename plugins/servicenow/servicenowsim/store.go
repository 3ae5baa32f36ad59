package servicenowsim

import (
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// timeForm is how ServiceNow writes times, always in UTC here.
const timeForm = "2006-01-02 15:04:05"

// row is one record: values by field, references as the bare sys_id.
type row map[string]string

// table is all rows of one kind, in the order in which they were made.
type table struct {
	name    string
	columns columns
	rows    []*row
	byID    map[string]*row
}

// database is the instance's content. Its owner's lock must be held.
type database struct {
	tables map[string]*table
	clock  func() time.Time
	newID  func() string
	// numbers counts records for INC0010001 and the like.
	numbers int
}

func newDatabase(clock func() time.Time, newID func() string) *database {
	db := &database{tables: map[string]*table{}, clock: clock, newID: newID, numbers: 10000}
	for name, c := range schema() {
		db.tables[name] = &table{name: name, columns: c, byID: map[string]*row{}}
	}
	return db
}

func (db *database) now() string { return db.clock().UTC().Format(timeForm) }

// insert makes a row as somebody. Unknown fields are ignored without a word, long values are cut.
func (db *database) insert(name string, values row, by string) *row {
	t, now := db.tables[name], db.now()
	made := row{"sys_id": values["sys_id"], "sys_created_on": now, "sys_created_by": by}
	if made["sys_id"] == "" {
		made["sys_id"] = db.newID()
	}
	for field := range t.columns {
		if _, there := made[field]; !there {
			made[field] = ""
		}
	}
	t.rows = append(t.rows, &made)
	t.byID[made["sys_id"]] = &made
	db.set(t, &made, values, by)
	made["sys_mod_count"] = "0"
	return &made
}

// set changes a row as somebody. A change that changes nothing leaves no trace.
func (db *database) set(t *table, r *row, values row, by string) {
	changed := false
	for name, value := range values {
		f, known := t.columns[name]
		if !known || name == "sys_id" {
			continue
		}
		if f.kind == journal {
			changed = db.write(t, r, name, value, by) || changed
			continue
		}
		value = cutTo(value, f.most)
		changed = changed || (*r)[name] != value
		(*r)[name] = value
	}
	if changed {
		count, _ := strconv.Atoi((*r)["sys_mod_count"])
		(*r)["sys_mod_count"] = strconv.Itoa(count + 1)
		(*r)["sys_updated_on"], (*r)["sys_updated_by"] = db.now(), by
	}
	if (*r)["sys_updated_on"] == "" {
		(*r)["sys_updated_on"], (*r)["sys_updated_by"] = db.now(), by
	}
}

// write adds an entry to a journal field.
func (db *database) write(t *table, r *row, element, value, by string) bool {
	if value == "" {
		return false
	}
	db.insert(tableJournal, row{"name": t.name, "element": element, "element_id": (*r)["sys_id"], "value": value}, by)
	return true
}

// entries lists the journal of a row, oldest first; an empty element means all.
func (db *database) entries(id, element string) []row {
	var out []row
	for _, r := range db.tables[tableJournal].rows {
		if (*r)["element_id"] == id && (element == "" || (*r)["element"] == element) {
			out = append(out, *r)
		}
	}
	return out
}

func (db *database) userName(id string) string {
	if r, known := db.tables[tableUser].byID[id]; known {
		return (*r)["name"]
	}
	return id
}

func (db *database) nextNumber(name string) string {
	db.numbers++
	prefix := "INC"
	if name == "sc_req_item" {
		prefix = "RITM"
	}
	return fmt.Sprintf("%s%07d", prefix, db.numbers)
}

// approvalsOf lists the approval rows of a record, oldest first.
func (db *database) approvalsOf(id string) []*row {
	return slices.DeleteFunc(slices.Clone(db.tables[tableApproval].rows), func(r *row) bool { return (*r)["document_id"] != id })
}

func cutTo(value string, most int) string {
	if utf8.RuneCountInString(value) <= most {
		return value
	}
	return string([]rune(value)[:most])
}
