package discordsim

import (
	"slices"
)

// Types of channel: https://discord.com/developers/docs/resources/channel#channel-object-channel-types.
const (
	textChannel         = 0
	directChannel       = 1
	announcementChannel = 5
	threadChannel       = 11
)

// channel is a channel of a server or a direct message. Its messages are guarded by the lock of the whole.
type channel struct {
	Channel
	// person is at the other end of a direct message with the bot.
	person   string
	messages []*message
}

func (c *channel) direct() bool { return c.Type == directChannel }

// find returns a message that was not deleted.
func (c *channel) find(id string) *message {
	for _, m := range c.messages {
		if m.id == id && !m.deleted {
			return m
		}
	}
	return nil
}

// permissions are what a member may do in a channel: https://discord.com/developers/docs/topics/permissions.
func (s *Sim) permissions(user string, c *channel) uint64 {
	if c.direct() {
		if user == c.person || user == s.cfg.Application.ID {
			return ViewChannel | SendMessages | EmbedLinks | ReadHistory
		}
		return 0
	}
	guild := s.guilds[c.Guild]
	m, isMember := guild.member(user)
	switch {
	case !isMember:
		return 0
	case guild.Owner == user:
		return ^uint64(0)
	}
	have := guild.Everyone
	for _, r := range guild.Roles {
		if slices.Contains(m.Roles, r.ID) {
			have |= r.Permissions
		}
	}
	if have&Administrator != 0 {
		return ^uint64(0)
	}
	overwrites := c.Overwrites
	if parent := s.channels[c.Parent]; c.Type == threadChannel && parent != nil {
		overwrites = parent.Overwrites
	}
	return overwritten(have, overwrites, guild.ID, m)
}

func overwritten(have uint64, overwrites []Overwrite, guild string, m Member) uint64 {
	var allow, deny uint64
	for _, o := range overwrites {
		if o.ID == guild {
			have = have&^o.Deny | o.Allow
		}
		if o.Type == 0 && slices.Contains(m.Roles, o.ID) {
			allow, deny = allow|o.Allow, deny|o.Deny
		}
	}
	have = have&^deny | allow
	for _, o := range overwrites {
		if o.Type == 1 && o.ID == m.User {
			have = have&^o.Deny | o.Allow
		}
	}
	return have
}

func (s *Sim) sees(user string, c *channel) bool { return s.permissions(user, c)&ViewChannel != 0 }

// visible returns a channel that the bot can see.
func (s *Sim) visible(id string) (*channel, error) {
	c := s.channels[id]
	switch {
	case c == nil:
		return nil, unknownChannel()
	case !s.sees(s.cfg.Application.ID, c):
		return nil, missingAccess()
	}
	return c, nil
}

// writable returns a channel that the bot can post to.
func (s *Sim) writable(id string) (*channel, error) {
	c, err := s.visible(id)
	if err != nil {
		return nil, err
	}
	if c.direct() {
		return c, s.mayDirect(c.person)
	}
	have, needed := s.permissions(s.cfg.Application.ID, c), SendMessages
	switch {
	case c.Type == threadChannel:
		needed = SendInThreads
	case c.Type != textChannel && c.Type != announcementChannel:
		return nil, notTextChannel()
	}
	switch {
	case have&needed == 0:
		return nil, missingPermissions()
	case c.Locked:
		return nil, lockedThread()
	}
	return c, nil
}

func (s *Sim) mayDirect(person string) error {
	switch {
	case !s.mutual(person):
		return noMutualGuild()
	case s.users[person].NoDirect:
		return cannotDirect()
	default:
		return nil
	}
}

func (s *Sim) mutual(person string) bool {
	for _, g := range s.guilds {
		_, bot := g.member(s.cfg.Application.ID)
		_, other := g.member(person)
		if bot && other {
			return true
		}
	}
	return false
}

// placeName is what people call a channel; one with the bot has the name of the person at the other end.
func (s *Sim) placeName(c *channel) string {
	if c.direct() {
		return s.users[c.person].Name
	}
	return "#" + c.Name
}
