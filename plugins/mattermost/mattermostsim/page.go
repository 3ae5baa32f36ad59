package mattermostsim

import (
	_ "embed" // the page's templates are part of the binary
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins/standin"
)

//go:embed assets/chat.html
var chatTemplates string

//go:embed assets/mattermost.css
var styleSheet []byte

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
	inner.HandleFunc("GET /assets/mattermost.css", serveStyle)
	inner.HandleFunc("POST /page/click", s.pageClick)
	inner.HandleFunc("POST /page/submit", s.pageSubmit)
	inner.HandleFunc("POST /page/server", s.pageServer)
	s.mux.Handle("/", standin.Guard(inner))
}

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(styleSheet)
}

// chatPage is what the template "content" draws.
type chatPage struct {
	Groups  []channelGroup
	Reach   string
	Heading string
	Notice  *standin.Notice
	Dialog  *dialogBox
	Posts   []shownPost
	Empty   string
	Server  *serverBox
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

// serverBox are the settings of the server that make callbacks fail.
type serverBox struct {
	Server Server
	Back   string
}

// visit is who looks at what.
type visit struct {
	user    User
	channel *channel
	bare    bool
}

func (v visit) query() url.Values {
	q := url.Values{"as": {v.user.ID}}
	if v.channel != nil {
		q.Set("channel", v.channel.id)
	}
	if v.bare {
		q.Set("bare", "1")
	}
	return q
}

func (v visit) back() string { return "?" + v.query().Encode() }

func (s *Sim) visitOf(q url.Values) visit {
	v := visit{bare: q.Get("bare") != ""}
	var known bool
	if v.user, known = s.userNamed(q.Get("as")); !known || v.user.Bot {
		v.user = s.firstPerson()
	}
	v.channel = s.channelByID(q.Get("channel"))
	if v.channel == nil || !v.channel.hasMember(v.user.ID) {
		v.channel = s.firstChannel(v.user.ID)
	}
	return v
}

func (s *Sim) firstPerson() User {
	for _, u := range s.users {
		if !u.Bot {
			return u
		}
	}
	return User{}
}

func (s *Sim) firstChannel(user string) *channel {
	for _, ch := range s.allChannels() {
		if ch.hasMember(user) {
			return ch
		}
	}
	return nil
}

func (s *Sim) servePage(w http.ResponseWriter, r *http.Request) {
	version := s.changes.Version()
	v := s.visitOf(r.URL.Query())
	faults := s.faults.Get()
	page := standin.Page{
		Title: "Mattermost", Subtitle: s.teams[0].DisplayName, Follow: "sandbox/version", Version: version,
		People: s.peopleFor(v), Keep: keptQuery(v), Bare: v.bare, Faults: &faults, FaultsAction: "sandbox/faults",
		Back: v.back(), Style: "assets/mattermost.css", Content: s.chatPage(v, r.URL.Query()),
	}
	if err := s.frame.Render(w, http.StatusOK, page); err != nil {
		s.opts.Logger.Error("mattermost stand-in could not draw its page", "err", err)
	}
}

func keptQuery(v visit) map[string]string {
	kept := map[string]string{}
	if v.bare {
		kept["bare"] = "1"
	}
	if v.channel != nil && !v.channel.isDirect() {
		kept["channel"] = v.channel.id
	}
	return kept
}

func (s *Sim) peopleFor(v visit) []standin.Person {
	var out []standin.Person
	for _, u := range s.users {
		if !u.Bot && !u.Deleted {
			out = append(out, standin.Person{ID: u.ID, Name: u.label(), Selected: u.ID == v.user.ID})
		}
	}
	return out
}

func (u User) label() string {
	switch {
	case u.Remote:
		return u.RealName + " (other server)"
	case len(u.Roles) > 0 && u.Roles[0] == model.SystemGuestRoleId:
		return u.RealName + " (guest)"
	default:
		return u.RealName
	}
}

func (s *Sim) chatPage(v visit, q url.Values) chatPage {
	page := chatPage{Groups: s.groups(v), Reach: s.reach(), Notice: s.log.Notice(q, told), Dialog: s.dialogFor(v)}
	if !v.bare {
		page.Server = &serverBox{Server: s.Server(), Back: v.back()}
	}
	if v.channel == nil {
		page.Heading, page.Empty = "Nothing here", "This person is in no channel."
		return page
	}
	page.Heading = s.channelLabel(v.channel, v.user.ID)
	page.Posts = s.shownPosts(v)
	page.Empty = "No messages yet. Cards show up here as soon as the bot posts them."
	return page
}

// reach says how clicks get to the app.
func (s *Sim) reach() string {
	switch server := s.Server(); {
	case s.opts.CallbackURL == "":
		return "no callback address"
	case server.ForbidCallbacks:
		return "callbacks forbidden"
	case server.SignInProxy:
		return "a proxy stops callbacks"
	default:
		return "clicks go over HTTP"
	}
}

func (s *Sim) groups(v visit) []channelGroup {
	out := []channelGroup{{Title: "Channels"}, {Title: "Direct messages"}}
	for _, ch := range s.allChannels() {
		if !ch.hasMember(v.user.ID) {
			continue
		}
		group := &out[0]
		if ch.isDirect() {
			group = &out[1]
		}
		there := visit{user: v.user, channel: ch, bare: v.bare}
		group.Channels = append(group.Channels, channelLink{
			Href: there.back(), Label: s.channelLabel(ch, v.user.ID), Count: s.visibleCount(ch, v.user.ID), Here: ch == v.channel,
		})
	}
	return out
}

func (s *Sim) visibleCount(ch *channel, user string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for _, p := range ch.posts {
		if p.visibleTo(user) {
			n++
		}
	}
	return n
}

func (p *post) visibleTo(user string) bool {
	return p.DeleteAt == 0 && (p.onlyFor == "" || p.onlyFor == user)
}

func (s *Sim) channelLabel(ch *channel, user string) string {
	switch {
	case ch.isDirect():
		return s.realName(ch.other(user))
	case ch.kind == model.ChannelTypePrivate:
		return ch.title + " (private)"
	default:
		return ch.title
	}
}

func (s *Sim) realName(id string) string {
	if u, known := s.user(id); known {
		return u.RealName
	}
	return id
}

func (s *Sim) markup(text string) template.HTML {
	return markdown{isUser: func(name string) bool {
		_, known := s.userNamed(name)
		return known
	}}.render(text)
}
