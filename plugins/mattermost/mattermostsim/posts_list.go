package mattermostsim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/mattermost/mattermost-server/v6/model"
)

// Sizes of a page: https://developers.mattermost.com/api-documentation/#/operations/GetPostsForChannel.
const (
	usualPage = 60
	maxPage   = 200
	maxSince  = 1000
)

// getPosts lists a channel's posts: those that changed since a time, or a page, newest first, replies among them.
func (s *Sim) getPosts(c *call) (int, any, *problem) {
	ch := s.channelByID(c.path("channel"))
	if ch == nil || !ch.hasMember(c.user.ID) && !c.user.isAdmin() {
		return 0, nil, forbidden()
	}
	query := c.r.URL.Query()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if since := query.Get("since"); since != "" {
		millis, err := strconv.ParseInt(since, 10, 64)
		if err != nil {
			return 0, nil, badParam("since")
		}
		return http.StatusOK, since1000(ch, millis), nil
	}
	page, p := pageOf(newestFirst(ch), query)
	if p != nil {
		return 0, nil, p
	}
	return http.StatusOK, s.listOf(page), nil
}

func newestFirst(ch *channel) []*post {
	var live []*post
	for _, p := range slices.Backward(ch.posts) {
		if p.DeleteAt == 0 && p.onlyFor == "" {
			live = append(live, p)
		}
	}
	return live
}

func pageOf(posts []*post, query url.Values) ([]*post, *problem) {
	size, number := usualPage, 0
	for name, into := range map[string]*int{"per_page": &size, "page": &number} {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return nil, badURL(name)
			}
			*into = n
		}
	}
	size = min(size, maxPage)
	if before := query.Get("before"); before != "" {
		at := slices.IndexFunc(posts, func(p *post) bool { return p.Id == before })
		if at < 0 {
			return nil, nil
		}
		posts = posts[at+1:]
	}
	from := min(size*number, len(posts))
	return posts[from:min(from+size, len(posts))], nil
}

// listOf adds the roots of replies, which are in the list but not in its order. The lock must be held.
func (s *Sim) listOf(page []*post) *model.PostList {
	list := model.NewPostList()
	for _, p := range page {
		list.AddPost(p.wire())
		list.AddOrder(p.Id)
	}
	for _, p := range page {
		if root := s.posts[p.RootId]; root != nil && list.Posts[root.Id] == nil {
			list.AddPost(root.wire())
		}
	}
	return list
}

// since1000 lists what changed, deleted posts and earlier texts included, a thousand at most.
func since1000(ch *channel, since int64) *model.PostList {
	list := model.NewPostList()
	for _, p := range slices.Backward(ch.posts) {
		if p.onlyFor != "" {
			continue
		}
		for _, one := range append([]*model.Post{p.wire()}, p.earlier...) {
			if one.UpdateAt > since && len(list.Order) < maxSince {
				list.AddPost(one)
				list.AddOrder(one.Id)
			}
		}
	}
	return list
}

// createEphemeral shows a message to one person.
func (s *Sim) createEphemeral(c *call) (int, any, *problem) {
	var in struct {
		UserID string      `json:"user_id"`
		Post   *model.Post `json:"post"`
	}
	if p := c.decode(&in); p != nil {
		return 0, nil, p
	}
	switch {
	case in.UserID == "":
		return 0, nil, badParam("user_id")
	case in.Post == nil:
		return 0, nil, badParam("post")
	case !c.user.mayWhisper():
		return 0, nil, forbidden()
	}
	made := s.whisper(in.UserID, in.Post.ChannelId, in.Post.RootId, c.user.ID, in.Post.Message)
	return http.StatusCreated, made, nil
}

// whisper keeps an ephemeral post; it is lost on those who are not in the channel.
func (s *Sim) whisper(to, channel, root, from, message string) *model.Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.millis()
	made := &post{onlyFor: to, Post: &model.Post{
		Id: s.newID(), CreateAt: now, UpdateAt: now, UserId: from, ChannelId: channel, RootId: root, Message: message,
		Type: model.PostTypeEphemeral, Props: model.StringInterface{},
	}}
	if ch := s.channels[channel]; ch != nil && ch.hasMember(to) {
		s.posts[made.Id] = made
		ch.posts = append(ch.posts, made)
	}
	s.changes.Touch()
	return made.wire()
}
