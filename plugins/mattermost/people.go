package mattermost

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// memberFresh is how long an account is believed to be what it was: one that was just disabled gets through no longer.
	memberFresh = time.Minute
	// memberStale is how long it is believed while Mattermost does not answer.
	memberStale = 10 * time.Minute
	maxMembers  = 2000
)

// people knows whose bot this is and who is who on the server.
type people struct {
	api *api
	now func() time.Time

	mu      sync.Mutex
	own     *member
	members map[string]knownMember
}

type knownMember struct {
	member
	asked time.Time
}

func newPeople(client *api, now func() time.Time) *people {
	return &people{api: client, now: now, members: map[string]knownMember{}}
}

// self returns who the bot is; Mattermost is asked once.
func (p *people) self(ctx context.Context) (member, error) {
	p.mu.Lock()
	own := p.own
	p.mu.Unlock()
	if own != nil {
		return *own, nil
	}
	got, err := p.api.member(ctx, "me")
	if err != nil {
		return member{}, err
	}
	if got.guest {
		return member{}, &plugins.Error{
			Op: "asking who the bot is", Kind: plugins.Auth,
			Public: "token belongs to a guest; use the token of a bot account.",
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.own = &got
	return got, nil
}

// byID returns an account, from memory if Mattermost was asked lately.
func (p *people) byID(ctx context.Context, id string) (member, error) {
	p.mu.Lock()
	known, ok := p.members[id]
	p.mu.Unlock()
	age := p.now().Sub(known.asked)
	if ok && age < memberFresh {
		return known.member, nil
	}
	got, err := p.api.member(ctx, id)
	if err != nil {
		if ok && age < memberStale && (statusOf(err) == 0 || statusOf(err) >= http.StatusInternalServerError) {
			return known.member, nil
		}
		return member{}, err
	}
	p.remember(got)
	return got, nil
}

func (p *people) remember(m member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.members) >= maxMembers {
		clear(p.members)
	}
	p.members[m.id] = knownMember{member: m, asked: p.now()}
}
