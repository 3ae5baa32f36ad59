package slacksim

import (
	"slices"
	"strconv"
	"strings"
)

// family is the part of a scope that names the kind of conversation: channels:read, groups:history …
func (c *channel) family() string {
	switch c.kind {
	case privateChannel:
		return "groups"
	case directMessage:
		return "im"
	case groupMessage:
		return "mpim"
	default:
		return "channels"
	}
}

func (s *Sim) conversationsOpen(c *call) (reply, error) {
	if id := c.args["channel"]; id != "" {
		return s.reopen(c, id)
	}
	others, err := s.partners(c.args["users"])
	if err != nil {
		return nil, err
	}
	scope := "im:write"
	if len(others) > 1 {
		scope = "mpim:write"
	}
	if !c.token.has(scope) {
		return nil, missingScope(scope, c.token)
	}
	ch, existed := s.converse(others, !c.args.flag("prevent_creation"))
	if ch == nil {
		return nil, fail("channel_not_found")
	}
	return s.opened(c, ch, existed), nil
}

func (s *Sim) reopen(c *call, id string) (reply, error) {
	ch := s.channelByID(id)
	if ch == nil || ch.kind != directMessage && ch.kind != groupMessage {
		return nil, fail("channel_not_found")
	}
	return s.opened(c, ch, true), nil
}

func (s *Sim) opened(c *call, ch *channel, existed bool) reply {
	out := reply{"channel": map[string]any{"id": ch.id}}
	if existed {
		out["already_open"], out["no_op"] = true, true
	}
	if c.args.flag("return_im") {
		out["channel"] = s.describe(ch)
	}
	return out
}

// partners checks the people a conversation shall be opened with.
func (s *Sim) partners(list string) ([]User, error) {
	ids := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	if len(ids) == 0 {
		return nil, fail("users_list_not_supplied")
	}
	var out []User
	for _, id := range ids {
		u, known := s.users[id]
		if !known {
			return nil, fail("user_not_found")
		}
		if err := s.canMessage(u); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, nil
}

func (s *Sim) canMessage(u User) error {
	switch {
	case u.ID == s.cfg.App.BotUser:
		return fail("cannot_dm_bot")
	case u.Deleted:
		return fail("user_disabled")
	case u.Stranger:
		return fail("user_not_visible")
	default:
		return nil
	}
}

func (s *Sim) directMessage(u User) (*channel, error) {
	if err := s.canMessage(u); err != nil {
		return nil, err
	}
	ch, _ := s.converse([]User{u}, true)
	return ch, nil
}

// converse finds or makes the conversation of the bot with these people.
func (s *Sim) converse(others []User, create bool) (ch *channel, existed bool) {
	members := []string{s.cfg.App.BotUser}
	for _, u := range others {
		members = append(members, u.ID)
	}
	slices.Sort(members[1:])
	key := strings.Join(members, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.direct[key]; ch != nil || !create {
		return ch, ch != nil
	}
	ch = newChannel(Channel{ID: s.directID(members), Members: members})
	ch.kind = directMessage
	if len(others) > 1 {
		ch.kind = groupMessage
	}
	s.direct[key], s.channels[ch.id] = ch, ch
	s.order = append(s.order, ch)
	return ch, false
}

// directID is readable where it can be: the direct message with U0BOB is D0BOB.
func (s *Sim) directID(members []string) string {
	prefix, rest := "D", strings.TrimPrefix(members[1], "U")
	if len(members) > 2 {
		prefix, rest = "G", strconv.Itoa(len(s.direct))+"MPIM"
	}
	if id := prefix + rest; s.channels[id] == nil {
		return id
	}
	return s.randomID(prefix)
}

// describe is a conversation as the API shows it.
func (s *Sim) describe(c *channel) map[string]any {
	ws, bot := s.cfg.Workspace.ID, s.cfg.App.BotUser
	out := map[string]any{
		"id": c.id, "created": 1_700_000_000, "is_archived": false, "context_team_id": ws,
		"is_channel": c.kind == publicChannel, "is_group": c.kind == privateChannel, "is_im": c.kind == directMessage,
		"is_mpim": c.kind == groupMessage, "is_private": c.kind != publicChannel,
		"is_shared": c.shared, "is_ext_shared": c.shared, "is_org_shared": false, "is_pending_ext_shared": false,
		"is_general": false,
	}
	if c.kind == directMessage {
		out["user"], out["is_open"], out["is_user_deleted"] = c.other(bot), true, false
		return out
	}
	c.mu.RLock()
	out["is_archived"] = c.archived
	c.mu.RUnlock()
	out["name"], out["name_normalized"], out["num_members"] = c.name, c.name, len(c.members)
	out["creator"], out["is_member"], out["unlinked"] = "U0ALICE", c.hasMember(bot), 0
	empty := map[string]any{"value": "", "creator": "", "last_set": 0}
	out["topic"], out["purpose"], out["shared_team_ids"] = empty, empty, []string{ws}
	return out
}

func (s *Sim) conversationsInfo(c *call) (reply, error) {
	ch := s.channelByID(c.args["channel"])
	if ch == nil || !ch.visibleTo(s.cfg.App.BotUser) {
		return nil, fail("channel_not_found")
	}
	if scope := ch.family() + ":read"; !c.token.has(scope) {
		return nil, missingScope(scope, c.token)
	}
	return reply{"channel": s.describe(ch)}, nil
}

func (s *Sim) conversationsList(c *call) (reply, error) {
	return s.listChannels(c, func(ch *channel) bool { return ch.visibleTo(s.cfg.App.BotUser) })
}

func (s *Sim) usersConversations(c *call) (reply, error) {
	user := c.args["user"]
	if user == "" {
		user = s.cfg.App.BotUser
	}
	if _, known := s.users[user]; !known {
		return nil, fail("user_not_found")
	}
	return s.listChannels(c, func(ch *channel) bool {
		return ch.hasMember(user) && ch.visibleTo(s.cfg.App.BotUser)
	})
}

func typeFamilies() map[string]string {
	return map[string]string{
		"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim",
	}
}

func (s *Sim) wantedFamilies(c *call) ([]string, error) {
	types := c.args["types"]
	if types == "" {
		types = "public_channel"
	}
	var families []string
	for _, t := range strings.Split(types, ",") {
		family, known := typeFamilies()[strings.TrimSpace(t)]
		if !known {
			return nil, fail("invalid_types")
		}
		if scope := family + ":read"; !c.token.has(scope) {
			return nil, missingScope(scope, c.token)
		}
		families = append(families, family)
	}
	return families, nil
}

func (s *Sim) listChannels(c *call, include func(*channel) bool) (reply, error) {
	families, err := s.wantedFamilies(c)
	if err != nil {
		return nil, err
	}
	var fitting []map[string]any
	for _, ch := range s.allChannels() {
		if !slices.Contains(families, ch.family()) || !include(ch) {
			continue
		}
		d := s.describe(ch)
		if c.args.flag("exclude_archived") && d["is_archived"] == true {
			continue
		}
		fitting = append(fitting, d)
	}
	page, next, err := pageOf(fitting, c.args["cursor"], c.args.limit(100, 999))
	if err != nil {
		return nil, err
	}
	return reply{"channels": page, "response_metadata": map[string]any{"next_cursor": next}}, nil
}
