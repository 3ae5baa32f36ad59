package jira

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
)

// searchPage is how many issues one search asks for; Jira may give fewer.
const (
	searchPage     = 50
	maxSearchPages = 20
)

// Find looks for the issue or comment that carries a key. Jira's search knows a new issue only after a while, so that an
// issue is said to be absent only once that while has passed since it was first looked for.
func (b *bot) Find(ctx context.Context, at plugins.Destination, search plugins.Search) (plugins.Ref, bool, error) {
	if search.Parent != "" {
		id, err := decodeRef(search.Parent)
		if err != nil {
			return "", false, err
		}
		made, found, err := b.findComment(ctx, id, search.Key, search.Since)
		return commentRef(id, made), found, gone(err)
	}
	if !labelled.MatchString(search.Key) {
		return "", false, nil
	}
	found, err := b.labelled(ctx, deliveryLabel+search.Key)
	if err != nil {
		return "", false, err
	}
	own, err := b.self.get(ctx)
	if err != nil {
		return "", false, err
	}
	for _, one := range found {
		if one.Fields.Creator.id() == own.id() && one.Fields.Project.ID == at.ID && one.mark().Key == search.Key {
			return plugins.Ref(one.ID), true, nil
		}
	}
	return "", false, b.notYet(search.Key)
}

// notYet is an error until the search cannot miss the issue any more.
func (b *bot) notYet(key string) error {
	since, ok := b.sought.get(key)
	if !ok {
		since = b.now()
		b.sought.put(key, since)
	}
	left := b.config.IndexDelay.Std() - b.now().Sub(since)
	if left <= 0 {
		return nil
	}
	return &plugins.Error{
		Op: "looking up issue", Kind: plugins.Transient, RetryAfter: min(left, 15*time.Second),
		Public: "Whether the issue was made is not known yet: Jira's search may not show it for " +
			b.config.IndexDelay.String() + ". The plugin looks again.",
	}
}

// labelled returns the issues with any of the labels, the oldest first.
func (b *bot) labelled(ctx context.Context, labels ...string) ([]issue, error) {
	quoted := make([]string, 0, len(labels))
	for _, one := range labels {
		quoted = append(quoted, strconv.Quote(one))
	}
	found, err := b.api.search(ctx, "labels in ("+strings.Join(quoted, ", ")+") ORDER BY created ASC")
	slices.SortFunc(found, func(a, b issue) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return found, err
}

// search returns every issue that matches, with our property.
func (a *api) search(ctx context.Context, jql string) ([]issue, error) {
	if a.cloud {
		return a.searchCloud(ctx, jql)
	}
	return a.searchDataCenter(ctx, jql)
}

func (a *api) searchCloud(ctx context.Context, jql string) ([]issue, error) {
	var all []issue
	token := ""
	for range maxSearchPages {
		body := map[string]any{
			"jql": jql, "fields": strings.Split(issueFields, ","), "properties": []string{propertyKey}, "maxResults": searchPage,
		}
		if token != "" {
			body["nextPageToken"] = token
		}
		var page struct {
			Issues        []issue `json:"issues"`
			NextPageToken string  `json:"nextPageToken"`
		}
		q := question{op: "searching issues", method: http.MethodPost, path: "rest/api/3/search/jql", body: body}
		if err := a.ask(ctx, q, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Issues...)
		if token = page.NextPageToken; token == "" {
			return all, nil
		}
	}
	return all, nil
}

// searchDataCenter finds ids, and reads our property issue by issue: there is seldom more than one.
func (a *api) searchDataCenter(ctx context.Context, jql string) ([]issue, error) {
	var all []issue
	for start := 0; start < searchPage*maxSearchPages; {
		page, total, err := a.searchPage(ctx, map[string]any{
			"jql": jql, "fields": []string{"status"}, "startAt": start, "maxResults": searchPage,
		})
		if err != nil {
			return nil, err
		}
		for _, one := range page {
			whole, err := a.issue(ctx, "reading issue", one.ID, "")
			if err != nil && !isKind(err, plugins.NotFound) {
				return nil, err
			}
			if err == nil {
				all = append(all, whole)
			}
		}
		start += len(page)
		if len(page) == 0 || start >= total {
			break
		}
	}
	return all, nil
}

func (a *api) searchPage(ctx context.Context, body map[string]any) (page []issue, total int, err error) {
	var got struct {
		Issues []issue `json:"issues"`
		Total  int     `json:"total"`
	}
	err = a.ask(ctx, question{op: "searching issues", method: http.MethodPost, path: "rest/api/2/search", body: body}, &got)
	return got.Issues, got.Total, err
}
