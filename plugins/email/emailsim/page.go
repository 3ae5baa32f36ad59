package emailsim

import (
	_ "embed" // the page's templates are part of the binary
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

//go:embed assets/mailbox.html
var mailboxTemplates string

func newFrame() (*standin.Frame, error) {
	f, err := standin.NewFrame(mailboxTemplates, nil)
	if err != nil {
		return nil, fmt.Errorf("preparing the page: %w", err)
	}
	return f, nil
}

func (s *Sim) pages() {
	inner := http.NewServeMux()
	inner.HandleFunc("GET /{$}", s.servePage)
	inner.HandleFunc("GET /mails/{id}", s.serveHTML)
	s.mux.Handle("/", standin.Guard(inner))
}

// mailboxPage is what the template "content" draws.
type mailboxPage struct {
	Threads []threadLink
	Server  string
	Heading string
	Views   []threadLink
	Mails   []shownMail
	Empty   string
}

type threadLink struct {
	Href, Label string
	Count       int
	Here        bool
}

type shownMail struct {
	ID, From, Initial, Time, Via, Subject, Plain, Src string
	Height                                            int
	Again                                             bool
}

// visit is whose mailbox is looked at, and how.
type visit struct {
	box    Mailbox
	thread string
	text   bool
	bare   bool
}

func (v visit) query() url.Values {
	q := url.Values{"as": {v.box.Name}}
	for name, set := range map[string]bool{"bare": v.bare, "text": v.text} {
		if set {
			q.Set(name, "1")
		}
	}
	if v.thread != "" {
		q.Set("thread", v.thread)
	}
	return q
}

func (v visit) href() string { return "?" + v.query().Encode() }

func (s *Sim) visitOf(q url.Values) visit {
	v := visit{thread: q.Get("thread"), text: q.Get("text") != "", bare: q.Get("bare") != ""}
	var known bool
	if v.box, known = s.owner(q.Get("as")); !known {
		v.box = s.cfg.Mailboxes[0]
	}
	return v
}

func (s *Sim) servePage(w http.ResponseWriter, r *http.Request) {
	version := s.changes.Version()
	v := s.visitOf(r.URL.Query())
	faults := s.faults.Get()
	page := standin.Page{
		Title: "Mail", Subtitle: v.box.Address, Follow: "sandbox/version", Version: version, People: s.peopleFor(v),
		Keep: keptQuery(v), Bare: v.bare, Faults: &faults, FaultsAction: "sandbox/faults", Back: v.href(), Content: s.mailboxPage(v),
	}
	if err := s.frame.Render(w, http.StatusOK, page); err != nil {
		s.opts.Logger.Error("mail stand-in could not draw its page", "err", err)
	}
}

func keptQuery(v visit) map[string]string {
	kept := map[string]string{}
	if v.bare {
		kept["bare"] = "1"
	}
	if v.text {
		kept["text"] = "1"
	}
	return kept
}

func (s *Sim) peopleFor(v visit) []standin.Person {
	var out []standin.Person
	for _, m := range s.cfg.Mailboxes {
		out = append(out, standin.Person{ID: m.Name, Name: m.label(), Selected: m.Address == v.box.Address})
	}
	return out
}

func (m Mailbox) label() string {
	if m.Full {
		return m.RealName + " (mailbox full)"
	}
	return m.RealName
}

// conversation is a first mail and what follows it, oldest first.
type conversation struct {
	root  string
	mails []SeenMail
}

// conversations puts the mails of a mailbox into threads, the one with the newest mail first.
func conversations(mails []SeenMail) []conversation {
	rootOf := map[string]string{}
	byRoot := map[string]*conversation{}
	var order []*conversation
	for _, m := range mails {
		root := m.ID
		if parent, ok := rootOf[m.Parent]; ok {
			root = parent
		}
		rootOf[m.ID] = root
		if byRoot[root] == nil {
			byRoot[root] = &conversation{root: root}
		}
		c := byRoot[root]
		c.mails = append(c.mails, m)
		order = append(slices.DeleteFunc(order, func(other *conversation) bool { return other == c }), c)
	}
	slices.Reverse(order)
	out := make([]conversation, 0, len(order))
	for _, c := range order {
		out = append(out, *c)
	}
	return out
}

func (s *Sim) mailboxPage(v visit) mailboxPage {
	page := mailboxPage{Server: s.SideAddress(), Heading: "Inbox", Empty: "No mail yet. It shows up here as soon as the server has taken it."}
	if v.box.Full {
		page.Empty = "This mailbox is full; the server refuses every mail for it."
	}
	all := conversations(s.store.in(v.box.Address))
	at := max(0, slices.IndexFunc(all, func(c conversation) bool { return c.root == v.thread }))
	for i, c := range all {
		there := v
		there.thread = c.root
		page.Threads = append(page.Threads, threadLink{
			Href: there.href(), Label: c.mails[0].Subject, Count: len(c.mails), Here: i == at,
		})
	}
	if len(all) == 0 {
		return page
	}
	page.Heading, page.Views = all[at].mails[0].Subject, v.views()
	for _, m := range all[at].mails {
		page.Mails = append(page.Mails, shownIn(m, v))
	}
	slices.Reverse(page.Mails) // the page is drawn from the bottom up
	return page
}

// views are the two ways to read a mail.
func (v visit) views() []threadLink {
	html, text := v, v
	html.text, text.text = false, true
	return []threadLink{
		{Href: html.href(), Label: "As HTML", Here: !v.text}, {Href: text.href(), Label: "As plain text", Here: v.text},
	}
}

// Heights of the frame that a mail is shown in: first mails say more than those that follow.
const (
	firstHeight  = 560
	followHeight = 380
)

func shownIn(m SeenMail, v visit) shownMail {
	one := shownMail{
		ID: m.ID, From: m.From, Initial: "?", Time: m.Received.UTC().Format("2006-01-02 15:04:05"), Via: m.way(), Subject: m.Subject,
		Src: "mails/" + m.ID, Height: firstHeight, Again: m.Again,
	}
	if from, err := mail.ParseAddress(m.From); err == nil && from.Name != "" {
		one.From, one.Initial = from.Name, strings.ToUpper(string([]rune(from.Name)[:1]))
	}
	if m.Parent != "" {
		one.Height = followHeight
	}
	if v.text || m.HTML == "" {
		one.Plain = m.Text
	}
	return one
}

// way says how the mail came.
func (m SeenMail) way() string {
	switch {
	case m.Via == "mailgun":
		return "Mailgun"
	case m.TLS:
		return "SMTP with TLS"
	default:
		return "SMTP without TLS"
	}
}

// serveHTML shows the HTML part as a mail program does: no scripts, nothing from elsewhere, links in a window of their own.
func (s *Sim) serveHTML(w http.ResponseWriter, r *http.Request) {
	m, _, ok := s.store.byID(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "+
		"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, withNewWindows(m.HTML))
}

// withNewWindows lets links open beside the frame instead of in it.
func withNewWindows(html string) string {
	const base = `<base target="_blank">`
	if head, rest, ok := strings.Cut(html, "<head>"); ok {
		return head + "<head>" + base + rest
	}
	return base + html
}
