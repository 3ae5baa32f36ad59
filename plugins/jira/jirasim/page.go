package jirasim

import (
	_ "embed" // the page's files are part of the binary
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

//go:embed assets/board.html
var boardTemplates string

//go:embed assets/board.css
var boardStyle string

//go:embed assets/board.js
var boardScript string

// boardPage is what the template "content" draws.
type boardPage struct {
	Notice  string
	Bad     bool
	Heading string
	Empty   string
	As      string
	Back    string
	Columns []column
	Open    *openIssue
}

type column struct {
	ID, Name string
	Cards    []card
}

type card struct {
	Key, ID, Summary, Standing, Href string
	// Targets are the columns that the visitor may move it to.
	Targets []Status
	Here    bool
}

// Allowed lists the ids of the targets for the script.
func (c card) Allowed() string {
	ids := make([]string, 0, len(c.Targets))
	for _, one := range c.Targets {
		ids = append(ids, one.ID)
	}
	return strings.Join(ids, " ")
}

type openIssue struct {
	card
	Kind, Status, Creator, Created string
	Labels                         []string
	Description                    template.HTML
	Comments                       []shownComment
	CloseHref, As, Back            string
}

type shownComment struct {
	Who, Initial, Time, Role string
	App                      bool
	Body                     template.HTML
}

func (s *Sim) pages() {
	inner := http.NewServeMux()
	inner.HandleFunc("GET /{$}", s.servePage)
	inner.HandleFunc("GET /browse/{key}", s.serveBrowse)
	inner.HandleFunc("POST /page/move", s.pageMove)
	inner.HandleFunc("GET /assets/board.css", file("text/css", boardStyle))
	inner.HandleFunc("GET /assets/board.js", file("text/javascript", boardScript))
	s.mux.Handle("/", standin.Guard(inner))
}

func file(kind, content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind+"; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write([]byte(content))
	}
}

// visit is who looks at what.
type visit struct {
	user User
	open string
	bare bool
}

func (v visit) query(open string) string {
	q := url.Values{"as": {v.user.Name}}
	if open != "" {
		q.Set("issue", open)
	}
	if v.bare {
		q.Set("bare", "1")
	}
	return "?" + q.Encode()
}

func (s *Sim) visitOf(q url.Values) visit {
	v := visit{open: q.Get("issue"), bare: q.Get("bare") != ""}
	v.user, _ = s.user(q.Get("as"))
	if v.user.ID == "" || !s.acts(v.user) {
		v.user = s.people()[0]
	}
	return v
}

// acts says whether the page offers to act as an account: everybody but the app's own.
func (s *Sim) acts(u User) bool { return len(s.cfg.Tokens) == 0 || u.ID != s.cfg.Tokens[0].User }

func (s *Sim) people() []User {
	return slices.DeleteFunc(slices.Clone(s.cfg.Users), func(u User) bool { return !s.acts(u) })
}

func (s *Sim) servePage(w http.ResponseWriter, r *http.Request) {
	version := s.changes.Version()
	v := s.visitOf(r.URL.Query())
	people := []standin.Person{}
	for _, u := range s.people() {
		people = append(people, standin.Person{ID: u.Name, Name: u.label(), Selected: u.ID == v.user.ID})
	}
	keep := map[string]string{}
	if v.bare {
		keep["bare"] = "1"
	}
	faults := s.faults.Get()
	page := standin.Page{
		Title: "Jira", Subtitle: s.cfg.SiteName, Follow: "sandbox/version", Version: version, People: people, Keep: keep,
		Bare: v.bare, Faults: &faults, FaultsAction: "sandbox/faults", Back: v.query(v.open), Content: s.board(v, r.URL.Query()),
		Style: "assets/board.css", Script: "assets/board.js",
	}
	if err := s.frame.Render(w, http.StatusOK, page); err != nil {
		s.opts.Logger.Error("jira stand-in could not draw its page", "err", err)
	}
}

