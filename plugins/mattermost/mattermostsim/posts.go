package mattermostsim

import (
	"encoding/json"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins/standin"
)

// Limits of a post, in characters: https://github.com/mattermost/mattermost/blob/master/server/public/model/post.go.
const (
	maxMessage = 16383
	maxProps   = 800_000
)

// post is a message. All but its channel is guarded by the stand-in's lock.
type post struct {
	*model.Post
	// onlyFor is the person who alone sees an ephemeral post.
	onlyFor string
	updates int
	// earlier are the texts that it had before it was edited.
	earlier []*model.Post
}

// key is the delivery key in its props, if there is one.
func (p *post) key() string {
	key, _ := p.GetProp("accede_delivery").(string) // of any other type it is not a key
	return key
}

// wire is the post as clients see it: where its buttons lead is nobody's business.
func (p *post) wire() *model.Post {
	out := p.Clone()
	out.StripActionIntegrations()
	return out
}

// createPost takes a message. A repeat of its pending_post_id within half a minute gets the first one instead, if the same
// node gets it.
func (s *Sim) createPost(c *call) (int, any, *problem) {
	var in model.Post
	if p := c.decode(&in); p != nil {
		return 0, nil, p
	}
	ch, p := s.mayPost(c.user, in.ChannelId)
	if p != nil {
		return 0, nil, p
	}
	if known, p := s.repeated(c.node, in.PendingPostId); known != nil || p != nil {
		return http.StatusCreated, known, p
	}
	made, p := s.save(c, &in, ch)
	s.concluded(c.node, in.PendingPostId, made)
	if p != nil {
		return 0, nil, p
	}
	s.tally.Posted(made.key())
	s.changes.Touch()
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := made.wire()
	out.PendingPostId = in.PendingPostId
	return http.StatusCreated, out, nil
}

func (s *Sim) mayPost(u User, channelID string) (*channel, *problem) {
	ch := s.channelByID(channelID)
	switch {
	case ch == nil, !ch.hasMember(u.ID) && !u.postsAnywhere():
		return nil, forbidden()
	case ch.archived:
		return nil, fail(http.StatusBadRequest, "api.post.create_post.can_not_post_to_deleted.error", "Can not post to deleted channel.")
	default:
		return ch, nil
	}
}

func (s *Sim) save(c *call, in *model.Post, ch *channel) (*post, *problem) {
	if delay := s.Server().SaveDelayMS; delay > 0 {
		standin.Pause(c.r.Context(), time.Duration(delay)*time.Millisecond)
	}
	if in.Id != "" {
		return nil, fail(http.StatusBadRequest, "app.post.save.existing.app_error", "You cannot update an existing Post.")
	}
	if p := checkSize(in.Message, in.Props); p != nil {
		return nil, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.checkRoot(in.RootId, ch.id); p != nil {
		return nil, p
	}
	now := s.millis()
	made := &post{Post: &model.Post{
		Id: s.newID(), CreateAt: now, UpdateAt: now, UserId: c.user.ID, ChannelId: ch.id, RootId: in.RootId,
		Message: in.Message, Props: withActionIDs(in.Props, s.newID),
	}}
	if c.user.Bot {
		made.AddProp("from_bot", "true")
	}
	s.posts[made.Id] = made
	ch.posts = append(ch.posts, made)
	return made, nil
}

func checkSize(message string, props model.StringInterface) *problem {
	if utf8.RuneCountInString(message) > maxMessage {
		return fail(http.StatusBadRequest, "model.post.is_valid.message_length.app_error", "Post Message property is longer than the maximum permitted length.")
	}
	encoded, err := json.Marshal(props)
	if err != nil || utf8.RuneCount(encoded) > maxProps {
		return fail(http.StatusBadRequest, "model.post.is_valid.props.app_error", "Invalid props.")
	}
	return nil
}

// checkRoot wants the root of a thread, not a reply in it. The lock must be held.
func (s *Sim) checkRoot(root, channel string) *problem {
	if root == "" {
		return nil
	}
	parent := s.posts[root]
	switch {
	case parent == nil, parent.DeleteAt > 0, parent.RootId != "", parent.onlyFor != "":
		return fail(http.StatusBadRequest, "api.post.create_post.root_id.app_error", "Invalid RootId parameter.")
	case parent.ChannelId != channel:
		return fail(http.StatusBadRequest, "api.post.create_post.channel_root_id.app_error", "Invalid ChannelId for RootId parameter.")
	default:
		return nil
	}
}

// withActionIDs gives each button without an id one.
func withActionIDs(props model.StringInterface, newID func() string) model.StringInterface {
	if props == nil {
		return model.StringInterface{}
	}
	attachments, _ := props["attachments"].([]any) // other types are kept as they are
	for _, attachment := range attachments {
		fields, _ := attachment.(map[string]any)
		actions, _ := fields["actions"].([]any)
		for _, action := range actions {
			if button, ok := action.(map[string]any); ok && (button["id"] == nil || button["id"] == "") {
				button["id"] = newID()
			}
		}
	}
	return props
}

func (s *Sim) getPost(c *call) (int, any, *problem) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.posts[c.path("post")]
	if p == nil || p.DeleteAt > 0 || p.onlyFor != "" {
		return 0, nil, noPost()
	}
	if ch := s.channels[p.ChannelId]; !ch.hasMember(c.user.ID) && !c.user.isAdmin() {
		return 0, nil, forbidden()
	}
	return http.StatusOK, p.wire(), nil
}

