package slacksim

import "strings"

// describeUser is a person as the API shows them; the e-mail needs a scope of its own.
func (s *Sim) describeUser(u User, withEmail bool) map[string]any {
	profile := map[string]any{
		"real_name": u.RealName, "real_name_normalized": u.RealName,
		"display_name": u.Name, "display_name_normalized": u.Name, "team": u.TeamID,
	}
	if withEmail && u.Email != "" {
		profile["email"] = u.Email
	}
	if u.Bot {
		profile["bot_id"], profile["api_app_id"] = s.cfg.App.BotID, s.cfg.App.ID
	}
	return map[string]any{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted,
		"color": "1f6f5c", "tz": "Etc/UTC", "tz_label": "Coordinated Universal Time", "tz_offset": 0,
		"profile": profile, "is_bot": u.Bot, "is_app_user": false, "is_admin": false, "is_owner": false,
		"is_primary_owner": false, "is_restricted": u.Restricted || u.UltraRestricted,
		"is_ultra_restricted": u.UltraRestricted, "is_stranger": u.Stranger,
		"is_email_confirmed": u.Email != "" && !u.EmailUnconfirmed, "updated": 1_700_000_000,
	}
}

func (s *Sim) usersInfo(c *call) (reply, error) {
	u, known := s.users[c.args["user"]]
	if !known {
		return nil, fail("user_not_found")
	}
	return reply{"user": s.describeUser(u, c.token.has("users:read.email"))}, nil
}

func (s *Sim) usersList(c *call) (reply, error) {
	var all []map[string]any
	for _, u := range s.cfg.Users {
		all = append(all, s.describeUser(s.users[u.ID], c.token.has("users:read.email")))
	}
	page, next, err := pageOf(all, c.args["cursor"], c.args.limit(200, 1000))
	if err != nil {
		return nil, err
	}
	return reply{"members": page, "response_metadata": map[string]any{"next_cursor": next}}, nil
}

// usersLookupByEmail finds members of the workspace and its guests, but nobody from elsewhere.
func (s *Sim) usersLookupByEmail(c *call) (reply, error) {
	email := strings.TrimSpace(c.args["email"])
	for _, u := range s.users {
		if email != "" && strings.EqualFold(u.Email, email) && !u.Deleted && !u.Stranger {
			return reply{"user": s.describeUser(u, true)}, nil
		}
	}
	return nil, fail("users_not_found")
}
