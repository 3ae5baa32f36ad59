package discord

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"

	"github.com/bwmarrin/discordgo"
	"github.com/google/uuid"

	"github.com/accede/accede/plugins"
)

// Beginnings of the custom ids of our components. After them comes what the component carries and, behind the last dot, the
// mark of the message. A custom id has at most 100 characters:
// https://discord.com/developers/docs/components/reference#anatomy-of-a-component.
const (
	prefixDecision = "ac."
	prefixStatus   = "as."
	prefixForm     = "af."
)

// markLength is how long a mark is; a nonce has at most 25 characters.
const markLength = 22

// markOf makes a delivery's key short enough for a nonce and a custom id. Keys are UUIDs; anything else is hashed.
func markOf(key string) string {
	id, err := uuid.Parse(key)
	if err != nil {
		sum := sha256.Sum256([]byte(key))
		copy(id[:], sum[:])
	}
	return base64.RawURLEncoding.EncodeToString(id[:])
}

var ownCustomID = regexp.MustCompile(`^(?:ac\.[A-Za-z0-9_-]+|as)\.([A-Za-z0-9_-]{22})$`)

// markIn returns the mark that a custom id carries, empty if it is none of ours.
func markIn(customID string) string {
	if found := ownCustomID.FindStringSubmatch(customID); found != nil {
		return found[1]
	}
	return ""
}

// Colours of a card's edge, which are Discord's own for waiting, good, bad and over.
const (
	colorWaiting = 0xf0b232
	colorGood    = 0x23a55a
	colorBad     = 0xda373c
	colorOver    = 0x80848e
)

// maxButtonURL is the longest address that a button may have.
const maxButtonURL = 512

// message is what one message says. Texts of people are escaped in it.
type message struct {
	// content is above the card; it is what notifications show.
	content string
	card    *discordgo.MessageEmbed
	buttons []discordgo.MessageComponent
	// replyTo is the message in the same channel that this one answers; empty for none.
	replyTo string
}

// nobody keeps a message from mentioning anybody, whatever is in it.
func nobody() *discordgo.MessageAllowedMentions {
	return &discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}}
}

func (m message) embeds() []*discordgo.MessageEmbed {
	if m.card == nil {
		return []*discordgo.MessageEmbed{}
	}
	return []*discordgo.MessageEmbed{m.card}
}

func (m message) rows() []discordgo.MessageComponent {
	if len(m.buttons) == 0 {
		return []discordgo.MessageComponent{}
	}
	return []discordgo.MessageComponent{discordgo.ActionsRow{Components: m.buttons}}
}

// flags keep Discord from adding previews of addresses to messages that have no card of their own.
func (m message) flags() discordgo.MessageFlags {
	if m.card == nil {
		return discordgo.MessageFlagsSuppressEmbeds
	}
	return 0
}

func (m message) send(channel string) *discordgo.MessageSend {
	out := &discordgo.MessageSend{
		Content: m.content, Embeds: m.embeds(), Components: m.rows(), AllowedMentions: nobody(), Flags: m.flags(),
		StickerIDs: []string{},
	}
	if m.replyTo != "" {
		anyway := false
		out.Reference = &discordgo.MessageReference{MessageID: m.replyTo, ChannelID: channel, FailIfNotExists: &anyway}
	}
	return out
}

func (m message) edit() *discordgo.MessageEdit {
	embeds, rows := m.embeds(), m.rows()
	return &discordgo.MessageEdit{Content: &m.content, Embeds: &embeds, Components: &rows, AllowedMentions: nobody()}
}

func (m message) whisper() *discordgo.WebhookParams {
	return &discordgo.WebhookParams{
		Content: m.content, Embeds: m.embeds(), Components: m.rows(), AllowedMentions: nobody(),
		Flags: discordgo.MessageFlagsEphemeral | m.flags(),
	}
}

// respondPrivately answers a click with a message that only the person who clicked sees.
func (m message) respondPrivately() *discordgo.InteractionResponse {
	return &discordgo.InteractionResponse{
		Type: discordgo.InteractionResponseChannelMessageWithSource,
		Data: &discordgo.InteractionResponseData{
			Content: m.content, Embeds: m.embeds(), Components: m.rows(), AllowedMentions: nobody(),
			Flags: discordgo.MessageFlagsEphemeral,
		},
	}
}

// acknowledged takes a click without showing anything.
func acknowledged() *discordgo.InteractionResponse {
	return &discordgo.InteractionResponse{Type: discordgo.InteractionResponseDeferredMessageUpdate}
}

// status is a button that cannot be pressed. It tells the state at a glance and carries the mark of messages without other
// buttons.
func status(label, mark string) discordgo.Button {
	return discordgo.Button{Style: discordgo.SecondaryButton, Label: label, Disabled: true, CustomID: prefixStatus + mark}
}

// openLink leads to the request in the core; none if there is no address that Discord takes.
func openLink(address string) []discordgo.MessageComponent {
	to, err := url.Parse(address)
	if err != nil || to.Host == "" || len(address) > maxButtonURL || to.Scheme != "https" && to.Scheme != "http" {
		return nil
	}
	return []discordgo.MessageComponent{discordgo.Button{Style: discordgo.LinkButton, Label: "Open in Accede", URL: address}}
}

// field is one fact on a card.
func field(name, value string, inline bool) *discordgo.MessageEmbedField {
	if strings.TrimSpace(value) == "" {
		value = "none"
	}
	return &discordgo.MessageEmbedField{Name: name, Value: value, Inline: inline}
}

// artist draws cards.
type artist struct{ seal plugins.Sealer }
