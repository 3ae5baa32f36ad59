package jira

import (
	"context"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
)

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
			keep, ours := due[requestLabel+one.about()]
			if !ours {
				continue
			}
			if err := b.closeDuplicate(ctx, keep, one); err != nil {
				return err
			}
		}
		for _, label := range some {
			b.swept.put(strings.TrimPrefix(label, requestLabel), true)
		}
	}
	return nil
}

// tidy looks for further issues about a request that is over, for those that are never polled.
func (b *bot) tidy(ctx context.Context, keep issue, requestID string) error {
	if done, _ := b.swept.get(requestID); done {
		return nil
	}
	found, err := b.labelled(ctx, requestLabel+requestID)
	if err != nil {
		return err
	}
	for _, one := range found {
		if err := b.closeDuplicate(ctx, keep.ID, one); err != nil {
			return err
		}
	}
	b.swept.put(requestID, true)
	return nil
}

// closeDuplicate leads people from a further issue of the plugin's to the one that counts. It is another delivery's if it
// is in another project.
func (b *bot) closeDuplicate(ctx context.Context, keep string, extra issue) error {
	own, err := b.self.get(ctx)
	if err != nil || extra.ID == keep || extra.Fields.Creator.id() != own.id() {
		return err
	}
	at, err := b.api.issue(ctx, "reading issue", keep, "")
	if err != nil {
		return gone(err)
	}
	if extra.Fields.Project.ID != at.Fields.Project.ID || extra.about() != at.about() {
		return nil
	}
	b.log.Warn("closing a duplicate issue", "request_id", at.about(), "issue", extra.Key, "kept", at.Key)
	text := document{line(say("This issue was made twice by mistake. Moving it decides nothing; the one that counts is " + at.Key + "."))}
	if err := b.commentOnce(ctx, extra.ID, comment{key: "duplicate:" + at.ID, text: text}); err != nil {
		return err
	}
	_, err = b.transition(ctx, extra, first(b.config.Statuses.Withdrawn, b.config.Statuses.Denied))
	return b.tell(extra, err)
}