func (u User) label() string {
	switch {
	case !u.isPerson():
		return u.DisplayName + " (app)"
	case !u.may(browse):
		return u.DisplayName + " (not in the project)"
	case !u.may(transitions):
		return u.DisplayName + " (may only look)"
	default:
		return u.DisplayName
	}
}

func (s *Sim) board(v visit, q url.Values) boardPage {
	s.mu.Lock()
	defer s.mu.Unlock()
	page := boardPage{
		Heading: "Access requests", As: v.user.Name, Back: v.query(v.open), Notice: q.Get("notice"), Bad: q.Get("bad") != "",
		Empty: "No issues yet. They show up here as soon as somebody asks for access.",
	}
	if !v.user.may(browse) {
		page.Empty = v.user.DisplayName + " is not in this project and sees nothing of it."
		return page
	}
	for _, status := range s.cfg.Statuses {
		page.Columns = append(page.Columns, column{ID: status.ID, Name: status.Name})
	}
	for _, i := range slices.Backward(s.issues) {
		if i.deleted {
			continue
		}
		shown := s.card(v, i)
		if shown.Here {
			page.Open = s.openIssue(v, i)
		}
		at := slices.IndexFunc(page.Columns, func(c column) bool { return c.ID == i.status })
		page.Columns[at].Cards = append(page.Columns[at].Cards, shown)
	}
	if len(s.issues) > 0 {
		page.Empty = ""
	}
	return page
}

// card draws an issue on the board. The lock must be held.
func (s *Sim) card(v visit, i *issue) card {
	shown := card{Key: i.key, ID: i.id, Summary: i.summary, Here: v.open == i.key, Href: v.query(i.key)}
	shown.Standing, _, _ = strings.Cut(i.body.plain(), "\n")
	for _, to := range s.offered(i, v.user) {
		status, _ := s.status(to)
		shown.Targets = append(shown.Targets, status)
	}
	return shown
}

func (s *Sim) openIssue(v visit, i *issue) *openIssue {
	status, _ := s.status(i.status)
	creator, _ := s.user(i.creator)
	shown := &openIssue{
		card: s.card(v, i), Kind: i.kind, Status: status.Name, Creator: creator.DisplayName, Labels: i.labels,
		Created: i.created.UTC().Format("2006-01-02 15:04"), Description: i.body.html(), CloseHref: v.query(""),
		As: v.user.Name, Back: v.query(i.key),
	}
	for _, c := range i.comments {
		if !c.visibleTo(v.user) {
			continue
		}
		author, _ := s.user(c.author)
		shown.Comments = append(shown.Comments, shownComment{
			Who: author.DisplayName, Initial: author.DisplayName[:1], Time: c.created.UTC().Format("15:04:05"), Role: c.role,
			App: !s.acts(author), Body: c.body.html(),
		})
	}
	return shown
}

func (s *Sim) serveBrowse(w http.ResponseWriter, r *http.Request) {
	standin.LeadBack(w, "../?issue="+url.QueryEscape(r.PathValue("key")))
}

func (s *Sim) pageMove(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		standin.WriteProblem(w, http.StatusBadRequest, "the form could not be read")
		return
	}
	f := r.PostForm
	got, err := s.Move(r.Context(), Move{Person: f.Get("as"), Issue: f.Get("issue"), To: f.Get("to"), Comment: strings.TrimSpace(f.Get("comment"))})
	back := standin.BackTo(f)
	switch {
	case err != nil:
		back += "&bad=1&notice=" + url.QueryEscape(err.Error())
	case got.Err != nil:
		back += "&bad=1&notice=" + url.QueryEscape("Moved. The webhook found nobody.")
	case got.Status >= http.StatusMultipleChoices:
		back += "&bad=1&notice=" + url.QueryEscape("Moved. The webhook was answered with "+strconv.Itoa(got.Status)+".")
	}
	standin.LeadBack(w, back)
}
