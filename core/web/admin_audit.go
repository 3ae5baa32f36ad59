package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/accede/accede/api/sheets"
	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
	"github.com/accede/accede/internal/httpx"
)

func (s *site) adminAuditRoutes() {
	s.admin("GET "+auditPath, showAudit)
	// An export takes as long as it takes.
	s.mux.Handle("GET "+auditPath+"/export", s.unhurried(forAdmins(exportAudit)))
}

// unhurried adds a page for people who are signed in that is not cut off after answerTimeout.
func (s *site) unhurried(show handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, func(v *visit) error { //nolint:contextcheck // it is inside the request
			if !v.signedIn() {
				return errSignIn
			}
			return show(v)
		})
	})
}

const auditOnPage = 50

// auditQuery is what an address asks of the audit, as it was typed.
type auditQuery struct {
	person, action, request, since, until string
	after                                 int64
}

func readAuditQuery(values url.Values) auditQuery {
	get := func(name string) string { return strings.TrimSpace(values.Get(name)) }
	q := auditQuery{person: get("person"), action: get("action"), request: get("request"), since: get("since"), until: get("until")}
	q.after, _ = strconv.ParseInt(get("after"), 10, 64) // what is no number begins at the beginning
	return q
}

// values is the query as an address has it.
func (q auditQuery) values() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{
		"person": q.person, "action": q.action, "request": q.request, "since": q.since, "until": q.until,
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

func (q auditQuery) narrowed() bool { return len(q.values()) > 0 }

// from is the address of the page after an entry.
func (q auditQuery) from(seq int64) string {
	values := q.values()
	values.Set("after", strconv.FormatInt(seq, 10))
	return query(auditPath, values)
}

func (q auditQuery) exportPath(format sheets.Format) string {
	values := q.values()
	values.Set("format", string(format))
	return query(auditPath+"/export", values)
}

// filter reads the query. Days are those of the reader.
func (q auditQuery) filter(zone *time.Location) (core.AuditFilter, error) {
	filter := core.AuditFilter{Actor: q.person, Action: q.action, Cursor: q.after}
	if q.request != "" {
		id, err := uuid.Parse(q.request)
		if err != nil {
			return filter, core.Refuse(v1.CodeInvalid, "%.64q is not the id of a request; copy it from the address of the request's page.", q.request)
		}
		filter.RequestID = id.String()
	}
	var err error
	if filter.Since, err = dayIn(q.since, zone); err != nil {
		return filter, err
	}
	if filter.Until, err = dayIn(q.until, zone); err == nil && q.until != "" {
		filter.Until = filter.Until.AddDate(0, 0, 1) // the day itself counts
	}
	return filter, err
}

func dayIn(text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, core.Refuse(v1.CodeInvalid, "%.64q is not a day; write one such as 2026-01-31.", text)
	}
	return day, nil
}

// auditView is one page of the audit.
type auditView struct {
	auditQuery
	v1.AuditPage
	clock ui.Clock
}

func showAudit(v *visit) error {
	view := auditView{auditQuery: readAuditQuery(v.r.URL.Query()), clock: v.clock()}
	page := screen{title: "Audit"}
	filter, err := view.filter(view.clock.Zone)
	if err == nil {
		filter.Limit = auditOnPage
		view.AuditPage, err = v.Service.Audit(v.ctx(), v.actor, filter)
	}
	if err != nil {
		var ok bool
		if page.status, page.notices, ok = told(err); !ok {
			return err
		}
	}
	page.content = auditPageOf(view)
	return v.render(page)
}

// exportAudit writes all entries that match, oldest first, as they come. If that breaks off, so does the answer, and no
// browser takes it for whole.
func exportAudit(v *visit) error {
	values := v.r.URL.Query()
	filter, err := readAuditQuery(values).filter(v.clock().Zone)
	if err != nil {
		return err
	}
	filter.OldestFirst, filter.Limit = true, exportPage
	page, err := v.Service.Audit(v.ctx(), v.actor, filter)
	if err != nil {
		return err
	}
	format := sheets.CSV
	if values.Get("format") == string(sheets.JSONL) {
		format = sheets.JSONL
	}
	v.beginExport("audit", format)
	if v.r.Method == http.MethodHead {
		return nil
	}
	if err := v.writeAudit(format, filter, page); err != nil {
		v.log(fmt.Errorf("exporting the audit: %w", err))
		panic(http.ErrAbortHandler) // as with requests
	}
	return nil
}

func (v *visit) writeAudit(format sheets.Format, filter core.AuditFilter, page v1.AuditPage) error {
	writer := sheets.NewWriter(v.w, format, sheets.Audit())
	control := http.NewResponseController(v.w)
	for {
		if err := control.SetWriteDeadline(time.Now().Add(exportWrite)); err != nil {
			return fmt.Errorf("setting write deadline: %w", err)
		}
		if err := writer.WriteAll(page.Entries); err != nil {
			return err
		}
		if page.Next == 0 {
			return nil
		}
		select {
		case <-httpx.Stopping(v.ctx()):
			return http.ErrServerClosed
		default:
		}
		filter.Cursor = page.Next
		var err error
		if page, err = v.Service.Audit(v.ctx(), v.actor, filter); err != nil {
			return err
		}
	}
}

// actionTone marks what was refused.
func actionTone(action string) ui.Tone {
	if strings.HasSuffix(action, "_refused") {
		return ui.Bad
	}
	return ui.Plain
}

// entryResult is what can be said in a line: why something was refused, how a request stood then, or what it was about.
func entryResult(e v1.AuditEntry) string {
	var detail struct {
		Message       string
		State         v1.State
		Before, After named
		named
	}
	if err := json.Unmarshal(e.Detail, &detail); err != nil {
		return ""
	}
	if detail.State != "" {
		return stateWord(detail.State)
	}
	return cmp.Or(detail.Message, detail.After.any(), detail.Before.any(), detail.any())
}

// named is what details are about, under the names that they have for it.
type named struct {
	Name     string
	Metadata v1.Metadata
	Plugin   string
	Person   string
}

func (n named) any() string {
	if n.Plugin != "" && n.Person != "" {
		return n.Person + ", " + n.Plugin
	}
	return cmp.Or(n.Name, n.Metadata.Name, n.Plugin, n.Person)
}

// entryActor is who acted.
func entryActor(e v1.AuditEntry) string {
	if e.Actor == "" {
		return "nobody known"
	}
	return e.Actor
}

// entryVia says through which door it came.
func entryVia(e v1.AuditEntry) string {
	switch {
	case e.Identity != nil:
		return "through " + e.Via + " as " + e.Identity.User + " in " + e.Identity.Tenant
	case e.Via != "":
		return "through " + e.Via
	default:
		return "by Accede itself"
	}
}

// indented writes the detail so that people can read it.
func indented(detail json.RawMessage) string {
	var text bytes.Buffer
	if err := json.Indent(&text, detail, "", "  "); err != nil {
		return string(detail)
	}
	return text.String()
}
