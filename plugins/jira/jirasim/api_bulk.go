package jirasim

import (
	"encoding/base64"
	"net/http"
	"strconv"
)

const (
	maxBulkIssues    = 100
	maxBulkChangelog = 1000
)

func bulkIssues(s *Sim, _ *http.Request, c call) (answer, error) {
	var in struct {
		IDs                        []string `json:"issueIdsOrKeys"`
		Fields, Properties, Expand []string
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if len(in.IDs) == 0 || len(in.IDs) > maxBulkIssues {
		return answer{}, refuse(http.StatusBadRequest, "The number of issue IDs or keys must be between 1 and 100.")
	}
	issues, missing := []map[string]any{}, []map[string]any{}
	for _, id := range in.IDs {
		found := s.find(id)
		if found == nil || !c.user.may(browse) {
			missing = append(missing, map[string]any{"id": id, "errorMessage": noIssue})
			continue
		}
		issues = append(issues, s.wireIssue(found, c.version, view{fields: in.Fields, properties: in.Properties}))
	}
	return ok(map[string]any{"issues": issues, "issueErrors": missing})
}

// bulkChangelog pages through the entries of all the issues together, oldest first.
func bulkChangelog(s *Sim, _ *http.Request, c call) (answer, error) {
	var in struct {
		IDs           []string `json:"issueIdsOrKeys"`
		Fields        []string `json:"fieldIds"`
		MaxResults    int
		NextPageToken string
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if len(in.IDs) == 0 || len(in.IDs) > maxBulkChangelog || len(in.Fields) > 10 {
		return answer{}, refuse(http.StatusBadRequest, "The number of issue IDs or keys must be between 1 and 1000.")
	}
	all := s.entries(in.IDs, in.Fields, c)
	start, err := tokenStart(in.NextPageToken)
	if err != nil {
		return answer{}, err
	}
	if in.MaxResults <= 0 || in.MaxResults > 10000 {
		in.MaxResults = 1000
	}
	shown := page(all, start, min(in.MaxResults, 20*s.cfg.PageSize))
	body := map[string]any{"issueChangeLogs": s.wireLogs(shown)}
	if start+len(shown) < len(all) {
		body["nextPageToken"] = pageToken(start + len(shown))
	}
	return ok(body)
}

// owned is an entry of an issue's changelog.
type owned struct {
	issue string
	entry change
}

func (s *Sim) entries(ids, fields []string, c call) (all []owned) {
	for _, id := range ids {
		found := s.find(id)
		if found == nil || !c.user.may(browse) {
			continue
		}
		for _, entry := range found.history {
			if entry.about(fields) {
				all = append(all, owned{found.id, entry})
			}
		}
	}
	return all
}

// wireLogs groups entries by issue.
func (s *Sim) wireLogs(shown []owned) []map[string]any {
	logs, order := map[string][]map[string]any{}, []string{}
	for _, one := range shown {
		if logs[one.issue] == nil {
			order = append(order, one.issue)
		}
		wire := s.wireHistory(one.entry)
		wire["created"] = one.entry.at.UnixMilli() // as the published example has it
		logs[one.issue] = append(logs[one.issue], wire)
	}
	out := []map[string]any{}
	for _, id := range order {
		out = append(out, map[string]any{"issueId": id, "changeHistories": logs[id]})
	}
	return out
}

func (c change) about(fields []string) bool {
	if len(fields) == 0 {
		return true
	}
	for _, item := range c.items {
		for _, field := range fields {
			if item.FieldID == field {
				return true
			}
		}
	}
	return false
}

// pageToken names where the next page begins.
func pageToken(start int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(start)))
}
