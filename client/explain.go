package client

import (
	"context"
	"net/url"
	"strings"

	v1 "github.com/accede/accede/api/v1"
)

// Explain says how a request stands and who may review it; or, if person is not empty, whether that person may. "me" is
// oneself.
func (c *Client) Explain(ctx context.Context, id, person string) (v1.Explanation, error) {
	var query url.Values
	if person != "" {
		query = url.Values{"for": {person}}
	}
	return get[v1.Explanation](ctx, c, query, "requests", id, "explanation")
}

// Approvers says who could approve a request for roles, and what it would take. Person is who would ask; an empty name
// means oneself.
func (c *Client) Approvers(ctx context.Context, roles []string, person string) (v1.Explanation, error) {
	query := url.Values{"roles": {strings.Join(roles, ",")}}
	if person != "" {
		query.Set("for", person)
	}
	return get[v1.Explanation](ctx, c, query, "policy", "approvers")
}

// Capabilities says what one may ask for and what it takes.
func (c *Client) Capabilities(ctx context.Context) (v1.Capabilities, error) {
	return get[v1.Capabilities](ctx, c, nil, "capabilities")
}
