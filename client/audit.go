package client

import (
	"context"
	"net/url"
	"strconv"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// AuditFilter narrows a list of audit entries. Zero fields do not narrow.
type AuditFilter struct {
	// Person is the name of who did or tried something, or "me".
	Person string
	// Action is the name of an action; a * in it stands for any characters.
	Action string
	// Request is the id of a request.
	Request string
	// Since and Until bound the time: at or after Since, and before Until.
	Since, Until time.Time
	// OldestFirst turns the order around, which is newest first.
	OldestFirst bool
	// Cursor is the Next of the page before, or the Seq of an entry.
	Cursor int64
	// Limit is the size of a page, at most 500; zero is 50.
	Limit int
}

func (f AuditFilter) query() url.Values {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("person", f.Person)
	set("action", f.Action)
	set("request", f.Request)
	set("since", stamp(f.Since))
	set("until", stamp(f.Until))
	if f.OldestFirst {
		query.Set("order", "oldest")
	}
	if f.Cursor > 0 {
		query.Set("cursor", strconv.FormatInt(f.Cursor, 10))
	}
	if f.Limit > 0 {
		query.Set("limit", strconv.Itoa(f.Limit))
	}
	return query
}

// Audit lists a page of who did what, for administrators.
func (c *Client) Audit(ctx context.Context, filter AuditFilter) (v1.AuditPage, error) {
	return get[v1.AuditPage](ctx, c, filter.query(), "audit")
}
