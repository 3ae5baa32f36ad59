package teams

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// memberFresh is how long an answer about an account is believed: a guest that was just restricted gets through no
	// longer.
	memberFresh = time.Minute
	// memberStale is how long it is believed while Teams does not answer.
	memberStale = 10 * time.Minute
	maxMembers  = 2000
	// rosterFresh is how long the list of a channel's members is believed.
	rosterFresh = 10 * time.Minute
)

// people knows who clicks.
type people struct {
	api *api
	now func() time.Time

	mu    sync.Mutex
	known map[string]knownMember
}

type knownMember struct {
	member
	asked time.Time
}

func newPeople(client *api, now func() time.Time) *people {
	return &people{api: client, now: now, known: map[string]knownMember{}}
}

// in returns an account as the members of a conversation show it, from memory if Teams was asked lately.
func (p *people) in(ctx context.Context, service, room, id string) (member, error) {
	key := room + " " + id
	p.mu.Lock()
	known, ok := p.known[key]
	p.mu.Unlock()
	age := p.now().Sub(known.asked)
	if ok && age < memberFresh {
		return known.member, nil
	}
	got, err := p.api.member(ctx, service, room, id)
	if err != nil {
		if ok && age < memberStale && statusOf(err) != http.StatusNotFound && statusOf(err) != http.StatusForbidden {
			return known.member, nil
		}
		return member{}, err
	}
	p.remember(key, got)
	return got, nil
}

func (p *people) remember(key string, m member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxMembers {
		clear(p.known)
	}
	p.known[key] = knownMember{member: m, asked: p.now()}
}

// rosters knows who is in the channels.
type rosters struct {
	api    *api
	memory *memory
	tenant string
	now    func() time.Time

	mu    sync.Mutex
	known map[string]knownRoster
}

type knownRoster struct {
	members []member
	asked   time.Time
}

func newRosters(client *api, m *memory, tenant string, now func() time.Time) *rosters {
	return &rosters{api: client, memory: m, tenant: tenant, now: now, known: map[string]knownRoster{}}
}

// of lists the members of a channel or group chat.
func (r *rosters) of(ctx context.Context, channel string) ([]member, error) {
	r.mu.Lock()
	known, ok := r.known[channel]
	r.mu.Unlock()
	if ok && r.now().Sub(known.asked) < rosterFresh {
		return known.members, nil
	}
	members, err := r.api.roster(ctx, r.memory.service(ctx, r.tenant), channel)
	if err != nil {
		return known.members, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[channel] = knownRoster{members: members, asked: r.now()}
	return members, nil
}

// forget makes the next look ask Teams.
func (r *rosters) forget(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, channel)
}

// viewers are the accounts that refresh a card by themselves where it is shown. Not knowing them costs no more than that.
func (b *bot) viewers(ctx context.Context, at place) []string {
	if at.channel == "" {
		if account := b.memory.person(ctx, at.tenant, at.oid).Account; account != "" {
			return []string{account}
		}
		return nil
	}
	if _, shared := channelOf(at.channel); !shared {
		return nil
	}
	members, err := b.rosters.of(ctx, at.channel)
	if err != nil {
		b.log.Debug("members of a channel could not be listed", "err", failure("listing members", repeatable, err))
	}
	var out []string
	for _, m := range members {
		if m.ID != "" && !m.guest() && b.config.allows(m.Tenant) {
			out = append(out, m.ID)
		}
	}
	slices.Sort(out)
	return out[:min(len(out), maxViewers)]
}

// inChannels finds somebody among the members of the configured channels.
func (b *bot) inChannels(ctx context.Context, is func(member) bool) (member, bool, error) {
	var failed error
	for _, channel := range b.channels() {
		members, err := b.rosters.of(ctx, channel)
		if err != nil {
			failed = err
		}
		if i := slices.IndexFunc(members, is); i >= 0 {
			return members[i], true, nil
		}
	}
	return member{}, false, failed
}

// channels are the configured ones, each once, in a fixed order.
func (b *bot) channels() []string {
	var out []string
	for _, text := range b.config.Channels {
		if id, ok := channelOf(text); ok && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func (m member) hasAddress(address string) bool {
	return strings.EqualFold(m.Email, address) || strings.EqualFold(m.UPN, address)
}
