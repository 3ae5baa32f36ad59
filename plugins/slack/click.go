package slack

import (
	"context"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

const (
	// clickBudget is how long a click may be worked on; Slack waits three seconds:
	// https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response.
	clickBudget = 2600 * time.Millisecond
	// vetBudget is the part of it for asking Slack about the account, sayBudget the part for saying no.
	vetBudget = 1200 * time.Millisecond
	sayBudget = 800 * time.Millisecond
)

// Sentences for people whose click counts for nothing.
const (
	sayForeign = "Nothing was recorded: your account belongs to another Slack workspace. Only members of the workspace that " +
		"runs Accede can decide here."
	sayGuest = "Nothing was recorded: guests of this workspace cannot decide in Slack. Decide in Accede itself, or ask " +
		"a workspace administrator to make you a full member."
	sayBot     = "Nothing was recorded: apps and bots cannot decide."
	sayDeleted = "Nothing was recorded: this Slack account is deactivated."
	sayUnsure  = "Nothing was recorded: Slack could not tell who you are just now. Please click again in a minute, or " +
		"decide in Accede."
	sayOtherApp = "Nothing was recorded: this card was posted by another app. Please use the newest card, or decide in Accede."
	sayOldCard  = "Nothing was recorded: this card is from an older version of Accede or from another installation. Open the " +
		"request in Accede to decide; `accede request list` shows what waits for you."
	sayNotHere = "Nothing was recorded: decisions are made in Accede, not in Slack. Open the request there."
	sayOldForm = "Nothing was recorded: this form was open for too long. Please close it and click Deny again."
	sayLost    = "Nothing was recorded: the click could not be read. Please open the request in Accede and decide there."
	sayNoForm  = "Slack did not open the form for the reason, so nothing was recorded. Please click Deny again."
)

// clicks turns payloads into decisions.
type clicks struct {
	*bot
	decisions plugins.Decisions
	// door is how the payloads arrive.
	door Mode
}

// handle works on one payload that is known to come from Slack. What it returns is the answer to a form, nil for an
// empty acknowledgement. It takes no longer than [clickBudget].
func (c *clicks) handle(ctx context.Context, raw []byte) *formAnswer {
	ctx, cancel := context.WithTimeout(ctx, clickBudget)
	defer cancel()
	p, err := parsePayload(raw)
	if err != nil {
		c.log.Warn("callback could not be read", "err", err)
		return nil
	}
	switch p.Type {
	case typePressed:
		c.pressed(ctx, p)
	case typeSubmitted:
		return c.submitted(ctx, p)
	}
	return nil
}

// pressed takes a press of Approve or Deny. The link button needs nothing but the acknowledgement.
func (c *clicks) pressed(ctx context.Context, p payload) {
	pressed, ok := p.pressed()
	if !ok {
		return
	}
	meant, no := c.meaning(ctx, p, pressed)
	if no != "" {
		c.log.Info("click refused", "user", p.User.ID, "team", p.User.TeamID, "reason", no)
		c.say(ctx, p, no)
		return
	}
	if meant.Verdict == v1.Deny {
		c.ask(ctx, p, meant)
		return
	}
	unique := p.team() + "/" + p.TriggerID + "/" + pressed.ActionTS
	if err := c.submit(ctx, c.decision(p, meant, unique, p.spot())); err != nil {
		c.say(ctx, p, sayLost)
	}
}

// meaning returns what the button stands for, or why it counts for nothing.
func (c *clicks) meaning(ctx context.Context, p payload, pressed action) (meant plugins.Action, no string) {
	if no := c.refuses(ctx, p); no != "" {
		return plugins.Action{}, no
	}
	if !c.decides {
		return plugins.Action{}, sayNotHere
	}
	meant, err := c.seal.Open(pressed.Value, "", c.now())
	if err != nil || !meant.Verdict.Valid() {
		return plugins.Action{}, sayOldCard
	}
	return meant, ""
}

// refuses says why this account may not click at all, in words for its owner; empty if it may. Whether it may decide
// about the request is the core's business.
func (c *clicks) refuses(ctx context.Context, p payload) string {
	ctx, cancel := context.WithTimeout(ctx, vetBudget)
	defer cancel()
	own, err := c.people.self(ctx)
	if err != nil {
		c.log.Warn("click could not be vetted", "err", failure("asking who the bot is", repeatable, err))
		return sayUnsure
	}
	if c.config.AppID != "" && p.APIAppID != c.config.AppID || p.Message != nil && p.Message.BotID != "" && p.Message.BotID != own.bot {
		return sayOtherApp
	}
	if !own.includes(p.team(), p.enterprise()) {
		return sayForeign
	}
	m, err := c.people.byID(ctx, p.User.ID)
	if err != nil {
		if code := codeOf(err); code == "user_not_found" || code == "user_not_visible" {
			return sayForeign
		}
		c.log.Warn("click could not be vetted", "err", failure("looking up account", repeatable, err))
		return sayUnsure
	}
	return own.objection(m, p.User.TeamID)
}

// includes says whether a team or organisation is the bot's own.
func (s self) includes(team, enterprise string) bool {
	return team != "" && team == s.team || s.enterprise != "" && enterprise == s.enterprise
}

func (s self) objection(m member, clickedFrom string) string {
	sameOrganisation := s.enterprise != "" && m.enterprise == s.enterprise
	ours := func(team string) bool {
		return team == "" || team == s.team || team == s.enterprise || sameOrganisation
	}
	switch {
	case m.stranger || !ours(clickedFrom) || !ours(m.team):
		return sayForeign
	case m.deleted || m.unregistered:
		return sayDeleted
	case m.bot:
		return sayBot
	case m.guest:
		return sayGuest
	default:
		return ""
	}
}

func (c *clicks) decision(p payload, meant plugins.Action, unique string, at spot) v1.Decision {
	evidence := at.evidence()
	evidence[evidenceApp], evidence[evidenceDoor] = p.APIAppID, string(c.door)
	return v1.Decision{
		ID:       v1.DecisionID(Name, unique, p.User.ID, meant.RequestID, meant.Verdict),
		Identity: v1.Identity{Plugin: Name, Tenant: c.tenant(p), User: p.User.ID},
		UserName: oneLine(p.userName(), maxName), RequestID: meant.RequestID, Verdict: meant.Verdict,
		SeenVersion: meant.Version, SeenFingerprint: meant.Fingerprint, Made: c.now().UTC(), Evidence: evidence,
	}
}

// tenant is the workspace that identities of this bot belong to, also for colleagues from its organisation's other
// workspaces. It is known, because the click was vetted.
func (c *clicks) tenant(p payload) string {
	c.people.mu.Lock()
	defer c.people.mu.Unlock()
	if c.people.own == nil {
		return p.team()
	}
	return c.people.own.team
}

func (c *clicks) submit(ctx context.Context, d v1.Decision) error {
	err := c.decisions.Submit(ctx, d)
	if err != nil {
		c.log.Error("decision was not taken", "request_id", d.RequestID, "err", err)
	}
	return err
}

// say tells the person who clicked, and nobody else, a sentence of ours.
func (c *clicks) say(ctx context.Context, p payload, sentence string) {
	ctx, cancel := context.WithTimeout(ctx, sayBudget)
	defer cancel()
	at, m := p.spot(), said(sentence, "", "")
	err := c.viaResponse(ctx, at, m)
	if err != nil && at.Channel != "" {
		err = c.api.whisper(ctx, at.Channel, p.User.ID, m)
	}
	if err != nil {
		c.log.Warn("click could not be answered", "user", p.User.ID, "err", failure("answering click", repeatable, err))
	}
}
