package slacksim

import (
	"context"
	"fmt"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

var _ standin.Stage = (*Sim)(nil)

// Posts lists the messages of each conversation, oldest first, and after them what only one person sees there.
func (s *Sim) Posts() []standin.Post {
	posts := []standin.Post{}
	for _, ch := range s.allChannels() {
		place := s.placeName(ch)
		ch.mu.RLock()
		for _, m := range append(ch.messages[:len(ch.messages):len(ch.messages)], ch.ephemeral...) {
			posts = append(posts, s.postOf(ch, m, place))
		}
		ch.mu.RUnlock()
	}
	return posts
}

// postOf describes a message. The channel's lock must be held.
func (s *Sim) postOf(ch *channel, m *message, place string) standin.Post {
	post := standin.Post{
		ID: postID(ch, m.ts), Place: place, Key: m.key, Text: m.text, Updates: len(m.updates), Deleted: m.deleted,
	}
	if m.parent != nil {
		post.Parent = postID(ch, m.parent.ts)
	}
	if m.onlyFor != "" {
		post.OnlyFor = s.loginName(m.onlyFor)
	}
	for i := range m.layout.blocks {
		post.Text += m.layout.blocks[i].readable()
		post.Actions = append(post.Actions, m.layout.blocks[i].decides()...)
	}
	return post
}

func postID(ch *channel, ts string) string { return ch.id + "/" + ts }

func (s *Sim) loginName(id string) string {
	u, _ := s.userNamed(id)
	return u.Name
}

// placeName is what people call a conversation; one with the app has the name of the person at the other end.
func (s *Sim) placeName(ch *channel) string {
	if ch.kind == directMessage {
		return s.loginName(ch.other(s.cfg.App.BotUser))
	}
	return "#" + ch.name
}

// readable is every text and address of the block, a line each.
func (b *block) readable() string {
	var lines strings.Builder
	add := func(t *textObject) {
		if t != nil {
			lines.WriteString("\n" + t.Text)
		}
	}
	add(b.Text)
	for i := range b.Fields {
		add(&b.Fields[i])
	}
	for i := range b.Elements {
		add(b.Elements[i].Text)
		lines.WriteString("\n" + b.Elements[i].URL)
	}
	return lines.String()
}

// decides lists the actions of the block's buttons; those that only open an address decide nothing.
func (b *block) decides() (actions []string) {
	for _, e := range b.Elements {
		if e.Type == "button" && e.URL == "" {
			actions = append(actions, e.ActionID)
		}
	}
	return actions
}

// Do presses a button as a person. If that opens a form, the form is sent off with the reason.
func (s *Sim) Do(ctx context.Context, deed standin.Deed) (standin.Reaction, error) {
	channel, ts, _ := strings.Cut(deed.Post, "/")
	result, err := s.Click(ctx, Click{User: deed.Person, Channel: channel, TS: ts, ActionID: deed.Action})
	if err == nil && result.OK && result.ViewID != "" {
		result, err = s.submitReason(ctx, deed, result.ViewID)
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

// submitReason writes the reason into the only input of the form that is on top, and sends it off.
func (s *Sim) submitReason(ctx context.Context, deed standin.Deed, view string) (Result, error) {
	s.views.mu.Lock()
	values := map[string]map[string]string{}
	if v := s.views.known[view]; v != nil {
		for _, b := range v.layout.blocks {
			if b.Type == "input" && b.Element != nil {
				values[b.ID] = map[string]string{b.Element.ActionID: deed.Reason}
			}
		}
	}
	s.views.mu.Unlock()
	if len(values) != 1 {
		return Result{}, fmt.Errorf("the form has %d inputs", len(values))
	}
	return s.Submit(ctx, Submission{User: deed.Person, ViewID: view, Values: values})
}
