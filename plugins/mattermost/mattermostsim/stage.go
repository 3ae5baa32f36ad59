package mattermostsim

import (
	"context"
	"fmt"
	"strings"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins/standin"
)

var _ standin.Stage = (*Sim)(nil)

// Posts lists the posts of each conversation, oldest first, those that only one person sees among them.
func (s *Sim) Posts() []standin.Post {
	s.mu.RLock()
	defer s.mu.RUnlock()
	posts := []standin.Post{}
	for _, ch := range s.order {
		if len(ch.members) == 1 {
			continue // what somebody says to themselves is nobody's business
		}
		place := s.placeName(ch)
		for _, p := range ch.posts {
			posts = append(posts, s.postOf(p, place))
		}
	}
	return posts
}

// postOf describes a post. The lock must be held.
func (s *Sim) postOf(p *post, place string) standin.Post {
	out := standin.Post{
		ID: p.Id, Place: place, Parent: p.RootId, Key: p.key(), Text: readable(p.Post), Updates: p.updates, Deleted: p.DeleteAt > 0,
	}
	if p.onlyFor != "" {
		out.OnlyFor = s.loginName(p.onlyFor)
	}
	for _, attachment := range p.Attachments() {
		for _, action := range attachment.Actions {
			out.Actions = append(out.Actions, action.Id)
		}
	}
	return out
}

// readable is every text of a post, a line each; addresses stand in the markup.
func readable(p *model.Post) string {
	lines := []string{p.Message}
	for _, a := range p.Attachments() {
		lines = append(lines, a.Pretext, a.Title, a.TitleLink, a.Text)
		for _, f := range a.Fields {
			lines = append(lines, f.Title, fmt.Sprint(f.Value))
		}
		lines = append(lines, a.Footer)
	}
	return strings.Join(lines, "\n")
}

func (s *Sim) loginName(id string) string {
	u, _ := s.user(id)
	return u.Name
}

// placeName is what people call a conversation; one with a bot has the name of the person at the other end.
func (s *Sim) placeName(ch *channel) string {
	if !ch.isDirect() {
		return "~" + ch.name
	}
	for _, member := range ch.members {
		if u, _ := s.user(member); !u.Bot {
			return u.Name
		}
	}
	return s.loginName(ch.members[0])
}

// Do presses a button as a person. If that opens a dialog, it is sent off with the reason.
func (s *Sim) Do(ctx context.Context, deed standin.Deed) (standin.Reaction, error) {
	result, err := s.Click(ctx, Click{User: deed.Person, Post: deed.Post, Action: deed.Action})
	if err == nil && result.OK && result.Dialog {
		result, err = s.submitReason(ctx, deed)
	}
	if err != nil {
		return standin.Reaction{}, err
	}
	reaction := standin.Reaction{OK: result.OK && result.ShownError == "", Status: result.Status, Said: result.ShownError}
	if result.Whispered != "" {
		reaction.Said = result.Whispered
	}
	for _, complaint := range result.FieldErrors {
		reaction.OK, reaction.Said = false, complaint
	}
	return reaction, nil
}

// submitReason writes the reason into the only input of the dialog that is open, and sends it off.
func (s *Sim) submitReason(ctx context.Context, deed standin.Deed) (Result, error) {
	u, _ := s.userNamed(deed.Person)
	s.mu.RLock()
	values := map[string]string{}
	if d := s.dialogs[u.ID]; d != nil {
		for _, e := range d.Dialog.Elements {
			values[e.Name] = deed.Reason
		}
	}
	s.mu.RUnlock()
	if len(values) != 1 {
		return Result{}, fmt.Errorf("the dialog has %d inputs", len(values))
	}
	return s.Submit(ctx, Submission{User: deed.Person, Values: values})
}
