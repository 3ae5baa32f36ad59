package jirasim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// input is what creating and editing take.
type input struct {
	Fields     map[string]json.RawMessage `json:"fields"`
	Properties []entityProperty           `json:"properties"`
}

// maxSummary is how many characters a summary may have.
const maxSummary = 255

func createIssue(s *Sim, _ *http.Request, c call) (answer, error) {
	var in input
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	made, err := s.newIssue(in, c)
	if err != nil {
		return answer{}, err
	}
	made.id = s.id()
	made.key = made.project + "-" + strconv.Itoa(len(s.issues)+1)
	s.issues = append(s.issues, made)
	s.changed(made, "jira:issue_created", c.user, nil)
	return answer{status: http.StatusCreated, body: map[string]string{
		"id": made.id, "key": made.key, "self": s.opts.BaseURL + "/rest/api/" + c.version + "/issue/" + made.id,
	}}, nil
}

func (s *Sim) newIssue(in input, c call) (*issue, error) {
	project, known := s.project(reference(in.Fields["project"]))
	if !known || !c.user.may(create) || !c.user.may(browse) {
		return nil, refuseField("project", "valid project is required")
	}
	kind := reference(in.Fields["issuetype"])
	if !slices.ContainsFunc(kinds(), func(k map[string]any) bool { return k["name"] == kind || k["id"] == kind }) {
		return nil, refuseField("issuetype", "Specify a valid issue type")
	}
	for _, name := range append([]string{"summary"}, project.Required...) {
		if len(in.Fields[name]) == 0 {
			return nil, refuseField(name, name+" is required.")
		}
	}
	made := &issue{
		project: project.Key, kind: kind, status: s.cfg.Initial, creator: c.user.ID, created: s.opts.Clock(),
		extra: map[string]json.RawMessage{}, properties: map[string]json.RawMessage{},
	}
	for name, value := range in.Fields {
		if err := made.set(name, value, c.version); err != nil {
			return nil, err
		}
	}
	made.keep(in.Properties)
	return made, nil
}

// reference reads {"id":…}, {"key":…} or {"name":…}.
func reference(raw json.RawMessage) string {
	var named struct{ ID, Key, Name string }
	if json.Unmarshal(raw, &named) != nil {
		return ""
	}
	for _, one := range []string{named.ID, named.Key, named.Name} {
		if one != "" {
			return one
		}
	}
	return ""
}

func (i *issue) set(name string, value json.RawMessage, version string) error {
	switch name {
	case "project", "issuetype":
	case "summary":
		var summary string
		if json.Unmarshal(value, &summary) != nil || summary == "" || strings.ContainsAny(summary, "\r\n") {
			return refuseField("summary", "The summary is invalid because it contains newline characters or is empty.")
		}
		if units(summary) > maxSummary {
			return refuseField("summary", "Summary must be less than 255 characters.")
		}
		i.summary = summary
	case "description":
		body, err := readText(value, version)
		if err != nil {
			return refuseField("description", err.Error())
		}
		i.body = body
	case "labels":
		var labels []string
		if json.Unmarshal(value, &labels) != nil || slices.ContainsFunc(labels, badLabel) {
			return refuseField("labels", "The label contains spaces or is too long which is invalid.")
		}
		i.labels = labels
	default:
		i.extra[name] = value
	}
	return nil
}

func badLabel(label string) bool {
	return strings.ContainsAny(label, " \t\n") || len(label) > maxSummary || label == ""
}

func (i *issue) keep(properties []entityProperty) {
	for _, p := range properties {
		i.properties[p.Key] = p.Value
	}
}

func getIssue(s *Sim, r *http.Request, c call) (answer, error) {
	found, err := s.seen(r, c)
	if err != nil {
		return answer{}, err
	}
	q := r.URL.Query()
	asked := view{fields: split(q.Get("fields")), properties: split(q.Get("properties")), changelog: strings.Contains(q.Get("expand"), "changelog")}
	if len(asked.fields) == 0 {
		asked.fields = []string{"*all"}
	}
	return ok(s.wireIssue(found, c.version, asked))
}

func editIssue(s *Sim, r *http.Request, c call) (answer, error) {
	found, err := s.seen(r, c)
	if err != nil {
		return answer{}, err
	}
	if !c.user.may(edit) {
		return answer{}, refuse(http.StatusForbidden, "You do not have permission to edit issues in this project.")
	}
	var in input
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	trial := *found
	var items []changeItem
	for name, value := range in.Fields {
		before := trial.body.plain()
		if err := trial.set(name, value, c.version); err != nil {
			return answer{}, err
		}
		if name == "description" {
			items = append(items, changeItem{Field: name, FieldType: "jira", FieldID: name, FromString: before, ToString: trial.body.plain()})
		}
	}
	*found = trial
	found.keep(in.Properties)
	found.updates++
	entry := s.record(found, c.user, items...)
	s.changed(found, "jira:issue_updated", c.user, &entry)
	return answer{status: http.StatusNoContent}, nil
}

func getTransitions(s *Sim, r *http.Request, c call) (answer, error) {
	found, err := s.seen(r, c)
	if err != nil {
		return answer{}, err
	}
	out := []map[string]any{}
	for _, to := range s.offered(found, c.user) {
		status, _ := s.status(to)
		out = append(out, map[string]any{
			"id": transitionID(to), "name": "To " + status.Name, "to": s.wireStatus(to), "hasScreen": false, "isAvailable": true,
		})
	}
	return ok(map[string]any{"transitions": out})
}

// transitionID makes ids that differ from those of statuses.
func transitionID(to string) string { return strings.TrimPrefix(to, "100") + "1" }

func doTransition(s *Sim, r *http.Request, c call) (answer, error) {
	found, err := s.seen(r, c)
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Transition struct {
			ID string `json:"id"`
		} `json:"transition"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	for _, to := range s.offered(found, c.user) {
		if transitionID(to) == in.Transition.ID {
			entry := s.move(found, c.user, to)
			s.changed(found, "jira:issue_updated", c.user, &entry)
			return answer{status: http.StatusNoContent}, nil
		}
	}
	return answer{}, refuse(http.StatusBadRequest, "It seems that you have tried to perform an illegal workflow operation.")
}

func getChangelog(s *Sim, r *http.Request, c call) (answer, error) {
	found, err := s.seen(r, c)
	if err != nil {
		return answer{}, err
	}
	start := number(r.URL.Query().Get("startAt"), 0)
	page := page(found.history, start, min(number(r.URL.Query().Get("maxResults"), s.cfg.PageSize), s.cfg.PageSize))
	values := []map[string]any{}
	for _, entry := range page {
		values = append(values, s.wireHistory(entry))
	}
	return ok(map[string]any{
		"startAt": start, "maxResults": s.cfg.PageSize, "total": len(found.history), "values": values,
		"isLast": start+len(page) >= len(found.history),
	})
}

func page[T any](all []T, start, size int) []T {
	start = min(max(start, 0), len(all))
	return all[start:min(start+size, len(all))]
}

func number(text string, otherwise int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return otherwise
	}
	return n
}

// changed tells the page and the webhook. The lock must be held.
func (s *Sim) changed(i *issue, event string, by User, entry *change) {
	s.changes.Touch()
	if s.opts.CallbackURL == "" {
		return
	}
	payload, err := s.webhookBody(i, event, by, entry)
	if err != nil {
		return
	}
	id := s.webhookID(payload)
	s.work.Go(func() { s.deliver(s.ctx, id, payload) })
}
