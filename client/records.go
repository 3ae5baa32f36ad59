package client

import (
	"context"
	"net/http"
	"net/url"

	v1 "github.com/accede/accede/api/v1"
)

// Version returns the core's version. It needs no token.
func (c *Client) Version(ctx context.Context) (string, error) {
	answer, err := get[struct {
		Version string `json:"version"`
	}](ctx, c, nil, "version")
	return answer.Version, err
}

// SignIn starts a session; the answer's secret is the token of further calls.
func (c *Client) SignIn(ctx context.Context, input v1.SignInInput) (v1.SecretToken, error) {
	return write[v1.SecretToken](ctx, c, http.MethodPost, input, "sessions")
}

// BeginLogin begins a sign-in that somebody agrees to in a browser.
func (c *Client) BeginLogin(ctx context.Context, input v1.LoginInput) (v1.LoginStarted, error) {
	return write[v1.LoginStarted](ctx, c, http.MethodPost, input, "logins")
}

// FinishLogin takes over the session that somebody agreed to; the result says so while nobody has.
func (c *Client) FinishLogin(ctx context.Context, input v1.LoginFinish) (v1.LoginResult, error) {
	return write[v1.LoginResult](ctx, c, http.MethodPost, input, "logins", "finish")
}

// Session says who is signed in.
func (c *Client) Session(ctx context.Context) (v1.Session, error) {
	return get[v1.Session](ctx, c, nil, "session")
}

// SignOut revokes the client's token.
func (c *Client) SignOut(ctx context.Context) error { return c.remove(ctx, "session") }

// People lists everybody.
func (c *Client) People(ctx context.Context) ([]v1.Person, error) {
	return list[v1.Person](ctx, c, nil, "people")
}

// Person shows somebody.
func (c *Client) Person(ctx context.Context, name string) (v1.Person, error) {
	return get[v1.Person](ctx, c, nil, "people", name)
}

// AddPerson adds somebody; there must be nobody of that name.
func (c *Client) AddPerson(ctx context.Context, name string, input v1.PersonInput) (v1.Person, error) {
	return write[v1.Person](ctx, c, http.MethodPut, input, "people", name)
}

// ChangePerson changes the members that the input has.
func (c *Client) ChangePerson(ctx context.Context, name string, input v1.PersonInput) (v1.Person, error) {
	return write[v1.Person](ctx, c, http.MethodPatch, input, "people", name)
}

// Roles lists the roles.
func (c *Client) Roles(ctx context.Context) ([]v1.Role, error) {
	return list[v1.Role](ctx, c, nil, "roles")
}

// Role shows a role.
func (c *Client) Role(ctx context.Context, name string) (v1.Role, error) {
	return get[v1.Role](ctx, c, nil, "roles", name)
}

// DeleteRole deletes a role.
func (c *Client) DeleteRole(ctx context.Context, name string) error {
	return c.remove(ctx, "roles", name)
}

// Apply creates or changes roles and people from documents, all or none.
func (c *Client) Apply(ctx context.Context, input v1.ApplyInput) (v1.ApplyResult, error) {
	return write[v1.ApplyResult](ctx, c, http.MethodPost, input, "apply")
}

// Tokens lists somebody's tokens; an empty name means one's own.
func (c *Client) Tokens(ctx context.Context, person string) ([]v1.Token, error) {
	return list[v1.Token](ctx, c, of(person), "tokens")
}

// CreateToken makes an API token; its secret is in the answer and nowhere else.
func (c *Client) CreateToken(ctx context.Context, input v1.TokenInput) (v1.SecretToken, error) {
	return write[v1.SecretToken](ctx, c, http.MethodPost, input, "tokens")
}

// RevokeToken revokes a token.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	return c.remove(ctx, "tokens", id)
}

// Links lists a person's linked accounts; "me" means one's own and an empty name everybody's.
func (c *Client) Links(ctx context.Context, person string) ([]v1.Link, error) {
	return list[v1.Link](ctx, c, of(person), "links")
}

// ClaimLink says which account a one-time code belongs to and, if confirmed, links it to oneself.
func (c *Client) ClaimLink(ctx context.Context, claim v1.LinkClaim) (v1.LinkClaimed, error) {
	return write[v1.LinkClaimed](ctx, c, http.MethodPost, claim, "links", "claim")
}

// AddLink links an account to a person, for administrators.
func (c *Client) AddLink(ctx context.Context, identity v1.Identity, person string) (v1.Link, error) {
	input := struct {
		v1.Identity
		Person string `json:"person"`
	}{identity, person}
	return write[v1.Link](ctx, c, http.MethodPost, input, "links")
}

// RemoveLink removes a link.
func (c *Client) RemoveLink(ctx context.Context, identity v1.Identity) error {
	return c.remove(ctx, "links", identity.Plugin, identity.Tenant, identity.User)
}

// Plugins shows every plugin.
func (c *Client) Plugins(ctx context.Context) ([]v1.PluginStatus, error) {
	return list[v1.PluginStatus](ctx, c, nil, "plugins")
}

// AddPlugin registers a plugin; its credential is in the answer and nowhere else.
func (c *Client) AddPlugin(ctx context.Context, name string) (v1.PluginCredential, error) {
	return write[v1.PluginCredential](ctx, c, http.MethodPost, v1.PluginInput{Name: name}, "plugins")
}

// RemovePlugin removes a plugin.
func (c *Client) RemovePlugin(ctx context.Context, name string) error {
	return c.remove(ctx, "plugins", name)
}

// RetryDeliveries tries a parked delivery again, or all parked ones if id is empty, and returns how many.
func (c *Client) RetryDeliveries(ctx context.Context, plugin, id string) (int, error) {
	input := struct {
		Delivery string `json:"delivery,omitempty"`
	}{id}
	answer, err := write[struct {
		Retried int `json:"retried"`
	}](ctx, c, http.MethodPost, input, "plugins", plugin, "retries")
	return answer.Retried, err
}

// DropDelivery gives a parked delivery up.
func (c *Client) DropDelivery(ctx context.Context, plugin, id string) error {
	return c.remove(ctx, "plugins", plugin, "deliveries", id)
}

func of(person string) url.Values {
	if person == "" {
		return nil
	}
	return url.Values{"person": {person}}
}
