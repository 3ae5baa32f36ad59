package opsgeniesim

import (
	"context"
	"slices"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

var _ standin.Stage = (*Sim)(nil)

// placeOf is what people call whom an alert is for.
func (s *Sim) placeOf(a *alert) string {
	var names []string
	for _, r := range a.responders {
		name := r.Name
		if t, known := s.team(r.ID); known {
			name = t.Name
		}
		if sc, known := s.schedule(r.ID); known {
			name = sc.Name
		}
		if e, known := s.escalation(r.ID); known {
			name = e.Name
		}
		if u, known := s.userBy(func(u User) bool { return r.ID == u.ID || r.ID == u.AccountID }); known {
			name = u.FullName
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// Posts lists the alerts, and the notes of each after it.
func (s *Sim) Posts() []standin.Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	posts := []standin.Post{}
	for _, a := range s.alerts {
		post := standin.Post{
			ID: a.id, Place: s.placeOf(a), Key: a.alias, Updates: a.renamed,
			Text: strings.TrimSpace(a.message + "\n" + a.status() + "\n" + a.description),
		}
		if !a.closed && decides(a) {
			post.Actions = []string{"approve", "deny"}
		}
		posts = append(posts, post)
		for _, n := range a.notes {
			posts = append(posts, standin.Post{ID: n.id, Parent: a.id, Place: s.placeOf(a), Text: n.text})
		}
	}
	return posts
}

func decides(a *alert) bool {
	return slices.Contains(a.actions, "approve") && slices.Contains(a.actions, "deny")
}

// Do presses a button of an alert, if it has any. A button takes no reason.
func (s *Sim) Do(ctx context.Context, deed standin.Deed) (standin.Reaction, error) {
	if !slices.Contains([]string{"approve", "deny"}, deed.Action) {
		return standin.Reaction{}, standin.RefusedError("an alert can be approved or denied")
	}
	s.mu.Lock()
	a := s.find(deed.Post)
	buttons := a != nil && decides(a)
	s.mu.Unlock()
	if a != nil && !buttons {
		return standin.Reaction{}, standin.RefusedError("the alert has no button for this: open its link and decide there")
	}
	return s.Act(ctx, Act{Person: deed.Person, Alert: deed.Post, Do: "action", Text: deed.Action})
}
