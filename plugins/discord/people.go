package discord

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// memberFresh is how long it is believed that somebody is in a server: who was removed gets through no longer.
	memberFresh = time.Minute
	maxKnown    = 5000
)

// people knows whose bot this is, who is in the servers that count, and which direct message leads to whom.
type people struct {
	api    *api
	config *Config
	now    func() time.Time

	mu      sync.Mutex
	own     *application
	bot     *account
	members map[string]time.Time
	directs map[string]string

	directory directory
}

func newPeople(client *api, c *Config, now func() time.Time) *people {
	return &people{api: client, config: c, now: now, members: map[string]time.Time{}, directs: map[string]string{}}
}

// application returns the bot's own application; Discord is asked once.
func (p *people) application(ctx context.Context) (application, error) {
	p.mu.Lock()
	own := p.own
	p.mu.Unlock()
	if own != nil {
		return *own, nil
	}
	got, err := p.api.application(ctx)
	if err != nil {
		return application{}, err
	}
	if want := p.config.ApplicationID; got.ID == "" || want != "" && got.ID != want {
		return application{}, &plugins.Error{
			Op: "asking whose bot this is", Kind: plugins.Auth,
			Public: fmt.Sprintf("bot_token belongs to the application %s, the configuration says %s; correct application_id or "+
				"bot_token.", got.ID, want),
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.own = &got
	return got, nil
}

// self returns the bot's own account; Discord is asked once.
func (p *people) self(ctx context.Context) (account, error) {
	p.mu.Lock()
	known := p.bot
	p.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	got, err := p.api.self(ctx)
	if err == nil && got.ID == "" {
		err = errUnreadable
	}
	if err != nil {
		return account{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bot = &got
	return got, nil
}

// allowed says whether a server counts.
func (p *people) allowed(guild string) bool {
	return len(p.config.Guilds) == 0 || slices.Contains(p.config.Guilds, guild)
}

// isMember says whether an account is in one of the servers that count.
func (p *people) isMember(ctx context.Context, user string) (bool, error) {
	p.mu.Lock()
	asked, known := p.members[user]
	p.mu.Unlock()
	if known && p.now().Sub(asked) < memberFresh {
		return true, nil
	}
	for _, guild := range p.config.Guilds {
		_, err := p.api.member(ctx, guild, user)
		switch code := codeOf(err); {
		case err == nil:
			remember(&p.mu, p.members, user, p.now())
			return true, nil
		case code != codeUnknownMember && code != codeUnknownUser:
			return false, err
		}
	}
	return false, nil
}

// direct returns the direct message with an account. It never changes, and Discord does not like to be asked often.
func (p *people) direct(ctx context.Context, user string) (string, error) {
	p.mu.Lock()
	channel, known := p.directs[user]
	p.mu.Unlock()
	if known {
		return channel, nil
	}
	channel, err := p.api.openDirect(ctx, user)
	if err != nil {
		return "", err
	}
	remember(&p.mu, p.directs, user, channel)
	return channel, nil
}

func remember[V any](mu *sync.Mutex, in map[string]V, key string, value V) {
	mu.Lock()
	defer mu.Unlock()
	if len(in) >= maxKnown {
		clear(in)
	}
	in[key] = value
}
