package discordsim

import (
	"context"
	"errors"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

var _ standin.Stage = (*Sim)(nil)

// Posts lists the messages of each channel, oldest first, with what only one person sees there.
func (s *Sim) Posts() []standin.Post {
	s.mu.RLock()
	defer s.mu.RUnlock()
	posts := []standin.Post{}
	for _, ch := range s.order {
		for _, m := range ch.messages {
			posts = append(posts, s.postOf(ch, m))
		}
	}
	return posts
}

func (s *Sim) postOf(ch *channel, m *message) standin.Post {
	post := standin.Post{
		ID: ch.ID + "/" + m.id, Place: s.placeName(ch), Key: m.key, Text: m.shown, Updates: len(m.updates), Deleted: m.deleted,
	}
	if m.repliesTo != nil {
		post.Parent = ch.ID + "/" + m.repliesTo.id
	}
	if m.onlyFor != "" {
		post.OnlyFor = s.users[m.onlyFor].Name
	}
	for _, b := range m.buttons() {
		if b.Type == buttonComponent && b.CustomID != "" && !b.Disabled {
			post.Actions = append(post.Actions, strings.ToLower(b.Label))
		}
	}
	return post
}

// Do presses a button as a person. If that opens a form, the form is sent off with the reason.
func (s *Sim) Do(ctx context.Context, deed standin.Deed) (standin.Reaction, error) {
	channel, message, _ := strings.Cut(deed.Post, "/")
	result, err := s.Click(ctx, Click{User: deed.Person, Channel: channel, Message: message, CustomID: deed.Action})
	if err == nil && result.OK && result.Answer == answerModal {
		result, err = s.Submit(ctx, Submission{User: deed.Person, Values: s.onlyInput(deed.Person, deed.Reason)})
	}
	if refused, ok := errors.AsType[standin.RefusedError](err); ok {
		return standin.Reaction{}, refused
	}
	if err != nil {
		return standin.Reaction{}, err
	}
	reaction := standin.Reaction{OK: result.OK, Status: result.Status, Said: result.ShownError}
	for _, complaint := range result.FieldErrors {
		reaction.OK, reaction.Said = false, complaint
	}
	return reaction, nil
}

// onlyInput is the reason as what is typed into the form that the person has open.
func (s *Sim) onlyInput(person, reason string) map[string]string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	u, _ := s.userNamed(person)
	values := map[string]string{}
	if open := s.modals[u.ID]; open != nil {
		for _, input := range open.form.inputs() {
			values[input.CustomID] = reason
		}
	}
	return values
}
