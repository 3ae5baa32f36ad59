package mattermost

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/mattermost/mattermost-server/v6/model"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Resolve turns "~channel", "team/channel", "@username", an e-mail address, an id or a person into a conversation.
func (b *bot) Resolve(ctx context.Context, r plugins.Recipient) ([]plugins.Destination, error) {
	if r.Person != nil {
		return b.resolvePerson(ctx, *r.Person, r.Accounts)
	}
	name := strings.TrimSpace(r.Name)
	user, isUser := strings.CutPrefix(name, "@")
	switch {
	case isUser:
		return b.resolveMember(ctx, name, "username", user)
	case !isMarked(name) && strings.Contains(name, "@"):
		return b.resolveEmail(ctx, name, name)
	case !isMarked(name) && model.IsValidId(name):
		return b.resolveID(ctx, name)
	default:
		return b.resolveChannel(ctx, name)
	}
}

// isMarked says that a recipient can only be a channel's name.
func isMarked(name string) bool { return strings.HasPrefix(name, "~") || strings.HasPrefix(name, "#") }

// resolveID finds out whether an id is a channel's or an account's; they look alike.
func (b *bot) resolveID(ctx context.Context, id string) ([]plugins.Destination, error) {
	found, err := b.api.room(ctx, id)
	if status := statusOf(err); status == http.StatusNotFound || status == http.StatusForbidden {
		return b.resolveMember(ctx, id, id)
	}
	if err != nil {
		return nil, failure("looking up channel", repeatable, err)
	}
	return []plugins.Destination{{ID: found.id, Name: found.shown()}}, nil
}

func (r room) shown() string {
	if r.direct || r.name == "" {
		return r.id
	}
	return "~" + r.name
}

func (b *bot) resolveChannel(ctx context.Context, name string) ([]plugins.Destination, error) {
	team, channel, err := b.place(ctx, name)
	if err != nil || channel == "" {
		return nil, err
	}
	found, err := b.api.roomNamed(ctx, team, channel)
	if status := statusOf(err); status == http.StatusNotFound || status == http.StatusForbidden || status == http.StatusBadRequest {
		return nil, nil
	}
	if err != nil {
		return nil, failure("looking up channel", repeatable, err)
	}
	return []plugins.Destination{{ID: found.id, Name: found.shown()}}, nil
}

// place takes a channel's name apart: "team/channel", or "~channel" in the configured team or the bot's only one.
func (b *bot) place(ctx context.Context, name string) (team, channel string, err error) {
	name = strings.ToLower(strings.TrimLeft(name, "~#"))
	if team, channel, ok := strings.Cut(name, "/"); ok {
		return team, strings.TrimLeft(channel, "~#"), nil
	}
	if b.config.Team != "" {
		return b.config.Team, name, nil
	}
	teams, err := b.api.teams(ctx)
	if err != nil {
		return "", "", failure("listing teams", repeatable, err)
	}
	if len(teams) != 1 {
		return "", "", &plugins.Error{
			Op: "looking up channel", Kind: plugins.NotFound,
			Public: "The bot is in no team or in several, so a channel's name alone does not tell; set team, or write team/channel.",
		}
	}
	return teams[0], name, nil
}

// resolvePerson prefers the accounts that the person connected. Their e-mail address serves to tell them, never to say
// who clicked.
func (b *bot) resolvePerson(ctx context.Context, p v1.PersonRef, accounts []v1.Identity) ([]plugins.Destination, error) {
	var found []plugins.Destination
	for _, account := range accounts {
		if account.Plugin != Name || account.Tenant != b.config.tenant() {
			continue
		}
		direct, err := b.resolveMember(ctx, p.Shown(), account.User)
		if err != nil {
			return nil, err
		}
		found = append(found, direct...)
	}
	if len(found) > 0 || p.Email == "" {
		return found, nil
	}
	found, err := b.resolveEmail(ctx, p.Email, p.Shown())
	if idOf(err) == idEmailHidden {
		return nil, nil // such a server is one whose people are reached once they connected their account
	}
	return found, err
}

// singleSignOn lists the sign-ins that vouch for an address: people cannot set it themselves.
func singleSignOn() []string {
	return []string{
		model.UserAuthServiceSaml, model.UserAuthServiceLdap, model.ServiceOpenid, model.ServiceGoogle,
		model.ServiceOffice365, model.ServiceGitlab,
	}
}

// resolveEmail finds the account with an address, if the address is worth something: on many servers people can give any
// address without proving that it is theirs.
func (b *bot) resolveEmail(ctx context.Context, email, shown string) ([]plugins.Destination, error) {
	if b.config.Email == EmailNever {
		return nil, nil
	}
	m, err := b.api.member(ctx, "email", email)
	if status := statusOf(err); status == http.StatusNotFound || status == http.StatusBadRequest {
		return nil, nil
	}
	if err != nil {
		return nil, failure("looking up e-mail address", repeatable, err)
	}
	if b.config.Email == EmailSSO && !slices.Contains(singleSignOn(), m.service) {
		return nil, nil
	}
	return b.direct(ctx, m, shown)
}

func (b *bot) resolveMember(ctx context.Context, shown string, path ...string) ([]plugins.Destination, error) {
	m, err := b.api.member(ctx, path...)
	if status := statusOf(err); status == http.StatusNotFound || status == http.StatusBadRequest {
		return nil, nil
	}
	if err != nil {
		return nil, failure("looking up account", repeatable, err)
	}
	return b.direct(ctx, m, shown)
}

// direct returns the direct message with an account, nothing if it is not a living person's of this server.
func (b *bot) direct(ctx context.Context, m member, shown string) ([]plugins.Destination, error) {
	if m.bot || m.deleted || m.remote {
		return nil, nil
	}
	channel, err := b.directWith(ctx, m.id)
	if err != nil {
		return nil, err
	}
	return []plugins.Destination{{ID: channel, Name: "direct message with " + ruler.OneLine(shown, maxName)}}, nil
}

func (b *bot) directWith(ctx context.Context, user string) (string, error) {
	own, err := b.people.self(ctx)
	if err != nil {
		return "", failure("asking who the bot is", repeatable, err)
	}
	channel, err := b.api.openDirect(ctx, own.id, user)
	return channel, failure("opening direct message", repeatable, err)
}