// patchPost changes what it is given: all props at once, and the message only while messages may be edited. A post that is
// not there is refused like one that belongs to somebody else.
func (s *Sim) patchPost(c *call) (int, any, *problem) {
	var in model.PostPatch
	if p := c.decode(&in); p != nil {
		return 0, nil, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.posts[c.path("post")]
	if p == nil || p.DeleteAt > 0 || p.onlyFor != "" || p.UserId != c.user.ID && !c.user.isAdmin() {
		return 0, nil, forbidden()
	}
	if in.Message != nil && s.pastEditing(p) {
		return 0, nil, timeLimit()
	}
	message, props := p.Message, p.Props
	if in.Message != nil {
		message = *in.Message
	}
	if in.Props != nil {
		props = *in.Props
	}
	if problem := s.edit(p, message, props); problem != nil {
		return 0, nil, problem
	}
	s.tally.Updated()
	s.changes.Touch()
	return http.StatusOK, p.wire(), nil
}

func timeLimit() *problem {
	return fail(http.StatusBadRequest, "api.post.update_post.permissions_time_limit.app_error", "Post edit is only allowed for a limited time.")
}

// pastEditing says that the message may not be changed any more. The lock must be held.
func (s *Sim) pastEditing(p *post) bool {
	limit := s.server.PostEditTimeLimit
	return limit != -1 && s.millis() > p.CreateAt+int64(limit)*1000
}

// edit changes a post. The lock must be held.
func (s *Sim) edit(p *post, message string, props model.StringInterface) *problem {
	if message != p.Message && s.pastEditing(p) {
		return timeLimit()
	}
	if s.channels[p.ChannelId].archived {
		return fail(http.StatusBadRequest, "api.post.update_post.can_not_update_post_in_deleted.error", "Can not update a post in a deleted channel.")
	}
	if problem := checkSize(message, props); problem != nil {
		return problem
	}
	now := s.millis()
	if message != p.Message {
		before := p.Clone()
		before.Id, before.OriginalId, before.DeleteAt, before.UpdateAt = s.newID(), p.Id, now, now
		p.earlier = append(p.earlier, before)
		p.EditAt = now
	}
	p.Message, p.UpdateAt = message, now
	p.SetProps(withActionIDs(props, s.newID))
	p.updates++
	return nil
}

// deletePost hides a post and, if it is a root, its thread.
func (s *Sim) deletePost(c *call) (int, any, *problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.posts[c.path("post")]
	if p == nil || p.DeleteAt > 0 || p.UserId != c.user.ID && !c.user.isAdmin() {
		return 0, nil, forbidden()
	}
	s.remove(p)
	s.changes.Touch()
	return http.StatusOK, statusOK(), nil
}

// remove deletes a post with its replies. The lock must be held.
func (s *Sim) remove(p *post) {
	now := s.millis()
	for _, one := range s.channels[p.ChannelId].posts {
		if (one == p || one.RootId == p.Id) && one.DeleteAt == 0 {
			one.DeleteAt, one.UpdateAt = now, now
			s.tally.Removed(one.key())
		}
	}
}
