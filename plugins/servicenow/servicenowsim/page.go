package servicenowsim

import (
	_ "embed" // the page's templates are part of the binary
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/accede/accede/plugins/standin"
)

//go:embed assets/servicenow.html
var pageTemplates string

func newFrame() (*standin.Frame, error) {
	f, err := standin.NewFrame(pageTemplates, template.FuncMap{"dict": dict})
	if err != nil {
		return nil, fmt.Errorf("preparing the page: %w", err)
	}
	return f, nil
}

// dict lets a template hand several values to another one.
func dict(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return out
}

func (s *Sim) pages() {
	inner := http.NewServeMux()
	inner.HandleFunc("GET /{$}", s.servePage)
	inner.HandleFunc("POST /page/decide", s.pageDecide)
	inner.HandleFunc("POST /page/oncall", s.pageOnCall)
	s.mux.Handle("/", standin.Guard(inner))
}

// The views of the page.
const (
	viewRecords   = "records"
	viewApprovals = "approvals"
	viewOnCall    = "oncall"
)

// visit is who looks at what.
type visit struct {
	user   User
	view   string
	record string
	bare   bool
}

func (v visit) query(change ...string) string {
	q := url.Values{"as": {v.user.UserName}, "view": {v.view}}
	if v.record != "" {
		q.Set("record", v.record)
	}
	if v.bare {
		q.Set("bare", "1")
	}
	for i := 0; i+1 < len(change); i += 2 {
		q.Set(change[i], change[i+1])
		if change[i+1] == "" {
			q.Del(change[i])
		}
	}
	return "?" + q.Encode()
}

func (s *Sim) visitOf(q url.Values) visit {
	v := visit{view: q.Get("view"), record: q.Get("record"), bare: q.Get("bare") != ""}
	var known bool
	if v.user, known = s.userNamed(q.Get("as")); !known || v.user.Integration {
		v.user = s.people()[0]
	}
	if v.view != viewApprovals && v.view != viewOnCall {
		v.view = viewRecords
	}
	return v
}

// people are the users who can sign in to the page. There is always somebody.
func (s *Sim) people() []User {
	people := slices.DeleteFunc(slices.Clone(s.cfg.Users), func(u User) bool { return u.Integration || u.Inactive })
	if len(people) == 0 {
		return []User{{UserName: "guest", Name: "Guest"}}
	}
	return people
}

func (s *Sim) servePage(w http.ResponseWriter, r *http.Request) {
	version := s.changes.Version()
	v := s.visitOf(r.URL.Query())
	faults := s.faults.Get()
	page := standin.Page{
		Title: "ServiceNow", Subtitle: s.cfg.Instance, Follow: "sandbox/version", Version: version, People: s.selectable(v),
		Keep: keptQuery(v), Bare: v.bare, Faults: &faults, FaultsAction: "sandbox/faults", Back: v.query(),
		Content: s.content(v, r.URL.Query().Get("said")),
	}
	if err := s.frame.Render(w, http.StatusOK, page); err != nil {
		s.opts.Logger.Error("servicenow stand-in could not draw its page", "err", err)
	}
}

func keptQuery(v visit) map[string]string {
	kept := map[string]string{"view": v.view}
	if v.bare {
		kept["bare"] = "1"
	}
	if v.record != "" {
		kept["record"] = v.record
	}
	return kept
}

func (s *Sim) selectable(v visit) []standin.Person {
	var out []standin.Person
	for _, u := range s.people() {
		out = append(out, standin.Person{ID: u.UserName, Name: u.label(), Selected: u.ID == v.user.ID})
	}
	return out
}

func (u User) label() string {
	switch {
	case u.Limited:
		return u.Name + " (no approver role)"
	case u.Admin:
		return u.Name + " (admin)"
	default:
		return u.Name
	}
}

func (s *Sim) pageDecide(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	f := r.PostForm
	if f.Get("verdict") == "deny" && f.Get("comment") == "" {
		s.leadBack(w, r, "Please say why you reject it.")
		return
	}
	_, err := s.Decide(r.Context(), Choice{
		Person: f.Get("as"), Approval: f.Get("approval"), Verdict: f.Get("verdict"), Comment: f.Get("comment"),
	})
	said := ""
	if err != nil {
		said = err.Error()
	}
	s.leadBack(w, r, said)
}

func (s *Sim) pageOnCall(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	f := r.PostForm
	if f.Get("reset") != "" {
		s.ResetOnCall(f.Get("schedule"))
		s.leadBack(w, r, "")
		return
	}
	level, _ := strconv.Atoi(f.Get("level"))
	said := ""
	if err := s.SetOnCall(f.Get("schedule"), f.Get("person"), level); err != nil {
		said = err.Error()
	}
	s.leadBack(w, r, said)
}

// leadBack returns to the page, which then tells what came of it.
func (*Sim) leadBack(w http.ResponseWriter, r *http.Request, said string) {
	where := standin.BackTo(r.PostForm)
	if said != "" {
		where += "&" + url.Values{"said": {said}}.Encode()
	}
	standin.LeadBack(w, where)
}
