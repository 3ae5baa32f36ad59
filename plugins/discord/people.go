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

	// turn is held by whoever looks at own and bot, so that many who want to know ask Discord once.
	turn chan struct{}
	own  *application
	bot  *account

	mu      sync.Mutex
	members map[string]time.Time
	directs map[string]string

	directory directory
}

func newPeople(client *api, c *Config, now func() time.Time) *people {
	return &people{api: client, config: c, now: now, turn: make(chan struct{}, 1), members: map[string]time.Time{}, directs: map[string]string{}}
}

// application returns the bot's own application; Discord is asked once.
func (p *people) application(ctx context.Context) (application, error) {
	return once(ctx, p, &p.own, func() (application, error) {
		got, err := p.api.application(ctx)
		if want := p.config.ApplicationID; err == nil && (got.ID == "" || want != "" && got.ID != want) {
			err = &plugins.Error{
				Op: "asking whose bot this is", Kind: plugins.Auth,
				Public: fmt.Sprintf("bot_token belongs to the application %s, the configuration says %s; correct application_id or "+
					"bot_token.", got.ID, want),
			}
		}
		return got, err
	})
}

// self returns the bot's own account; Discord is asked once.
func (p *people) self(ctx context.Context) (account, error) {
	return once(ctx, p, &p.bot, func() (account, error) {
		got, err := p.api.self(ctx)
		if err == nil && got.ID == "" {
			err = errUnreadable
		}
		return got, err
	})
}

// once returns what is known, or asks while others wait for the answer.
func once[T any](ctx context.Context, p *people, known **T, ask func() (T, error)) (T, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	if *known != nil {
		return **known, nil
	}
	got, err := ask()
	if err == nil {
		*known = &got
	}
	return got, err
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
