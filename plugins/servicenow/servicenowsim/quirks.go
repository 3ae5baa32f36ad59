package servicenowsim

import (
	"maps"
	"net/http"
	"slices"

	"github.com/accede/accede/plugins/standin"
)

// Quirks are ways in which an instance can be set up or misbehave that no fault switch covers. The zero value is a
// well-kept instance.
type Quirks struct {
	// Hibernating answers everything with 200 and a page, as a developer instance does that has been put to sleep.
	Hibernating bool `json:"hibernating,omitempty"`
	// DenyRead and DenyWrite are tables whose access rules keep the integration user out.
	DenyRead  []string `json:"deny_read,omitempty"`
	DenyWrite []string `json:"deny_write,omitempty"`
	// HideFields are fields, as table.field, that access rules leave out of answers.
	HideFields []string `json:"hide_fields,omitempty"`
	// HideRows are sys_ids that access rules leave out of lists after the limit was applied.
	HideRows []string `json:"hide_rows,omitempty"`
	// DropClauses are fields that queries cannot use; a clause about one is left out like any that makes no sense.
	DropClauses []string `json:"drop_clauses,omitempty"`
	// Mandatory are fields that a data policy wants filled in before a record may be closed, besides the usual two.
	Mandatory []string `json:"mandatory,omitempty"`
	// NoOnCall is an instance without the plugin com.snc.on_call_rotation.
	NoOnCall bool `json:"no_on_call,omitempty"`
	// NoClientCredentials is an instance whose property for that grant is off.
	NoClientCredentials bool `json:"no_client_credentials,omitempty"`
	// MaxPage bounds how many rows one answer holds; 0 means the vendor's 10,000.
	MaxPage int `json:"max_page,omitempty"`
	// PerHour bounds the calls of one credential in an hour; 0 means no limit.
	PerHour int `json:"per_hour,omitempty"`
}

// SetQuirks replaces the quirks in force.
func (s *Sim) SetQuirks(q Quirks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quirks = q
}

// Quirks returns those in force.
func (s *Sim) Quirks() Quirks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quirks
}

func (q Quirks) hides(table, field string) bool {
	return slices.Contains(q.HideFields, table+"."+field)
}

// queryable are the columns that queries can use.
func (q Quirks) queryable(c columns) columns {
	if len(q.DropClauses) == 0 {
		return c
	}
	c = maps.Clone(c)
	for _, name := range q.DropClauses {
		delete(c, name)
	}
	return c
}

func (q Quirks) maxPage() int {
	if q.MaxPage > 0 {
		return q.MaxPage
	}
	return 10_000
}

func (s *Sim) serveQuirks(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		var q Quirks
		if r.ContentLength != 0 && !standin.ReadJSON(w, r, &q) {
			return
		}
		s.SetQuirks(q)
	}
	standin.WriteJSON(w, http.StatusOK, s.Quirks())
}
