package discord

import (
	"context"
	"regexp"
	"time"

	"github.com/bwmarrin/discordgo"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

const (
	// clickBudget is how long a click may be worked on, the answer to Discord included; Discord waits three seconds:
	// https://discord.com/developers/docs/interactions/receiving-and-responding#responding-to-an-interaction.
	clickBudget = 2700 * time.Millisecond
	// vetBudget is the part of it for asking Discord about the account, ackReserve the part kept for the answer.
	vetBudget  = 600 * time.Millisecond
	ackReserve = 500 * time.Millisecond
)

// Sentences for people whose click counts for nothing.
const (
	sayForeign = "Nothing was recorded: clicks from this server do not count. Click in a server that is set up for Accede, or " +
		"decide in Accede itself."
	sayNoMember = "Nothing was recorded: your account is in no server that is set up for Accede."
	sayBot      = "Nothing was recorded: bots cannot decide."
	sayUnsure   = "Nothing was recorded: Discord could not tell who you are just now. Please click again in a minute, or decide " +
		"in Accede."
	sayOldCard = "Nothing was recorded: this card is from an older version of Accede or from another installation. Open the " +
		"request in Accede to decide; `accede request list` shows what waits for you."
	sayNotHere = "Nothing was recorded: decisions are made in Accede, not in Discord. Open the request there."
	sayOldForm = "Nothing was recorded: this form was open for too long, or was not yours. Please click Deny again."
	sayLost    = "Nothing was recorded: the click could not be read. Please open the request in Accede and decide there."
)

// clicks turns interactions into decisions.
type clicks struct {
	*bot
	decisions plugins.Decisions
	// door is how the interactions arrive.
	door Mode
}

// ownButton is the custom id of a card's button: the sealed action and the message's mark.
var ownButton = regexp.MustCompile(`^ac\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]{22}$`)

// handle works on one interaction that is known to come from Discord, and answers it there. It takes no longer than
// [clickBudget]. The same interaction may come to several replicas, or twice to one: it becomes the same decision, and
// Discord takes the first answer.
func (c *clicks) handle(ctx context.Context, i interaction) {
	ctx, cancel := context.WithTimeout(ctx, clickBudget)
	defer cancel()
	if own := c.config.ApplicationID; own != "" && i.ApplicationID != own {
		c.log.Warn("interaction of another application was ignored", "application", i.ApplicationID)
		return
	}
	if c.seen.done(i.ID) {
		return
	}
	defer c.acks.begin(i.ID)()
	response := c.response(ctx, i)
	if response == nil {
		return
	}
	if err := c.api.respond(ctx, i.ID, i.Token, response); err != nil && codeOf(err) != codeAcknowledged {
		c.log.Warn("click was not answered in time", "interaction", i.ID, "err", failure("answering click", repeatable, err))
	}
	c.seen.add(i.ID)
}

// response returns the first answer to an interaction, nil if it is none of ours.
func (c *clicks) response(ctx context.Context, i interaction) *discordgo.InteractionResponse {
	switch i.Type {
	case typePressed:
		return c.pressed(ctx, i)
	case typeSubmitted:
		return c.submitted(ctx, i)
	default:
		return nil
	}
}

// pressed takes a press of Approve or Deny.
func (c *clicks) pressed(ctx context.Context, i interaction) *discordgo.InteractionResponse {
	button := ownButton.FindStringSubmatch(i.Data.CustomID)
	if button == nil {
		return nil
	}
	meant, no := c.meaning(ctx, i, button[1], "")
	if no != "" {
		return c.refuse(i, no)
	}
	if meant.Verdict == v1.Deny {
		return c.ask(i, meant)
	}
	return c.submit(ctx, i, meant, "")
}

// refuse says no, to the person who clicked and nobody else.
func (c *clicks) refuse(i interaction, no string) *discordgo.InteractionResponse {
	c.log.Info("click refused", "user", i.by().ID, "guild", i.GuildID, "reason", no)
	return said(no).respondPrivately()
}

// meaning returns what a sealed action stands for, or why it counts for nothing.
func (c *clicks) meaning(ctx context.Context, i interaction, sealed, audience string) (meant plugins.Action, no string) {
	if no := c.refuses(ctx, i); no != "" {
		return plugins.Action{}, no
	}
	if !c.decides {
		return plugins.Action{}, sayNotHere
	}
	meant, err := c.seal.Open(sealed, audience, c.now())
	if err != nil || !meant.Verdict.Valid() {
		return plugins.Action{}, sayOldCard
	}
	return meant, ""
}

// refuses says why this account may not click at all, in words for its owner; empty if it may. Whether it may decide
// about the request is the core's business.
func (c *clicks) refuses(ctx context.Context, i interaction) string {
	by := i.by()
	switch {
	case by.Bot || by.System:
		return sayBot
	case len(c.config.Guilds) == 0:
		return ""
	case i.GuildID != "" && !c.people.allowed(i.GuildID):
		return sayForeign
	case i.GuildID != "":
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, vetBudget)
	defer cancel()
	known, err := c.people.isMember(ctx, by.ID)
	if err != nil {
		c.log.Warn("click could not be vetted", "err", failure("looking up account", repeatable, err))
		return sayUnsure
	}
	if !known {
		return sayNoMember
	}
	return ""
}

// submit hands the decision over and acknowledges the click. The result is told by [bot.Answer].
func (c *clicks) submit(ctx context.Context, i interaction, meant plugins.Action, reason string) *discordgo.InteractionResponse {
	ctx, cancel := withReserve(ctx, ackReserve)
	defer cancel()
	d := c.decision(i, meant)
	d.Reason = reason
	if err := c.decisions.Submit(ctx, d); err != nil {
		c.log.Error("decision was not taken", "request_id", d.RequestID, "err", err)
		return said(sayLost).respondPrivately()
	}
	return acknowledged()
}

// withReserve ends a while before the context does.
func withReserve(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-reserve))
}

func (c *clicks) decision(i interaction, meant plugins.Action) v1.Decision {
	evidence := i.evidence()
	evidence[evidenceDoor] = string(c.door)
	return v1.Decision{
		ID:       v1.DecisionID(Name, i.ID, i.by().ID, meant.RequestID, meant.Verdict),
		Identity: v1.Identity{Plugin: Name, Tenant: i.ApplicationID, User: i.by().ID},
		UserName: plain(i.userName(), 2*maxName), RequestID: meant.RequestID, Verdict: meant.Verdict,
		SeenVersion: meant.Version, SeenFingerprint: meant.Fingerprint, Made: c.now().UTC(), Evidence: evidence,
	}
}
