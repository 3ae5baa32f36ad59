package slacksim

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
	Confirm  *confirmBox
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
	if v.user, known = s.userNamed(q.Get("as")); !known {
		v.user = s.firstPerson()
	}
	ch := s.channelByID(q.Get("channel"))
	if ch == nil || !ch.visibleTo(v.user.ID) {
		ch = s.firstChannel(v.user.ID)
	}
	v.channel = ch
	return v
}

func (s *Sim) firstPerson() User {
	for _, u := range s.cfg.Users {
		if !u.Bot {
			return s.users[u.ID]
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
		Title: "Slack", Subtitle: s.cfg.Workspace.Name, Follow: "sandbox/version", Version: version,
		People: s.peopleFor(v), Keep: keptQuery(v), Bare: v.bare, Faults: &faults, FaultsAction: "sandbox/faults",
		Back: v.back(), Content: s.chatPage(v, r.URL.Query()),
	}
	if err := s.frame.Render(w, http.StatusOK, page); err != nil {
		s.opts.Logger.Error("slack stand-in could not draw its page", "err", err)
	}
}

func keptQuery(v visit) map[string]string {
	kept := map[string]string{}
	if v.bare {
		kept["bare"] = "1"
	}
	if v.channel != nil && v.channel.kind != directMessage {
		kept["channel"] = v.channel.id
	}
	return kept
}

func (s *Sim) peopleFor(v visit) []standin.Person {
	var out []standin.Person
	for _, configured := range s.cfg.Users {
		u := s.users[configured.ID]
		if u.Bot || u.Deleted {
			continue
		}
		out = append(out, standin.Person{ID: u.ID, Name: u.label(), Selected: u.ID == v.user.ID})
	}
	return out
}

func (u User) label() string {
	switch {
	case u.Stranger:
		return u.RealName + " (other workspace)"
	case u.Restricted, u.UltraRestricted:
		return u.RealName + " (guest)"
	default:
		return u.RealName
	}
}

func (s *Sim) chatPage(v visit, q url.Values) chatPage {
	page := chatPage{Groups: s.groups(v), Reach: s.reach(), Notice: s.log.Notice(q, resultText), Modal: s.modalFor(v)}
	if v.channel == nil {
		page.Heading, page.Empty = "Nothing here", "This person is in no channel."
		return page
	}
	page.Heading = s.channelLabel(v.channel, v.user.ID)
	page.Messages = s.shownMessages(v)
	page.Confirm = s.confirmFor(v, q)
	page.Empty = emptyText(v)
	return page
}

func emptyText(v visit) string {
	if !v.channel.hasMember(v.user.ID) {
		return v.user.RealName + " is not in this channel and cannot click anything here."
	}
	return "No messages yet. Cards show up here as soon as the app posts them."
}

// reach says how clicks get to the app.
func (s *Sim) reach() string {
	if s.opts.CallbackURL != "" {
		return "clicks go over HTTP"
	}
	switch n := len(s.Connections()); n {
	case 0:
		return "app not connected"
	case 1:
		return "connected, 1 socket"
	default:
		return "connected, " + strconv.Itoa(n) + " sockets"
	}
}

func (s *Sim) groups(v visit) []channelGroup {
	out := []channelGroup{{Title: "Channels"}, {Title: "Direct messages"}}
	for _, ch := range s.allChannels() {
		if !ch.visibleTo(v.user.ID) {
			continue
		}
		group := &out[0]
		if ch.kind == directMessage || ch.kind == groupMessage {
			group = &out[1]
		}
		there := visit{user: v.user, channel: ch, bare: v.bare}
		group.Channels = append(group.Channels, channelLink{
			Href: there.back(), Label: s.channelLabel(ch, v.user.ID), Count: ch.visibleCount(v.user.ID), Here: ch == v.channel,
		})
	}
	return out
}

func (c *channel) visibleCount(user string) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := 0
	for _, m := range c.messages {
		if !m.deleted {
			n++
		}
	}
	for _, m := range c.ephemeral {
		if m.onlyFor == user && !m.deleted {
			n++
		}
	}
	return n
}

func (s *Sim) channelLabel(ch *channel, user string) string {
	switch ch.kind {
	case privateChannel:
		return ch.name + " (private)"
	case directMessage:
		return s.userName(ch.other(user))
	case groupMessage:
		return "Group of " + strconv.Itoa(len(ch.members))
	default:
		return "# " + ch.name
	}
}

func (s *Sim) userName(id string) string {
	if u, known := s.users[id]; known {
		return u.RealName
	}
	return id
}

func (s *Sim) channelName(id string) string {
	if ch := s.channelByID(id); ch != nil && ch.name != "" {
		return ch.name
	}
	return id
}

func (s *Sim) markup(text string) template.HTML {
	return mrkdwn{userName: s.userName, channelName: s.channelName}.render(text)
}
