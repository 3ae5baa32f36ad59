package pagerduty

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
)

// incident is an incident as the plugin reads it back.
type incident struct {
	ID      string `json:"id"`
	Number  int    `json:"incident_number"`
	Status  string `json:"status"`
	Key     string `json:"incident_key"`
	Service thing  `json:"service"`
	Body    struct {
		Details string `json:"details"`
	} `json:"body"`
}

var errNoIncident = errors.New("PagerDuty's answer names no incident")

// draft is an incident to be.
type draft struct {
	service, key, title, details, urgency, policy, priority string
}

func (a *api) create(ctx context.Context, d draft) (string, error) {
	return call(ctx, "opening incident", creates, func(ctx context.Context) (string, error) {
		options := &pd.CreateIncidentOptions{
			Title: d.title, Service: &pd.APIReference{ID: d.service, Type: "service_reference"}, Urgency: d.urgency,
			IncidentKey: d.key, Body: &pd.APIDetails{Type: "incident_body", Details: d.details},
			EscalationPolicy: reference(d.policy, "escalation_policy_reference"), Priority: reference(d.priority, "priority_reference"),
		}
		made, err := a.client.CreateIncidentWithContext(ctx, a.from, options)
		if err != nil {
			return "", err
		}
		if made.ID == "" {
			return "", errNoIncident
		}
		return made.ID, nil
	})
}

func reference(id, kind string) *pd.APIReference {
	if id == "" {
		return nil
	}
	return &pd.APIReference{ID: id, Type: kind}
}

// incidentsWithKey lists the incidents of a service that carry a key, however old they are. The key must not be empty:
// PagerDuty would list everything.
func (a *api) incidentsWithKey(ctx context.Context, service, key string) ([]incident, error) {
	found, err := call(ctx, "looking up incident", repeatable, func(ctx context.Context) (*pd.ListIncidentsResponse, error) {
		return a.client.ListIncidentsWithContext(ctx, pd.ListIncidentsOptions{
			IncidentKey: key, ServiceIDs: []string{service}, DateRange: "all", Limit: pageSize,
			Statuses: []string{"triggered", "acknowledged", "resolved"},
		})
	})
	if err != nil {
		return nil, err
	}
	var out []incident
	for i := range found.Incidents {
		one := &found.Incidents[i]
		if one.IncidentKey == key && one.Service.ID == service {
			out = append(out, incident{ID: one.ID, Number: int(one.IncidentNumber), Status: one.Status, Key: key})
		}
	}
	return out, nil
}

// incident reads an incident back, with its details.
func (a *api) incident(ctx context.Context, id string) (incident, error) {
	return call(ctx, "reading incident", repeatable, func(ctx context.Context) (incident, error) {
		var got struct {
			Incident incident `json:"incident"`
		}
		err := a.raw(ctx, http.MethodGet, "/incidents/"+url.PathEscape(id), url.Values{"include[]": {"body"}}, nil, &got)
		if err == nil && got.Incident.ID == "" {
			err = errNoIncident
		}
		return got.Incident, err
	})
}

// change is what an update sets; empty fields stay as they are.
type change struct {
	Type       string `json:"type"`
	Title      string `json:"title,omitempty"`
	Status     string `json:"status,omitempty"`
	Resolution string `json:"resolution,omitempty"`
}

func (a *api) update(ctx context.Context, id string, to change) error {
	to.Type = "incident_reference"
	_, err := call(ctx, "updating incident", repeatable, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, a.raw(ctx, http.MethodPut, "/incidents/"+url.PathEscape(id), nil, map[string]change{"incident": to}, nil)
	})
	return err
}

// writing is a note of an incident.
type writing struct {
	ID      string
	Content string
	User    thing
	At      time.Time
}

func (a *api) addNote(ctx context.Context, id, content string) (string, error) {
	return call(ctx, "adding note", creates, func(ctx context.Context) (string, error) {
		// The library takes the From header from this field.
		made, err := a.client.CreateIncidentNoteWithContext(ctx, id, pd.IncidentNote{
			Content: content, User: pd.APIObject{Summary: a.from},
		})
		if err != nil {
			return "", err
		}
		if made.ID == "" {
			return "", errors.New("PagerDuty's answer names no note")
		}
		return made.ID, nil
	})
}

// notes lists the notes of an incident, oldest first.
func (a *api) notes(ctx context.Context, id string) ([]writing, error) {
	found, err := call(ctx, "reading notes", repeatable, func(ctx context.Context) ([]pd.IncidentNote, error) {
		return a.client.ListIncidentNotesWithContext(ctx, id)
	})
	if err != nil {
		return nil, err
	}
	out := make([]writing, 0, len(found))
	for _, n := range found {
		at, _ := time.Parse(time.RFC3339, n.CreatedAt) // a note without a time matches no entry
		out = append(out, writing{ID: n.ID, Content: n.Content, User: thing{n.User.ID, n.User.Type, n.User.Summary}, At: at})
	}
	return oldestFirst(out, func(n writing) time.Time { return n.At }), nil
}

// clearField empties a custom field, so that the next person can set it again.
func (a *api) clearField(ctx context.Context, id, name string) error {
	_, err := call(ctx, "clearing custom field", repeatable, func(ctx context.Context) (struct{}, error) {
		body := map[string]any{"custom_fields": []map[string]any{{"name": name, "value": nil}}}
		return struct{}{}, a.raw(ctx, http.MethodPut, "/incidents/"+url.PathEscape(id)+"/custom_fields/values", nil, body, nil)
	})
	return err
}

// marker is a word inside a note by which it is found again.
func marker(key string) string { return "[accede:" + key + "]" }

func (a *api) noteWith(ctx context.Context, id, mark string) (string, bool, error) {
	notes, err := a.notes(ctx, id)
	if err != nil {
		return "", false, err
	}
	for _, n := range notes {
		if strings.Contains(n.Content, mark) {
			return n.ID, true, nil
		}
	}
	return "", false, nil
}
