package teamssim

import (
	"net/http"
	"strings"
	"sync"

	"github.com/accede/accede/plugins/standin"
)

// apiError is a refusal of the Bot Connector's:
// https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability#status-codes-from-bot-conversational-apis.
type apiError struct {
	status        int
	code, message string
	// nested refusals are JSON inside the message.
	nested bool
}

func (e apiError) write(w http.ResponseWriter) {
	if e.nested {
		standin.WriteJSON(w, e.status, map[string]any{
			"errorCode": 209, "message": "{\n  \"subCode\": \"" + e.code + "\",\n  \"details\": \"" + e.message + "\"\n}",
		})
		return
	}
	standin.WriteJSON(w, e.status, map[string]any{"error": map[string]string{"code": e.code, "message": e.message}})
}

func notFound() *apiError {
	return &apiError{status: http.StatusNotFound, code: "ConversationNotFound", message: "Conversation not found."}
}

func noActivity() *apiError {
	return &apiError{status: http.StatusNotFound, code: "ActivityNotFoundInConversation", message: "The activity is not found in the conversation."}
}

func notInRoster() *apiError {
	return &apiError{status: http.StatusForbidden, code: "BotNotInConversationRoster", message: "The bot is not part of the conversation roster."}
}

func blocked() *apiError {
	return &apiError{status: http.StatusForbidden, code: "MessageWritesBlocked", message: "Thread is blocked from message writes.", nested: true}
}

func badSyntax(message string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "BadSyntax", message: message}
}

func denied() *apiError {
	return &apiError{status: http.StatusUnauthorized, code: "Unauthorized", message: "Authorization has been denied for this request."}
}

// broken answers as Teams does when it breaks.
func broken(w http.ResponseWriter, _ *http.Request) {
	apiError{status: http.StatusInternalServerError, code: "ServiceError", message: "Something went wrong."}.write(w)
}

// tooMany answers as Teams does when it was called too often.
func tooMany(w http.ResponseWriter, _ *http.Request, seconds int) {
	standin.SetRetryAfter(w, seconds)
	apiError{status: http.StatusTooManyRequests, code: "Throttled", message: "Too many requests."}.write(w)
}

// Refusal is an answer that the connector gives in place of what it would do, a number of times.
type Refusal struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Times  int    `json:"times"`
	// Operation limits it to one operation; empty means all of the connector's.
	Operation string `json:"operation,omitempty"`
}

// refusals are what was asked for with Refuse.
type refusals struct {
	mu   sync.Mutex
	next Refusal
}

// Refuse makes the connector refuse its next calls.
func (s *Sim) Refuse(r Refusal) {
	s.refusal.mu.Lock()
	defer s.refusal.mu.Unlock()
	s.refusal.next = r
}

func (f *refusals) take(operation string) *apiError {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next.Times <= 0 || f.next.Operation != "" && f.next.Operation != operation {
		return nil
	}
	f.next.Times--
	return &apiError{status: f.next.Status, code: f.next.Code, message: "Refused by the switches of the sandbox."}
}

// operation names a call for the switches: token, openid, keys, create, send, update, delete, members, graph.
func operation(r *http.Request) string {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/login/"):
		return "token"
	case path == openIDPath:
		return "openid"
	case path == keysPath:
		return "keys"
	case strings.HasPrefix(path, "/graph/"):
		return "graph"
	case strings.HasSuffix(path, "/v3/conversations"):
		return "create"
	case strings.Contains(path, "/members") || strings.Contains(path, "/pagedmembers"):
		return "members"
	case r.Method == http.MethodPut:
		return "update"
	case r.Method == http.MethodDelete:
		return "delete"
	default:
		return "send"
	}
}
