package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
)

// permission is a right of the plugin's account in a project, and what for.
type permission struct{ key, name, use string }

func permissions() []permission {
	return []permission{
		{"BROWSE_PROJECTS", "Browse Projects", "see its issues"},
		{"CREATE_ISSUES", "Create Issues", "make issues"},
		{"EDIT_ISSUES", "Edit Issues", "keep issues up to date"},
		{"TRANSITION_ISSUES", "Transition Issues", "move issues"},
		{"ADD_COMMENTS", "Add Comments", "comment"},
	}
}

// warnAhead is how long before its token ends the operator is warned.
const warnAhead = 28 * 24 * time.Hour

// Check asks Jira whether everything needed is there.
func (b *bot) Check(ctx context.Context, recipients []string) []plugins.Finding {
	findings := b.checkExpiry()
	if _, err := b.self.get(ctx); err != nil {
		return append(findings, finding("The token does not work", err))
	}
	findings = append(findings, b.checkEdition(ctx)...)
	for _, recipient := range recipients {
		findings = append(findings, b.checkRecipient(ctx, recipient)...)
	}
	return findings
}

// finding words an error of Jira's.
func finding(what string, err error) plugins.Finding {
	f := plugins.Finding{What: what + ": " + err.Error() + ".", Fix: "See the plugin's log."}
	if typed, ok := errors.AsType[*plugins.Error](err); ok && typed.Public != "" {
		f.Fix = typed.Public
	}
	return f
}

func (b *bot) checkExpiry() []plugins.Finding {
	ends, err := b.config.tokenExpires()
	if err != nil || ends.IsZero() {
		return nil
	}
	left := ends.Sub(b.now())
	switch {
	case left <= 0:
		return []plugins.Finding{{
			What: "The token ended on " + b.config.TokenExpires + ", as token_expires says.",
			Fix:  "Make a new token, put it into token, and correct token_expires.",
		}}
	case left < warnAhead:
		return []plugins.Finding{{
			What: "The token ends on " + b.config.TokenExpires + ".", Warning: true,
			Fix: "Make a new token before that, put it into token, and correct token_expires.",
		}}
	}
	return nil
}

func (b *bot) checkEdition(ctx context.Context) []plugins.Finding {
	var server struct {
		Deployment string `json:"deploymentType"`
	}
	err := b.api.ask(ctx, question{op: "asking for the edition", method: http.MethodGet, path: "rest/api/2/serverInfo"}, &server)
	if err != nil || server.Deployment == "" || (server.Deployment == "Cloud") == b.api.cloud {
		return nil
	}
	right := DataCenter
	if server.Deployment == "Cloud" {
		right = Cloud
	}
	return []plugins.Finding{{
		What: fmt.Sprintf("This Jira is of another edition than configured: it says %q.", server.Deployment),
		Fix:  "Set edition: " + string(right) + ".",
	}}
}

func (b *bot) checkRecipient(ctx context.Context, recipient string) []plugins.Finding {
	found, err := b.Resolve(ctx, plugins.Recipient{Name: recipient})
	if err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The project %q cannot be looked up", recipient), err)}
	}
	if len(found) == 0 {
		return []plugins.Finding{{
			What: fmt.Sprintf("There is no project %q that the plugin's account can see.", recipient),
			Fix: "Correct its key in role_to_recipients (the letters before the number of an issue, such as AR), or give the " +
				"plugin's account the permission Browse Projects.",
		}}
	}
	return slices.Concat(b.checkPermissions(ctx, recipient), b.checkType(ctx, recipient), b.checkStatuses(ctx, recipient),
		b.checkRole(ctx, recipient))
}

func (b *bot) checkPermissions(ctx context.Context, project string) []plugins.Finding {
	keys := make([]string, 0, len(permissions()))
	for _, one := range permissions() {
		keys = append(keys, one.key)
	}
	var got struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	query := url.Values{"projectKey": {project}, "permissions": {strings.Join(keys, ",")}}
	q := question{op: "asking for permissions", method: http.MethodGet, path: "rest/api/2/mypermissions?" + query.Encode()}
	if err := b.api.ask(ctx, q, &got); err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The permissions in project %s cannot be read", project), err)}
	}
	var findings []plugins.Finding
	for _, one := range permissions() {
		if !got.Permissions[one.key].Have {
			findings = append(findings, plugins.Finding{
				What: fmt.Sprintf("The plugin's account lacks the permission %s in project %s, so it cannot %s.", one.name, project, one.use),
				Fix:  "Give it to the account under Project settings → Permissions, by a role or by its name.",
			})
		}
	}
	return findings
}

// listed is a list that Cloud and Data Center name differently.
type listed struct {
	IssueTypes []named     `json:"issueTypes"`
	Fields     []metaField `json:"fields"`
	Values     []metaField `json:"values"`
}

type metaField struct {
	ID         string `json:"id"`
	FieldID    string `json:"fieldId"`
	Name       string `json:"name"`
	Required   bool   `json:"required"`
	HasDefault bool   `json:"hasDefaultValue"`
}

