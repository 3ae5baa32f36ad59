package teams

import (
	"context"
	"regexp"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// attention is how long somebody who clicked is taken to still look at the channel.
const attention = 5 * time.Minute

// spot is where a click came from; it travels in the decision's evidence.
type spot struct {
	Service, Conversation, Message, Account, Tenant, User string
	Personal                                              bool
}

// Keys of the evidence.
const (
	evidenceService      = "service_url"
	evidenceConversation = "conversation"
	evidenceMessage      = "activity"
	evidenceAccount      = "account"
	evidencePersonal     = "personal"
)

func spotAt(a activity) spot {
	return spot{
		Service: a.service(), Conversation: a.Conversation.ID, Message: a.ReplyTo, Account: a.From.ID,
		Tenant: a.tenant(), User: strings.ToLower(a.From.ObjectID), Personal: a.personal(),
	}
}

func (s spot) evidence() map[string]string {
	out := map[string]string{
		evidenceService: s.Service, evidenceConversation: s.Conversation, evidenceMessage: s.Message, evidenceAccount: s.Account,
	}
	if s.Personal {
		out[evidencePersonal] = "true"
	}
	return out
}

func spotOf(d v1.Decision) spot {
	return spot{
		Service: d.Evidence[evidenceService], Conversation: d.Evidence[evidenceConversation],
		Message: d.Evidence[evidenceMessage], Account: d.Evidence[evidenceAccount],
		Personal: d.Evidence[evidencePersonal] != "", Tenant: d.Identity.Tenant, User: d.Identity.User,
	}
}

// Answer tells the person who clicked what became of it: in the answer to the button while Teams waits for it, else in a
// message that only they see.
func (b *bot) Answer(ctx context.Context, d v1.Decision, result v1.DecisionResult) error {
	if b.waiting.give(d.ID, result) {
		return nil
	}
	at := spotOf(d)
	text, more := answerText(result)
	m := message(oneLine(text, maxSummary), newCard(append(lines([]string{text}, plain), more...), nil))
	if !at.Personal && b.now().Sub(d.Made) >= attention {
		at.Conversation = "" // they are not looking there any more
	}
	return b.tell(ctx, at, m)
}

// tell writes to one person: where they clicked, unseen by others, else in the chat with them.
func (b *bot) tell(ctx context.Context, at spot, m outgoing) error {
	if at.Conversation != "" && b.services.allow(at.Service) {
		var err error
		if at.Personal {
			_, err = b.api.send(ctx, at.Service, at.Conversation, m)
		} else {
			err = b.api.whisper(ctx, at.Service, at.Conversation, at.Account, m)
		}
		if err == nil {
			return nil
		}
		b.log.Debug("answer could not be given where the click was", "err", failure("answering click", creates, err))
	}
	if !guid.MatchString(at.Tenant) || !guid.MatchString(at.User) {
		return errNoWay
	}
	if at.Account != "" {
		b.memory.learn(ctx, at.Tenant, at.User, reference{Account: at.Account, Service: at.Service})
	}
	_, err := b.postToPerson(ctx, place{tenant: at.Tenant, oid: at.User}, m)
	return failure("answering click", creates, err)
}

// linkCode is the form of one-time codes; anything else is shown as plain text only.
var linkCode = regexp.MustCompile(`^[A-Za-z0-9-]{4,64}$`)

// answerText is the core's sentence and, for an unknown account, how its owner connects it.
func answerText(result v1.DecisionResult) (sentence string, more []element) {
	sentence = ruler.Cut(strings.TrimSpace(tame(result.Message)), maxLine)
	if result.LinkCode == "" {
		return sentence, nil
	}
	command := "accede link teams " + result.LinkCode
	if !strings.Contains(sentence, command) {
		sentence += " To connect your account, run this where you are signed in to Accede: " + command
	}
	if linkCode.MatchString(result.LinkCode) {
		more = append(more, rich(run{Text: command, Font: "Monospace"})) // easier to copy
	}
	return sentence, append(more, plain("Whoever runs it can decide in Teams as this account from then on. Run it only if "+
		"you yourself clicked just now, never because somebody sent it to you. Afterwards click again."))
}
