package jirasim

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// query is what both searches take.
type query struct {
	JQL        string   `json:"jql"`
	Fields     []string `json:"fields"`
	Properties []string `json:"properties"`
	// Expand is a string on Cloud and a list on Data Center.
	Expand        any    `json:"expand"`
	MaxResults    int    `json:"maxResults"`
	StartAt       int    `json:"startAt"`
	NextPageToken string `json:"nextPageToken"`
	ValidateQuery *bool  `json:"validateQuery"`
}

func readQuery(r *http.Request, c call) (query, error) {
	var q query
	if r.Method == http.MethodPost {
		if err := c.decode(&q); err != nil {
			return query{}, err
		}
	} else {
		v := r.URL.Query()
		q = query{
			JQL: v.Get("jql"), Fields: split(v.Get("fields")), Properties: split(v.Get("properties")), Expand: v.Get("expand"),
			MaxResults: number(v.Get("maxResults"), 0), StartAt: number(v.Get("startAt"), 0), NextPageToken: v.Get("nextPageToken"),
		}
	}
	if q.MaxResults <= 0 {
		q.MaxResults = 50
	}
	return q, nil
}

func (q query) view() view {
	var expand []string
	switch e := q.Expand.(type) {
	case string:
		expand = split(e)
	case []any:
		for _, one := range e {
			if name, isText := one.(string); isText {
				expand = append(expand, name)
			}
		}
	}
	return view{fields: q.Fields, properties: q.Properties, changelog: slices.Contains(expand, "changelog")}
}

// searchCloud is the search that replaced the old one: bounded, paged by tokens, without a total.
func searchCloud(s *Sim, r *http.Request, c call) (answer, error) {
	q, err := readQuery(r, c)
	if err != nil {
		return answer{}, err
	}
	if len(q.Properties) > 5 {
		return answer{}, refuse(http.StatusBadRequest, "A maximum of 5 issue property keys can be specified.")
	}
	found, err := s.match(q, c)
	if err != nil {
		return answer{}, err
	}
	start, err := tokenStart(q.NextPageToken)
	if err != nil {
		return answer{}, err
	}
	shown := page(found, start, min(q.MaxResults, s.cfg.PageSize))
	out := map[string]any{"issues": s.wireIssues(shown, c.version, q.view()), "isLast": start+len(shown) >= len(found)}
	if start+len(shown) < len(found) {
		out["nextPageToken"] = pageToken(start + len(shown))
	}
	return ok(out)
}

func tokenStart(token string) (int, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, refuse(http.StatusBadRequest, "The provided next page token is invalid.")
	}
	return number(string(raw), 0), nil
}

// searchOld answers on Data Center; Cloud removed it.
func searchOld(s *Sim, r *http.Request, c call) (answer, error) {
	if s.cfg.Cloud {
		return answer{}, refuse(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "+
			"A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046")
	}
	q, err := readQuery(r, c)
	if err != nil {
		return answer{}, err
	}
	found, err := s.match(q, c)
	if err != nil {
		return answer{}, err
	}
	size := min(q.MaxResults, s.cfg.PageSize)
	return ok(map[string]any{
		"startAt": q.StartAt, "maxResults": size, "total": len(found),
		"issues": s.wireIssues(page(found, q.StartAt, size), c.version, q.view()),
	})
}

func (s *Sim) wireIssues(found []*issue, version string, asked view) []map[string]any {
	out := []map[string]any{}
	for _, one := range found {
		out = append(out, s.wireIssue(one, version, asked))
	}
	return out
}

var (
	condition = regexp.MustCompile(`(?i)^(labels|project|id)\s*(=|in)\s*(\(.*\)|"[^"]*"|[^\s()"]+)$`)
	orderBy   = regexp.MustCompile(`(?i)\s*ORDER BY\s.*$`)
	and       = regexp.MustCompile(`(?i)\s+AND\s+`)
)

// match returns the issues that fit the query and that the search knows by now. The lock must be held.
func (s *Sim) match(q query, c call) ([]*issue, error) {
	jql := strings.TrimSpace(orderBy.ReplaceAllString(" "+q.JQL, ""))
	if jql == "" {
		return nil, refuse(http.StatusBadRequest, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
	}
	found := slices.DeleteFunc(slices.Clone(s.issues), func(i *issue) bool {
		return i.deleted || !s.indexed(i) || !c.user.may(browse)
	})
	for _, clause := range and.Split(jql, -1) {
		parts := condition.FindStringSubmatch(strings.TrimSpace(clause))
		if parts == nil {
			return nil, refuse(http.StatusBadRequest, "Error in the JQL Query: the clause '"+clause+"' is not understood.")
		}
		values := listed(parts[3])
		if err := s.validate(strings.ToLower(parts[1]), values, q); err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(i *issue) bool { return !i.fits(s, strings.ToLower(parts[1]), values) })
	}
	return found, nil
}

// validate refuses ids of issues that do not exist, as Data Center does.
func (s *Sim) validate(field string, values []string, q query) error {
	if field != "id" || q.ValidateQuery != nil && !*q.ValidateQuery {
		return nil
	}
	for _, id := range values {
		if s.find(id) == nil {
			return refuse(http.StatusBadRequest, "A value with ID '"+id+"' does not exist for the field 'id'.")
		}
	}
	return nil
}

func listed(text string) []string {
	var out []string
	for _, one := range strings.Split(strings.Trim(text, "()"), ",") {
		out = append(out, strings.Trim(strings.TrimSpace(one), `"`))
	}
	return out
}

func (i *issue) fits(s *Sim, field string, values []string) bool {
	switch field {
	case "labels":
		return slices.ContainsFunc(values, func(v string) bool { return slices.Contains(i.labels, v) })
	case "project":
		project, _ := s.project(i.project)
		return slices.Contains(values, project.ID) || slices.Contains(values, project.Key)
	default:
		return slices.Contains(values, i.id) || slices.Contains(values, i.key)
	}
}
