package mattermost

import (
	"slices"

	"github.com/accede/accede/plugins"
)

// Ids of Mattermost's errors that the plugin looks at one by one. Their texts depend on the server's language, so only
// the ids count.
const (
	idPermissions    = "api.context.permissions.app_error"
	idEmailHidden    = "api.user.get_user_by_email.permissions.app_error"
	idTimeLimit      = "api.post.update_post.permissions_time_limit.app_error"
	idStillSaving    = "api.post.deduplicate_create_post.pending"
	idActionFailed   = "api.post.do_action.action_integration.app_error"
	idTriggerExpired = "interactive_message.decode_trigger_id.expired"
	idRootGone       = "api.post.create_post.root_id.app_error"
)

// idsOf lists Mattermost's error ids by what they mean for a delivery. Any other error is judged by its HTTP status.
func idsOf(kind plugins.Kind) []string {
	switch kind {
	case plugins.Auth:
		return []string{
			"api.context.session_expired.app_error", "api.context.invalid_token.error", "api.context.mfa_required.app_error",
			"api.context.token_provided.app_error", idEmailHidden,
		}
	case plugins.NotFound:
		return []string{
			"api.post.create_post.can_not_post_to_deleted.error", "api.post.create_post.town_square_read_only",
			"api.post.update_post.can_not_update_post_in_deleted.error", "store.sql_channel.get.existing.app_error",
			"app.channel.get.existing.app_error", "app.channel.get_by_name.missing.app_error",
			"app.team.get_by_name.missing.app_error", "app.team.get_by_name.app_error", "app.user.missing_account.const",
			"store.sql_user.missing_account.const", "api.context.invalid_url_param.app_error",
			"api.channel.create_direct_channel.invalid_user.app_error", "api.channel.create_channel.direct_channel.not_allowed.app_error",
			"api.context.invalid_body_param.app_error",
		}
	case plugins.Gone:
		return []string{
			"app.post.get.app_error", "store.sql_post.get.app_error", "api.post.update_post.find.app_error",
			"api.post.update_post.permissions_details.app_error", idRootGone,
			"api.post.create_post.channel_root_id.app_error",
		}
	case plugins.Invalid:
		return []string{
			"model.post.is_valid.message_length.app_error", "model.post.is_valid.msg.app_error", "model.post.is_valid.props.app_error",
			"model.post.is_valid.pending_post_id.app_error", idTimeLimit, idTriggerExpired,
		}
	case plugins.Unknown:
		return []string{idStillSaving}
	case plugins.Transient, plugins.RateLimited:
		return nil
	default:
		return nil
	}
}

func kindOfID(id string) (plugins.Kind, bool) {
	for _, kind := range plugins.Kinds() {
		if id != "" && slices.Contains(idsOf(kind), id) {
			return kind, true
		}
	}
	return "", false
}

// fixOf says what an error means and how to mend it, empty if the kind says it all.
func fixOf(id string) string {
	switch id {
	case "api.context.session_expired.app_error", "api.context.invalid_token.error":
		return "Mattermost does not know the bot's token, or the bot is disabled; make a new token under Integrations, Bot " +
			"Accounts, and put it into token."
	case "api.context.mfa_required.app_error":
		return "token belongs to a person who has to set up multi-factor authentication; use a bot account's token."
	case idEmailHidden:
		return "The server hides e-mail addresses from the bot (PrivacySettings.ShowEmailAddress is off); give people as @username."
	case idTimeLimit:
		return "The server allows editing posts for a while only and refused the change; set Post Edit Time Limit to unlimited " +
			"(ServiceSettings.PostEditTimeLimit: -1) or report this as a fault of the plugin."
	case "api.post.create_post.can_not_post_to_deleted.error", "api.post.update_post.can_not_update_post_in_deleted.error":
		return "The channel is archived; unarchive it or configure another one."
	case "api.post.create_post.town_square_read_only":
		return "The channel is read-only; configure another one."
	case idStillSaving:
		return "Mattermost is still saving an earlier attempt; the plugin looks for it and tries again."
	default:
		return ""
	}
}
