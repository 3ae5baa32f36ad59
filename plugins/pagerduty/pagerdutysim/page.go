package pagerdutysim

import (
	_ "embed" // the page's templates are part of the binary
	"fmt"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

//go:embed assets/page.html
var templates string

func newFrame() (*standin.Frame, error) {
	f, err := standin.NewFrame(templates, template.FuncMap{"linked": linked, "both": both})
	if err != nil {
		return nil, fmt.Errorf("preparing the page: %w", err)
	}
	return f, nil
}

// pair hands two values to a template.
type pair struct{ A, B any }

func both(a, b any) pair { return pair{a, b} }

// webAddress is what PagerDuty's website turns into a link inside a description.
var webAddress = regexp.MustCompile(`https?://[^\s<>"']+`)

// linked shows text as the website does: nothing in it is markup, but addresses become links.
func linked(text string) template.HTML {
	var out strings.Builder
	at := 0
	for _, found := range webAddress.FindAllStringIndex(text, -1) {
		address := html.EscapeString(text[found[0]:found[1]])
		out.WriteString(html.EscapeString(text[at:found[0]]))
		out.WriteString(`<a href="` + address + `" target="_blank" rel="noopener noreferrer">` + address + `</a>`)
		at = found[1]
	}
	out.WriteString(html.EscapeString(text[at:]))
	return template.HTML(out.String()) //nolint:gosec // everything in it is escaped above
}

func (s *Sim) pages() {
	inner := http.NewServeMux()
	inner.HandleFunc("GET /{$}", s.servePage)
	inner.HandleFunc("POST /page/act", s.pageAct)
	inner.HandleFunc("POST /page/oncall", s.pageOnCall)
	s.mux.Handle("/", standin.Guard(inner))
}

// view is what the template "content" draws.
type view struct {
	As, Back   string
	Open, Done []link
	OnCall     link
	Shifts     []scheduleView
	Incident   *incidentView
	Notice     string
	Reach      string
}

type link struct {
	Href, Label string
	Count       int
	Here        bool
}

type incidentView struct {
	SeenIncident
	ServiceName string
	Open        bool
	Workflows   []Workflow
	Field       *Field
	FieldValue  string
	Timeline    []string
}

// visit is who looks at what.
type visit struct {
	user     User
	incident string
	onCall   bool
	bare     bool
}

func (v visit) query(change func(*visit)) string {
	change(&v)
	q := url.Values{"as": {v.user.Name}}
	if v.incident != "" {
		q.Set("incident", v.incident)
	}
	if v.onCall {
		q.Set("view", "oncall")
	}
	if v.bare {
		q.Set("bare", "1")
	}
	return "?" + q.Encode()
}

func (s *Sim) visitOf(q url.Values) visit {
	v := visit{incident: q.Get("incident"), onCall: q.Get("view") == "oncall", bare: q.Get("bare") != ""}
	var known bool
	if v.user, known = s.user(q.Get("as")); !known {
		v.user, _ = s.user("ivan")
	}
	return v
}

func (s *Sim) servePage(w http.ResponseWriter, r *http.Request) {
	version := s.changes.Version()
	v := s.visitOf(r.URL.Query())
	faults := s.faults.Get()
	keep := map[string]string{}
	for _, name := range []string{"incident", "view", "bare"} {
		if value := r.URL.Query().Get(name); value != "" {
			keep[name] = value
		}
	}
	page := standin.Page{
		Title: "PagerDuty", Subtitle: s.cfg.Subdomain, Follow: "sandbox/version", Version: version, People: s.people(v), Keep: keep,
		Bare: v.bare, Faults: &faults, FaultsAction: "sandbox/faults", Back: v.query(func(*visit) {}),
		Content: s.view(v, r.URL.Query().Get("notice")),
	}
	if err := s.frame.Render(w, http.StatusOK, page); err != nil {
		s.opts.Logger.Error("pagerduty stand-in could not draw its page", "err", err)
	}
}

func (s *Sim) people(v visit) []standin.Person {
	var out []standin.Person
	for _, u := range s.cfg.Users {
		if u.Name == "accede" {
			continue
		}
		name := u.FullName
		if u.Outside {
			name += " (other account)"
		}
		out = append(out, standin.Person{ID: u.Name, Name: name, Selected: u.ID == v.user.ID})
	}
	return out
}

func (s *Sim) view(v visit, notice string) view {
	out := view{
		As: v.user.Name, Back: v.query(func(*visit) {}), Notice: notice, Reach: s.reach(),
		OnCall: link{Href: v.query(func(v *visit) { v.onCall, v.incident = true, "" }), Label: "On-call schedules", Here: v.onCall},
	}
	if v.user.Outside {
		out.Notice = v.user.FullName + " belongs to another PagerDuty account and sees nothing of this one."
		return out
	}
	incidents := s.Incidents()
	if v.incident == "" && len(incidents) > 0 && !v.onCall {
		v.incident = incidents[len(incidents)-1].ID
	}
	for n := len(incidents) - 1; n >= 0; n-- {
		i := incidents[n]
		entry := link{
			Href: v.query(func(v *visit) { v.incident, v.onCall = i.ID, false }), Label: i.Title, Count: len(i.Notes), Here: i.ID == v.incident,
		}
		if i.Status == resolved {
			out.Done = append(out.Done, entry)
		} else {
			out.Open = append(out.Open, entry)
		}
		if i.ID == v.incident {
			out.Incident = s.incidentView(i)
		}
	}
	if v.onCall {
		out.Shifts = s.scheduleViews()
	}
	return out
}

// reach says how what people do gets to the integration.
func (s *Sim) reach() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range s.outbox {
		switch {
		case s.now().Before(sub.disabled):
			return "webhooks disabled"
		case sub.url != "":
			return "webhooks on"
		}
	}
	return "no webhooks"
}

func (s *Sim) incidentView(i SeenIncident) *incidentView {
	service, _ := s.service(i.Service)
	out := &incidentView{SeenIncident: i, ServiceName: service.Name, Open: i.Status != resolved, Workflows: s.cfg.Workflows}
	if len(s.cfg.Fields) > 0 {
		out.Field, out.FieldValue = &s.cfg.Fields[0], i.Fields[s.cfg.Fields[0].Name]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.incident != i.ID || e.kind == "annotate_log_entry" {
			continue
		}
		by, _ := s.user(e.agent)
		if by.FullName == "" {
			by.FullName = "Automation"
		}
		what := strings.ReplaceAll(strings.TrimSuffix(e.kind, "_log_entry"), "_", " ")
		out.Timeline = append(out.Timeline, e.at.Format("15:04:05")+" "+what+" by "+by.FullName)
	}
	return out
}

func (s *Sim) pageAct(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	reaction, err := s.Act(r.Context(), Act{
		Person: r.PostFormValue("as"), Incident: r.PostFormValue("incident"), Do: r.PostFormValue("do"), Text: r.PostFormValue("text"),
	})
	notice := ""
	switch {
	case err != nil:
		notice = "This did not work: " + err.Error() + "."
	case !reaction.OK:
		notice = "Done, but the integration did not take the webhook (status " + strconv.Itoa(reaction.Status) + ")."
	}
	leadBack(w, r, notice)
}

func leadBack(w http.ResponseWriter, r *http.Request, notice string) {
	to := standin.BackTo(r.PostForm)
	if notice != "" {
		to += "&notice=" + url.QueryEscape(notice)
	}
	standin.LeadBack(w, to)
}
