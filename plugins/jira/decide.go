package jira

import (
	"context"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Sentences for people whose move counts for nothing.
const (
	sayApp = "Nothing was recorded: an app or an automation rule moved this issue, and only people can decide. The issue goes " +
		"back to where it was."
	sayInactive = "Nothing was recorded: the account that moved this issue is deactivated."
	sayMarks    = "Nothing was recorded: the labels or properties of this issue no longer say which request it belongs to. " +
		"Decide in Accede instead."
	sayMovedAway = "Nothing was recorded: this issue was moved to another project. Decide in Accede instead."
	sayForeign   = "Nothing was recorded: this issue was not made by Accede. Decide in Accede instead."
	sayNoVerdict = "Nothing was recorded: only Accede moves issues to this status. To deny the request, move the issue to the " +
		"status for denied."
)

// Doors through which a move is learned of; kept as evidence.
const (
	doorWebhook = "webhook"
	doorPoll    = "poll"
)

// Names of a decision's evidence. What is needed to answer is among it.
const (
	evidenceIssue  = "issue"
	evidenceKey    = "issue_key"
	evidenceChange = "change"
	evidenceMoved  = "moved_at"
	evidenceStatus = "status"
	evidenceHandle = "handle"
	evidenceDoor   = "door"
)

// desk turns moves into decisions. Webhooks and polling use it alike.
type desk struct {
	*bot
	decisions plugins.Decisions
	door      string
}

// take deals with moves of one issue. An error means that something could not be read and has to be tried again.
func (d desk) take(ctx context.Context, posted plugins.Posted, at issue, moves []move) error {
	own, err := d.self.get(ctx)
	if err != nil {
		return err
	}
	for _, m := range moves {
		if m.by.id() == own.id() {
			continue
		}
		if err := d.takeOne(ctx, posted, at, m, own); err != nil {
			return err
		}
	}
	return nil
}

func (d desk) takeOne(ctx context.Context, posted plugins.Posted, at issue, m move, own account) error {
	verdict, decides := d.config.Statuses.verdict(m.to)
	if !decides && !d.config.Statuses.final(m.to) {
		return nil // columns in between say nothing about the request
	}
	id := d.decisionID(at.ID, m, posted.Card.RequestID)
	if done, _ := d.handled.get(id); done {
		return nil
	}
	no, err := d.objection(ctx, posted, at, m, own)
	if err != nil {
		return err
	}
	switch {
	case no != "":
		err = d.object(ctx, posted, at, m, no)
	case !decides:
		err = d.object(ctx, posted, at, m, sayNoVerdict)
	default:
		d.submit(ctx, d.decision(ctx, posted, at, m, verdict))
	}
	if err == nil {
		d.handled.put(id, true)
	}
	return err
}

// decisionID is the same however the move became known.
func (b *bot) decisionID(issueID string, m move, requestID string) string {
	verdict, _ := b.config.Statuses.verdict(m.to)
	return v1.DecisionID(Name, b.config.tenant()+"/"+issueID+"/"+string(m.entry), m.by.id(), requestID, verdict)
}

// objection says why a move cannot be anybody's word, empty if it can. Whether that person may decide is the core's
// business.
func (d desk) objection(ctx context.Context, posted plugins.Posted, at issue, m move, own account) (string, error) {
	switch {
	case at.Fields.Creator.id() != own.id():
		return sayForeign, nil
	case at.about() != posted.Card.RequestID:
		return sayMarks, nil
	case at.Fields.Project.ID != posted.Destination.ID:
		return sayMovedAway, nil
	case m.by.Active != nil && !*m.by.Active:
		return sayInactive, nil
	}
	human, err := d.isPerson(ctx, m.by)
	if err != nil {
		return "", err
	}
	if !human {
		return sayApp, nil
	}
	return "", nil
}

// object says on the issue, once, why the move counts for nothing, and takes it back.
func (d desk) object(ctx context.Context, posted plugins.Posted, at issue, m move, no string) error {
	d.log.Info("move refused", "request_id", posted.Card.RequestID, "issue", at.Key, "user", m.by.id(), "reason", no)
	c := comment{key: "move:" + string(m.entry), text: document{line(append(addressed(m.by.handle(), m.by.DisplayName), say(no))...)}}
	if err := d.commentOnce(ctx, at.ID, c); err != nil {
		return err
	}
	return d.tell(at, d.settle(ctx, at, posted.Card.State))
}

// tell logs what only an operator can mend, so that it holds nothing up.
func (b *bot) tell(at issue, err error) error {
	if isKind(err, plugins.Invalid) || isKind(err, plugins.Gone) {
		b.log.Warn("issue does not show where its request stands", "issue", at.Key, "err", err)
		return nil
	}
	return err
}

func (d desk) decision(ctx context.Context, posted plugins.Posted, at issue, m move, verdict v1.Verdict) v1.Decision {
	shown := at.mark()
	return v1.Decision{
		ID:       d.decisionID(at.ID, m, posted.Card.RequestID),
		Identity: v1.Identity{Plugin: Name, Tenant: d.config.tenant(), User: m.by.id()},
		UserName: oneLine(m.by.DisplayName, maxName), RequestID: posted.Card.RequestID, Verdict: verdict,
		Reason: d.reason(ctx, at.ID, m), SeenVersion: shown.Version, SeenFingerprint: shown.seen(m.at), Made: d.now().UTC(),
		Evidence: map[string]string{
			evidenceIssue: at.ID, evidenceKey: at.Key, evidenceChange: string(m.entry), evidenceStatus: m.to,
			evidenceMoved: m.at.UTC().Format(time.RFC3339Nano), evidenceHandle: m.by.handle(), evidenceDoor: d.door,
		},
	}
}

func (d desk) submit(ctx context.Context, decision v1.Decision) {
	if err := d.decisions.Submit(ctx, decision); err != nil {
		d.log.Error("decision was not taken", "request_id", decision.RequestID, "err", err)
	}
}
