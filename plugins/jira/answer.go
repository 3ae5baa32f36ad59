package jira

import (
	"context"
	"regexp"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// handles are names of accounts that a mention can hold without doing anything else.
var handles = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@:+-]{0,127}$`)

// addressed begins a sentence for one person: Jira notifies whom a comment mentions.
func addressed(handle, name string) []words {
	name = oneLine(name, maxName)
	if !handles.MatchString(handle) {
		if name == "" {
			return nil
		}
		return []words{say(name + ": ")}
	}
	return []words{{text: first(name, handle), account: handle}, say(" ")}
}

// Answer comments on what became of a move, and puts the issue where its request stands. Jira shows a comment to everybody
// who sees the issue, so that a one-time code is written only where few can read it.
func (b *bot) Answer(ctx context.Context, d v1.Decision, result v1.DecisionResult) error {
	id := d.Evidence[evidenceIssue]
	if !issueID.MatchString(id) || result.Code == v1.CodeRecorded {
		return nil // the result itself follows
	}
	// A review that counts is told by the comment about the review.
	if !result.Counted() {
		if err := b.answer(ctx, id, d, result); err != nil {
			return gone(err)
		}
	}
	if result.Code == v1.CodeUnavailable {
		return nil
	}
	return b.putBack(ctx, id, d.RequestID)
}

func (b *bot) answer(ctx context.Context, id string, d v1.Decision, result v1.DecisionResult) error {
	to := addressed(d.Evidence[evidenceHandle], d.UserName)
	c := comment{key: "answer:" + d.ID + ":" + string(result.Code)}
	if result.LinkCode == "" {
		c.text = document{line(append(to, say(wording.Visible(result.Message)))...)}
		return b.commentOnce(ctx, id, c)
	}
	if b.config.PrivateRole != "" {
		c.text, c.private = withCode(to, result), true
		err := b.commentOnce(ctx, id, c)
		if !isKind(err, plugins.Invalid) {
			return err
		}
		b.log.Warn("comment for private_role was refused; the plugin's account has to have that role", "issue", id, "err", err)
		c.private = false
	}
	c.text = withoutCode(to, d.Identity)
	return b.commentOnce(ctx, id, c)
}

func withCode(to []words, result v1.DecisionResult) document {
	command, sentence := "accede link "+Name+" "+result.LinkCode, wording.Visible(result.Message)
	if !strings.Contains(sentence, command) {
		sentence += " To connect your account, run this where you are signed in to Accede: " + command
	}
	return document{
		line(append(to, say(sentence))...),
		line(say("Whoever runs it can decide in Jira as this account from then on. Run it only if you yourself moved this issue " +
			"just now. Afterwards move it again.")),
	}
}

func withoutCode(to []words, who v1.Identity) document {
	return document{
		line(append(to, say("Your Jira account is not connected to Accede, so nothing was decided. Ask an administrator of Accede "+
			"to connect it, and then move the issue again. They run:"))...),
		line(say("accede admin link add " + Name + " " + who.Tenant + " " + who.User + " --person=YOUR-NAME-IN-ACCEDE")),
	}
}

// putBack moves the issue to where its request stands now.
func (b *bot) putBack(ctx context.Context, id, requestID string) error {
	for range 2 {
		state, known, err := b.stateOf(ctx, id, requestID)
		if err != nil || !known {
			return err
		}
		at, err := b.api.issue(ctx, "reading issue", id, "")
		if err != nil {
			return gone(err)
		}
		if at.Fields.Status.ID == b.config.Statuses.wanted(state) {
			return nil
		}
		if err := b.tell(at, b.settle(ctx, at, state)); err != nil || state.Resolved() {
			return err
		}
		// Once more: the request may have been resolved, and its issue moved, in between.
	}
	return nil
}

// stateOf is how the request stands now, if this issue is its card.
func (b *bot) stateOf(ctx context.Context, id, requestID string) (state v1.State, known bool, err error) {
	posted, err := b.postedAs(ctx, id, requestID)
	if err != nil || posted == nil {
		return "", false, err
	}
	return posted.Card.State, true, nil
}

// postedAs returns the card of a request that is this issue, nil if there is none.
func (b *bot) postedAs(ctx context.Context, id, requestID string) (*plugins.Posted, error) {
	all, err := b.cards.Of(ctx, requestID)
	if err != nil {
		return nil, &plugins.Error{Op: "asking for the request's cards", Kind: plugins.Transient, Err: err}
	}
	for i := range all {
		if string(all[i].Ref) == id {
			return &all[i], nil
		}
	}
	return nil, nil
}
