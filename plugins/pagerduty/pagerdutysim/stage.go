package pagerdutysim

import (
	"context"
	"slices"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

var _ standin.Stage = (*Sim)(nil)

// Posts lists the incidents, and the notes of each after it.
func (s *Sim) Posts() []standin.Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	posts := []standin.Post{}
	for _, i := range s.incidents {
		service, _ := s.service(i.service)
		post := standin.Post{
			ID: i.id, Place: service.Name, Key: i.key, Updates: i.updates,
			Text: strings.TrimSpace(i.title + "\n" + i.status + "\n" + i.details + "\n" + i.resolution),
		}
		if i.open() && s.cfg.DecideBy != "" {
			post.Actions = []string{"approve", "deny"}
		}
		posts = append(posts, post)
		for _, n := range i.notes {
			posts = append(posts, standin.Post{ID: n.id, Parent: i.id, Place: service.Name, Text: n.content})
		}
	}
	return posts
}

// Do decides in the way that this account is set up for. None of the ways takes a reason.
func (s *Sim) Do(ctx context.Context, deed standin.Deed) (standin.Reaction, error) {
	if !slices.Contains([]string{"approve", "deny"}, deed.Action) {
		return standin.Reaction{}, standin.RefusedError("an incident can be approved or denied")
	}
	act := Act{Person: deed.Person, Incident: deed.Post, Do: s.cfg.DecideBy, Text: deed.Action}
	switch s.cfg.DecideBy {
	case "":
		return standin.Reaction{}, standin.RefusedError("PagerDuty has no button for this: open the link in the incident and decide there")
	case "note":
		act.Text = "/" + deed.Action
	}
	return s.Act(ctx, act)
}
