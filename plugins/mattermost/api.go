package mattermost

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins/vendorhttp"
)

// api is the part of Mattermost's REST API that the plugin uses: https://developers.mattermost.com/api-documentation/.
// The client in Mattermost's own module takes no context; only its types are used. It retries nothing.
type api struct {
	http  *http.Client
	base  string
	token secret.String
}

func newAPI(c *Config, client *http.Client) *api {
	return &api{http: client, base: strings.TrimSuffix(c.URL.String(), "/") + "/api/v4", token: c.Token}
}

// apiError is what Mattermost answered instead of doing it. Not every answer is Mattermost's JSON: its rate limiter and
// the proxies in front of it answer in plain text.
type apiError struct {
	status     int
	id         string
	message    string
	detail     string
	retryAfter time.Duration
}

func (e *apiError) Error() string {
	if e.id == "" {
		return fmt.Sprintf("mattermost answered %d %s", e.status, http.StatusText(e.status))
	}
	return fmt.Sprintf("mattermost answered %d %s (%s)", e.status, e.id, ruler.OneLine(e.message, maxName))
}

// errMangled is an answer of success that cannot be read.
var errMangled = errors.New("mattermost's answer cannot be read")

// call makes one request and reads its answer into out, unless out is nil.
func (a *api) call(ctx context.Context, method, path string, in, out any) error {
	req, err := a.request(ctx, method, path, in)
	if err != nil {
		return err
	}
	answer, err := a.http.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return withoutURL(err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		return refused(answer, body)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%w: %w", errMangled, err)
	}
	return nil
}

func (a *api) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body io.Reader = http.NoBody
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encoding request: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("building request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token.Reveal())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "accede-mattermost")
	return req, nil
}

func refused(answer *http.Response, body []byte) *apiError {
	e := &apiError{status: answer.StatusCode}
	var said model.AppError
	if json.Unmarshal(body, &said) == nil {
		e.id, e.message, e.detail = said.Id, said.Message, said.DetailedError
	}
	if e.status == http.StatusTooManyRequests || e.status == http.StatusServiceUnavailable {
		e.retryAfter = vendorhttp.RetryAfter(answer.Header, time.Now())
	}
	return e
}

// withoutURL drops the address from an HTTP client's error.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%s: %w", strings.ToLower(wrapped.Op), wrapped.Err)
	}
	return err
}

// message is what one post says.
type message struct {
	text  string
	props props
	// thread is the post to reply to, empty for none.
	thread string
	// pending is the key under which Mattermost recognises a repeat.
	pending string
}

// props is what a post carries besides its text.
type props struct {
	Attachments []*model.SlackAttachment `json:"attachments,omitempty"`
	// Key is the delivery's key. Everybody in the channel can read it, so it must mean nothing.
	Key string `json:"accede_delivery,omitempty"`
	// FromBot is what Mattermost itself notes when a bot posts. A change has to repeat it.
	FromBot string `json:"from_bot,omitempty"`
	// Probe is what became of a click that the check tried.
	Probe string `json:"accede_probe,omitempty"`
}

var errNoID = errors.New("mattermost's answer names no id")

func (a *api) createPost(ctx context.Context, channel string, m message) (id string, err error) {
	in := map[string]any{
		"channel_id": channel, "message": m.text, "root_id": m.thread, "pending_post_id": m.pending, "props": m.props,
	}
	var out model.Post
	if err := a.call(ctx, http.MethodPost, "/posts", in, &out); err != nil {
		return "", err
	}
	if !model.IsValidId(out.Id) {
		return "", errNoID
	}
	return out.Id, nil
}

// patchProps changes a post's props and nothing else.
func (a *api) patchProps(ctx context.Context, post string, p props) error {
	p.FromBot = "true"
	return a.call(ctx, http.MethodPut, "/posts/"+url.PathEscape(post)+"/patch", map[string]any{"props": p}, nil)
}

func (a *api) deletePost(ctx context.Context, post string) error {
	return a.call(ctx, http.MethodDelete, "/posts/"+url.PathEscape(post), nil, nil)
}

// whisper shows a message to one person only. It is gone when their client is reloaded.
func (a *api) whisper(ctx context.Context, user, channel, text string) error {
	in := map[string]any{"user_id": user, "post": map[string]any{"channel_id": channel, "message": text}}
	return a.call(ctx, http.MethodPost, "/posts/ephemeral", in, nil)
}

// posted is a message read back.
type posted struct {
	id, user, key, probe string
	created              time.Time
}

func newPosted(p *model.Post) posted {
	key, _ := p.GetProp("accede_delivery").(string) // nil and other types are posts of others
	probe, _ := p.GetProp("accede_probe").(string)
	return posted{id: p.Id, user: p.UserId, key: key, probe: probe, created: time.UnixMilli(p.CreateAt)}
}

func (a *api) post(ctx context.Context, id string) (posted, error) {
	var out model.Post
	if err := a.call(ctx, http.MethodGet, "/posts/"+url.PathEscape(id), nil, &out); err != nil {
		return posted{}, err
	}
	return newPosted(&out), nil
}

// posts lists one page of a channel, newest first, replies included. Before is the post to begin below, empty for the
// newest.
func (a *api) posts(ctx context.Context, channel, before string) ([]posted, error) {
	query := url.Values{"per_page": {strconv.Itoa(pageSize)}}
	if before != "" {
		query.Set("before", before)
	}
	var out model.PostList
	if err := a.call(ctx, http.MethodGet, "/channels/"+url.PathEscape(channel)+"/posts?"+query.Encode(), nil, &out); err != nil {
		return nil, err
	}
	page := make([]posted, 0, len(out.Order))
	for _, id := range out.Order {
		if p := out.Posts[id]; p != nil && p.DeleteAt == 0 {
			page = append(page, newPosted(p))
		}
	}
	return page, nil
}

func (a *api) openDialog(ctx context.Context, request model.OpenDialogRequest) error {
	return a.call(ctx, http.MethodPost, "/actions/dialogs/open", request, nil)
}

// press presses a button as the bot itself.
func (a *api) press(ctx context.Context, post, action string) error {
	return a.call(ctx, http.MethodPost, "/posts/"+url.PathEscape(post)+"/actions/"+url.PathEscape(action), map[string]any{}, nil)
}

// settings returns what the server tells its clients about itself.
func (a *api) settings(ctx context.Context) (map[string]string, error) {
	var out map[string]string
	err := a.call(ctx, http.MethodGet, "/config/client?format=old", nil, &out)
	return out, err
}
