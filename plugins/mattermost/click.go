package mattermost

import (
	"context"
	"errors"
	"net/http"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

const (
	// clickBudget is how long a callback may take; Mattermost waits 30 seconds unless set otherwise, and the person looks
	// at a spinning button: https://docs.mattermost.com/configure/environment-configuration-settings.html.
	clickBudget = 8 * time.Second
	// vetBudget is the part of it for asking Mattermost who clicked, adoptBudget the part for asking the core about a card
	// that it does not know.
	vetBudget   = 3 * time.Second
	adoptBudget = time.Second
	// inlineWait is how long a callback is kept open for the core's result.
	inlineWait = 2500 * time.Millisecond
)

// Sentences for people whose click counts for nothing.
const (
	sayForeign = "Nothing was recorded: your account belongs to another server that shares this channel. Only accounts of the " +
		"server that runs Accede can decide here."
	sayGuest = "Nothing was recorded: guests cannot decide in Mattermost. Decide in Accede itself, or ask a system administrator " +
		"to make you a member."
	sayBot     = "Nothing was recorded: bots cannot decide."
	sayDeleted = "Nothing was recorded: this Mattermost account is deactivated."
	sayUnsure  = "Nothing was recorded: Mattermost could not tell who you are just now. Please click again in a minute, or " +
		"decide in Accede."
	sayOldCard = "Nothing was recorded: this card is from an older version of Accede or from another installation. Open the " +
		"request in Accede to decide; `accede request list` shows what waits for you."
	sayNotHere = "Nothing was recorded: decisions are made in Accede, not in Mattermost. Open the request there."
	sayOldForm = "Nothing was recorded: this form was open for too long or is not yours. Please close it and click Deny again."
	sayLost    = "Nothing was recorded: the click could not be read. Please open the request in Accede and decide there."
	sayNoForm  = "Mattermost did not open the form for the reason, so nothing was recorded. Please click Deny again."
)

// clicks turns callbacks into decisions.
type clicks struct {
	*bot
	decisions plugins.Decisions
}

// serveAction takes a press of a button.
func (c *clicks) serveAction(r *http.Request, body []byte) (int, any) {
	ctx, cancel := context.WithTimeout(r.Context(), clickBudget)
	defer cancel()
	p, err := parsePress(body)
	if err != nil {
		c.log.Warn("callback could not be read", "remote", r.RemoteAddr, "err", err)
		return refuse(err)
	}
	proven, err := c.proven(ctx, p)
	if c.isProbe(p) {
		return http.StatusOK, reached(err)
	}
	if errors.Is(err, errNoServerKey) {
		return http.StatusOK, whisper(sayUnsure)
	}
	if err != nil {
		c.log.Warn("callback refused", "remote", r.RemoteAddr, "user", p.UserID, "err", err)
		return refuse(err)
	}
	return http.StatusOK, c.pressed(ctx, p, proven)
}

func (c *clicks) proven(ctx context.Context, p press) (proof, error) {
	ctx, cancel := context.WithTimeout(ctx, vetBudget)
	defer cancel()
	return c.prove(ctx, p.UserID, p.TriggerID)
}

// pressed takes a press that is known to be this account's.
func (c *clicks) pressed(ctx context.Context, p press, proven proof) actionAnswer {
	meant, no := c.meaning(ctx, p)
	if no != "" {
		c.log.Info("click refused", "user", p.UserID, "reason", no)
		return whisper(no)
	}
	at := spot{Channel: p.ChannelID, Post: p.PostID, Click: proven.click}
	if meant.Verdict == v1.Deny {
		return c.ask(ctx, p, meant, at)
	}
	d := c.decision(p.UserID, p.UserName, meant, at, proven.click)
	d.Evidence[evidenceSigned] = yesNo(proven.signed)
	return c.submitted(ctx, d, p)
}

// submitted hands a decision over and answers with its result if that comes soon.
func (c *clicks) submitted(ctx context.Context, d v1.Decision, p press) actionAnswer {
	place, leave := c.waiting.expect(d.ID)
	defer leave()
	if err := c.submit(ctx, d); err != nil {
		return whisper(sayLost)
	}
	result, told := await(ctx, place, leave, c.inlineWait)
	if !told {
		return actionAnswer{Verbatim: true}
	}
	out := whisper(answer(result))
	out.Update = c.adopt(ctx, d.RequestID, p)
	return out
}

// meaning returns what the button stands for, or why it counts for nothing.
func (c *clicks) meaning(ctx context.Context, p press) (meant plugins.Action, no string) {
	meant, err := c.seal.Open(p.text(contextSeal), buttonIn(p.ChannelID, p.text(contextKey)), c.now())
	if err != nil || !meant.Verdict.Valid() {
		return plugins.Action{}, sayOldCard
	}
	if no := c.refuses(ctx, p.UserID); no != "" {
		return plugins.Action{}, no
	}
	if !c.decides {
		return plugins.Action{}, sayNotHere
	}
	return meant, ""
}

// refuses says why this account may not click at all, in words for its owner; empty if it may. Whether it may decide
// about the request is the core's business.
func (c *clicks) refuses(ctx context.Context, user string) string {
	ctx, cancel := context.WithTimeout(ctx, vetBudget)
	defer cancel()
	m, err := c.people.byID(ctx, user)
	if statusOf(err) == http.StatusNotFound {
		return sayForeign
	}
	if err != nil {
		c.log.Warn("click could not be vetted", "err", failure("looking up account", repeatable, err))
		return sayUnsure
	}
	return m.objection()
}

func (m member) objection() string {
	switch {
	case m.remote:
		return sayForeign
	case m.deleted:
		return sayDeleted
	case m.bot:
		return sayBot
	case m.guest:
		return sayGuest
	default:
		return ""
	}
}

func (c *clicks) decision(user, name string, meant plugins.Action, at spot, unique string) v1.Decision {
	return v1.Decision{
		ID:       v1.DecisionID(Name, unique, user, meant.RequestID, meant.Verdict),
		Identity: v1.Identity{Plugin: Name, Tenant: c.config.tenant(), User: user},
		UserName: ruler.OneLine(name, maxName), RequestID: meant.RequestID, Verdict: meant.Verdict,
		SeenVersion: meant.Version, SeenFingerprint: meant.Fingerprint, Made: c.now().UTC(),
		Evidence: map[string]string{evidenceChannel: at.Channel, evidencePost: at.Post, evidenceClick: at.Click},
	}
}

func (c *clicks) submit(ctx context.Context, d v1.Decision) error {
	err := c.decisions.Submit(ctx, d)
	if err != nil {
		c.log.Error("decision was not taken", "request_id", d.RequestID, "err", err)
	}
	return err
}

// adopt redraws a card that the core does not know: one that was posted twice because an answer got lost. Its buttons
// would stay for ever. Cards that the core knows are redrawn by the host.
func (c *clicks) adopt(ctx context.Context, requestID string, p press) *updated {
	if c.cards == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, adoptBudget)
	defer cancel()
	known, err := c.server.get(ctx)
	if err != nil || known.editLimit {
		return nil // an update that the server refuses would spoil the answer to the click
	}
	posted, err := c.cards.Of(ctx, requestID)
	if err != nil {
		return nil
	}
	card, orphan := orphaned(posted, p.PostID)
	if !orphan {
		return nil
	}
	m, err := c.artist.card(card, p.ChannelID, p.text(contextKey))
	if err != nil {
		return nil
	}
	m.props.FromBot = "true"
	return &updated{Message: m.text, Props: m.props}
}

// orphaned returns the reviewers' card of a request if none of its cards is this post.
func orphaned(posted []plugins.Posted, post string) (card plugins.Card, orphan bool) {
	for _, one := range posted {
		at, err := decodeRef(one.Ref)
		if err == nil && at.post == post {
			return plugins.Card{}, false
		}
		if one.Card.Audience == plugins.ForReviewers {
			card, orphan = one.Card, true
		}
	}
	return card, orphan
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
