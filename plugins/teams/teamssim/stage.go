package teamssim

import (
	"context"
	"slices"
	"strconv"

	"github.com/accede/accede/plugins/standin"
)

var _ standin.Stage = (*Sim)(nil)

// Posts lists the messages of each conversation, oldest first, each followed by the cards that single people saw in its
// place.
func (s *Sim) Posts() []standin.Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	posts := []standin.Post{}
	for _, r := range s.rooms {
		for _, m := range r.messages {
			posts = append(posts, s.postOf(r, m))
			for i, v := range m.past {
				posts = append(posts, viewPost(r, m, v, i))
			}
		}
	}
	return posts
}

func (*Sim) postOf(r *room, m *message) standin.Post {
	post := standin.Post{
		ID: m.id, Place: r.place(), Key: m.key, Text: m.summary + "\n" + m.text + "\n" + m.card.readable(), Updates: m.updates,
		Deleted: m.deleted, Actions: deciding(m.card), Parent: m.replyTo,
	}
	if m.root != nil {
		post.Parent = m.root.id
	}
	if m.onlyFor != nil {
		post.OnlyFor = m.onlyFor.Name
	}
	return post
}

// viewPost is what one person saw in place of a card; it is gone once they see something else.
func viewPost(r *room, m *message, v *view, number int) standin.Post {
	post := standin.Post{
		ID: m.id + "/" + strconv.Itoa(number), Place: r.place(), Parent: m.id, OnlyFor: v.who.Name, Text: v.card.readable(),
		Deleted: m.deleted || m.views[v.who] != v,
	}
	if !post.Deleted {
		post.Actions = deciding(v.card)
	}
	return post
}

// place is what people call a conversation; the bot's chat with somebody has their name.
func (r *room) place() string {
	if r.kind == kindChannel {
		return "#" + r.name
	}
	return r.name
}

// deciding lists the verbs of the buttons that decide.
func deciding(c *adaptiveCard) (verbs []string) {
	for _, a := range c.shown(false) {
		if verb := a.verbOf(); verb == "approve" || verb == "deny" {
			verbs = append(verbs, verb)
		}
	}
	return verbs
}

// Do presses a button as a person. If that shows a form, the form is sent off with the reason.
func (s *Sim) Do(ctx context.Context, deed standin.Deed) (standin.Reaction, error) {
	id := s.messageOf(deed.Post)
	result, err := s.Click(ctx, Click{
		User: deed.Person, Message: id, Verb: deed.Action, Inputs: map[string]string{"reason": deed.Reason},
	})
	if err == nil && result.OK && s.hasForm(deed.Person, id) {
		result, err = s.Click(ctx, Click{
			User: deed.Person, Message: id, Verb: "confirm", Inputs: map[string]string{"reason": deed.Reason},
		})
	}
	if err != nil {
		return standin.Reaction{}, err
	}
	return standin.Reaction{OK: result.OK, Status: result.Status, Said: result.Said}, nil
}

// messageOf is the message that a post's id belongs to; views have a number behind it.
func (*Sim) messageOf(post string) string {
	for i := range post {
		if post[i] == '/' {
			return post[:i]
		}
	}
	return post
}

func (s *Sim) hasForm(person, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.named(person)
	_, m := s.seenBy(who, id)
	return m != nil && m.views[who] != nil && slices.Contains(m.views[who].card.inputs(), "reason")
}
