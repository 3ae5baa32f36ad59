package jira

import (
	"context"
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
	for _, at := range issues {
		if err := d.take(ctx, cards[at.ID], at, moved[at.ID]); err != nil {
			return err
		}
	}
	return nil
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
	page, _, err := b.api.searchPage(ctx, map[string]any{
		"jql": "id in (" + strings.Join(ids, ",") + ")", "fields": []string{"status"}, "expand": []string{"changelog"},
		"maxResults": len(ids), "validateQuery": false,
	})
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

// sweepTogether is how many requests one search for duplicates names.
const sweepTogether = 50

// sweep looks, once per request and only when the search cannot miss any more what was made, for further issues about
// it, and closes them: nobody shall decide on the wrong one.
func (b *bot) sweep(ctx context.Context, cards map[string]plugins.Posted) error {
	due := map[string]string{} // label to the id of the issue that stays
	for id, posted := range cards {
		done, _ := b.swept.get(posted.Card.RequestID)
		if !done && b.now().Sub(posted.Since) > b.config.IndexDelay.Std() {
			due[requestLabel+posted.Card.RequestID] = id
		}
	}
	for some := range slices.Chunk(sortedKeys(due), sweepTogether) {
		found, err := b.labelled(ctx, some...)
		if err != nil {
			return err
		}
		for _, one := range found {
			if keep, ours := due[requestLabel+one.about()]; ours && keep != one.ID {
				if err := b.closeDuplicate(ctx, cards[keep], one); err != nil {
					return err
				}
			}
		}
		for _, label := range some {
			b.swept.put(strings.TrimPrefix(label, requestLabel), true)
		}
	}
	return nil
}

// closeDuplicate leads people from a further issue of the plugin's to the one that counts. It is another delivery's if it
// is in another project.
func (b *bot) closeDuplicate(ctx context.Context, keep plugins.Posted, extra issue) error {
	own, err := b.self.get(ctx)
	if err != nil {
		return err
	}
	if extra.Fields.Creator.id() != own.id() || extra.Fields.Project.ID != keep.Destination.ID {
		return nil
	}
	id, err := decodeRef(keep.Ref)
	if err != nil {
		return err
	}
	at, err := b.api.issue(ctx, "reading issue", id, "")
	if err != nil {
		return gone(err)
	}
	b.log.Warn("closing a duplicate issue", "request_id", keep.Card.RequestID, "issue", extra.Key, "kept", at.Key)
	text := document{line(say("This issue was made twice by mistake. Moving it decides nothing; the one that counts is " + at.Key + "."))}
	if err := b.commentOnce(ctx, extra.ID, comment{key: "duplicate:" + at.ID, text: text}); err != nil {
		return err
	}
	_, err = b.transition(ctx, extra, first(b.config.Statuses.Withdrawn, b.config.Statuses.Denied))
	return b.tell(ctx, extra, err)
}
