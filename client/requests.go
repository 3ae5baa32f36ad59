package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// Filter narrows a list of requests. Zero fields do not narrow.
type Filter struct {
	States []v1.State
	// Requester and Reviewer are names of people, or "me".
	Requester, Reviewer string
	Role                string
	// Since and Until bound when the request was made: at or after Since, and before Until.
	Since, Until time.Time
	// Text is searched for in reasons, roles and names, whatever the case.
	Text string
	// Cursor is the Next of the page before.
	Cursor string
	// Limit is the size of a page, at most 500; zero is 50.
	Limit int
}

func (f Filter) query() url.Values {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	var states []string
	for _, state := range f.States {
		states = append(states, string(state))
	}
	set("state", strings.Join(states, ","))
	set("requester", f.Requester)
	set("reviewer", f.Reviewer)
	set("role", f.Role)
	set("since", stamp(f.Since))
	set("until", stamp(f.Until))
	set("text", f.Text)
	set("cursor", f.Cursor)
	if f.Limit > 0 {
		query.Set("limit", strconv.Itoa(f.Limit))
	}
	return query
}

// stamp is a time in a query; the zero time is nothing.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// CreateRequest asks for access. created is false if the same request was pending already, which is then returned.
func (c *Client) CreateRequest(ctx context.Context, input v1.RequestInput) (request v1.Request, created bool, err error) {
	status, err := c.do(ctx, call{method: http.MethodPost, path: "/v1/requests", in: input, out: &request})
	return request, status == http.StatusCreated, err
}

// Request shows a request.
func (c *Client) Request(ctx context.Context, id string) (v1.Request, error) {
	return get[v1.Request](ctx, c, nil, "requests", id)
}

// Requests lists a page of requests, newest first.
func (c *Client) Requests(ctx context.Context, filter Filter) (v1.RequestPage, error) {
	return get[v1.RequestPage](ctx, c, filter.query(), "requests")
}

// Review approves or denies a request.
func (c *Client) Review(ctx context.Context, id string, input v1.ReviewInput) (v1.Request, error) {
	return write[v1.Request](ctx, c, http.MethodPost, input, "requests", id, "reviews")
}

// Withdraw takes one's own pending request back.
func (c *Client) Withdraw(ctx context.Context, id string, input v1.WithdrawInput) (v1.Request, error) {
	return write[v1.Request](ctx, c, http.MethodPost, input, "requests", id, "withdrawal")
}

// Use begins one's own access that runs from its first use.
func (c *Client) Use(ctx context.Context, id string) (v1.Request, error) {
	return write[v1.Request](ctx, c, http.MethodPost, nil, "requests", id, "use")
}

// Override decides past thresholds and review rules, for administrators.
func (c *Client) Override(ctx context.Context, id string, input v1.OverrideInput) (v1.Request, error) {
	return write[v1.Request](ctx, c, http.MethodPost, input, "requests", id, "override")
}
