package servicenowsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// maxBody bounds a call's body.
const maxBody = 1 << 20

func (s *Sim) serveTable(w http.ResponseWriter, r *http.Request, where place) error {
	s.mu.Lock()
	t, known := s.db.tables[where.table]
	denied := slices.Contains(s.quirks.DenyRead, where.table)
	s.mu.Unlock()
	if !known {
		return refuse(http.StatusBadRequest, "Invalid table "+where.table, "")
	}
	switch {
	case denied && r.Method == http.MethodGet:
		return refuse(http.StatusForbidden, "User Not Authorized", "Failed API level ACL Validation")
	case r.Method == http.MethodGet && where.id == "":
		return s.list(w, r, t, where)
	case r.Method == http.MethodGet:
		return s.readOne(w, r, t, where.id)
	case r.Method == http.MethodPost && where.id == "":
		return s.create(w, r, t)
	case (r.Method == http.MethodPatch || r.Method == http.MethodPut) && where.id != "":
		return s.change(w, r, t, where.id)
	default:
		return refuse(http.StatusMethodNotAllowed, "Method not supported", "")
	}
}

// list answers a query. The limit counts before access rules leave rows out, so that a page can be short without being the
// last.
func (s *Sim) list(w http.ResponseWriter, r *http.Request, t *table, where place) error {
	q := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	parsed := parseQuery(q.Get("sysparm_query"), s.quirks.queryable(t.columns))
	var found []row
	for _, stored := range t.rows {
		if parsed.matches(*stored) {
			found = append(found, *stored)
		}
	}
	parsed.sorted(found)
	limit, offset := numberOr(q.Get("sysparm_limit"), 10_000), numberOr(q.Get("sysparm_offset"), 0)
	limit = min(limit, s.quirks.maxPage())
	total := len(found)
	page := found[min(offset, total):min(offset+limit, total)]
	shown := []map[string]any{}
	for _, one := range page {
		if !slices.Contains(s.quirks.HideRows, one["sys_id"]) {
			shown = append(shown, s.present(r, t, one))
		}
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	s.addLinks(w, r, limit, offset, total)
	if len(shown) == 0 && where.listless {
		return refuse(http.StatusNotFound, "No Record found", "Records matching query not found")
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"result": shown})
	return nil
}

func numberOr(given string, otherwise int) int {
	if n, err := strconv.Atoi(given); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

// addLinks writes the Link header by which pages are turned.
func (s *Sim) addLinks(w http.ResponseWriter, r *http.Request, limit, offset, total int) {
	at := func(offset int) string {
		q := r.URL.Query()
		q.Set("sysparm_offset", strconv.Itoa(offset))
		q.Set("sysparm_limit", strconv.Itoa(limit))
		return "<" + s.opts.External(r) + r.URL.Path + "?" + q.Encode() + ">"
	}
	if limit == 0 {
		return
	}
	links := []string{at(0) + `;rel="first"`}
	if offset > 0 {
		links = append(links, at(max(0, offset-limit))+`;rel="prev"`)
	}
	if offset+limit < total {
		links = append(links, at(offset+limit)+`;rel="next"`)
	}
	links = append(links, at(max(0, (total-1)/limit*limit))+`;rel="last"`)
	w.Header().Set("Link", strings.Join(links, ","))
}

func noRecord() *apiError {
	return refuse(http.StatusNotFound, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
}

func (s *Sim) readOne(w http.ResponseWriter, r *http.Request, t *table, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, there := t.byID[id]
	if !there || slices.Contains(s.quirks.HideRows, id) {
		return noRecord()
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"result": s.present(r, t, *stored)})
	return nil
}

// readRow takes the fields of a record from a body: strings, numbers and booleans, which are stored as strings.
func readRow(w http.ResponseWriter, r *http.Request) (row, error) {
	var raw map[string]any
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&raw); err != nil {
		return nil, refuse(http.StatusBadRequest, "Exception while reading request", "The payload is not valid JSON")
	}
	values := row{}
	for name, value := range raw {
		if nested, ok := value.(map[string]any); ok {
			value = nested["value"]
		}
		values[name] = fmt.Sprint(value)
		if value == nil {
			values[name] = ""
		}
	}
	return values, nil
}

