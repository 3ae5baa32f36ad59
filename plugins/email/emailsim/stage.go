package emailsim

import (
	"context"
	"regexp"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

var _ standin.Stage = (*Sim)(nil)

var hrefs = regexp.MustCompile(`href="([^"]*)"`)

// Posts lists every mail, each in the mailbox of its owner.
func (s *Sim) Posts() []standin.Post {
	posts := []standin.Post{}
	for _, m := range s.store.all() {
		box, _ := s.mailbox(m.To)
		posts = append(posts, standin.Post{
			ID: m.ID, Place: box.Name, Parent: m.Parent, Key: m.Key, Text: m.readable(),
		})
	}
	return posts
}

// readable is the subject, the text and the addresses of the links. Spaces of no width cannot be seen and are left out.
func (m SeenMail) readable() string {
	text := m.Subject + "\n" + m.Text
	for _, link := range hrefs.FindAllStringSubmatch(m.HTML, -1) {
		text += "\n" + link[1]
	}
	return strings.ReplaceAll(text, "\u200b", "")
}

// Do refuses: a mail has no buttons, and what people answer goes nowhere.
func (s *Sim) Do(_ context.Context, deed standin.Deed) (standin.Reaction, error) {
	box, known := s.owner(deed.Person)
	if !known {
		return standin.Reaction{}, standin.RefusedError("nobody here is called " + deed.Person)
	}
	m, _, there := s.store.byID(deed.Post)
	if !there || m.To != box.Address {
		return standin.Reaction{}, standin.RefusedError("there is no such mail in the mailbox of " + box.Name)
	}
	return standin.Reaction{}, standin.RefusedError("a mail decides nothing; open the link in it and decide there")
}
