package discord

import (
	"fmt"
	"slices"

	"github.com/accede/accede/plugins"
)

// Discord's codes that the plugin tells apart: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json.
const (
	codeUnknownChannel     = 10003
	codeUnknownGuild       = 10004
	codeUnknownMember      = 10007
	codeUnknownMessage     = 10008
	codeUnknownUser        = 10013
	codeUnknownWebhook     = 10015
	codeUnknownInteraction = 10062
	codeChannelWriteLimit  = 20028
	codeSlowMode           = 20016
	codeOldEdits           = 30046
	codeDirectTooFast      = 40003
	codeAcknowledged       = 40060
	codeServiceLimit       = 40062
	codeMissingAccess      = 50001
	codeNotOurMessage      = 50005
	codeCannotDirect       = 50007
	codeNotTextChannel     = 50008
	codeMissingPermissions = 50013
	codeInvalidToken       = 50014
	codeInvalidWebhook     = 50027
	codeInvalidRecipient   = 50033
	codeInvalidForm        = 50035
	codeArchivedThread     = 50083
	codeNoMutualGuild      = 50278
)

// codesOf lists Discord's codes by what they mean for a delivery. For any other code the HTTP status decides.
func codesOf(kind plugins.Kind) []int {
	switch kind {
	case plugins.Transient:
		return []int{130000}
	case plugins.RateLimited:
		return []int{codeSlowMode, codeChannelWriteLimit, 20029, codeOldEdits, codeDirectTooFast, codeServiceLimit}
	case plugins.Auth:
		return []int{20001, 40001, 40002, codeInvalidToken, 50025}
	case plugins.Invalid:
		return []int{40005, codeNotOurMessage, 50006, codeInvalidForm, 50109}
	case plugins.NotFound:
		return []int{
			codeUnknownChannel, codeUnknownGuild, codeUnknownMember, codeUnknownUser, codeMissingAccess, codeCannotDirect,
			codeNotTextChannel, codeMissingPermissions, codeArchivedThread, codeNoMutualGuild, codeInvalidRecipient, 50024, 160005,
		}
	case plugins.Gone:
		return []int{codeUnknownMessage, codeUnknownWebhook, codeUnknownInteraction, codeAcknowledged, 40094, codeInvalidWebhook}
	default:
		return nil
	}
}

func kindOfCode(code int) (plugins.Kind, bool) {
	if code == 0 {
		return "", false
	}
	for _, kind := range plugins.Kinds() {
		if slices.Contains(codesOf(kind), code) {
			return kind, true
		}
	}
	return "", false
}

// publicSentence says what a code means and how to mend it.
func publicSentence(kind plugins.Kind, code int) string {
	if fix := fixOf(code); fix != "" {
		return fix
	}
	switch kind {
	case plugins.Auth:
		return fmt.Sprintf("Discord refuses the bot (code %d); look at the application in the developer portal.", code)
	case plugins.Invalid:
		return fmt.Sprintf("Discord refuses what the plugin sent (code %d); please report this as a fault of the plugin.", code)
	case plugins.NotFound:
		return fmt.Sprintf("Discord does not let the bot write there (code %d); check the channel's settings.", code)
	case plugins.RateLimited:
		return sayLimited
	case plugins.Gone:
		return "The message is gone in Discord."
	default:
		return fmt.Sprintf("Discord is having trouble (code %d); the plugin tries again.", code)
	}
}

func fixOf(code int) string {
	switch code {
	case codeUnknownChannel:
		return "The channel does not exist any more; correct it in role_to_recipients."
	case codeUnknownUser, codeInvalidRecipient:
		return "There is no such account; correct it in role_to_recipients."
	case codeMissingAccess:
		return "The bot cannot see the channel; give it the permission View Channel there, or invite it to the server."
	case codeMissingPermissions:
		return "The bot lacks a permission in the channel; it needs View Channel, Send Messages, Embed Links and Read Message " +
			"History, and Send Messages in Threads in a thread."
	case codeCannotDirect:
		return "That person does not take direct messages from members of the server; they have to allow them in the server's " +
			"privacy settings."
	case codeNoMutualGuild:
		return "The bot shares no server with that person, so it cannot write to them."
	case codeNotTextChannel:
		return "Nobody can write in that channel; name a text channel or a thread."
	case codeArchivedThread:
		return "The thread is archived; unarchive it or name another place."
	case codeOldEdits:
		return "Discord limits edits of messages older than an hour; the plugin goes on in a while."
	case codeNotOurMessage:
		return "The message was posted by another bot; was the plugin moved to a new application?"
	case codeInvalidToken, 40001:
		return "Discord does not know the bot token; press \"Reset Token\" on the application's page \"Bot\" and put the new token " +
			"into bot_token."
	case 40002:
		return "Discord wants the owner of the application to verify their account."
	default:
		return ""
	}
}
