package pagerduty

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// entry is one line of an incident's history.
type entry struct {
	ID       string    `json:"id"`
	Type     string    `json:"type"`
	At       time.Time `json:"created_at"`
	Agent    thing     `json:"agent"`
	Channel  channel   `json:"channel"`
	Incident thing     `json:"incident"`
}

// channel is the way an entry came, with what it is about.
type channel struct {
	Type   string `json:"type"`
	Change struct {
		// Fields is spelt as PagerDuty's own description of it spells it.
		Fields []fieldChange `json:"customer_fields"`
	} `json:"changeset"`
	// named are the ids of everything that the channel mentions.
	named []string
}

// fieldChange is a custom field's new value; anything but a text is none.
type fieldChange struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// UnmarshalJSON reads a channel, whose form depends on its type and is described for few of them.
func (c *channel) UnmarshalJSON(data []byte) error {
	type plain channel
	var known plain
	if err := json.Unmarshal(data, &known); err != nil {
		return nil //nolint:nilerr // a channel of another form is one that says nothing
	}
	var all any
	if err := json.Unmarshal(data, &all); err == nil {
		known.named = idsIn(all, 0)
	}
	*c = channel(known)
	return nil
}

const deepest = 8

// idsIn lists the values of all members called id.
func idsIn(value any, depth int) (ids []string) {
	if depth > deepest {
		return nil
	}
	switch typed := value.(type) {
	case []any:
		for _, one := range typed {
			ids = append(ids, idsIn(one, depth+1)...)
		}
	case map[string]any:
		if id, ok := typed["id"].(string); ok {
			ids = append(ids, id)
		}
		for _, one := range typed {
			ids = append(ids, idsIn(one, depth+1)...)
		}
	}
	return ids
}

const (
	typeNote         = "annotate_log_entry"
	typeCustomField  = "custom_field_value_change_log_entry"
	typeField        = "field_value_change_log_entry"
	namesAWorkflow   = "workflow"
	typeUser         = "user"
	typeUserShort    = "user_reference"
	verdictOfApprove = "approve"
	verdictOfDeny    = "deny"
)

// byPerson says whether a person did it by hand. What came through the API may have been written in anybody's name: a key
// of the whole account can name whom it likes.
func (e entry) byPerson() bool {
	if e.Agent.ID == "" || e.Agent.Type != typeUser && e.Agent.Type != typeUserShort {
		return false
	}
	switch e.Channel.Type {
	case "", "api", "auto", "timeout", "nagios", "email":
		return false
	default:
		return true
	}
}

// matters says whether the entry may hold a decision.
func (e entry) matters(c *Config) bool {
	switch {
	case !e.byPerson():
		return false
	case e.Type == typeNote:
		return c.allows(ByNote)
	case e.Type == typeCustomField || e.Type == typeField:
		return c.allows(ByField) && e.sets(c.Field)
	default:
		return c.allows(ByWorkflow) && e.runs(c) != ""
	}
}

func (e entry) sets(field string) bool {
	return slices.ContainsFunc(e.Channel.Change.Fields, func(f fieldChange) bool { return f.Name == field })
}

// runs returns the verdict of the workflow that the entry says was run, empty if it is none of ours.
func (e entry) runs(c *Config) v1.Verdict {
	if !strings.Contains(e.Type, namesAWorkflow) {
		return ""
	}
	approves, denies := slices.Contains(e.Channel.named, c.ApproveWorkflow), slices.Contains(e.Channel.named, c.DenyWorkflow)
	switch {
	case approves == denies:
		return ""
	case approves:
		return v1.Approve
	default:
		return v1.Deny
	}
}

// setTo returns the verdict that the custom field was set to, empty for anything else.
func (e entry) setTo(field string) v1.Verdict {
	for _, f := range e.Channel.Change.Fields {
		if value, ok := f.Value.(string); ok && f.Name == field {
			return verdictIn(value)
		}
	}
	return ""
}

func verdictIn(text string) v1.Verdict {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case verdictOfApprove:
		return v1.Approve
	case verdictOfDeny:
		return v1.Deny
	default:
		return ""
	}
}

// commandIn returns the verdict of a note that says nothing else.
func commandIn(content string) v1.Verdict {
	switch strings.TrimSpace(content) {
	case "/" + verdictOfApprove:
		return v1.Approve
	case "/" + verdictOfDeny:
		return v1.Deny
	default:
		return ""
	}
}

// history lists what happened to one incident since a moment, oldest first.
func (a *api) history(ctx context.Context, id string, since time.Time) ([]entry, error) {
	return a.entries(ctx, "/incidents/"+url.PathEscape(id)+"/log_entries", since)
}

// happenings lists what happened to all incidents of the account since a moment, oldest first.
func (a *api) happenings(ctx context.Context, since time.Time) ([]entry, error) {
	return a.entries(ctx, "/log_entries", since)
}

func (a *api) entries(ctx context.Context, path string, since time.Time) ([]entry, error) {
	return call(ctx, "reading history", repeatable, func(ctx context.Context) ([]entry, error) {
		var found []entry
		query := url.Values{"include[]": {"channels"}, "is_overview": {"false"}, "time_zone": {"UTC"}}
		if since.Year() > 1 {
			query.Set("since", since.UTC().Format(time.RFC3339))
		}
		err := a.paged(ctx, path, query, func(page json.RawMessage) (bool, error) {
			var got struct {
				Entries []entry `json:"log_entries"`
			}
			err := json.Unmarshal(page, &got)
			found = append(found, got.Entries...)
			return true, err
		})
		return oldestFirst(found, func(e entry) time.Time { return e.At }), err
	})
}

// oldestFirst turns a list round. PagerDuty lists the newest first, and its times are whole seconds, so that among things of
// the same second only the order of the list tells which came first.
func oldestFirst[T any](list []T, at func(T) time.Time) []T {
	if n := len(list); n > 0 && !at(list[0]).Before(at(list[n-1])) {
		slices.Reverse(list)
	}
	slices.SortStableFunc(list, func(a, b T) int { return at(a).Compare(at(b)) })
	return list
}
