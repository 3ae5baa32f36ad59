package discord

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

const (
	reasonInput = "reason"
	// formLife is how long the form may stay open.
	formLife = time.Hour
	// maxFormInput is how long a reason may be, in characters. Discord takes 4,000; a thousand always fit into
	// [v1.MaxReasonBytes], whatever the script, so that nobody writes a reason that is then refused.
	maxFormInput = v1.MaxReasonBytes / utf8.UTFMax
)

var ownForm = regexp.MustCompile(`^af\.([A-Za-z0-9_-]+)$`)

// ask opens the form that asks why. It has to be the first answer to the click, and it brings back a seal that is for this
// account only and runs out. Where the click came from, Discord brings back itself.
func (c *clicks) ask(i interaction, meant plugins.Action) *discordgo.InteractionResponse {
	meant.Expires = c.now().Add(formLife)
	sealed, err := c.seal.Seal(meant, audience(i.by().ID))
	if err != nil {
		c.log.Error("form was not opened", "request_id", meant.RequestID, "err", err)
		return said(sayLost).respondPrivately()
	}
	return &discordgo.InteractionResponse{
		Type: discordgo.InteractionResponseModal,
		Data: &discordgo.InteractionResponseData{
			CustomID: prefixForm + sealed, Title: "Deny the request",
			Components: []discordgo.MessageComponent{discordgo.ActionsRow{Components: []discordgo.MessageComponent{
				discordgo.TextInput{
					CustomID: reasonInput, Label: "Why do you deny it? (optional)", Style: discordgo.TextInputParagraph,
					Placeholder: "The requester and everybody who sees the request can read this.", MaxLength: maxFormInput,
				},
			}}},
		},
	}
}

// audience keeps a form's seal from being used by another account or as a card's button.
func audience(user string) string { return "form for " + user }

// submitted takes a filled-in form.
func (c *clicks) submitted(ctx context.Context, i interaction) *discordgo.InteractionResponse {
	form := ownForm.FindStringSubmatch(i.Data.CustomID)
	if form == nil {
		return nil
	}
	meant, no := c.meaning(ctx, i, form[1], audience(i.by().ID))
	if no == sayOldCard || no == "" && meant.Verdict != v1.Deny {
		no = sayOldForm
	}
	if no != "" {
		return c.refuse(i, no)
	}
	reason := strings.TrimSpace(strings.ToValidUTF8(i.written(reasonInput), wording.Hole))
	if len(reason) > v1.MaxReasonBytes {
		return c.refuse(i, "Nothing was recorded: the reason is too long. Please click Deny again and shorten it.")
	}
	return c.submit(ctx, i, meant, reason)
}
