package opsgenie

import (
	"context"
	"fmt"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Answer writes a note when a decision did not count. An alert cannot tell one person alone, so that what is said here is
// read by everybody who sees the alert: a code for connecting an account is never in it. A decision that counted shows as a
// review.
func (b *pollBot) Answer(ctx context.Context, d v1.Decision, result v1.DecisionResult) error {
	if result.Counted() || result.Code == v1.CodeRecorded {
		return nil
	}
	at, err := decodeRef(plugins.Ref(d.Evidence[evidenceAlert]))
	if err != nil {
		return err
	}
	mark := marker(d.ID)
	answered, err := b.api.hasNote(ctx, at.alert, mark)
	if err != nil || answered {
		return err
	}
	return b.api.annotate(ctx, at.alert, b.answer(d, result)+"\n"+mark)
}

func (b *pollBot) answer(d v1.Decision, result v1.DecisionResult) string {
	word := "approval"
	if d.Verdict == v1.Deny {
		word = "denial"
	}
	text := fmt.Sprintf("Accede did not count the %s of %s: ", word, oneLine(d.UserName, maxName))
	if result.Code == v1.CodeIdentityNotLinked || result.LinkCode != "" {
		return text + "this account is not connected to Accede. Decide in Accede itself, through the link above; an administrator " +
			"connects the account with `accede admin link add opsgenie " + b.config.tenant() + " " + d.Identity.User + " --person=NAME`."
	}
	return text + oneLine(result.Message, maxWords)
}
