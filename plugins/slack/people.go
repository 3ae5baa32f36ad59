package slack

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// memberFresh is how long an answer of users.info is believed: a guest that was just restricted gets through no longer.
	memberFresh = time.Minute
	// memberStale is how long it is believed while Slack does not answer.
	memberStale = 10 * time.Minute
	maxMembers  = 2000
)

// people knows whose bot this is and who is who in the workspace.
type people struct {
	api       *api
	workspace string
	now       func() time.Time

	mu      sync.Mutex
	own     *self
	members map[string]knownMember
}

type knownMember struct {
	member
	asked time.Time
}

func newPeople(client *api, workspace string, now func() time.Time) *people {
	return &people{api: client, workspace: workspace, now: now, members: map[string]knownMember{}}
}

// self returns who the bot is; Slack is asked once.
func (p *people) self(ctx context.Context) (self, error) {
	p.mu.Lock()
	own := p.own
	p.mu.Unlock()
	if own != nil {
		return *own, nil
	}
	got, err := p.api.authTest(ctx)
	if err != nil {
		return self{}, err
	}
	if err := p.rightWorkspace(got); err != nil {
		return self{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.own = &got
	return got, nil
}

func (p *people) rightWorkspace(got self) error {
	switch {
	case got.bot == "" || got.team == "":
		return &plugins.Error{
			Op: "asking who the bot is", Kind: plugins.Auth,
			Public: "bot_token does not belong to a bot; copy the Bot User OAuth Token (xoxb-…) from \"OAuth & Permissions\".",
		}
	case p.workspace != "" && p.workspace != got.team && p.workspace != got.enterprise:
		return &plugins.Error{
			Op: "asking who the bot is", Kind: plugins.Auth,
			Public: fmt.Sprintf("bot_token belongs to the workspace %s, the configuration says %s; correct workspace or "+
				"bot_token.", got.team, p.workspace),
		}
	}
	return nil
}

// byID returns an account, from memory if Slack was asked lately.
func (p *people) byID(ctx context.Context, id string) (member, error) {
	p.mu.Lock()
	known, ok := p.members[id]
	p.mu.Unlock()
	age := p.now().Sub(known.asked)
	if ok && age < memberFresh {
		return known.member, nil
	}
	got, err := p.api.memberByID(ctx, id)
	if err != nil {
		if ok && age < memberStale && codeOf(err) == "" {
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