func (s *Sim) create(w http.ResponseWriter, r *http.Request, t *table) error {
	values, err := readRow(w, r)
	if err != nil {
		return err
	}
	made, err := s.createRow(t, values, s.cfg.Account)
	if err != nil {
		return err
	}
	s.changes.Touch()
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Location", s.opts.External(r)+"/api/now/v2/table/"+t.name+"/"+(*made)["sys_id"])
	if r.Header.Get("X-No-Response-Body") == "true" {
		w.WriteHeader(http.StatusCreated)
		return nil
	}
	standin.WriteJSON(w, http.StatusCreated, map[string]any{"result": s.present(r, t, *made)})
	return nil
}

func (s *Sim) createRow(t *table, values row, by string) (*row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.quirks.DenyWrite, t.name) {
		return nil, refuse(http.StatusForbidden, "Operation Failed", "ACL Exception Insert Failed due to security constraints")
	}
	delete(values, "sys_id")
	if t.name == s.cfg.Table {
		return s.createRecord(t, values, by)
	}
	made := s.db.insert(t.name, values, by)
	if t.name == tableApproval {
		s.completeApproval(made)
	}
	return made, nil
}

func (s *Sim) change(w http.ResponseWriter, r *http.Request, t *table, id string) error {
	values, err := readRow(w, r)
	if err != nil {
		return err
	}
	if err := s.changeRow(t, id, values, s.cfg.Account); err != nil {
		return err
	}
	s.changes.Touch()
	return s.readOne(w, r, t, id)
}

// changeRow changes a row as somebody: over the API that is the integration user, on the page a person.
func (s *Sim) changeRow(t *table, id string, values row, by string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, there := t.byID[id]
	if !there || slices.Contains(s.quirks.HideRows, id) {
		return noRecord()
	}
	if by == s.cfg.Account && slices.Contains(s.quirks.DenyWrite, t.name) {
		return refuse(http.StatusForbidden, "Operation Failed", "ACL Exception Update Failed due to security constraints")
	}
	if t.name == s.cfg.Table {
		return s.changeRecord(t, stored, values, by)
	}
	s.db.set(t, stored, values, by)
	return nil
}

// present writes a row as the API shows it. The lock must be held.
func (s *Sim) present(r *http.Request, t *table, stored row) map[string]any {
	q := r.URL.Query()
	out := map[string]any{}
	for _, name := range wanted(q, t) {
		f, known := t.columns[name]
		if !known || s.quirks.hides(t.name, name) {
			continue
		}
		out[name] = s.value(r, stored, name, f)
	}
	return out
}

func wanted(q url.Values, t *table) []string {
	if fields := q.Get("sysparm_fields"); fields != "" {
		return strings.Split(fields, ",")
	}
	names := make([]string, 0, len(t.columns))
	for name := range t.columns {
		names = append(names, name)
	}
	return names
}

func (s *Sim) value(r *http.Request, stored row, name string, f field) any {
	display := r.URL.Query().Get("sysparm_display_value") == "true"
	switch {
	case f.kind == journal && display:
		return s.journalText(stored["sys_id"], name)
	case f.kind == reference && stored[name] != "" && display:
		return s.db.userName(stored[name])
	case f.kind == reference && stored[name] != "" && r.URL.Query().Get("sysparm_exclude_reference_link") != "true":
		target := f.target
		if target == "task" {
			target = s.cfg.Table
		}
		return map[string]string{
			"link": s.opts.External(r) + "/api/now/v2/table/" + target + "/" + stored[name], "value": stored[name],
		}
	default:
		return stored[name]
	}
}

// journalText is what display values show of a journal: all entries, newest first.
func (s *Sim) journalText(id, element string) string {
	label := map[string]string{"work_notes": "Work notes", "comments": "Additional comments"}[element]
	var out strings.Builder
	entries := s.db.entries(id, element)
	for _, entry := range slices.Backward(entries) {
		fmt.Fprintf(&out, "%s - %s (%s)\n%s\n\n", entry["sys_created_on"], s.nameOf(entry["sys_created_by"]), label, entry["value"])
	}
	return out.String()
}

func (s *Sim) nameOf(userName string) string {
	if u, known := s.userNamed(userName); known {
		return u.Name
	}
	return userName
}
