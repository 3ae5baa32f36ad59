package discord

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Resolve turns "#channel", a channel's id, "@" and an account's id, or a person into a channel.
func (b *bot) Resolve(ctx context.Context, r plugins.Recipient) ([]plugins.Destination, error) {
	if r.Person != nil {
		return b.resolvePerson(ctx, *r.Person, r.Accounts)
	}
	return b.resolveName(ctx, strings.TrimSpace(r.Name))
}

func (b *bot) resolveName(ctx context.Context, name string) ([]plugins.Destination, error) {
	if snowflake.MatchString(name) {
		return []plugins.Destination{{ID: name, Name: name}}, nil
	}
	if user, ok := strings.CutPrefix(name, "@"); ok && snowflake.MatchString(user) {
		return b.direct(ctx, user, name)
	}
	if strings.Contains(name, "@") {
		return nil, nil // Discord tells nobody's e-mail address
	}
	found, err := b.rooms(ctx, strings.TrimPrefix(name, "#"))
	if err != nil {
		return nil, failure("listing channels", repeatable, err)
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return []plugins.Destination{{ID: found[0].ID, Name: "#" + found[0].Name}}, nil
	default:
		return nil, &plugins.Error{
			Op: "resolving channel", Kind: plugins.NotFound,
			Public: fmt.Sprintf("There are %d channels called %q; give the id of the right one in role_to_recipients.", len(found), name),
		}
	}
}

// resolvePerson reaches people through the accounts that they linked, for Discord knows no other way to tell who is who.
func (b *bot) resolvePerson(ctx context.Context, p v1.PersonRef, accounts []v1.Identity) ([]plugins.Destination, error) {
	own, err := b.people.application(ctx)
	if err != nil {
		return nil, failure("resolving person", repeatable, err)
	}
	var found []plugins.Destination
	for _, account := range accounts {
		if account.Plugin != Name || account.Tenant != own.ID || !snowflake.MatchString(account.User) {
			continue
		}
		direct, err := b.direct(ctx, account.User, p.Shown())
		if err != nil {
			return nil, err
		}
		found = append(found, direct...)
	}
	return found, nil
}

// direct returns the direct message with an account, nothing if there is no such account or Discord does not allow it.
func (b *bot) direct(ctx context.Context, user, shown string) ([]plugins.Destination, error) {
	channel, err := b.people.direct(ctx, user)
	switch codeOf(err) {
	case codeUnknownUser, codeInvalidRecipient, codeCannotDirect, codeNoMutualGuild:
		return nil, nil
	}
	if err != nil {
		return nil, failure("opening direct message", repeatable, err)
	}
	return []plugins.Destination{{ID: channel, Name: "direct message with " + plain(shown, maxName)}}, nil
}

const (
	// roomsFresh is how long a list of channels is believed, roomsAgain how soon a name that it lacks makes Discord be
	// asked anew.
	roomsFresh = 10 * time.Minute
	roomsAgain = 15 * time.Second
	// maxServerPages bounds the list of servers.
	maxServerPages = 10
)

// directory knows the channels by name.
type directory struct {
	mu     sync.Mutex
	byName map[string][]room
	listed time.Time
}

// Channels that messages go to: https://discord.com/developers/docs/resources/channel#channel-object-channel-types.
const (
	roomText         = 0
	roomDirect       = 1
	roomAnnouncement = 5
	roomThreads      = 10 // threads are 10, 11 and 12
	roomLastThread   = 12
)

// rooms returns the channels of that name in the servers that count.
func (b *bot) rooms(ctx context.Context, name string) ([]room, error) {
	d := &b.people.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	age := b.now().Sub(d.listed)
	if found := d.byName[name]; d.byName != nil && (age < roomsAgain || len(found) > 0 && age < roomsFresh) {
		return found, nil
	}
	byName, err := b.listRooms(ctx)
	if err != nil {
		return nil, err
	}
	d.byName, d.listed = byName, b.now()
	return byName[name], nil
}

func (b *bot) listRooms(ctx context.Context) (map[string][]room, error) {
	guilds, err := b.guilds(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string][]room{}
	for _, guild := range guilds {
		rooms, err := b.api.rooms(ctx, guild)
		if err != nil {
			return nil, err
		}
		for _, r := range rooms {
			if r.Type == roomText || r.Type == roomAnnouncement {
				byName[r.Name] = append(byName[r.Name], r)
			}
		}
	}
	return byName, nil
}

// guilds are the servers that count.
func (b *bot) guilds(ctx context.Context) ([]string, error) {
	if len(b.config.Guilds) > 0 {
		return b.config.Guilds, nil
	}
	var ids []string
	after := ""
	for range maxServerPages {
		page, err := b.api.servers(ctx, after)
		if err != nil {
			return nil, err
		}
		for _, s := range page {
			ids = append(ids, s.ID)
			after = s.ID
		}
		if len(page) < maxServers {
			break
		}
	}
	return ids, nil
}
