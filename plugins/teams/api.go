package teams

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/accede/accede/plugins/vendorhttp"
)

// api is the part of the Bot Connector that the plugin uses:
// https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference. It repeats nothing.
type api struct {
	http   *http.Client
	tokens *tokens
	botID  string
}

// apiError is a refusal.
type apiError struct {
	status int
	// code and message are the vendor's own, empty if the answer was not in the vendor's form.
	code, message string
	header        http.Header
}

// Error names the status and the vendor's code.
func (e *apiError) Error() string {
	text := fmt.Sprintf("%d %s", e.status, http.StatusText(e.status))
	if e.code != "" {
		text += ": " + e.code
	}
	if e.message != "" {
		text += ": " + ruler.Cut(tame(e.message), maxErrorText)
	}
	return vendorhttp.Redact(text)
}

const (
	maxErrorText = 300
	maxErrorBody = 16 << 10
)

// call sends one request with the bot's token. Into is filled with the answer unless it is nil.
func call(ctx context.Context, client *http.Client, t *tokens, method, address string, body, into any) error {
	token, err := t.token(ctx)
	if err != nil {
		return &tokenError{err}
	}
	request, err := newRequest(ctx, method, address, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		if response.StatusCode == http.StatusUnauthorized {
			t.drop(token)
		}
		return readError(response)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

func newRequest(ctx context.Context, method, address string, body any) (*http.Request, error) {
	var content io.Reader = http.NoBody
	if body != nil {
		encoded, err := encode(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, fmt.Errorf("making request: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	return request, nil
}

// encode leaves <, > and & as they are: what counts against the size limit is what is sent.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// readError reads the vendor's refusal. Some come as JSON in a string of JSON.
func readError(response *http.Response) error {
	failed := &apiError{status: response.StatusCode, header: response.Header}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	if err != nil {
		return failed // the status is what counts
	}
	failed.code, failed.message = parseError(body)
	return failed
}

func parseError(body []byte) (code, message string) {
	var answer struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return "", ""
	}
	code, message = answer.Error.Code, answer.Error.Message
	if message == "" {
		message = answer.Message
	}
	var nested struct {
		SubCode string `json:"subCode"`
		Details string `json:"details"`
	}
	if json.Unmarshal([]byte(message), &nested) == nil && nested.SubCode != "" {
		return nested.SubCode, nested.Details
	}
	return code, message
}

func (a *api) call(ctx context.Context, method, service, path string, body, into any) error {
	return call(ctx, a.http, a.tokens, method, service+path, body, into)
}

// outgoing is an activity that the bot sends: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference#activity-object.
// Text and attachments are never sent together: Teams makes two messages of them and names neither.
type outgoing struct {
	Type        string       `json:"type"`
	Summary     string       `json:"summary,omitempty"`
	Attachments []attachment `json:"attachments,omitempty"`
	Recipient   *account     `json:"recipient,omitempty"`
	ChannelData *alertData   `json:"channelData,omitempty"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Content     card   `json:"content"`
}

type alertData struct {
	Notification struct {
		Alert bool `json:"alert"`
	} `json:"notification"`
}

var errNoID = errors.New("the answer names no message")

func conversationPath(conversation string) string {
	return "/v3/conversations/" + url.PathEscape(conversation)
}

// send posts into a conversation and returns the activity's id.
func (a *api) send(ctx context.Context, service, conversation string, m outgoing) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	err := a.call(ctx, http.MethodPost, service, conversationPath(conversation)+"/activities", m, &made)
	if err != nil {
		return "", err
	}
	if made.ID == "" {
		return "", errNoID
	}
	return made.ID, nil
}

// answer posts below a message of the same conversation.
func (a *api) answer(ctx context.Context, service, conversation, to string, m outgoing) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	err := a.call(ctx, http.MethodPost, service, conversationPath(conversation)+"/activities/"+url.PathEscape(to), m, &made)
	if err == nil && made.ID == "" {
		err = errNoID
	}
	return made.ID, err
}

// whisper posts into a shared conversation what only one person sees:
// https://learn.microsoft.com/microsoftteams/platform/agents-in-teams/targeted-messages.
func (a *api) whisper(ctx context.Context, service, conversation, to string, m outgoing) error {
	m.Recipient = &account{ID: to}
	return a.call(ctx, http.MethodPost, service, conversationPath(conversation)+"/activities?isTargetedActivity=true", m, nil)
}

func (a *api) edit(ctx context.Context, service, conversation, activity string, m outgoing) error {
	return a.call(ctx, http.MethodPut, service, conversationPath(conversation)+"/activities/"+url.PathEscape(activity), m, nil)
}

// newConversation is the body that starts a conversation.
type newConversation struct {
	Bot         *account     `json:"bot,omitempty"`
	IsGroup     bool         `json:"isGroup"`
	Members     []account    `json:"members,omitempty"`
	TenantID    string       `json:"tenantId,omitempty"`
	ChannelData *channelData `json:"channelData,omitempty"`
	Activity    *outgoing    `json:"activity,omitempty"`
}

type startedConversation struct {
	ID         string `json:"id"`
	ActivityID string `json:"activityId"`
}

// startThread posts a new message into a channel.
func (a *api) startThread(ctx context.Context, service, channel string, m outgoing) (conversation, activity string, err error) {
	var made startedConversation
	err = a.call(ctx, http.MethodPost, service, "/v3/conversations", newConversation{
		IsGroup: true, ChannelData: &channelData{Channel: &idOnly{channel}}, Activity: &m,
	}, &made)
	if err == nil && (made.ID == "" || made.ActivityID == "") {
		err = errNoID
	}
	return made.ID, made.ActivityID, err
}

// startChat returns the chat of the bot with one person; it is the same each time.
func (a *api) startChat(ctx context.Context, service, tenant, member string) (string, error) {
	var made startedConversation
	err := a.call(ctx, http.MethodPost, service, "/v3/conversations", newConversation{
		Bot: &account{ID: a.botID}, Members: []account{{ID: member}}, TenantID: tenant,
		ChannelData: &channelData{Tenant: &idOnly{tenant}},
	}, &made)
	if err == nil && made.ID == "" {
		err = errNoID
	}
	return made.ID, err
}
