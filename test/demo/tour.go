package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/test/stack"
)

// tour plays one approval through every vendor, each in the way that it has.
func tour(s *stack.Stack) []step {
	var steps []step
	for _, plugin := range s.Plugins {
		switch {
		case plugin.Name == "slack": // its approval is the main job
		case plugin.Demo.Schedule != "":
			steps = append(steps,
				step{plugin.Title + ": alice, first on call, is approved at once", onCall(plugin)},
				step{plugin.Title + ": alice, second on call, is not, and reads why", secondOnCall(plugin)})
			fallthrough
		default:
			steps = append(steps, step{plugin.Title + ": ivan and bob approve a request", approval(plugin)})
		}
	}
	return append(steps, step{"everything stops in order", (*smoke).stop})
}

// open asks for a role as alice and returns the request's id.
func (p *smoke) open(ctx context.Context, role, reason string) (string, error) {
	output, err := p.stack.As(ctx, "alice", "request", "create", "--roles="+role, "--reason="+reason, "--nowait", "-o", "json")
	if err != nil {
		return "", err
	}
	var request struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(output), &request); err != nil {
		return "", fmt.Errorf("reading %q: %w", output, err)
	}
	return request.ID, nil
}

// approval lets two people decide: on the card if it offers that, else on the page that the card leads to.
func approval(plugin *stack.Plugin) func(*smoke, context.Context) error {
	return func(p *smoke, ctx context.Context) error {
		id, err := p.open(ctx, "dba", "smoke at "+plugin.Title)
		if err != nil {
			return err
		}
		for _, person := range []string{"ivan", "bob"} {
			if err := p.approveAt(ctx, plugin, id, person); err != nil {
				return err
			}
		}
		p.id = id
		return p.wantState(ctx, "APPROVED")
	}
}

func (p *smoke) approveAt(ctx context.Context, plugin *stack.Plugin, id, person string) error {
	vendor := p.stack.Vendor(plugin.Name)
	within, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	card, err := vendor.Await(within, id, "the card for "+person, func(post standin.Post) bool {
		return post.Parent == "" && post.OnlyFor == "" && post.Place != "alice"
	})
	if err != nil {
		return err
	}
	if len(card.Actions) == 0 {
		return p.approveOnPage(ctx, card, id, person)
	}
	reaction, err := vendor.Do(within, standin.Deed{Person: person, Post: card.ID, Action: "approve"})
	if err != nil {
		return err
	}
	if !reaction.OK {
		return fmt.Errorf("%s approves and sees %q (HTTP %d)", person, reaction.Said, reaction.Status)
	}
	return p.reviewed(ctx, id, person)
}

// approveOnPage follows the card's link and decides there.
func (p *smoke) approveOnPage(ctx context.Context, card standin.Post, id, person string) error {
	address := p.stack.CoreURL + "/requests/" + id
	if !strings.Contains(card.Text, address) {
		return fmt.Errorf("the card does not lead to %s", address)
	}
	browser, err := p.stack.Browse(ctx, person)
	if err != nil {
		return err
	}
	_, err = browser.Decide(ctx, address, "approve", "")
	return err
}

// reviewed waits until a person's review is recorded, so that the next one meets a card that shows it.
func (p *smoke) reviewed(ctx context.Context, id, person string) error {
	return p.until(ctx, id, "the review by "+person, func(r shown) bool {
		for _, review := range r.Reviews {
			if review.Author.Name == person {
				return true
			}
		}
		return false
	})
}

func onCall(plugin *stack.Plugin) func(*smoke, context.Context) error {
	return func(p *smoke, ctx context.Context) error {
		id, err := p.openOnCall(ctx, plugin, 1)
		if err != nil {
			return err
		}
		return p.until(ctx, id, "the approval", func(r shown) bool {
			return r.State == "APPROVED" && len(r.Reviews) == 1 && r.Reviews[0].Author.Name == "on-call"
		})
	}
}

func secondOnCall(plugin *stack.Plugin) func(*smoke, context.Context) error {
	return func(p *smoke, ctx context.Context) error {
		id, err := p.openOnCall(ctx, plugin, 2)
		if err != nil {
			return err
		}
		err = p.until(ctx, id, "the note", func(r shown) bool {
			return len(r.Notes) == 1 && strings.Contains(r.Notes[0], "only at level 2")
		})
		if err != nil {
			return err
		}
		if now, err := p.look(ctx, id); err != nil || now.State != "PENDING" || len(now.Reviews) != 0 {
			return errors.Join(fmt.Errorf("the request is %+v, not pending", now), err)
		}
		_, err = p.stack.As(ctx, "alice", "request", "withdraw", id)
		return err
	}
}

// openOnCall puts alice on the schedule at a level and asks for the role that it opens.
func (p *smoke) openOnCall(ctx context.Context, plugin *stack.Plugin, level int) (string, error) {
	shift := map[string]any{"schedule": plugin.Demo.Schedule, "person": "alice", "level": level}
	if err := p.stack.Vendor(plugin.Name).Put(ctx, "/sandbox/oncall", shift); err != nil {
		return "", err
	}
	return p.open(ctx, "incident-"+plugin.Name, fmt.Sprintf("smoke at level %d", level))
}

// shown is what the command line tells of a request.
type shown struct {
	State  string   `json:"state"`
	Notes  []string `json:"notes"`
	Access *struct {
		Expires time.Time `json:"expires"`
	} `json:"access"`
	Reviews []struct {
		Author struct {
			Name string `json:"name"`
		} `json:"author"`
	} `json:"reviews"`
}
