package opsgenie

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/accede/accede/internal/secret"
)

// jsm is the dialect of Jira Service Management Operations:
// https://developer.atlassian.com/cloud/jira/service-desk-ops/rest/v2/intro/. People are looked up in Jira, on the site.
type jsm struct {
	base, site, email string
	token             secret.String
}

var _ dialect = (*jsm)(nil)

func (*jsm) title() string                { return "Jira Service Management" }
func (j *jsm) sign(r *http.Request)       { r.SetBasicAuth(j.email, j.token.Reveal()) }
func (*jsm) sizeName() string             { return "size" }
func (*jsm) cursorName() string           { return "after" }
func (*jsm) renaming() string             { return http.MethodPatch }
func (*jsm) unwrapped(body []byte) []byte { return body }

// sitePaths are where Jira's own paths begin.
const (
	jiraPaths  = "/rest/api/3/"
	tenantPath = "/_edge/tenant_info"
)

func (j *jsm) address(path string) string {
	if strings.HasPrefix(path, jiraPaths) || path == tenantPath {
		return j.site + path
	}
	return j.base + path
}

func (*jsm) credentialAdvice() string {
	return "Atlassian does not accept the API token: renew api_token, and see that email is the address of its account. Tokens end " +
		"after a year at most. Operations takes no tokens with scopes."
}

// createBody names the recipient by id: names are not taken here.
func (*jsm) createBody(d draft) map[string]any {
	body := d.body()
	body["responders"] = []map[string]string{{"type": string(d.place.kind), "id": d.place.id}}
	body["source"] = signature
	return body
}

func (*jsm) noteBody(text string) map[string]any { return map[string]any{"note": text} }

func (*jsm) closeBody() map[string]any { return nil }

func (*jsm) byAlias(alias string) (string, url.Values) {
	return "/alerts/alias", url.Values{"alias": {alias}}
}

// lookUp reads lists, which is all there is; an escalation belongs to a team, so that only its id says which one is meant.
func (j *jsm) lookUp(ctx context.Context, a *api, kind placeKind, name string) ([]place, error) {
	switch kind {
	case kindUser:
		found, known, err := j.userByEmail(ctx, a, name)
		if err != nil || !known {
			return nil, err
		}
		return []place{{kind: kind, id: found.id, name: name}}, nil
	case kindEscalation:
		if !cloudID.MatchString(name) {
			return nil, nil
		}
		return []place{{kind: kind, id: name, name: name}}, nil
	case kindTeam, kindSchedule:
	}
	var found []place
	err := pages(ctx, a, reading("looking up "+string(kind), "/"+string(kind)+"s", nil), offset, func(list []jsmNamed) {
		for _, one := range list {
			if id, called := one.ID+one.TeamID, one.Name+one.TeamName; id == name || called == name {
				found = append(found, place{kind: kind, id: id, name: called})
			}
		}
	})
	return found, err
}

// jsmNamed is a schedule, or a team, whose members are called otherwise.
type jsmNamed struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	TeamID   string `json:"teamId"`
	TeamName string `json:"teamName"`
}

// UnmarshalJSON leaves out the team that a schedule belongs to.
func (n *jsmNamed) UnmarshalJSON(data []byte) error {
	type plain jsmNamed
	if err := json.Unmarshal(data, (*plain)(n)); err != nil {
		return err
	}
	if n.ID != "" {
		n.TeamID, n.TeamName = "", ""
	}
	return nil
}

func (*jsm) schedule(ctx context.Context, a *api, id string) (rota, error) {
	c := reading(opSchedule, "/schedules/"+url.PathEscape(id), nil)
	parent, err := fetch[head](ctx, a, c)
	if err != nil {
		return rota{}, err
	}
	got, err := fetch[struct {
		Participants []participant `json:"onCallParticipants"`
	}](ctx, a, reading(opSchedule, "/schedules/"+url.PathEscape(id)+"/on-calls", url.Values{"flat": {"false"}}))
	if err != nil {
		return rota{}, err
	}
	return parent.with(a, c, id, got.Participants)
}

// jiraUser is a person as Jira shows them. Their address is empty if they hide it.
type jiraUser struct {
	AccountID   string `json:"accountId"`
	AccountType string `json:"accountType"`
	Email       string `json:"emailAddress"`
	DisplayName string `json:"displayName"`
	Active      bool   `json:"active"`
}

// person says whether it is somebody who works here: no app, no customer, nobody who has left.
func (u jiraUser) person() bool { return u.Active && u.AccountType == "atlassian" && u.AccountID != "" }

// userByEmail finds the person with an address. Jira also finds names that begin like it, and anybody can choose theirs: a
// hidden address is believed only of somebody whose name is not what was asked for.
func (j *jsm) userByEmail(ctx context.Context, a *api, email string) (user, bool, error) {
	email = strings.TrimSpace(email)
	return j.search(ctx, a, email, func(u jiraUser) bool {
		return strings.EqualFold(u.Email, email) ||
			u.Email == "" && !strings.Contains(strings.ToLower(u.DisplayName), strings.ToLower(email))
	})
}

func (*jsm) search(ctx context.Context, a *api, email string, fits func(jiraUser) bool) (user, bool, error) {
	if !strings.Contains(email, "@") {
		return user{}, false, nil
	}
	list, err := fetch[[]jiraUser](ctx, a, reading(opUser, jiraPaths+"user/search", url.Values{"query": {email}, "maxResults": {"50"}}))
	if err != nil {
		return user{}, false, err
	}
	var found []jiraUser
	for _, one := range list {
		if one.person() && fits(one) {
			found = append(found, one)
		}
	}
	if len(found) != 1 {
		return user{}, false, nil
	}
	return user{found[0].AccountID, found[0].DisplayName}, true, nil
}

// atlassianID is the form of account ids.
var atlassianID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z:_-]{9,127}$`)

// userByText takes an account id, or an address that its owner shows. Display names can be changed by whoever has them.
func (j *jsm) userByText(ctx context.Context, a *api, text string) (user, bool, error) {
	if text = strings.TrimSpace(text); strings.Contains(text, "@") {
		return j.search(ctx, a, text, func(u jiraUser) bool { return strings.EqualFold(u.Email, text) })
	}
	if !atlassianID.MatchString(text) {
		return user{}, false, nil
	}
	got, err := fetch[jiraUser](ctx, a, reading(opUser, jiraPaths+"user", url.Values{"accountId": {text}}))
	switch {
	case notFound(err) || said(err, http.StatusBadRequest):
		return user{}, false, nil
	case err != nil:
		return user{}, false, err
	}
	return user{got.AccountID, got.DisplayName}, got.AccountID == text && got.person(), nil
}

func (j *jsm) probePeople() call {
	return reading("checking users", jiraPaths+"user/search", url.Values{"query": {j.email}, "maxResults": {"1"}})
}
