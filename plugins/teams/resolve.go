package teams

import (
	"context"
	"errors"
	"net/http"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Resolve turns a channel's configured name, its link or id, a directory id, an address or a person into a destination.
func (b *bot) Resolve(ctx context.Context, r plugins.Recipient) ([]plugins.Destination, error) {
	if r.Person != nil {
		return b.resolvePerson(ctx, *r.Person, r.Accounts)
	}
	name := strings.TrimSpace(r.Name)
	if id, ok := b.channelNamed(name); ok {
		return []plugins.Destination{{ID: id, Name: name}}, nil
	}
	switch {
	case guid.MatchString(name):
		return b.reachable(ctx, b.config.Tenant, name, name)
	case strings.Contains(name, "@") && !strings.HasPrefix(name, "#"):
		return b.resolveAddress(ctx, name, name)
	default:
		return nil, nil
	}
}

// channelNamed finds a channel by its configured name, or by what [channelOf] reads.
func (b *bot) channelNamed(name string) (string, bool) {
	bare := strings.TrimPrefix(name, "#")
	for known, text := range b.config.Channels {
		if strings.EqualFold(strings.TrimPrefix(known, "#"), bare) {
			return channelOf(text)
		}
	}
	return channelOf(name)
}

// resolvePerson prefers the accounts that the person linked. Their address serves to tell them, never to say who clicked.
func (b *bot) resolvePerson(ctx context.Context, p v1.PersonRef, accounts []v1.Identity) ([]plugins.Destination, error) {
	var found []plugins.Destination
	for _, account := range accounts {
		if account.Plugin != Name || !b.config.allows(account.Tenant) {
			continue
		}
		there, err := b.reachable(ctx, account.Tenant, account.User, p.Shown())
		if err != nil {
			return nil, err
		}
		found = append(found, there...)
	}
	if len(found) > 0 || p.Email == "" {
		return found, nil
	}
	return b.resolveAddress(ctx, p.Email, p.Shown())
}

// resolveAddress looks among the members of the configured channels first, which needs no further permission.
func (b *bot) resolveAddress(ctx context.Context, address, shown string) ([]plugins.Destination, error) {
	m, ok, rosterErr := b.inChannels(ctx, func(m member) bool { return m.hasAddress(address) && !m.guest() && b.config.isHome(m.Tenant) })
	if ok && guid.MatchString(m.oid()) {
		b.memory.learn(ctx, b.config.Tenant, m.oid(), reference{Account: m.ID})
		return b.reachable(ctx, b.config.Tenant, m.oid(), shown)
	}
	if !b.graph.reads() {
		return nil, failure("looking up address", repeatable, rosterErr)
	}
	user, ok, err := b.graph.userByAddress(ctx, address)
	if err != nil {
		return nil, graphFailure("looking up address", err)
	}
	if !ok || !guid.MatchString(user.ID) {
		return nil, nil
	}
	return b.reachable(ctx, b.config.Tenant, user.ID, shown)
}

// reachable returns the person's destination if there is a way to write to them.
func (b *bot) reachable(ctx context.Context, tenant, oid, shown string) ([]plugins.Destination, error) {
	if !guid.MatchString(tenant) || !guid.MatchString(oid) {
		return nil, nil
	}
	_, err := b.chatWith(ctx, place{tenant: tenant, oid: oid})
	if errors.Is(err, errNoWay) || plugins.KindOf(err) == plugins.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []plugins.Destination{{ID: personPlace(tenant, oid), Name: "chat with " + oneLine(shown, maxName)}}, nil
}

// errNoWay says that nothing is known by which a person could be written to.
var errNoWay = &plugins.Error{
	Op: "finding the chat with a person", Kind: plugins.NotFound,
	Public: "The person has not installed the app and is in none of the configured channels; add the app for them, or use graph: install.",
}

// chatWith returns the reference to the chat with a person: the one that is known, else one that Teams opens for somebody
// the bot has met in a channel, else one that Graph makes by installing the app.
func (b *bot) chatWith(ctx context.Context, at place) (reference, error) {
	known := b.memory.person(ctx, at.tenant, at.oid)
	if known.Conversation != "" {
		return known, nil
	}
	if known.Account == "" {
		m, ok, _ := b.inChannels(ctx, func(m member) bool { return strings.EqualFold(m.oid(), at.oid) }) // else Graph may know
		if ok {
			known.Account = m.ID
		}
	}
	if opened, err := b.openChat(ctx, at, known); err == nil || !refusesChat(err) {
		return opened, failure("opening chat", repeatable, err)
	}
	return b.installFor(ctx, at, known)
}

// refusesChat says that Teams opens no chat with this account, so that another way may be tried.
func refusesChat(err error) bool {
	if errors.Is(err, errNoWay) {
		return true
	}
	status := statusOf(err)
	return status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusBadRequest
}

func (b *bot) openChat(ctx context.Context, at place, known reference) (reference, error) {
	if known.Account == "" {
		return reference{}, errNoWay
	}
	chat, err := b.api.startChat(ctx, known.Service, at.tenant, known.Account)
	if err != nil {
		return reference{}, err
	}
	known.Conversation = chat
	b.memory.learn(ctx, at.tenant, at.oid, known)
	return known, nil
}

func (b *bot) installFor(ctx context.Context, at place, known reference) (reference, error) {
	if b.graph.use != GraphInstall || !b.config.isHome(at.tenant) {
		return reference{}, errNoWay
	}
	if err := b.graph.install(ctx, at.oid); err != nil {
		return reference{}, graphFailure("installing the app", err)
	}
	chat, err := b.graph.chat(ctx, at.oid)
	if err != nil {
		return reference{}, graphFailure("finding the chat with a person", err)
	}
	if chat == "" {
		return reference{}, errNoWay
	}
	known.Conversation = chat
	b.memory.learn(ctx, at.tenant, at.oid, known)
	return known, nil
}

// postToPerson writes to a person. A chat that turns out to be gone is looked for once more: nothing was posted there.
func (b *bot) postToPerson(ctx context.Context, at place, m outgoing) (ref, error) {
	chat, err := b.chatWith(ctx, at)
	if err != nil {
		return ref{}, err
	}
	made, err := b.postInto(ctx, chat.Service, chat.Conversation, m)
	if err == nil || !lostChat(err) {
		return made, err
	}
	b.memory.unlearn(ctx, at.tenant, at.oid)
	fresh, again := b.chatWith(ctx, at)
	if again != nil || fresh.Conversation == chat.Conversation && b.graph.use != GraphInstall {
		return ref{}, err
	}
	return b.postInto(ctx, fresh.Service, fresh.Conversation, m)
}

// lostChat says that the bot is not in the conversation any more.
func lostChat(err error) bool {
	switch codeOf(err) {
	case "BotNotInConversationRoster", "ConversationNotFound":
		return true
	default:
		return false
	}
}

// graphFailure words what Graph refuses.
func graphFailure(op string, err error) error {
	failed := failure(op, repeatable, err)
	typed, ok := errors.AsType[*plugins.Error](failed)
	if !ok {
		return failed
	}
	worded := *typed
	switch statusOf(err) {
	case http.StatusForbidden:
		worded.Kind, worded.Public = plugins.Auth, "Microsoft Graph refuses it; "+graphRights
	case http.StatusNotFound:
		worded.Kind, worded.Public = plugins.NotFound, "Microsoft Graph does not know the person, or not the app; compare catalog_app_id "+
			"with the Teams admin center."
	case http.StatusUnauthorized:
		worded.Public = "Microsoft Graph does not take the bot's token; compare app_id and tenant."
	}
	return &worded
}

const graphRights = "grant the application permissions User.Read.All (graph: read) and " +
	"TeamsAppInstallation.ReadWriteSelfForUser.All (graph: install) under \"API permissions\" of the app registration, with admin consent."
