package teamssim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// maxPast bounds how many views of one message are remembered.
const maxPast = 100

type roomKind string

const (
	kindChannel  roomKind = "channel"
	kindGroup    roomKind = "groupChat"
	kindPersonal roomKind = "personal"
)

// person is a user with what the stand-in makes of them. MRI is how this bot must call them.
type person struct {
	User
	mri string
}

// room is a conversation: a channel, a group chat, or the bot's chat with one person.
type room struct {
	id, name, team, teamID string
	// alias is the id by which Graph knows the same chat.
	alias     string
	kind      roomKind
	installed bool
	members   []*person
	messages  []*message
}

// message is something posted into a room.
type message struct {
	id      string
	root    *message
	replyTo string
	created time.Time
	summary string
	text    string
	card    *adaptiveCard
	key     string
	alert   bool
	// onlyFor is set for a targeted message.
	onlyFor *person
	deleted bool
	updates int
	// views are the card as one person sees it since a button was answered with a card. An edit takes them back.
	views map[*person]*view
	// looked says for whom the client has asked for the newest card since the last edit.
	looked map[*person]bool
	// past are all views there were.
	past []*view
}

// view is a card that only one person sees.
type view struct {
	who  *person
	card *adaptiveCard
}

// cardFor is what a person sees.
func (m *message) cardFor(p *person) *adaptiveCard {
	if v := m.views[p]; v != nil {
		return v.card
	}
	return m.card
}

func (m *message) show(p *person, c *adaptiveCard) {
	v := &view{who: p, card: c}
	if m.views == nil {
		m.views = map[*person]*view{}
	}
	m.views[p] = v
	if len(m.past) < maxPast {
		m.past = append(m.past, v)
	}
}

func (r *room) has(p *person) bool { return slices.Contains(r.members, p) }

// visible says whether a person sees a message.
func (r *room) visible(m *message, p *person) bool {
	return r.has(p) && (m.onlyFor == nil || m.onlyFor == p)
}

// personal returns the bot's chat with a person, made on first use. The lock must be held, or nobody else is there yet.
func (s *Sim) personal(p *person) *room {
	for _, r := range s.rooms {
		if r.kind == kindPersonal && r.members[0] == p {
			return r
		}
	}
	r := &room{
		id: "a:1" + s.randomText(40), alias: "19:" + p.ID + "_" + s.cfg.App.ID + "@unq.gbl.spaces", name: p.Name,
		kind: kindPersonal, members: []*person{p},
	}
	s.rooms = append(s.rooms, r)
	return r
}

// inRoster says whether the bot is in the conversation. The lock must be held.
func (s *Sim) inRoster(r *room) bool {
	if r.kind != kindPersonal {
		return r.installed
	}
	p := r.members[0]
	return p.Installed || p.Vanished || s.met(p)
}

// met says whether the bot shares a team with a person, which lets it begin a chat with them. The lock must be held.
func (s *Sim) met(p *person) bool {
	return slices.ContainsFunc(s.rooms, func(r *room) bool {
		return r.kind != kindPersonal && r.installed && r.has(p) && p.Tenant == s.cfg.Tenant.ID
	})
}

// find returns a conversation and the thread that its id names. The lock must be held.
func (s *Sim) find(conversation string) (r *room, thread *message) {
	id, suffix, _ := strings.Cut(conversation, ";messageid=")
	for _, r := range s.rooms {
		if r.id == id || r.alias != "" && r.alias == id {
			return r, r.message(suffix)
		}
	}
	return nil, nil
}

func (r *room) message(id string) *message {
	for _, m := range r.messages {
		if m.id == id {
			return m
		}
	}
	return nil
}

// named finds a person by name, object id or MRI.
func (s *Sim) named(name string) *person {
	for _, p := range s.people {
		if p.Name == name || p.ID != "" && p.ID == name || p.mri == name {
			return p
		}
	}
	return nil
}

// conversationID is the id of the conversation in which a message is: a thread of a channel has its own.
func (r *room) conversationID(m *message) string {
	if r.kind != kindChannel {
		return r.id
	}
	root := m
	if m.root != nil {
		root = m.root
	}
	return r.id + ";messageid=" + root.id
}

// deliveryKey is what the app put into a button under "key".
func deliveryKey(c *adaptiveCard) string {
	if c == nil {
		return ""
	}
	for _, data := range c.data {
		var known struct {
			Key string `json:"key"`
		}
		if json.Unmarshal(data, &known) == nil && known.Key != "" {
			return known.Key
		}
	}
	return ""
}
