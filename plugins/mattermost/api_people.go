package mattermost

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mattermost/mattermost-server/v6/model"
)

// member is what Mattermost knows of an account.
type member struct {
	id, name, email, service    string
	roles                       []string
	bot, deleted, remote, guest bool
}

func newMember(u *model.User) member {
	roles := strings.Fields(u.Roles)
	return member{
		id: u.Id, name: u.Username, email: u.Email, service: u.AuthService, roles: roles, bot: u.IsBot,
		deleted: u.DeleteAt > 0, remote: u.RemoteId != nil && *u.RemoteId != "",
		guest: slices.Contains(roles, model.SystemGuestRoleId),
	}
}

func (m member) has(role string) bool { return slices.Contains(m.roles, role) }

// member returns an account. Path is what follows /users/: an id, "me", "username/ivan", "email/ivan@example.com".
func (a *api) member(ctx context.Context, path ...string) (member, error) {
	for i := range path {
		path[i] = url.PathEscape(path[i])
	}
	var out model.User
	if err := a.call(ctx, http.MethodGet, "/users/"+strings.Join(path, "/"), nil, &out); err != nil {
		return member{}, err
	}
	if !model.IsValidId(out.Id) {
		return member{}, errNoID
	}
	return newMember(&out), nil
}

// openDirect returns the direct message between two accounts; it is the same each time.
func (a *api) openDirect(ctx context.Context, one, other string) (string, error) {
	var out model.Channel
	if err := a.call(ctx, http.MethodPost, "/channels/direct", []string{one, other}, &out); err != nil {
		return "", err
	}
	if !model.IsValidId(out.Id) {
		return "", errNoID
	}
	return out.Id, nil
}

// room is a channel as the bot sees it.
type room struct {
	id, name string
	archived bool
	direct   bool
}

func (a *api) roomAt(ctx context.Context, path string) (room, error) {
	var out model.Channel
	if err := a.call(ctx, http.MethodGet, path, nil, &out); err != nil {
		return room{}, err
	}
	if !model.IsValidId(out.Id) {
		return room{}, errNoID
	}
	return room{
		id: out.Id, name: out.Name, archived: out.DeleteAt > 0,
		direct: out.Type == model.ChannelTypeDirect || out.Type == model.ChannelTypeGroup,
	}, nil
}

func (a *api) room(ctx context.Context, id string) (room, error) {
	return a.roomAt(ctx, "/channels/"+url.PathEscape(id))
}

func (a *api) roomNamed(ctx context.Context, team, name string) (room, error) {
	return a.roomAt(ctx, "/teams/name/"+url.PathEscape(team)+"/channels/name/"+url.PathEscape(name))
}

// isIn says whether an account is a member of a channel.
func (a *api) isIn(ctx context.Context, channel, user string) (bool, error) {
	err := a.call(ctx, http.MethodGet, "/channels/"+url.PathEscape(channel)+"/members/"+url.PathEscape(user), nil, nil)
	if status := statusOf(err); status == http.StatusNotFound || status == http.StatusForbidden {
		return false, nil
	}
	return err == nil, err
}

// teams lists the names of the bot's teams.
func (a *api) teams(ctx context.Context) ([]string, error) {
	var out []model.Team
	if err := a.call(ctx, http.MethodGet, "/users/me/teams", nil, &out); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(out))
	for i := range out {
		names = append(names, out[i].Name)
	}
	return names, nil
}
