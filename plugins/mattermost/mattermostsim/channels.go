package mattermostsim

import (
	"net/http"
	"slices"
	"strings"

	"github.com/mattermost/mattermost-server/v6/model"
)

// channel is a conversation. What it is never changes; its posts are guarded by the stand-in's lock.
type channel struct {
	id, name, title, team string
	kind                  model.ChannelType
	archived              bool
	members               []string

	posts []*post
}

func newChannel(c Channel) *channel {
	kind := model.ChannelTypeOpen
	if c.Private {
		kind = model.ChannelTypePrivate
	}
	return &channel{
		id: c.ID, name: c.Name, title: c.DisplayName, team: c.Team, kind: kind, archived: c.Archived,
		members: slices.Clone(c.Members),
	}
}

func (c *channel) hasMember(user string) bool { return slices.Contains(c.members, user) }

func (c *channel) isDirect() bool { return c.kind == model.ChannelTypeDirect }

// other is who is at the other end of a direct message.
func (c *channel) other(user string) string {
	for _, m := range c.members {
		if m != user {
			return m
		}
	}
	return user
}

func (s *Sim) addChannel(ch *channel) {
	s.channels[ch.id] = ch
	s.order = append(s.order, ch)
}

func (s *Sim) channelByID(id string) *channel {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.channels[id]
}

// allChannels lists the conversations in the order in which they came to be.
func (s *Sim) allChannels() []*channel {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.order)
}

func (s *Sim) describeChannel(ch *channel) *model.Channel {
	out := &model.Channel{Id: ch.id, Name: ch.name, DisplayName: ch.title, Type: ch.kind, TeamId: s.teamID(ch.team)}
	if ch.archived {
		out.DeleteAt = 1_700_000_000_001
	}
	return out
}

func (s *Sim) teamID(name string) string {
	for _, t := range s.teams {
		if t.Name == name {
			return t.ID
		}
	}
	return ""
}

// mayRead says whether an account can see what is in a channel.
func (s *Sim) mayRead(u User, ch *channel) bool {
	return ch.hasMember(u.ID) || u.isAdmin() || ch.kind == model.ChannelTypeOpen && !slices.Contains(u.Roles, model.SystemGuestRoleId) &&
		s.isInTeam(ch.team, u.ID)
}

func (s *Sim) getChannel(c *call) (int, any, *problem) {
	ch := s.channelByID(c.path("channel"))
	switch {
	case !model.IsValidId(c.path("channel")):
		return 0, nil, badURL("channel_id")
	case ch == nil:
		return 0, nil, noChannel()
	case !s.mayRead(c.user, ch):
		return 0, nil, forbidden()
	default:
		return http.StatusOK, s.describeChannel(ch), nil
	}
}

// getChannelByName answers the same for a private channel as for none.
func (s *Sim) getChannelByName(c *call) (int, any, *problem) {
	team := strings.ToLower(c.path("team"))
	if s.teamID(team) == "" {
		return 0, nil, fail(http.StatusNotFound, "app.team.get_by_name.missing.app_error", "Unable to find the existing team.")
	}
	for _, ch := range s.allChannels() {
		if ch.team == team && ch.name == strings.ToLower(c.path("name")) && !ch.archived && s.mayRead(c.user, ch) {
			return http.StatusOK, s.describeChannel(ch), nil
		}
	}
	return 0, nil, fail(http.StatusNotFound, "app.channel.get_by_name.missing.app_error", "Channel does not exist.")
}

func (s *Sim) getChannelMember(c *call) (int, any, *problem) {
	ch := s.channelByID(c.path("channel"))
	user := c.path("user")
	if user == "me" {
		user = c.user.ID
	}
	switch {
	case ch == nil || !s.mayRead(c.user, ch):
		return 0, nil, forbidden()
	case !ch.hasMember(user):
		return 0, nil, fail(http.StatusNotFound, "app.channel.get_member.missing.app_error", "No channel member found for that user ID and channel ID.")
	default:
		return http.StatusOK, &model.ChannelMember{ChannelId: ch.id, UserId: user, Roles: "channel_user"}, nil
	}
}

// createDirect opens the direct message of two accounts, which is the same each time. One may be with oneself.
func (s *Sim) createDirect(c *call) (int, any, *problem) {
	var ids []string
	if p := c.decode(&ids); p != nil {
		return 0, nil, p
	}
	if len(ids) != 2 {
		return 0, nil, badParam("user_ids")
	}
	if !slices.Contains(ids, c.user.ID) && !c.user.isAdmin() {
		return 0, nil, forbidden()
	}
	for _, id := range ids {
		if _, known := s.user(id); !known {
			return 0, nil, fail(http.StatusBadRequest, "api.channel.create_direct_channel.invalid_user.app_error", "Invalid user ID for direct channel creation.")
		}
	}
	slices.Sort(ids)
	name := ids[0] + "__" + ids[1]
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ch := range s.order {
		if ch.isDirect() && ch.name == name {
			return http.StatusCreated, s.describeChannel(ch), nil
		}
	}
	ch := &channel{id: s.newID(), name: name, kind: model.ChannelTypeDirect, members: slices.Compact(ids)}
	s.addChannel(ch)
	return http.StatusCreated, s.describeChannel(ch), nil
}
