package teamssim

import (
	_ "embed" // the page's templates and style are part of the binary
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

var (
	//go:embed assets/teams.html
	pageTemplates string
	//go:embed assets/teams.css
	pageStyle []byte
)

func newFrame() (*standin.Frame, error) {
	f, err := standin.NewFrame(pageTemplates, template.FuncMap{"markup": markup, "classes": classes, "width": widthClass})
	if err != nil {
		return nil, fmt.Errorf("preparing the page: %w", err)
	}
	return f, nil
}

func (s *Sim) pages() {
	inner := http.NewServeMux()
	inner.HandleFunc("GET /{$}", s.servePage)
	inner.HandleFunc("GET /page/teams.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(pageStyle)
	})
	inner.HandleFunc("POST /page/click", s.pageClick)
	inner.HandleFunc("POST /page/say", s.pageSay)
	inner.HandleFunc("POST /page/install", s.pageInstall)
	s.mux.Handle("/", standin.Guard(inner))
}

// teamsPage is what the template "content" draws.
type teamsPage struct {
	Groups   []roomGroup
	Reach    string
	Heading  string
	Install  *installButton
	Notice   *standin.Notice
	Messages []shownMessage
	Empty    string
	Write    []hiddenField
}

type roomGroup struct {
	Title string
	Rooms []roomLink
}

type roomLink struct {
	Href, Label string
	Count       int
	Here        bool
}

type installButton struct {
	Label  string
	Hidden []hiddenField
}

type hiddenField struct{ Name, Value string }

// visit is who looks at what.
type visit struct {
	who  *person
	room *room
	bare bool
}

func (v visit) query() url.Values {
	q := url.Values{"as": {v.who.Name}}
	if v.room != nil {
		q.Set("room", v.room.id)
	}
	if v.bare {
		q.Set("bare", "1")
	}
	return q
}

func (v visit) back() string { return "?" + v.query().Encode() }

func (v visit) hidden(more ...hiddenField) []hiddenField {
	return append([]hiddenField{{"as", v.who.Name}, {"back", v.back()}}, more...)
}

// visitOf reads who looks at what. The lock must be held.
func (s *Sim) visitOf(q url.Values) visit {
	v := visit{who: s.named(q.Get("as")), bare: q.Get("bare") != ""}
	if v.who == nil {
		v.who = s.people[0]
	}
	for _, r := range s.rooms {
		if !r.has(v.who) {
			continue
		}
		if v.room == nil || r.id == q.Get("room") {
			v.room = r
		}
	}
	return v
}

func (s *Sim) servePage(w http.ResponseWriter, r *http.Request) {
	version, faults := s.changes.Version(), s.faults.Get()
	s.mu.Lock()
	v := s.visitOf(r.URL.Query())
	content := s.content(v, r.URL.Query())
	page := standin.Page{
		Title: "Microsoft Teams", Subtitle: s.cfg.Tenant.Name, Follow: "sandbox/version", Version: version,
		People: s.choices(v), Keep: kept(v), Bare: v.bare, Faults: &faults, FaultsAction: "sandbox/faults",
		Back: v.back(), Style: "page/teams.css", Content: content,
	}
	s.mu.Unlock()
	for _, m := range content.Messages {
		s.work.Go(func() { s.Look(s.ctx, v.who.Name, m.ID) })
	}
	if err := s.frame.Render(w, http.StatusOK, page); err != nil {
		s.opts.Logger.Error("teams stand-in could not draw its page", "err", err)
	}
}

func kept(v visit) map[string]string {
	out := map[string]string{}
	if v.bare {
		out["bare"] = "1"
	}
	if v.room != nil && v.room.kind != kindPersonal {
		out["room"] = v.room.id
	}
	return out
}

func (s *Sim) choices(v visit) []standin.Person {
	out := make([]standin.Person, 0, len(s.people))
	for _, p := range s.people {
		label := p.DisplayName
		switch {
		case p.Guest:
			label += " (guest)"
		case p.Tenant != s.cfg.Tenant.ID:
			label += " (other organisation)"
		}
		out = append(out, standin.Person{ID: p.Name, Name: label, Selected: p == v.who})
	}
	return out
}

// content draws what the visitor sees. The lock must be held.
func (s *Sim) content(v visit, q url.Values) teamsPage {
	page := teamsPage{Groups: s.groups(v), Reach: s.reach(), Notice: s.log.Notice(q, told)}
	if v.room == nil {
		page.Heading, page.Empty = "Nothing here", "This person is in no channel and has no chat with Accede."
		page.Install = s.installFor(v)
		return page
	}
	page.Heading = v.room.label()
	page.Messages = shownMessages(v)
	page.Empty = "No messages yet. Cards show up here as soon as the app posts them."
	if v.room.kind == kindPersonal {
		page.Install = s.installFor(v)
		page.Write = v.hidden()
	}
	return page
}

func (*Sim) installFor(v visit) *installButton {
	if v.who.Installed {
		return &installButton{Label: "Remove the app", Hidden: v.hidden(hiddenField{"remove", "1"})}
	}
	return &installButton{Label: "Add the app", Hidden: v.hidden()}
}

func (r *room) label() string {
	switch r.kind {
	case kindPersonal:
		return "Accede"
	case kindGroup:
		return r.name
	default:
		return r.team + " › " + r.name
	}
}

// groups lists the conversations of a person. The lock must be held.
func (s *Sim) groups(v visit) []roomGroup {
	out := []roomGroup{{Title: "Chat"}, {Title: "Teams"}}
	for _, r := range s.rooms {
		if !r.has(v.who) {
			continue
		}
		group := &out[1]
		if r.kind != kindChannel {
			group = &out[0]
		}
		there := visit{who: v.who, room: r, bare: v.bare}
		group.Rooms = append(group.Rooms, roomLink{Href: there.back(), Label: r.label(), Count: r.count(v.who), Here: r == v.room})
	}
	return out
}

func (r *room) count(p *person) (n int) {
	for _, m := range r.messages {
		if r.visible(m, p) && !m.deleted {
			n++
		}
	}
	return n
}

// reach says how clicks get to the app.
func (s *Sim) reach() string {
	if s.opts.CallbackURL == "" {
		return "no messaging endpoint"
	}
	return "messaging endpoint set"
}

func widthClass(width string) string {
	if strings.HasSuffix(width, "px") {
		return "fixed"
	}
	return "stretch"
}
