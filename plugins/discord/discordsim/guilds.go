package discordsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func bits(n uint64) string { return strconv.FormatUint(n, 10) }

func wireUser(u User) map[string]any {
	out := map[string]any{
		"id": u.ID, "username": u.Name, "global_name": nil, "discriminator": "0", "avatar": nil, "bot": u.Bot,
		"public_flags": 0,
	}
	if u.GlobalName != "" {
		out["global_name"] = u.GlobalName
	}
	return out
}

func (s *Sim) wireChannel(c *channel) map[string]any {
	if c.direct() {
		return map[string]any{
			"id": c.ID, "type": directChannel, "last_message_id": nil, "flags": 0,
			"recipients": []any{wireUser(s.users[c.person])},
		}
	}
	overwrites := []any{}
	for _, o := range c.Overwrites {
		overwrites = append(overwrites, map[string]any{"id": o.ID, "type": o.Type, "allow": bits(o.Allow), "deny": bits(o.Deny)})
	}
	out := map[string]any{
		"id": c.ID, "type": c.Type, "guild_id": c.Guild, "name": c.Name, "position": 0, "nsfw": false,
		"parent_id": nil, "permission_overwrites": overwrites, "flags": 0, "topic": nil, "rate_limit_per_user": 0,
	}
	if c.Parent != "" {
		out["parent_id"] = c.Parent
	}
	if c.Type == threadChannel {
		delete(out, "permission_overwrites")
		out["thread_metadata"] = map[string]any{"archived": c.Locked, "locked": c.Locked, "auto_archive_duration": 10080}
	}
	return out
}

func wireMember(m Member, u User) map[string]any {
	return map[string]any{
		"user": wireUser(u), "roles": append([]string{}, m.Roles...), "nick": nil, "joined_at": "2026-01-01T00:00:00Z",
		"deaf": false, "mute": false, "pending": false, "flags": 0,
	}
}

func (s *Sim) wireGuild(g Guild) map[string]any {
	roles := []any{map[string]any{"id": g.ID, "name": "@everyone", "permissions": bits(g.Everyone), "position": 0}}
	for i, r := range g.Roles {
		roles = append(roles, map[string]any{"id": r.ID, "name": r.Name, "permissions": bits(r.Permissions), "position": i + 1})
	}
	return map[string]any{"id": g.ID, "name": g.Name, "owner_id": g.Owner, "roles": roles, "features": []string{}}
}

func (s *Sim) getApplication(*call) (reply, error) {
	var endpoint any
	if s.opts.CallbackURL != "" {
		endpoint = s.opts.CallbackURL
	}
	app := s.cfg.Application
	return ok(map[string]any{
		"id": app.ID, "name": app.Name, "description": "", "bot_public": false, "verify_key": s.cfg.PublicKey(),
		"interactions_endpoint_url": endpoint, "flags": 0, "bot": wireUser(s.users[app.ID]),
	})
}

func (s *Sim) getSelf(*call) (reply, error) { return ok(wireUser(s.users[s.cfg.Application.ID])) }

func (s *Sim) getUser(c *call) (reply, error) {
	u, known := s.users[c.part("user")]
	if !known {
		return reply{}, unknownUser()
	}
	return ok(wireUser(u))
}

// botGuild returns a server that the bot is in.
func (s *Sim) botGuild(id string) (Guild, error) {
	g, known := s.guilds[id]
	if !known {
		return Guild{}, unknownGuild()
	}
	if _, in := g.member(s.cfg.Application.ID); !in {
		return Guild{}, missingAccess()
	}
	return g, nil
}

// getGuilds lists the bot's servers in the order of their ids, a page at a time.
func (s *Sim) getGuilds(c *call) (reply, error) {
	query := c.http.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 || limit > 200 {
		limit = 200
	}
	page := []any{}
	for _, g := range slices.SortedFunc(slices.Values(s.cfg.Guilds), func(a, b Guild) int { return strings.Compare(a.ID, b.ID) }) {
		if _, in := g.member(s.cfg.Application.ID); in && numberOf(g.ID) > numberOf(query.Get("after")) && len(page) < limit {
			page = append(page, map[string]any{"id": g.ID, "name": g.Name, "owner": false, "permissions": bits(g.Everyone), "features": []string{}})
		}
	}
	return ok(page)
}

func (s *Sim) getGuild(c *call) (reply, error) {
	g, err := s.botGuild(c.part("guild"))
	if err != nil {
		return reply{}, err
	}
	return ok(s.wireGuild(g))
}

// getGuildChannels lists all channels, also those that the bot cannot see, and no threads.
func (s *Sim) getGuildChannels(c *call) (reply, error) {
	g, err := s.botGuild(c.part("guild"))
	if err != nil {
		return reply{}, err
	}
	all := []any{}
	for _, ch := range s.allChannels() {
		if ch.Guild == g.ID && ch.Type != threadChannel {
			all = append(all, s.wireChannel(ch))
		}
	}
	return ok(all)
}

func (s *Sim) getMember(c *call) (reply, error) {
	g, err := s.botGuild(c.part("guild"))
	if err != nil {
		return reply{}, err
	}
	u, known := s.users[c.part("user")]
	if !known {
		return reply{}, unknownUser()
	}
	m, in := g.member(u.ID)
	if !in {
		return reply{}, unknownMember()
	}
	return ok(wireMember(m, u))
}

func (s *Sim) getChannel(c *call) (reply, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ch, err := s.visible(c.part("channel"))
	if err != nil {
		return reply{}, err
	}
	return ok(s.wireChannel(ch))
}

// createDirect opens the direct message with somebody, or returns the one there is. Whether it may be written to shows when
// it is written to.
func (s *Sim) createDirect(c *call) (reply, error) {
	var ask struct {
		Recipient string `json:"recipient_id"`
	}
	if err := c.decode(&ask); err != nil {
		return reply{}, err
	}
	u, known := s.users[ask.Recipient]
	if !known || u.Bot {
		return reply{}, refuse(http.StatusBadRequest, 50033, "Invalid Recipient(s)")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return ok(s.wireChannel(s.directWith(u.ID)))
}

// directWith returns the direct message between the bot and somebody. The lock must be held.
func (s *Sim) directWith(user string) *channel {
	for _, ch := range s.order {
		if ch.direct() && ch.person == user {
			return ch
		}
	}
	ch := &channel{Channel: Channel{ID: s.newID(), Type: directChannel}, person: user}
	s.addChannel(ch)
	return ch
}

// getGateway tells the address of the Gateway.
func (s *Sim) getGateway(c *call) (reply, error) {
	return ok(map[string]any{"url": gatewayAddress(c.base)})
}

func (s *Sim) getGatewayBot(c *call) (reply, error) {
	return ok(map[string]any{
		"url": gatewayAddress(c.base), "shards": 1,
		"session_start_limit": map[string]any{
			"total": maxIdentifies, "remaining": s.gateway.left(), "reset_after": (24 * time.Hour).Milliseconds(), "max_concurrency": 1,
		},
	})
}

func gatewayAddress(base string) string { return strings.Replace(base, "http", "ws", 1) + "/gateway/" }
