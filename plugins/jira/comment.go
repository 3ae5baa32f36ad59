package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// comment is one of ours.
type comment struct {
	// key is found again in the comment's property.
	key  string
	text document
	// private comments are seen by the members of the configured role only.
	private bool
}

// commentMark is our property of a comment.
type commentMark struct {
	Key string `json:"key"`
}

// foundComment is a comment as Jira lists it.
type foundComment struct {
	ID         string          `json:"id"`
	Author     account         `json:"author"`
	Body       string          `json:"body"`
	Created    moment          `json:"created"`
	Properties []foundProperty `json:"properties"`
}

type foundProperty struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

func (c foundComment) key() string {
	for _, p := range c.Properties {
		var m commentMark
		if p.Key == propertyKey && json.Unmarshal(p.Value, &m) == nil {
			return m.Key
		}
	}
	return ""
}

// comment adds a comment and returns its id.
func (b *bot) comment(ctx context.Context, id string, c comment) (string, error) {
	body := map[string]any{
		"body":       c.text.render(b.api.cloud),
		"properties": []property{{Key: propertyKey, Value: commentMark{Key: c.key}}},
	}
	if c.private && b.config.PrivateRole != "" {
		body["visibility"] = map[string]string{"type": "role", "value": b.config.PrivateRole}
	}
	var made struct {
		ID string `json:"id"`
	}
	q := question{op: "commenting", method: http.MethodPost, path: issuePath(b.api.version, id) + "/comment", effect: creates, body: body}
	if err := b.api.ask(ctx, q, &made); err != nil {
		return "", err
	}
	if !issueID.MatchString(made.ID) {
		return "", &plugins.Error{Op: q.op, Kind: plugins.Unknown, Public: sayBroken, Err: fmt.Errorf("the answer names no comment")}
	}
	return made.ID, nil
}

// commentOnce adds a comment unless there is one with its key.
func (b *bot) commentOnce(ctx context.Context, id string, c comment) error {
	_, found, err := b.findComment(ctx, id, c.key, time.Time{})
	if err != nil || found {
		return err
	}
	_, err = b.comment(ctx, id, c)
	return err
}

const (
	// commentPage and maxCommentPages bound how far back comments are looked through.
	commentPage     = 50
	maxCommentPages = 20
)

// findComment looks for a comment of ours by its key, newest first, no further back than since.
func (b *bot) findComment(ctx context.Context, id, key string, since time.Time) (made string, found bool, err error) {
	own, err := b.self.get(ctx)
	if err != nil {
		return "", false, err
	}
	start := 0
	for range maxCommentPages {
		page, err := b.comments(ctx, id, start)
		if err != nil {
			return "", false, err
		}
		for _, one := range page {
			if one.key() == key && one.Author.id() == own.id() {
				return one.ID, true, nil
			}
		}
		start += len(page)
		if len(page) == 0 || page[len(page)-1].Created.Before(since.Add(-clockSkew)) {
			return "", false, nil
		}
	}
	return "", false, nil
}

// comments reads a page, newest first.
func (b *bot) comments(ctx context.Context, id string, start int) ([]foundComment, error) {
	query := url.Values{
		"startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(commentPage)}, "orderBy": {"-created"}, "expand": {"properties"},
	}
	var page struct {
		Comments []foundComment `json:"comments"`
	}
	q := question{op: "reading comments", method: http.MethodGet, path: issuePath("2", id) + "/comment?" + query.Encode()}
	err := b.api.ask(ctx, q, &page)
	return page.Comments, err
}

const (
	// A comment from this long before a move until this long after it, by the same person, is the reason.
	reasonBefore = 5 * time.Minute
	reasonAfter  = 30 * time.Second
	maxReasonIn  = 4096
)

// reason returns what the mover wrote about the move, if anything. That it cannot be read is no reason to lose the move.
func (b *bot) reason(ctx context.Context, id string, m move) string {
	page, err := b.comments(ctx, id, 0)
	if err != nil {
		b.log.Warn("reason was not read", "issue", id, "err", err)
		return ""
	}
	for _, one := range page {
		age := m.at.Sub(one.Created.Time)
		if one.Author.id() == m.by.id() && age <= reasonBefore && age >= -reasonAfter {
			return bytesCut(wording.Visible(one.Body), maxReasonIn)
		}
	}
	return ""
}

// bytesCut shortens text to so many bytes on a character's boundary.
func bytesCut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := 0
	for at := range text {
		if at > limit {
			break
		}
		end = at
	}
	return text[:end]
}
