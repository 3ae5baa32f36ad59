package pagerduty

import (
	"context"
	"fmt"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Answer writes a note when a decision did not count. PagerDuty cannot tell one person alone, so that what is said here is
// read by everybody who sees the incident: a code for connecting an account is never in it. A decision that counted shows
// as a review.
func (b *pollBot) Answer(ctx context.Context, d v1.Decision, result v1.DecisionResult) error {
	if result.Counted() || result.Code == v1.CodeRecorded {
		return nil
	}
	at, err := decodeRef(plugins.Ref(d.Evidence[evidenceIncident]))
	if err != nil {
		return err
	}
	mark := marker(d.ID)
	_, answered, err := b.api.noteWith(ctx, at.incident, mark)
	if err != nil || answered {
		return err
	}
	_, err = b.api.addNote(ctx, at.incident, b.answer(d, result)+"\n"+mark)
	return err
}

func (b *pollBot) answer(d v1.Decision, result v1.DecisionResult) string {
	word := "approval"
	if d.Verdict == v1.Deny {
		word = "denial"
	}
	text := fmt.Sprintf("Accede did not count the %s of %s: ", word, oneLine(d.UserName, maxName))
	if result.Code == v1.CodeIdentityNotLinked || result.LinkCode != "" {
		return text + "this PagerDuty account is not connected to Accede. Decide in Accede itself, through the link above; an " +
			"administrator connects the account with `accede admin link add pagerduty " + b.config.Subdomain + " " +
			d.Identity.User + " --person=NAME`."
	}
	return text + oneLine(result.Message, maxWords)
}
