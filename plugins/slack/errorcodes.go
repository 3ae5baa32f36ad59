package slack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
)

// codesOf lists Slack's error codes by what they mean for a delivery, see
// https://docs.slack.dev/reference/methods/chat.postMessage#errors and its neighbours. A code that is not listed is
// treated as if nobody knew what Slack did.
func codesOf(kind plugins.Kind) []string {
	switch kind {
	case plugins.Transient:
		return []string{"request_timeout", "external_channel_migrating", "streaming_state_conflict"}
	case plugins.RateLimited:
		return []string{"ratelimited", "rate_limited", "message_limit_exceeded"}
	case plugins.Auth:
		return []string{
			"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope",
			"not_allowed_token_type", "no_permission", "app_access_restricted", "org_login_required", "team_added_to_org",
			"ekm_access_denied", "accesslimited", "two_factor_setup_required", "access_denied", "missing_post_type",
		}
	case plugins.Invalid:
		return []string{
			"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text",
			"invalid_metadata_format", "metadata_too_large", "too_many_attachments", "invalid_arg_name", "invalid_arguments",
			"invalid_charset", "invalid_form_data", "invalid_post_type", "invalid_array_arg", "cant_update_message",
			"edit_window_closed", "is_inactive", "block_mismatch", "unknown_method", "method_deprecated",
			"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "view_too_large", "duplicate_external_id",
			"hash_conflict", "invalid_cursor",
		}
	case plugins.NotFound:
		return []string{
			"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "restricted_action_read_only_channel",
			"restricted_action_thread_only_channel", "restricted_action_non_threadable_channel",
			"restricted_action_thread_locked", "user_not_found", "users_not_found", "user_disabled", "user_not_visible",
			"messages_tab_disabled", "user_not_in_channel", "cannot_dm_bot", "not_found",
		}
	case plugins.Gone:
		return []string{"message_not_found", "thread_not_found", "cannot_reply_to_message"}
	case plugins.Unknown:
		return []string{"internal_error", "fatal_error", "service_unavailable", "update_failed"}
	default:
		return nil
	}
}

func kindOfCode(code string) (plugins.Kind, bool) {
	for _, kind := range plugins.Kinds() {
		if slices.Contains(codesOf(kind), code) {
			return kind, true
		}
	}
	return "", false
}

// publicSentence says what a code means and how to mend it.
func publicSentence(kind plugins.Kind, code string) string {
	if fix := fixOf(code); fix != "" {
		return fix
	}
	switch kind {
	case plugins.Auth:
		return fmt.Sprintf("Slack refuses the app (%s); a workspace administrator has to look at the app's permissions.", code)
	case plugins.Invalid:
		return fmt.Sprintf("Slack refuses what the plugin sent (%s); please report this as a fault of the plugin.", code)
	case plugins.NotFound:
		return fmt.Sprintf("Slack does not let the bot write there (%s); check the channel's settings.", code)
	case plugins.Gone:
		return "The message was deleted in Slack."
	case plugins.RateLimited:
		return "Slack wants fewer messages for a while; nothing to do."
	case plugins.Transient, plugins.Unknown:
		return fmt.Sprintf("Slack is having trouble (%s); the plugin tries again.", code)
	default:
		return fmt.Sprintf("Slack answered %s.", code)
	}
}

func fixOf(code string) string {
	switch code {
	case "invalid_auth", "not_authed":
		return "Slack does not know the bot token; copy it again from the app's page \"OAuth & Permissions\" into bot_token."
	case "token_revoked", "account_inactive":
		return "The app was removed from the workspace or its token revoked; install the app again and renew bot_token."
	case "token_expired":
		return "The bot token expired because token rotation is on; switch rotation off for the app and renew bot_token."
	case "not_allowed_token_type":
		return "The token is of the wrong kind; bot_token starts with xoxb-, app_token with xapp-."
	case "channel_not_found":
		return "The channel does not exist or is private and the bot is not in it; check its name and type /invite @bot in it."
	case "not_in_channel":
		return "The bot is not in the channel; type /invite @bot in it."
	case "is_archived":
		return "The channel is archived; unarchive it or configure another one."
	case "user_not_found", "users_not_found":
		return "Nobody in the workspace has that id or e-mail address."
	case "user_disabled", "user_not_visible":
		return "That account is deactivated or belongs to another workspace."
	case "messages_tab_disabled":
		return "The app does not take direct messages; switch the Messages Tab on under \"App Home\"."
	case "message_limit_exceeded":
		return "The free plan's message limit is reached; Slack takes messages again later or after an upgrade."
	case "cant_update_message":
		return "The message was posted by another app; was the plugin moved to a new app?"
	default:
		if strings.HasPrefix(code, "restricted_action") {
			return "A workspace preference keeps apps from posting in that channel; ask its administrator."
		}
		return ""
	}
}
