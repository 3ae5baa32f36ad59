package servicenow

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Answer notes on the record why a decision was not counted. One that counts gets its note like every review. A record
// has more readers than the person who decided, so that a code for linking accounts is never shown.
func (b *bot) Answer(ctx context.Context, d v1.Decision, result v1.DecisionResult) error {
	if result.Counted() || result.Code == v1.CodeRecorded {
		return nil
	}
	record := d.Evidence[evidenceRecord]
	if !sysID.MatchString(record) {
		return nil
	}
	word := "approval"
	if d.Verdict == v1.Deny {
		word = "rejection"
	}
	text := fmt.Sprintf("%s: your %s was not counted. %s", oneLine(d.UserName, maxName), word, b.because(d, result))
	return b.noteOnce(ctx, record, d.ID+string(result.Code), text)
}

func (b *bot) because(d v1.Decision, result v1.DecisionResult) string {
	if result.LinkCode == "" {
		return oneLine(result.Message, maxReason)
	}
	return fmt.Sprintf("Your ServiceNow account is not connected with anybody in Accede. An Accede administrator connects it with: "+
		"accede admin link add %s %s %s --person=NAME. This request you can decide in Accede.",
		Name, d.Identity.Tenant, d.Identity.User)
}

// object notes on the record why an approval counts for nothing.
func (b *bot) object(ctx context.Context, a approval, objection string) error {
	b.log.Info("approval refused", "request_id", a.posted.Card.RequestID, "approval", a.row.id(), "reason", objection)
	if a.record.id() == "" {
		b.seen.deal(a.row)
		return nil
	}
	who := a.approver.name
	if who == "" {
		who = "somebody"
	}
	text := fmt.Sprintf("The %s of %s was not counted: %s.", a.verb(), who, objection)
	if err := b.noteOnce(ctx, a.record.id(), a.row.id()+stamp(a.row), text); err != nil {
		return err
	}
	b.seen.deal(a.row)
	return nil
}

// noteOnce adds a work note unless it is there already.
func (b *bot) noteOnce(ctx context.Context, record, about, text string) error {
	key := uuid.NewSHA1(uuid.NameSpaceURL, []byte(Name+"/"+about)).String()
	there, err := b.noted(ctx, b.config.Table, record, b.config.NotesField, key)
	if plugins.KindOf(err) == plugins.Auth && err != nil {
		there, err = false, nil // better said twice than not at all
	}
	if err != nil || there {
		return err
	}
	_, err = b.write(ctx, b.config.Table, record, b.config.NotesField, key, text)
	return err
}
