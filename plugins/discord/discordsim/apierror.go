package discordsim

import (
	"net/http"
	"strings"
)

// apiError is an answer of 400 or more.
type apiError struct {
	status, code int
	message      string
	errors       map[string]any
}

func (e *apiError) Error() string { return e.message }

func (e *apiError) body() map[string]any {
	out := map[string]any{"message": e.message, "code": e.code}
	if len(e.errors) > 0 {
		out["errors"] = e.errors
	}
	return out
}

func refuse(status, code int, message string) *apiError {
	return &apiError{status: status, code: code, message: message}
}

// Refusals in Discord's own words: https://discord.com/developers/docs/topics/opcodes-and-status-codes.
func unauthorized() *apiError { return refuse(http.StatusUnauthorized, 0, "401: Unauthorized") }
func notFound() *apiError     { return refuse(http.StatusNotFound, 0, "404: Not Found") }
func unknownChannel() *apiError {
	return refuse(http.StatusNotFound, 10003, "Unknown Channel")
}
func unknownGuild() *apiError  { return refuse(http.StatusNotFound, 10004, "Unknown Guild") }
func unknownMember() *apiError { return refuse(http.StatusNotFound, 10007, "Unknown Member") }
func unknownMessage() *apiError {
	return refuse(http.StatusNotFound, 10008, "Unknown Message")
}
func unknownUser() *apiError { return refuse(http.StatusNotFound, 10013, "Unknown User") }
func unknownWebhook() *apiError {
	return refuse(http.StatusNotFound, 10015, "Unknown Webhook")
}

func unknownInteraction() *apiError {
	return refuse(http.StatusNotFound, 10062, "Unknown interaction")
}

func acknowledged() *apiError {
	return refuse(http.StatusBadRequest, 40060, "Interaction has already been acknowledged.")
}
func missingAccess() *apiError { return refuse(http.StatusForbidden, 50001, "Missing Access") }
func missingPermissions() *apiError {
	return refuse(http.StatusForbidden, 50013, "Missing Permissions")
}

func notOurMessage() *apiError {
	return refuse(http.StatusForbidden, 50005, "Cannot edit a message authored by another user")
}

func emptyMessage() *apiError {
	return refuse(http.StatusBadRequest, 50006, "Cannot send an empty message")
}

func cannotDirect() *apiError {
	return refuse(http.StatusForbidden, 50007, "Cannot send messages to this user")
}

func noMutualGuild() *apiError {
	return refuse(http.StatusForbidden, 50278, "Cannot send messages to this user due to having no mutual guilds")
}

func notTextChannel() *apiError {
	return refuse(http.StatusBadRequest, 50008, "Cannot send messages in a non-text channel")
}

func expiredToken() *apiError {
	return refuse(http.StatusUnauthorized, 50027, "Invalid Webhook Token")
}

func lockedThread() *apiError {
	return refuse(http.StatusBadRequest, 50083, "Thread is archived")
}

func badJSON() *apiError {
	return refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
}

// complaints collects what is wrong with a body, by the path of each part.
type complaints struct{ tree map[string]any }

// add notes one fault, such as add("embeds.0.title", "BASE_TYPE_MAX_LENGTH", "Must be 256 or fewer in length.").
func (c *complaints) add(path, code, message string) {
	if c.tree == nil {
		c.tree = map[string]any{}
	}
	at := c.tree
	for part := range strings.SplitSeq(path, ".") {
		next, ok := at[part].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[part] = next
		}
		at = next
	}
	faults, _ := at["_errors"].([]any)
	at["_errors"] = append(faults, map[string]any{"code": code, "message": message})
}

func (c *complaints) err() error {
	if len(c.tree) == 0 {
		return nil
	}
	return &apiError{status: http.StatusBadRequest, code: 50035, message: "Invalid Form Body", errors: c.tree}
}
