package teams

import (
	"context"
	"net/http"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

const (
	// clickBudget is how long a click may be worked on. Teams does not say how long it waits; others saw five to fifteen
	// seconds.
	clickBudget = 4500 * time.Millisecond
	// vetBudget is the part of it for asking Teams about the account, sayBudget the part for saying no where that takes a
	// message, showBudget the part for asking the core about the card.
	vetBudget  = 1200 * time.Millisecond
	sayBudget  = 2 * time.Second
	showBudget = 1500 * time.Millisecond
	// resultBudget is how long the result is waited for, storing the click included.
	resultBudget = 2500 * time.Millisecond
)

// Sentences for people whose click counts for nothing.
const (
	sayForeign = "Nothing was recorded: your account belongs to another organisation. Only members of the organisation that " +
		"runs Accede can decide here."
	sayGuest = "Nothing was recorded: guests of this organisation cannot decide in Teams. Decide in Accede itself, or ask an " +
		"administrator to make you a member."
	sayNobody = "Nothing was recorded: Teams does not say which account of the directory you are. People who joined without an " +
		"account cannot decide."
	sayUnsure = "Nothing was recorded: Teams could not tell who you are just now. Please click again in a minute, or " +
		"decide in Accede."
	sayOldCard = "Nothing was recorded: this card is from an older version of Accede or from another installation. Open the " +
		"request in Accede to decide; `accede request list` shows what waits for you."
	sayNotHere = "Nothing was recorded: decisions are made in Accede, not in Teams. Open the request there."
	sayOldForm = "Nothing was recorded: this form was open for too long. Please bring the request back and click Deny again."
	sayLost    = "Nothing was recorded: the click could not be read. Please open the request in Accede and decide there."
	sayLater   = "Your click has arrived. What became of it follows here in a moment."
	sayTooLong = "Nothing was recorded: the reason is too long. Please shorten it to 3,000 characters, or half of that outside the Latin alphabet."
)

// clicked takes a press of a button.
func (h *callbacks) clicked(ctx context.Context, a activity) reply {
	pressed, err := parsePress(a)
	if err != nil || pressed.Seal == "" {
		h.log.Warn("click could not be read", "err", err)
		return h.object(ctx, a, nil, sayLost)
	}
	if pressed.Verb == verbShow {
		return h.shown(ctx, a, pressed)
	}
	meant, no := h.meaning(pressed, a)
	if no == "" {
		no = h.refuses(ctx, a)
	}
	if no != "" {
		h.log.Info("click refused", "user", a.From.ObjectID, "tenant", a.tenant(), "reason", no)
		return h.object(ctx, a, h.back(meant, pressed), no)
	}
	h.learn(ctx, a)
	if pressed.Verb == verbDeny && a.Type == typeInvoke {
		return h.ask(ctx, a, pressed, meant)
	}
	return h.decide(ctx, a, pressed, meant)
}

// meaning returns what the button stands for, or why it counts for nothing.
func (h *callbacks) meaning(p press, a activity) (meant plugins.Action, no string) {
	audience, want := "", v1.Deny
	switch p.Verb {
	case verbApprove:
		want = v1.Approve
	case verbDeny:
	case verbConfirm:
		audience = formAudience(a)
	default:
		return plugins.Action{}, sayLost
	}
	meant, err := h.seal.Open(p.Seal, audience, h.now())
	switch {
	case err != nil && p.Verb == verbConfirm:
		return plugins.Action{}, sayOldForm
	case err != nil || meant.Verdict != want:
		return plugins.Action{}, sayOldCard
	case !h.artist.decides:
		return meant, sayNotHere
	case len(p.Reason) > v1.MaxReasonBytes:
		return meant, sayTooLong
	default:
		return meant, ""
	}
}

// refuses says why this account may not click at all, in words for its owner; empty if it may. Whether it may decide
// about the request is the core's business.
func (h *callbacks) refuses(ctx context.Context, a activity) string {
	if !guid.MatchString(a.From.ObjectID) || a.From.ID == "" {
		return sayNobody
	}
	ctx, cancel := context.WithTimeout(ctx, vetBudget)
	defer cancel()
	m, err := h.people.in(ctx, a.service(), a.room(), a.From.ID)
	if statusOf(err) == http.StatusNotFound && codeOf(err) != "" {
		h.log.Info("account is not a member of the conversation", "user", a.From.ObjectID, "err", err)
		return sayForeign
	}
	if err != nil {
		h.log.Warn("click could not be vetted", "err", failure("looking up account", repeatable, err))
		return sayUnsure
	}
	switch {
	case !h.config.allows(m.Tenant):
		h.log.Info("account is another tenant's", "user", a.From.ObjectID, "account_tenant", m.Tenant)
		return sayForeign
	case m.guest():
		return sayGuest
	case !strings.EqualFold(m.oid(), a.From.ObjectID):
		return sayUnsure
	default:
		return ""
	}
}

// decide hands the decision over. Who clicked an Action.Execute hears the result in the answer if it comes in a moment,
// everybody else in a message.
func (h *callbacks) decide(ctx context.Context, a activity, p press, meant plugins.Action) reply {
	d := h.decision(a, meant, strings.TrimSpace(p.Reason))
	if a.Type == typeMessage {
		if err := h.submit(ctx, d); err != nil {
			return h.object(ctx, a, nil, sayLost)
		}
		return reply{status: http.StatusOK}
	}
	top := []element{notice("accent", sayLater)}
	result, known, err := h.await(ctx, d)
	if err != nil {
		return h.object(ctx, a, h.back(meant, p), sayLost)
	}
	if known {
		top = answerNotice(result)
	}
	return h.view(ctx, a, h.back(meant, p), top)
}

// await hands the decision over and waits a moment for its result.
func (h *callbacks) await(ctx context.Context, d v1.Decision) (result v1.DecisionResult, known bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, resultBudget)
	defer cancel()
	results := h.waiting.expect(d.ID)
	if err = h.submit(ctx, d); err == nil {
		select {
		case result = <-results:
			known = true
		case <-ctx.Done():
		}
	}
	if late, ok := h.waiting.leave(d.ID, results); ok {
		result, known = late, true
	}
	return result, known, err
}

func (h *callbacks) submit(ctx context.Context, d v1.Decision) error {
	err := h.decisions.Submit(ctx, d)
	if err != nil {
		h.log.Error("decision was not taken", "request_id", d.RequestID, "err", err)
	}
	return err
}

func (h *callbacks) decision(a activity, meant plugins.Action, reason string) v1.Decision {
	user := strings.ToLower(a.From.ObjectID)
	return v1.Decision{
		ID:       v1.DecisionID(Name, a.tenant()+"/"+a.Conversation.ID+"/"+a.ID, user, meant.RequestID, meant.Verdict),
		Identity: v1.Identity{Plugin: Name, Tenant: a.tenant(), User: user},
		UserName: oneLine(a.From.Name, maxName), RequestID: meant.RequestID, Verdict: meant.Verdict, Reason: reason,
		SeenVersion: meant.Version, SeenFingerprint: meant.Fingerprint, Made: h.now().UTC(), Evidence: spotAt(a).evidence(),
	}
}