func (l listed) types() []named {
	types := l.IssueTypes
	for _, one := range l.Values {
		types = append(types, named{ID: one.ID, Name: one.Name})
	}
	return types
}

func (b *bot) createMeta(ctx context.Context, path string) (listed, error) {
	var got listed
	err := b.api.ask(ctx, question{
		op: "asking what issues need", method: http.MethodGet, path: "rest/api/2/issue/createmeta/" + path + "?maxResults=200",
	}, &got)
	return got, err
}

func (b *bot) checkType(ctx context.Context, project string) []plugins.Finding {
	got, err := b.createMeta(ctx, project+"/issuetypes")
	if err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The issue types of project %s cannot be read", project), err)}
	}
	var offered []string
	for _, one := range got.types() {
		if one.ID == b.config.IssueType || strings.EqualFold(one.Name, b.config.IssueType) {
			return b.checkFields(ctx, project, one)
		}
		offered = append(offered, fmt.Sprintf("%q (%s)", one.Name, one.ID))
	}
	return []plugins.Finding{{
		What: fmt.Sprintf("Project %s has no issue type %q that the plugin's account may create.", project, b.config.IssueType),
		Fix:  "Set issue_type to one of " + strings.Join(offered, ", ") + ".",
	}}
}

// checkFields finds fields that an issue must have and that neither the plugin nor the configuration fills in.
func (b *bot) checkFields(ctx context.Context, project string, kind named) []plugins.Finding {
	got, err := b.createMeta(ctx, project+"/issuetypes/"+url.PathEscape(kind.ID))
	if err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The fields of issue type %q in project %s cannot be read", kind.Name, project), err)}
	}
	filled := []string{"project", "issuetype", "summary", "description", "labels", "reporter"}
	offered := map[string]bool{}
	var findings []plugins.Finding
	for _, one := range append(got.Fields, got.Values...) {
		offered[one.FieldID] = true
		_, configured := b.config.Fields[one.FieldID]
		if one.Required && !one.HasDefault && !configured && !slices.Contains(filled, one.FieldID) {
			findings = append(findings, plugins.Finding{
				What: fmt.Sprintf("Issues of type %q in project %s need the field %q.", kind.Name, project, one.Name),
				Fix:  fmt.Sprintf("Give its value under fields as %s, or make the field optional in the project.", one.FieldID),
			})
		}
	}
	for _, name := range append([]string{"description", "labels"}, sortedKeys(b.config.Fields)...) {
		if len(offered) > 0 && !offered[name] {
			findings = append(findings, plugins.Finding{
				What: fmt.Sprintf("The field %s is not on the screen for creating issues of type %q in project %s.", name, kind.Name, project),
				Fix:  "Add it to that screen under Project settings → Screens, or, if it is one of fields, remove it there.",
			})
		}
	}
	return findings
}

func (b *bot) checkStatuses(ctx context.Context, project string) []plugins.Finding {
	var got []struct {
		Name     string  `json:"name"`
		ID       string  `json:"id"`
		Statuses []named `json:"statuses"`
	}
	q := question{op: "asking for statuses", method: http.MethodGet, path: "rest/api/2/project/" + project + "/statuses"}
	if err := b.api.ask(ctx, q, &got); err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The statuses of project %s cannot be read", project), err)}
	}
	names := map[string]string{}
	for _, kind := range got {
		if kind.ID == b.config.IssueType || strings.EqualFold(kind.Name, b.config.IssueType) {
			for _, one := range kind.Statuses {
				names[one.ID] = one.Name
			}
		}
	}
	var offered []string
	for _, id := range sortedKeys(names) {
		offered = append(offered, fmt.Sprintf("%s = %q", id, names[id]))
	}
	var findings []plugins.Finding
	s := b.config.Statuses
	for _, one := range []struct{ name, id string }{
		{"pending", s.Pending}, {"approved", s.Approved}, {"denied", s.Denied}, {"expired", s.Expired}, {"withdrawn", s.Withdrawn},
	} {
		if one.id != "" && names[one.id] == "" && len(names) > 0 {
			findings = append(findings, plugins.Finding{
				What: fmt.Sprintf("Issues of type %q in project %s have no status with the id %s.", b.config.IssueType, project, one.id),
				Fix:  fmt.Sprintf("Set statuses.%s to one of %s, or add the status to the workflow.", one.name, strings.Join(offered, ", ")),
			})
		}
	}
	return findings
}

func (b *bot) checkRole(ctx context.Context, project string) []plugins.Finding {
	if b.config.PrivateRole == "" {
		return nil
	}
	var roles map[string]string
	q := question{op: "asking for roles", method: http.MethodGet, path: "rest/api/2/project/" + project + "/role"}
	if err := b.api.ask(ctx, q, &roles); err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The roles of project %s cannot be read", project), err)}
	}
	if _, ok := roles[b.config.PrivateRole]; ok {
		return nil
	}
	return []plugins.Finding{{
		What: fmt.Sprintf("Project %s has no role %q, so nobody can be shown a code for linking their account.", project, b.config.PrivateRole),
		Fix:  "Set private_role to one of " + strings.Join(sortedKeys(roles), ", ") + ", or leave it out.", Warning: true,
	}}
}
