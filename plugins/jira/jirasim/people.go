package jirasim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/accede/accede/plugins/standin"
)

// Move is somebody's dragging a card to another column, with a comment if they wrote one.
type Move struct {
	Person string `json:"person"`
	Issue  string `json:"issue"`
	// To is a status's id.
	To      string `json:"to"`
	Comment string `json:"comment,omitempty"`
}

// Move lets somebody move an issue and waits for the first answer to the webhook. The answer's status is 0 if this Jira
// sends none.
func (s *Sim) Move(ctx context.Context, m Move) (standin.Answer, error) {
	id, payload, err := s.moveNow(m)
	if err != nil || payload == nil {
		return standin.Answer{}, err
	}
	s.work.Add(1)
	defer s.work.Done()
	return s.deliver(ctx, id, payload), nil
}

func (s *Sim) moveNow(m Move) (id string, payload []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	by, known := s.user(m.Person)
	found := s.find(m.Issue)
	switch {
	case !known:
		return "", nil, standin.RefusedError("there is nobody called " + m.Person)
	case found == nil || !by.may(browse):
		return "", nil, standin.RefusedError(by.DisplayName + " cannot see this issue")
	case !slices.Contains(s.offered(found, by), m.To):
		return "", nil, standin.RefusedError(by.DisplayName + " cannot move this issue there")
	}
	if m.Comment != "" {
		found.comments = append(found.comments, &comment{id: s.id(), author: by.ID, body: text{wiki: m.Comment}, created: s.opts.Clock()})
	}
	entry := s.move(found, by, m.To)
	s.changes.Touch()
	if s.opts.CallbackURL == "" {
		return "", nil, nil
	}
	payload, err = s.webhookBody(found, "jira:issue_updated", by, &entry)
	if err != nil {
		return "", nil, fmt.Errorf("writing webhook: %w", err)
	}
	return s.webhookID(payload), payload, nil
}

// Relabel replaces an issue's labels, as anybody can who may edit it.
func (s *Sim) Relabel(of string, labels ...string) error {
	return s.alter(of, func(i *issue) { i.labels = labels })
}

// SetProperty replaces one of an issue's properties, as anybody can who may edit it.
func (s *Sim) SetProperty(of, key string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding property: %w", err)
	}
	return s.alter(of, func(i *issue) { i.properties[key] = raw })
}

// Transfer moves an issue to another project.
func (s *Sim) Transfer(of, project string) error {
	return s.alter(of, func(i *issue) { i.project = project })
}

// Delete deletes an issue.
func (s *Sim) Delete(of string) error {
	return s.alter(of, func(i *issue) { i.deleted = true })
}

// Copy makes a second issue like the first, by somebody.
func (s *Sim) Copy(of, person string) (id string, err error) {
	err = s.alter(of, func(i *issue) {
		by, _ := s.user(person)
		twin := *i
		twin.id, twin.creator, twin.comments, twin.history, twin.created = s.id(), by.ID, nil, nil, s.opts.Clock()
		twin.key = fmt.Sprintf("%s-%d", twin.project, len(s.issues)+1)
		s.issues = append(s.issues, &twin)
		id = twin.id
	})
	return id, err
}

func (s *Sim) alter(idOrKey string, do func(*issue)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(idOrKey)
	if found == nil {
		return standin.RefusedError("there is no issue " + idOrKey)
	}
	do(found)
	s.changes.Touch()
	return nil
}

// SeenIssue is an issue as tests and the inspection API see it.
type SeenIssue struct {
	ID         string                     `json:"id"`
	Key        string                     `json:"key"`
	Project    string                     `json:"project"`
	Type       string                     `json:"type"`
	Summary    string                     `json:"summary"`
	Body       any                        `json:"description"`
	Text       string                     `json:"text"`
	Live       []string                   `json:"live,omitempty"`
	Status     string                     `json:"status"`
	Labels     []string                   `json:"labels"`
	Properties map[string]json.RawMessage `json:"properties,omitempty"`
	Fields     map[string]json.RawMessage `json:"fields,omitempty"`
	Comments   []SeenComment              `json:"comments,omitempty"`
	Changes    int                        `json:"changes"`
	Updates    int                        `json:"updates"`
	Deleted    bool                       `json:"deleted,omitempty"`
}

// SeenComment is a comment below an issue.
type SeenComment struct {
	ID     string   `json:"id"`
	Author string   `json:"author"`
	Text   string   `json:"text"`
	Live   []string `json:"live,omitempty"`
	Role   string   `json:"role,omitempty"`
	Key    string   `json:"key,omitempty"`
}

// Issues lists every issue, oldest first, deleted ones included.
func (s *Sim) Issues() []SeenIssue {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []SeenIssue{}
	for _, i := range s.issues {
		out = append(out, s.describe(i))
	}
	return out
}

func (s *Sim) describe(i *issue) SeenIssue {
	version := "2"
	if i.body.doc != nil {
		version = "3"
	}
	seen := SeenIssue{
		ID: i.id, Key: i.key, Project: i.project, Type: i.kind, Summary: i.summary, Body: i.body.wire(version), Text: i.body.plain(),
		Live: i.body.live(), Status: i.status, Labels: slices.Clone(i.labels), Properties: i.properties, Fields: i.extra,
		Changes: len(i.history), Updates: i.updates, Deleted: i.deleted,
	}
	for _, c := range i.comments {
		author, _ := s.user(c.author)
		seen.Comments = append(seen.Comments, SeenComment{
			ID: c.id, Author: author.Name, Text: c.body.plain(), Live: c.body.live(), Role: c.role, Key: c.key(),
		})
	}
	return seen
}

// key is the delivery's key that an app may have put into its property.
func (c *comment) key() string {
	for _, p := range c.properties {
		var value struct {
			Key string `json:"key"`
		}
		if json.Unmarshal(p.Value, &value) == nil && value.Key != "" {
			return value.Key
		}
	}
	return ""
}

func (i *issue) deliveryKey() string {
	for _, raw := range i.properties {
		var value struct {
			Key string `json:"key"`
		}
		if json.Unmarshal(raw, &value) == nil && value.Key != "" {
			return value.Key
		}
	}
	return ""
}

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/issues", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"issues": s.Issues()})
	})
	inner.HandleFunc("GET /sandbox/calls", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"calls": s.Calls()})
	})
	inner.HandleFunc("GET /sandbox/version", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, s.changes.Version())
	})
	inner.HandleFunc("POST /sandbox/move", s.serveMove)
	inner.HandleFunc("POST /sandbox/forge", s.serveForge)
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

func (s *Sim) serveMove(w http.ResponseWriter, r *http.Request) {
	var m Move
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&m); err != nil {
		standin.WriteProblem(w, http.StatusBadRequest, "the body must be JSON with person, issue, to and comment")
		return
	}
	got, err := s.Move(r.Context(), m)
	if err != nil {
		standin.WriteProblem(w, http.StatusConflict, err.Error())
		return
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"status": got.Status})
}

func (s *Sim) serveForge(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Kind string          `json:"kind"`
		Body json.RawMessage `json:"body"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
		standin.WriteProblem(w, http.StatusBadRequest, "the body must be JSON with kind and body")
		return
	}
	status, err := s.Forge(r.Context(), in.Kind, in.Body)
	if err != nil {
		standin.WriteProblem(w, http.StatusConflict, err.Error())
		return
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"status": status})
}
