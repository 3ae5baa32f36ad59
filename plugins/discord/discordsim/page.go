package discordsim

import (
	_ "embed" // the page's templates are part of the binary
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"github.com/accede/accede/plugins/standin"
)

//go:embed assets/chat.html
var chatTemplates string

func newFrame() (*standin.Frame, error) {
	f, err := standin.NewFrame(chatTemplates, nil)
	if err != nil {
		return nil, fmt.Errorf("preparing the page: %w", err)
	}
	return f, nil
}

func (s *Sim) pages() {
	inner := http.NewServeMux()
	inner.HandleFunc("GET /{$}", s.servePage)
	inner.HandleFunc("POST /page/click", s.pageClick)
	inner.HandleFunc("POST /page/submit", s.pageSubmit)
	s.mux.Handle("/", standin.Guard(inner))
}

// chatPage is what the template "content" draws.
type chatPage struct {
	Groups   []channelGroup
	Reach    string
	Heading  string
	Notice   *standin.Notice
	Modal    *modalBox
	Messages []shownMessage
	Empty    string
}

type channelGroup struct {
	Title    string
	Channels []channelLink
}

type channelLink struct {
	Href, Label string
	Count       int
	Here        bool
}

// visit is who looks at what.
type visit struct {
	user    User
	channel *channel
	bare    bool
}

func (v visit) back() string {
	q := url.Values{"as": {v.user.ID}}
	if v.channel != nil {
		q.Set("channel", v.channel.ID)
	}
	if v.bare {
		q.Set("bare", "1")
	}
	return "?" + q.Encode()
}

// visitOf finds out who looks at what. The lock must be held.
func (s *Sim) visitOf(q url.Values) visit {
	v := visit{bare: q.Get("bare") != ""}
	var known bool
	if v.user, known = s.userNamed(q.Get("as")); !known {
		v.user = s.firstPerson()
	}
	v.channel = s.channels[q.Get("channel")]
	if v.channel == nil || !s.sees(v.user.ID, v.channel) {
		v.channel = nil
		for _, ch := range s.order {
			if v.channel == nil && s.sees(v.user.ID, ch) {
				v.channel = ch
			}
		}
	}
	return v
}

func (s *Sim) firstPerson() User {
	for _, u := range s.cfg.Users {
		if !u.Bot {
			return u
		}
	}
	return User{}
}

func (s *Sim) servePage(w http.ResponseWriter, r *http.Request) {
	version := s.changes.Version()
	faults := s.faults.Get()
	reach := s.reach()
	s.mu.RLock()
	v := s.visitOf(r.URL.Query())
	page := standin.Page{
		Title: "Discord", Subtitle: s.subtitle(v), Follow: "sandbox/version", Version: version, People: s.peopleFor(v),
		Keep: keptQuery(v), Bare: v.bare, Faults: &faults, FaultsAction: "sandbox/faults", Back: v.back(),
		Content: s.chatPage(v, r.URL.Query(), reach),
	}
	s.mu.RUnlock()
	if err := s.frame.Render(w, http.StatusOK, page); err != nil {
		s.opts.Logger.Error("discord stand-in could not draw its page", "err", err)
	}
}

func (s *Sim) subtitle(v visit) string {
	if v.channel == nil || v.channel.direct() {
		return "Direct messages"
	}
	return s.guilds[v.channel.Guild].Name
}

func keptQuery(v visit) map[string]string {
	kept := map[string]string{}
	if v.bare {
		kept["bare"] = "1"
	}
	if v.channel != nil && !v.channel.direct() {
		kept["channel"] = v.channel.ID
	}
	return kept
}

func (s *Sim) peopleFor(v visit) []standin.Person {
	var out []standin.Person
	for _, u := range s.cfg.Users {
		if !u.Bot {
			out = append(out, standin.Person{ID: u.ID, Name: u.shown(), Selected: u.ID == v.user.ID})
		}
	}
	return out
}

func (s *Sim) chatPage(v visit, q url.Values, reach string) chatPage {
	page := chatPage{Groups: s.groups(v), Reach: reach, Notice: s.log.Notice(q, told), Modal: s.modalFor(v)}
	if v.channel == nil {
		page.Heading, page.Empty = "Nothing here", "This person sees no channel."
		return page
	}
	page.Heading = s.label(v.channel)
	page.Messages = s.shownMessages(v)
	page.Empty = "No messages yet. Cards show up here as soon as the app posts them."
	return page
}

// reach says how clicks get to the app.
func (s *Sim) reach() string {
	if s.opts.CallbackURL != "" {
		return "clicks go over HTTP"
	}
	switch n := len(s.gateway.lines()); n {
	case 0:
		return "app not connected"
	case 1:
		return "connected, 1 session"
	default:
		return "connected, " + strconv.Itoa(n) + " sessions"
	}
}

func (s *Sim) groups(v visit) []channelGroup {
	var out []channelGroup
	for _, g := range s.cfg.Guilds {
		out = append(out, channelGroup{Title: g.Name, Channels: s.links(v, func(ch *channel) bool { return ch.Guild == g.ID })})
	}
	return append(out, channelGroup{Title: "Direct messages", Channels: s.links(v, (*channel).direct)})
}

func (s *Sim) links(v visit, wanted func(*channel) bool) (out []channelLink) {
	for _, ch := range s.order {
		if !wanted(ch) || !s.sees(v.user.ID, ch) {
			continue
		}
		count := 0
		for _, m := range ch.messages {
			if m.visibleTo(v.user.ID) {
				count++
			}
		}
		there := visit{user: v.user, channel: ch, bare: v.bare}
		out = append(out, channelLink{Href: there.back(), Label: s.label(ch), Count: count, Here: ch == v.channel})
	}
	return out
}

func (m *message) visibleTo(user string) bool {
	return !m.deleted && (m.onlyFor == "" || m.onlyFor == user)
}

func (s *Sim) label(ch *channel) string {
	switch {
	case ch.direct():
		return s.cfg.Application.Name
	case ch.Type == threadChannel:
		return "↳ " + ch.Name
	case ch.Type == textChannel || ch.Type == announcementChannel:
		return "# " + ch.Name
	default:
		return ch.Name + " (voice)"
	}
}

// told says what came of the last click.
func told(r Result) *standin.Notice {
	switch {
	case r.Modal:
		return nil
	case !r.OK:
		return &standin.Notice{Text: r.ShownError + " (" + r.Problem + ")", Bad: true}
	default:
		return &standin.Notice{Text: fmt.Sprintf("Clicked. The app answered in %.0f ms.", r.LatencyMS)}
	}
}

func (s *Sim) markup(text string) template.HTML {
	return names{
		user: func(id string) string { return s.users[id].shown() },
		channel: func(id string) string {
			if ch := s.channels[id]; ch != nil {
				return ch.Name
			}
			return id
		},
	}.render(text)
}
