package jirasim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// issue is a ticket. The site's lock guards it.
type issue struct {
	id, key    string
	project    string
	kind       string
	summary    string
	body       text
	status     string
	labels     []string
	extra      map[string]json.RawMessage
	properties map[string]json.RawMessage
	creator    string
	created    time.Time
	comments   []*comment
	history    []change
	updates    int
	deleted    bool
}

// comment is one below an issue.
type comment struct {
	id, author string
	body       text
	created    time.Time
	role       string
	properties []entityProperty
}

type entityProperty struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// change is an entry of the changelog.
type change struct {
	id, author string
	at         time.Time
	items      []changeItem
}

type changeItem struct {
	Field      string `json:"field"`
	FieldType  string `json:"fieldtype"`
	FieldID    string `json:"fieldId,omitempty"`
	From       string `json:"from"`
	FromString string `json:"fromString"`
	To         string `json:"to"`
	ToString   string `json:"toString"`
}

// jiraTime is how Jira writes times: the offset has no colon.
const jiraTime = "2006-01-02T15:04:05.000-0700"

func stamp(t time.Time) string { return t.UTC().Format(jiraTime) }

// record adds an entry to the changelog. The lock must be held.
func (s *Sim) record(i *issue, by User, items ...changeItem) change {
	entry := change{id: s.id(), author: by.ID, at: s.opts.Clock(), items: items}
	i.history = append(i.history, entry)
	return entry
}

// move takes the issue to a status. The lock must be held.
func (s *Sim) move(i *issue, by User, to string) change {
	from, _ := s.status(i.status)
	target, _ := s.status(to)
	i.status = to
	return s.record(i, by, changeItem{
		Field: "status", FieldType: "jira", FieldID: "status", From: from.ID, FromString: from.Name, To: target.ID, ToString: target.Name,
	})
}

// offered are the statuses that somebody may move the issue to. The lock must be held.
func (s *Sim) offered(i *issue, by User) []string {
	if !by.may(transitions) {
		return nil
	}
	return s.cfg.Workflow[i.status]
}

// visibleTo says whether somebody may read a comment.
func (c *comment) visibleTo(u User) bool { return c.role == "" || slices.Contains(u.Roles, c.role) }

// indexed says whether the search knows the issue by now.
func (s *Sim) indexed(i *issue) bool { return s.opts.Clock().Sub(i.created) >= s.cfg.IndexDelay }

// wireUser is an account as the API shows it.
func (s *Sim) wireUser(id string) map[string]any {
	u, _ := s.user(id)
	out := map[string]any{"displayName": u.DisplayName, "active": !u.Inactive, "timeZone": "UTC"}
	if s.cfg.Cloud {
		out["accountId"], out["accountType"] = u.ID, u.Type
		if u.Email != "" && !u.HideEmail {
			out["emailAddress"] = u.Email
		}
		return out
	}
	out["key"], out["name"], out["emailAddress"] = u.ID, u.Name, u.Email
	return out
}

func (s *Sim) wireStatus(id string) map[string]any {
	one, _ := s.status(id)
	return map[string]any{"id": one.ID, "name": one.Name}
}

func (s *Sim) wireHistory(entry change) map[string]any {
	return map[string]any{"id": entry.id, "author": s.wireUser(entry.author), "created": stamp(entry.at), "items": entry.items}
}

// wireIssue is the issue as the API shows it: the fields asked for, the properties asked for.
func (s *Sim) wireIssue(i *issue, version string, asked view) map[string]any {
	project, _ := s.project(i.project)
	all := map[string]any{
		"summary": i.summary, "description": i.body.wire(version), "status": s.wireStatus(i.status), "labels": i.labels,
		"project": map[string]string{"id": project.ID, "key": project.Key, "name": project.Name},
		"creator": s.wireUser(i.creator), "created": stamp(i.created), "issuetype": map[string]string{"id": "10001", "name": i.kind},
	}
	for name, value := range i.extra {
		all[name] = value
	}
	out := map[string]any{"id": i.id, "key": i.key, "self": s.opts.BaseURL + "/rest/api/" + version + "/issue/" + i.id}
	shown := map[string]any{}
	for name, value := range all {
		if asked.wantsField(name) {
			shown[name] = value
		}
	}
	if len(shown) > 0 {
		out["fields"] = shown
	}
	if properties := asked.propertiesOf(i); len(properties) > 0 {
		out["properties"] = properties
	}
	if asked.changelog {
		out["changelog"] = s.wireChangelog(i)
	}
	return out
}

// maxExpanded is how many entries an expanded changelog holds on Cloud.
const maxExpanded = 100

// wireChangelog is newest first on Cloud and oldest first on Data Center.
func (s *Sim) wireChangelog(i *issue) map[string]any {
	histories := []map[string]any{}
	for _, entry := range i.history {
		histories = append(histories, s.wireHistory(entry))
	}
	if s.cfg.Cloud {
		slices.Reverse(histories)
		histories = histories[:min(len(histories), maxExpanded)]
	}
	return map[string]any{"startAt": 0, "maxResults": len(histories), "total": len(i.history), "histories": histories}
}

// view is what a call asks to see of an issue.
type view struct {
	fields, properties []string
	changelog          bool
}

func (v view) wantsField(name string) bool {
	return slices.ContainsFunc(v.fields, func(one string) bool { return one == name || one == "*all" || one == "*navigable" })
}

func (v view) propertiesOf(i *issue) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, name := range v.properties {
		for key, value := range i.properties {
			if name == key || name == "*all" {
				out[key] = value
			}
		}
	}
	return out
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
