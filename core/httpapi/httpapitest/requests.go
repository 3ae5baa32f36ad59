package httpapitest

import (
	"cmp"
	"context"
	"slices"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Create asks by the real rules.
func (c *Core) Create(_ context.Context, actor core.Actor, input v1.RequestInput) (v1.Request, bool, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.Request{}, false, err
	}
	suggested, err := c.find(input.SuggestedReviewers)
	if err != nil {
		return v1.Request{}, false, err
	}
	roles, err := c.set()
	if err != nil {
		return v1.Request{}, false, err
	}
	ask := core.Ask{ID: newID(), Requester: actor.Person, Input: input, SuggestedReviewers: suggested, Now: c.Now().UTC()}
	request, _, err := core.NewRequest(ask, roles)
	if err != nil {
		return v1.Request{}, false, err
	}
	if request.DryRun {
		return request, false, nil
	}
	for _, other := range c.requests {
		if other.State == v1.StatePending && core.AskOf(other) == core.AskOf(request) {
			return other, false, nil
		}
	}
	c.requests = append(c.requests, request)
	c.note(actor, "request.create", request)
	return request, true, c.emit(v1.EventCreated, request)
}

func (c *Core) find(names []string) ([]v1.PersonRef, error) {
	var refs []v1.PersonRef
	for _, name := range names {
		at := ""
		for _, person := range c.people {
			if person.Name == name || person.Email == name {
				at = person.Name
			}
		}
		if at == "" {
			return nil, missing("person", name)
		}
		refs = append(refs, c.people[at].Ref())
	}
	return refs, nil
}

func (c *Core) emit(kind string, request v1.Request) error {
	event, err := v1.NewEvent(newID(), "/accede/core", kind, request.ID, request.Updated, request.Version, request)
	if err != nil {
		return err
	}
	c.events = append(c.events, event)
	close(c.changed)
	c.changed = make(chan struct{})
	return nil
}

// Request shows a request that the actor may see.
func (c *Core) Request(_ context.Context, actor core.Actor, id string) (v1.Request, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.Request{}, err
	}
	at, err := c.index(actor, id)
	if err != nil {
		return v1.Request{}, err
	}
	return c.requests[at], nil
}

func (c *Core) index(actor core.Actor, id string) (int, error) {
	at := slices.IndexFunc(c.requests, func(r v1.Request) bool { return r.ID == id && c.sees(actor, r) })
	if at < 0 {
		return 0, missing("request", id)
	}
	return at, nil
}

func (c *Core) sees(actor core.Actor, request v1.Request) bool {
	roles, err := c.set()
	return err == nil && core.MaySee(actor.Person, request, roles)
}

// Requests lists newest first.
func (c *Core) Requests(_ context.Context, actor core.Actor, filter core.RequestFilter) (v1.RequestPage, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.RequestPage{}, err
	}
	var page v1.RequestPage
	for _, request := range slices.Backward(c.requests) {
		if !c.sees(actor, request) || !matches(request, filter) {
			continue
		}
		if len(page.Requests) == filter.Limit {
			page.Next = page.Requests[filter.Limit-1].ID
			break
		}
		page.Requests = append(page.Requests, request)
	}
	return page, nil
}

func matches(request v1.Request, filter core.RequestFilter) bool {
	involved := func(ref v1.PersonRef) bool { return ref.Name == filter.Reviewer }
	reviewed := func(r v1.Review) bool { return involved(r.Author) }
	return (len(filter.States) == 0 || slices.Contains(filter.States, request.State)) &&
		(filter.Requester == "" || filter.Requester == request.Requester.Name) &&
		(filter.Role == "" || slices.Contains(request.Roles, filter.Role)) &&
		!request.Created.Before(filter.Since) && (filter.Until.IsZero() || request.Created.Before(filter.Until)) &&
		strings.Contains(core.SearchText(request), core.SearchTerm(filter.Text)) &&
		(filter.Before == "" || cmp.Less(request.ID, filter.Before)) &&
		(filter.Reviewer == "" || slices.ContainsFunc(request.SuggestedReviewers, involved) ||
			slices.ContainsFunc(request.Reviews, reviewed))
}

// change replaces a request by what do makes of it.
func (c *Core) change(actor core.Actor, id, action string, do func(v1.Request) (v1.Request, error)) (v1.Request, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.Request{}, err
	}
	at, err := c.index(actor, id)
	if err != nil {
		return v1.Request{}, err
	}
	next, err := do(c.requests[at])
	if err != nil {
		return v1.Request{}, err
	}
	c.requests[at] = next
	c.note(actor, action, next)
	return next, c.emit(v1.EventReviewed, next)
}

// Review decides by the real rules.
func (c *Core) Review(_ context.Context, actor core.Actor, id string, input v1.ReviewInput) (v1.Request, error) {
	return c.change(actor, id, "request.review", func(request v1.Request) (v1.Request, error) {
		roles, err := c.set()
		if err != nil {
			return v1.Request{}, err
		}
		return core.Review(request, core.Submission{ID: newID(), Author: actor, Input: input, Now: c.Now().UTC()}, roles)
	})
}

// Use decides by the real rules.
func (c *Core) Use(_ context.Context, actor core.Actor, id string) (v1.Request, error) {
	return c.change(actor, id, "request.use", func(request v1.Request) (v1.Request, error) {
		return core.UseAccess(request, actor, c.Now().UTC())
	})
}

// Withdraw decides by the real rules.
func (c *Core) Withdraw(_ context.Context, actor core.Actor, id string, input v1.WithdrawInput) (v1.Request, error) {
	return c.change(actor, id, "request.withdraw", func(request v1.Request) (v1.Request, error) {
		return core.Withdraw(request, actor, input, c.Now().UTC())
	})
}

// Override decides by the real rules.
func (c *Core) Override(_ context.Context, actor core.Actor, id string, input v1.OverrideInput) (v1.Request, error) {
	return c.change(actor, id, "request.override", func(request v1.Request) (v1.Request, error) {
		return core.Override(request, core.Submission{ID: newID(), Author: actor, Now: c.Now().UTC()}, input)
	})
}

// Newest returns the request that was made last, the zero request if there is none.
func (c *Core) Newest() v1.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.requests) == 0 {
		return v1.Request{}
	}
	return c.requests[len(c.requests)-1]
}

// Expire lets a pending request run out.
func (c *Core) Expire(id string) error {
	c.mu.Lock()
	root := core.Actor{Person: c.people["root"]}
	c.mu.Unlock()
	_, err := c.change(root, id, "request.expire", func(request v1.Request) (v1.Request, error) {
		next, _ := core.Expire(request, request.Expires)
		return next, nil
	})
	return err
}

// Events lists what happened after an event, and the last event looked at.
func (c *Core) Events(_ context.Context, actor core.Actor, after, requestID string, limit int) (events []v1.Event, last string, err error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return nil, "", err
	}
	looked := 0
	for _, event := range c.events {
		request, err := event.Request()
		if err != nil {
			return nil, "", err
		}
		if event.ID <= after || requestID != "" && requestID != event.Subject || looked == limit {
			continue
		}
		looked, last = looked+1, event.ID
		if c.sees(actor, request) {
			events = append(events, event)
		}
	}
	return events, last, nil
}
