package jirasim

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accede/accede/plugins/standin"
)

var _ standin.Stage = (*Sim)(nil)

// Posts lists the issues with their comments, oldest first.
func (s *Sim) Posts() []standin.Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	posts := []standin.Post{}
	for _, i := range s.issues {
		project, _ := s.project(i.project)
		status, _ := s.status(i.status)
		posts = append(posts, standin.Post{
			ID: i.key, Place: project.Key, Key: i.deliveryKey(), Updates: i.updates, Deleted: i.deleted, Actions: s.decides(i),
			Text: i.summary + "\n" + status.Name + "\n" + i.body.plain() + "\n" + strings.Join(i.labels, " "),
		})
		for _, c := range i.comments {
			posts = append(posts, standin.Post{
				ID: i.key + "/" + c.id, Place: project.Key, Parent: i.key, Key: c.key(), Text: c.body.plain(), Deleted: i.deleted,
			})
		}
	}
	return posts
}

// columns are where a card has to be dragged for an action.
func columns() map[string]string { return map[string]string{"approve": Approved, "deny": Denied} }

// decides lists the actions that the workflow offers now.
func (s *Sim) decides(i *issue) (actions []string) {
	for _, action := range []string{"approve", "deny"} {
		if !i.deleted && slices.Contains(s.cfg.Workflow[i.status], columns()[action]) {
			actions = append(actions, action)
		}
	}
	return actions
}

// comesBackWithin is how long somebody waits for a card that is being put back.
const comesBackWithin = 5 * time.Second

// Do drags the card as a person; what they say is a comment before. If the card is where they want it already, they wait a
// little for it to come back.
func (s *Sim) Do(ctx context.Context, deed standin.Deed) (standin.Reaction, error) {
	to, known := columns()[deed.Action]
	if !known {
		return standin.Reaction{}, standin.RefusedError("people can approve and deny, not " + deed.Action)
	}
	s.awaitBack(ctx, deed.Post, to)
	got, err := s.Move(ctx, Move{Person: deed.Person, Issue: deed.Post, To: to, Comment: deed.Reason})
	if err != nil {
		return standin.Reaction{}, err
	}
	taken := s.opts.CallbackURL == "" || got.Status >= http.StatusOK && got.Status < http.StatusMultipleChoices
	return standin.Reaction{OK: taken, Status: got.Status}, nil
}

// awaitBack waits until the card is no longer in the column.
func (s *Sim) awaitBack(ctx context.Context, key, column string) {
	ctx, cancel := context.WithTimeout(ctx, comesBackWithin)
	defer cancel()
	for seen := s.changes.Version(); ctx.Err() == nil; seen = s.changes.Wait(ctx, seen) {
		s.mu.Lock()
		i := s.find(key)
		there := i != nil && i.status == column
		s.mu.Unlock()
		if !there {
			return
		}
	}
}
