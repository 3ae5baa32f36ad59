package opsgenie

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/accede/accede/internal/secret"
)

// genie is the dialect of Opsgenie: https://docs.opsgenie.com/docs/api-overview.
type genie struct {
	base string
	key  secret.String
}

var _ dialect = (*genie)(nil)

func (*genie) title() string                { return "Opsgenie" }
func (g *genie) address(path string) string { return g.base + path }
func (g *genie) sign(r *http.Request)       { r.Header.Set("Authorization", "GenieKey "+g.key.Reveal()) }
func (*genie) sizeName() string             { return "limit" }
func (*genie) cursorName() string           { return offset }
func (*genie) renaming() string             { return http.MethodPut }

const offset = "offset"

func (*genie) credentialAdvice() string {
	return "Opsgenie does not know the key: renew api_key, and see that region is right. A key of the EU opens nothing in the US, nor " +
		"the other way round."
}

func (*genie) unwrapped(body []byte) []byte {
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &envelope) != nil || len(envelope.Data) == 0 {
		return body // what was only accepted comes without an envelope
	}
	return envelope.Data
}

// signature is whom Opsgenie shows as the author of what the plugin does.
const signature = "Accede"

func (*genie) createBody(d draft) map[string]any {
	body := d.body()
	body["responders"] = []map[string]string{{"type": string(d.place.kind), "id": d.place.id}}
	body["source"], body["user"] = signature, signature
	return body
}

func (*genie) noteBody(text string) map[string]any {
	return map[string]any{"note": text, "user": signature, "source": signature}
}

func (*genie) closeBody() map[string]any {
	return map[string]any{"user": signature, "source": signature}
}

func (*genie) byAlias(alias string) (string, url.Values) {
	return "/alerts/" + url.PathEscape(alias), url.Values{"identifierType": {"alias"}}
}

// lookUp asks by id, and then by name: a name may look like an id.
func (g *genie) lookUp(ctx context.Context, a *api, kind placeKind, name string) ([]place, error) {
	if kind == kindUser {
		found, known, err := g.userByEmail(ctx, a, name)
		if err != nil || !known {
			return nil, err
		}
		return []place{{kind: kind, id: found.id, name: name}}, nil
	}
	for _, by := range []string{"id", "name"} {
		got, err := fetch[named](ctx, a, reading("looking up "+string(kind), "/"+string(kind)+"s/"+url.PathEscape(name),
			url.Values{"identifierType": {by}}))
		switch {
		case notFound(err) || by == "id" && said(err, http.StatusUnprocessableEntity):
			continue
		case err != nil:
			return nil, err
		case by == "id" && got.ID == name || by == "name" && got.Name == name:
			return []place{{kind: kind, id: got.ID, name: got.Name}}, nil
		}
	}
	return nil, nil
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (*genie) schedule(ctx context.Context, a *api, id string) (rota, error) {
	c := reading(opSchedule, "/schedules/"+url.PathEscape(id)+"/on-calls", url.Values{"scheduleIdentifierType": {"id"}, "flat": {"false"}})
	got, err := fetch[struct {
		Parent       head          `json:"_parent"`
		Participants []participant `json:"onCallParticipants"`
	}](ctx, a, c)
	if err != nil {
		return rota{}, err
	}
	return got.Parent.with(a, c, id, got.Participants)
}

type genieUser struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	FullName string `json:"fullName"`
	Blocked  bool   `json:"blocked"`
}

func (*genie) userByEmail(ctx context.Context, a *api, email string) (user, bool, error) {
	email = strings.TrimSpace(email)
	if !strings.Contains(email, "@") {
		return user{}, false, nil
	}
	got, err := fetch[genieUser](ctx, a, reading(opUser, "/users/"+url.PathEscape(email), nil))
	switch {
	case notFound(err) || said(err, http.StatusUnprocessableEntity):
		return user{}, false, nil
	case err != nil:
		return user{}, false, err
	}
	return user{got.ID, got.FullName}, got.ID != "" && !got.Blocked && strings.EqualFold(got.Username, email), nil
}

const opUser = "looking up user"

// userByText takes a user name only, which is an address and nobody else's. Full names can be anybody's.
func (g *genie) userByText(ctx context.Context, a *api, text string) (user, bool, error) {
	return g.userByEmail(ctx, a, text)
}

func (*genie) probePeople() call {
	return reading("checking users", "/users", url.Values{"limit": {"1"}})
}
