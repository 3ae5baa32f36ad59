package jira

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
)

const (
	// changelogIssues and bulkIssues are how many issues one call may name on Cloud:
	// https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/.
	changelogIssues = 1000
	bulkIssues      = 100
	// dataCenterIssues are how many issues one search asks for with their whole changelogs.
	dataCenterIssues  = 50
	maxChangelogPages = 200
)

// Poll looks at what people did to the issues of pending requests.
func (b *bot) Poll(ctx context.Context, open []plugins.Posted, decisions plugins.Decisions) error {
	d := desk{bot: b, decisions: decisions, door: doorPoll}
	cards := map[string]plugins.Posted{}
	for _, posted := range open {
		id, err := decodeRef(posted.Ref)
		if gone, _ := b.missing.get(id); err == nil && !gone {
			cards[id] = posted
		}
	}
	changes, err := b.changes(ctx, sortedKeys(cards))
	if err != nil {
		return err
	}
	if err := d.takeAll(ctx, cards, changes); err != nil {
		return err
	}
	return b.sweep(ctx, cards)
}

// takeAll reads the issues that have something new, and deals with it.
func (d desk) takeAll(ctx context.Context, cards map[string]plugins.Posted, changes map[string][]history) error {
	moved := map[string][]move{}
	for id, entries := range changes {
		posted, ours := cards[id]
		if fresh := d.unhandled(ctx, id, posted, entries); ours && len(fresh) > 0 {
			moved[id] = fresh
		}
	}
	issues, err := d.read(ctx, sortedKeys(moved))
	if err != nil {
		return err
	}
	var failed []error
	for _, at := range issues {
		err := d.take(ctx, cards[at.ID], at, moved[at.ID])
		if isKind(err, plugins.RateLimited) || ctx.Err() != nil {
			return err
		}
		failed = append(failed, err) // what is wrong with one issue holds up no other
	}
	return errors.Join(failed...)
}

// unhandled are the moves that may mean something and were not dealt with yet.
func (d desk) unhandled(_ context.Context, id string, posted plugins.Posted, entries []history) []move {
	return slices.DeleteFunc(lastMoves(entries), func(m move) bool {
		done, _ := d.handled.get(d.decisionID(id, m, posted.Card.RequestID))
		return done || !d.config.Statuses.final(m.to)
	})
}

// changes returns the changes of status of each issue.
func (b *bot) changes(ctx context.Context, ids []string) (map[string][]history, error) {
	all := map[string][]history{}
	size, read := changelogIssues, b.changesCloud
	if !b.api.cloud {
		size, read = dataCenterIssues, b.changesDataCenter
	}
	for some := range slices.Chunk(ids, size) {
		if err := read(ctx, some, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (b *bot) changesCloud(ctx context.Context, ids []string, into map[string][]history) error {
	token := ""
	for range maxChangelogPages {
		body := map[string]any{"issueIdsOrKeys": ids, "fieldIds": []string{"status"}}
		if token != "" {
			body["nextPageToken"] = token
		}
		var page struct {
			Logs []struct {
				IssueID   entryID   `json:"issueId"`
				Histories []history `json:"changeHistories"`
			} `json:"issueChangeLogs"`
			NextPageToken string `json:"nextPageToken"`
		}
		q := question{op: "reading changes", method: http.MethodPost, path: "rest/api/3/changelog/bulkfetch", body: body}
		if err := b.api.ask(ctx, q, &page); err != nil {
			return err
		}
		for _, log := range page.Logs {
			into[string(log.IssueID)] = append(into[string(log.IssueID)], log.Histories...)
		}
		if token = page.NextPageToken; token == "" {
			return nil
		}
	}
	return nil
}

// changesDataCenter searches by id. One issue that was deleted spoils the whole search there; then each is read by itself.
func (b *bot) changesDataCenter(ctx context.Context, ids []string, into map[string][]history) error {
	page, err := b.historiesDataCenter(ctx, ids)
	if isKind(err, plugins.Invalid) {
		page, err = b.readEach(ctx, ids, "changelog")
	}
	for _, one := range page {
		if one.Changelog != nil {
			into[one.ID] = one.Changelog.Histories
		}
	}
	return err
}

// historiesDataCenter pages by what came back: Jira may give fewer than it was asked for.
func (b *bot) historiesDataCenter(ctx context.Context, ids []string) (all []issue, err error) {
	for start := 0; start < len(ids); {
		page, total, err := b.api.searchPage(ctx, map[string]any{
			"jql": "id in (" + strings.Join(ids, ",") + ")", "fields": []string{"status"}, "expand": []string{"changelog"},
			"startAt": start, "maxResults": len(ids), "validateQuery": false,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		start += len(page)
		if len(page) == 0 || start >= total {
			break
		}
	}
	return all, nil
}

// read returns the issues as they are now, those that are gone left out.
func (b *bot) read(ctx context.Context, ids []string) ([]issue, error) {
	if !b.api.cloud {
		return b.readEach(ctx, ids, "")
	}
	var all []issue
	for some := range slices.Chunk(ids, bulkIssues) {
		var page struct {
			Issues []issue `json:"issues"`
		}
		err := b.api.ask(ctx, question{
			op: "reading issues", method: http.MethodPost, path: "rest/api/3/issue/bulkfetch",
			body: map[string]any{"issueIdsOrKeys": some, "fields": strings.Split(issueFields, ","), "properties": []string{propertyKey}},
		}, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Issues...)
	}
	return all, nil
}

func (b *bot) readEach(ctx context.Context, ids []string, expand string) ([]issue, error) {
	var all []issue
	for _, id := range ids {
		one, err := b.api.issue(ctx, "reading issue", id, expand)
		switch {
		case isKind(err, plugins.NotFound), isKind(err, plugins.Gone):
			b.missing.put(id, true)
			b.log.Warn("issue of an open request is gone; the request can be decided elsewhere", "issue", id)
		case err != nil:
			return nil, err
		default:
			all = append(all, one)
		}
	}
	return all, nil
}
