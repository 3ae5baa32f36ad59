package jirasim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// maxComments is how many comments an issue may have.
const maxComments = 5000

func addComment(s *Sim, r *http.Request, c call) (answer, error) {
	found, err := s.seen(r, c)
	if err != nil {
		return answer{}, err
	}
	if !c.user.may(comments) {
		return answer{}, refuse(http.StatusForbidden, "You do not have the permission to comment on this issue.")
	}
	var in struct {
		Body       json.RawMessage  `json:"body"`
		Properties []entityProperty `json:"properties"`
		Visibility *struct{ Type, Value string }
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	body, err := readText(in.Body, c.version)
	if err != nil || body.plain() == "" {
		return answer{}, refuseField("comment", "Comment body is not valid!")
	}
	if len(found.comments) >= maxComments {
		return answer{}, refuse(http.StatusRequestEntityTooLarge, "The comment limit of this issue is reached.")
	}
	made := &comment{id: s.id(), author: c.user.ID, body: body, created: s.opts.Clock(), properties: in.Properties}
	if in.Visibility != nil {
		if in.Visibility.Type != "role" || !slices.Contains(c.user.Roles, in.Visibility.Value) {
			return answer{}, refuseField("commentLevel", "You are currently not a member of the project role: "+in.Visibility.Value+".")
		}
		made.role = in.Visibility.Value
	}
	found.comments = append(found.comments, made)
	s.changed(found, "comment_created", c.user, nil)
	return answer{status: http.StatusCreated, body: s.wireComment(made, c.version, false)}, nil
}

func (s *Sim) wireComment(c *comment, version string, withProperties bool) map[string]any {
	out := map[string]any{
		"id": c.id, "author": s.wireUser(c.author), "updateAuthor": s.wireUser(c.author), "body": c.body.wire(version),
		"created": stamp(c.created), "updated": stamp(c.created),
	}
	if c.role != "" {
		out["visibility"] = map[string]string{"type": "role", "value": c.role}
	}
	if withProperties {
		out["properties"] = c.properties
	}
	return out
}

func getComments(s *Sim, r *http.Request, c call) (answer, error) {
	found, err := s.seen(r, c)
	if err != nil {
		return answer{}, err
	}
	q := r.URL.Query()
	visible := slices.DeleteFunc(slices.Clone(found.comments), func(one *comment) bool { return !one.visibleTo(c.user) })
	if q.Get("orderBy") == "-created" {
		slices.Reverse(visible)
	}
	start := number(q.Get("startAt"), 0)
	out := []map[string]any{}
	for _, one := range page(visible, start, min(number(q.Get("maxResults"), s.cfg.PageSize), s.cfg.PageSize)) {
		out = append(out, s.wireComment(one, c.version, strings.Contains(q.Get("expand"), "properties")))
	}
	return ok(map[string]any{"comments": out, "startAt": start, "maxResults": s.cfg.PageSize, "total": len(visible)})
}
