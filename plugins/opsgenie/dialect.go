package opsgenie

import (
	"context"
	"net/http"
	"net/url"
)

// dialect is how one of the two services wants to be spoken to, where they differ.
type dialect interface {
	// title is what people call the service.
	title() string
	// address is that of a path.
	address(path string) string
	sign(r *http.Request)
	// credentialAdvice says what to do when the service does not know the credential.
	credentialAdvice() string
	// unwrapped is the object inside an answer.
	unwrapped(body []byte) []byte
	// sizeName and cursorName are the parameters for the size of a page, and for where a page of notes or log lines begins.
	sizeName() string
	cursorName() string

	createBody(d draft) map[string]any
	noteBody(text string) map[string]any
	// closeBody is nil where closing takes nothing.
	closeBody() map[string]any
	byAlias(alias string) (path string, query url.Values)
	// renaming is the method that sets an alert's message.
	renaming() string

	// lookUp finds recipients of a kind by id or name.
	lookUp(ctx context.Context, a *api, kind placeKind, name string) ([]place, error)
	// schedule finds out what a schedule is called, whether it is switched on, and who is on call.
	schedule(ctx context.Context, a *api, id string) (rota, error)
	// userByEmail finds the one active person with an address; userByText the one whom a log line names. Found is false if
	// there is nobody or more than one.
	userByEmail(ctx context.Context, a *api, email string) (u user, found bool, err error)
	userByText(ctx context.Context, a *api, text string) (u user, found bool, err error)
	// probePeople asks something that needs the right to look people up.
	probePeople() call
}

// user is somebody with an account.
type user struct{ id, name string }

func dialectOf(c *Config) dialect {
	if c.Dialect == DialectOpsgenie {
		return &genie{base: c.api() + "/v2", key: c.APIKey}
	}
	return &jsm{base: c.api() + "/jsm/ops/api/" + url.PathEscape(c.CloudID) + "/v1", site: c.site(), email: c.Email, token: c.APIToken}
}
