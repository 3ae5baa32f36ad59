package opsgeniesim

import (
	_ "embed" // the page's templates are part of the binary
	"fmt"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

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

// webAddress is what the website turns into a link inside a description.
var webAddress = regexp.MustCompile(`https?://[^\s<>"']+`)

// linked shows text as the website does, except for its HTML, which stays text here: addresses become links.
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
	As, Back     string
	Open, Closed []link
	OnCall       link
	Schedules    []scheduleView
	Alert        *SeenAlert
	Notice       string
	Reach        string
}

type link struct {
	Href, Label string
	Count       int
	Here        bool
}

type scheduleView struct {
	ID, Name, Zone string
	Disabled       bool
	Now            []SeenShift
	Steps, Coming  []string
	Forced         bool
}

// visit is who looks at what.
type visit struct {
	user   User
	alert  string
	onCall bool
	bare   bool
}

func (v visit) query(change func(*visit)) string {
	change(&v)
	q := url.Values{"as": {v.user.Name}}
	if v.alert != "" {
		q.Set("alert", v.alert)
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
	v := visit{alert: q.Get("alert"), onCall: q.Get("view") == "oncall", bare: q.Get("bare") != ""}
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
	for _, name := range []string{"alert", "view", "bare"} {
		if value := r.URL.Query().Get(name); value != "" {
			keep[name] = value
		}
	}
	page := standin.Page{
		Title: "Opsgenie", Subtitle: s.cfg.Account + " · Jira Service Management Operations", Follow: "sandbox/version", Version: version,
		People: s.people(v), Keep: keep, Bare: v.bare, Faults: &faults, FaultsAction: "sandbox/faults", Back: v.query(func(*visit) {}),
		Content: s.view(v, r.URL.Query().Get("notice")),
	}
	if err := s.frame.Render(w, http.StatusOK, page); err != nil {
		s.opts.Logger.Error("opsgenie stand-in could not draw its page", "err", err)
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
		out = append(out, standin.Person{ID: u.Name, Name: name, Selected: u.Name == v.user.Name})
	}
	return out
}

func (s *Sim) view(v visit, notice string) view {
	out := view{
		As: v.user.Name, Back: v.query(func(*visit) {}), Notice: notice, Reach: s.reach(),
		OnCall: link{Href: v.query(func(v *visit) { v.onCall, v.alert = true, "" }), Label: "Who is on call", Here: v.onCall},
	}
	if v.user.Outside {
		out.Notice = v.user.FullName + " belongs to another account and sees nothing of this one."
		return out
	}
	alerts := s.Alerts()
	if v.alert == "" && len(alerts) > 0 && !v.onCall {
		v.alert = alerts[len(alerts)-1].ID
	}
	for _, a := range slices.Backward(alerts) {
		entry := link{
			Href: v.query(func(v *visit) { v.alert, v.onCall = a.ID, false }), Label: a.Message, Count: len(a.Notes), Here: a.ID == v.alert,
		}
		if a.Status == "closed" {
			out.Closed = append(out.Closed, entry)
		} else {
			out.Open = append(out.Open, entry)
		}
		if a.ID == v.alert {
			out.Alert = &a
		}
	}
	if v.onCall {
		out.Schedules = s.scheduleViews()
	}
	return out
}

// reach says how what people do gets to the integration.
func (s *Sim) reach() string {
	if len(s.cfg.Webhook.Actions) > 0 && s.cfg.Webhook.URL+s.opts.CallbackURL != "" {
		return "webhook on"
	}
	return "no webhook"
}

func (s *Sim) scheduleViews() []scheduleView {
	now, out := s.OnCallNow(), []scheduleView{}
	for _, sc := range s.cfg.Schedules {
		shown := scheduleView{ID: sc.ID, Name: sc.Name, Zone: sc.TimeZone, Disabled: sc.Disabled, Coming: s.coming(sc)}
		for _, shift := range now {
			if shift.Schedule == sc.ID {
				shown.Now = append(shown.Now, shift)
				shown.Forced = shown.Forced || shift.Forced
			}
		}
		s.mu.Lock()
		present := s.present(sc, s.now())
		s.mu.Unlock()
		for _, p := range present {
			shown.Steps = append(shown.Steps, steps(p.inside)...)
		}
		out = append(out, shown)
	}
	return out
}

// steps lists who is called after whom inside a group.
func steps(inside []onCall) []string {
	var out []string
	for _, p := range inside {
		name := p.kind + " " + p.name
		if p.kind == "user" {
			name = p.user.FullName
		}
		if p.kind == "noone" {
			name = "nobody"
		}
		if p.minutes != notAStep {
			name = "after " + strconv.Itoa(p.minutes) + " minutes: " + name
		}
		out = append(out, name)
	}
	return out
}

// coming lists the next turns of the calendar.
func (s *Sim) coming(sc Schedule) []string {
	const shown = 4
	zone, err := time.LoadLocation(sc.TimeZone)
	if err != nil {
		return nil
	}
	now := s.now()
	turns := slices.Concat(sc.rendered(now)...)
	slices.SortStableFunc(turns, func(a, b span) int { return a.from.Compare(b.from) })
	var out []string
	for _, p := range turns {
		if p.until.Before(now) || len(out) == shown {
			continue
		}
		out = append(out, p.from.In(zone).Format("Mon 2 Jan 15:04")+" – "+p.until.In(zone).Format("Mon 2 Jan 15:04")+": "+s.called(p.who))
	}
	return out
}

func (s *Sim) pageAct(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	reaction, err := s.Act(r.Context(), Act{
		Person: r.PostFormValue("as"), Alert: r.PostFormValue("alert"), Do: r.PostFormValue("do"), Text: r.PostFormValue("text"),
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

func (s *Sim) pageOnCall(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if r.PostFormValue("clear") != "" {
		s.ClearOnCall(r.PostFormValue("schedule"))
		leadBack(w, r, "")
		return
	}
	level, err := strconv.Atoi(r.PostFormValue("level"))
	if err == nil {
		err = s.PutOnCall(OnCallAsk{Schedule: r.PostFormValue("schedule"), Person: r.PostFormValue("person"), Level: level})
	}
	if err != nil {
		leadBack(w, r, "This did not work: "+err.Error()+".")
		return
	}
	leadBack(w, r, "")
}

func leadBack(w http.ResponseWriter, r *http.Request, notice string) {
	to := standin.BackTo(r.PostForm)
	if notice != "" {
		to += "&notice=" + url.QueryEscape(notice)
	}
	standin.LeadBack(w, to)
}
