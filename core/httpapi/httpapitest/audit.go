package httpapitest

import (
	"context"
	"encoding/json"
	"path"
	"slices"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// note adds to the audit, which tells of requests only.
func (c *Core) note(actor core.Actor, action string, request v1.Request) {
	c.audit = append(c.audit, v1.AuditEntry{
		Seq: int64(len(c.audit)) + 1, At: request.Updated, Actor: actor.Person.Name, Identity: actor.Identity, Action: action,
		RequestID: request.ID, Via: actor.Via, PolicyVersion: 1,
		Detail: json.RawMessage(`{"version":1,"state":"` + string(request.State) + `"}`),
	})
}

// Refused adds an entry of a click through Slack that was refused.
func (c *Core) Refused(person, request string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	actor := core.Actor{Person: c.people[person], Via: "slack", Identity: &v1.Identity{Plugin: "slack", Tenant: "T0ACCEDE", User: "U0X"}}
	c.note(actor, "request.review_refused", v1.Request{ID: request, Updated: c.Now()})
	c.audit[len(c.audit)-1].Detail = json.RawMessage(`{"code":"self_review","message":"You asked for this yourself."}`)
}

// Audit lists what was done with requests.
func (c *Core) Audit(_ context.Context, actor core.Actor, filter core.AuditFilter) (page v1.AuditPage, err error) {
	leave, err := c.admin(actor)
	defer leave()
	if err != nil {
		return v1.AuditPage{}, err
	}
	entries := slices.Clone(c.audit)
	if !filter.OldestFirst {
		slices.Reverse(entries)
	}
	for _, entry := range entries {
		if !listed(entry, filter) {
			continue
		}
		if len(page.Entries) == filter.Limit {
			page.Next = page.Entries[filter.Limit-1].Seq
			break
		}
		page.Entries = append(page.Entries, entry)
	}
	return page, nil
}

func listed(entry v1.AuditEntry, filter core.AuditFilter) bool {
	named, err := path.Match(filter.Action, entry.Action)
	beyond := filter.Cursor == 0 || filter.OldestFirst == (entry.Seq > filter.Cursor) && entry.Seq != filter.Cursor
	return beyond && (filter.Action == "" || named && err == nil) &&
		(filter.Actor == "" || filter.Actor == entry.Actor) && (filter.RequestID == "" || filter.RequestID == entry.RequestID) &&
		!entry.At.Before(filter.Since) && (filter.Until.IsZero() || entry.At.Before(filter.Until))
}
