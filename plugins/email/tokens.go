package email

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// tokens gives access tokens for XOAUTH2.
type tokens interface {
	token(ctx context.Context) (string, error)
	// refused says that the last token did not work.
	refused()
}

func newTokens(c *SMTP, client *http.Client, now func() time.Time) tokens {
	switch {
	case c.Auth != AuthXOAUTH2:
		return nil
	case c.OAuth.TokenPath != "":
		return tokenFile(c.OAuth.TokenPath.String())
	default:
		return &tokenEndpoint{config: &c.OAuth, http: client, now: now}
	}
}

// tokenFile is a file that something else keeps fresh.
type tokenFile string

const maxToken = 16 << 10

func (f tokenFile) token(context.Context) (string, error) {
	data, err := os.ReadFile(string(f))
	token := strings.TrimSpace(string(data))
	if err == nil && (token == "" || len(token) > maxToken || !printable(token)) {
		err = errors.New("it holds no token")
	}
	if err != nil {
		return "", &plugins.Error{
			Op: "reading access token", Kind: plugins.Auth, Err: err,
			Public: "The file that smtp.oauth.token_path names holds no access token; see to it that something writes one there.",
		}
	}
	return token, nil
}

func (tokenFile) refused() {}

// printable keeps what cannot be part of a token out of the conversation.
func printable(token string) bool {
	return !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// tokenEndpoint asks for a token and keeps it until shortly before it ends.
type tokenEndpoint struct {
	config *OAuth
	http   *http.Client
	now    func() time.Time

	mu    sync.Mutex
	value string
	until time.Time
}

// tokenMargin is how long before its end a token is no longer used.
const tokenMargin = time.Minute

func (e *tokenEndpoint) token(ctx context.Context) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.value != "" && e.now().Before(e.until) {
		return e.value, nil
	}
	granted, err := e.ask(ctx)
	if err != nil {
		return "", err
	}
	e.value = granted.AccessToken
	e.until = e.now().Add(max(granted.lasts()-tokenMargin, 0))
	return e.value, nil
}

func (e *tokenEndpoint) refused() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.value = ""
}

func (e *tokenEndpoint) ask(ctx context.Context) (grant, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.config.TokenURL.String(), strings.NewReader(e.form().Encode()))
	if err != nil {
		return grant{}, &plugins.Error{Op: "asking for an access token", Kind: plugins.Invalid, Public: "smtp.oauth.token_url is no address."}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := e.http.Do(req)
	if err != nil {
		return grant{}, withSentence(vendorhttp.Failure("asking for an access token", vendorhttp.Repeatable, nil, err),
			"The token endpoint could not be reached; check smtp.oauth.token_url and the network.")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxGrant))
	if err != nil {
		return grant{}, vendorhttp.Failure("asking for an access token", vendorhttp.Repeatable, nil, err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return grant{}, refusedGrant(resp, body)
	}
	return parseGrant(body)
}

func (e *tokenEndpoint) form() url.Values {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {e.config.ClientID.String()}}
	if !e.config.RefreshToken.IsZero() {
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", e.config.RefreshToken.Reveal())
	}
	if !e.config.ClientSecret.IsZero() {
		form.Set("client_secret", e.config.ClientSecret.Reveal())
	}
	if e.config.Scope != "" {
		form.Set("scope", e.config.Scope)
	}
	return form
}

const (
	maxGrant = 64 << 10
	// grantLasts is taken when the endpoint does not say.
	grantLasts = 5 * time.Minute
)

// grant is a token endpoint's answer: https://www.rfc-editor.org/rfc/rfc6749#section-5.1.
type grant struct {
	AccessToken string  `json:"access_token"`
	ExpiresIn   float64 `json:"expires_in"`
}

func (g grant) lasts() time.Duration {
	if g.ExpiresIn <= 0 || g.ExpiresIn > 1e7 {
		return grantLasts
	}
	return time.Duration(g.ExpiresIn * float64(time.Second))
}

func parseGrant(body []byte) (grant, error) {
	var g grant
	err := json.Unmarshal(body, &g)
	if err == nil && (g.AccessToken == "" || len(g.AccessToken) > maxToken || !printable(g.AccessToken)) {
		err = errors.New("it holds no access_token")
	}
	if err != nil {
		return grant{}, &plugins.Error{
			Op: "reading the token endpoint's answer", Kind: plugins.Transient, Err: errors.New("the answer holds no access token"),
			Public: "What smtp.oauth.token_url leads to is no token endpoint, or it is having trouble.",
		}
	}
	return g, nil
}

// refusedGrant names the endpoint's own word for what is wrong, which is one of a few and no secret.
func refusedGrant(resp *http.Response, body []byte) error {
	var said struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &said) // without it the status has to do
	failure := vendorhttp.Failure("asking for an access token", vendorhttp.Repeatable, resp, nil)
	typed, ok := errors.AsType[*plugins.Error](failure)
	if !ok {
		return failure
	}
	if resp.StatusCode < http.StatusInternalServerError && typed.Kind != plugins.RateLimited {
		typed.Kind = plugins.Auth
	}
	word := ruler.OneLine(said.Error, 60)
	if word == "" {
		word = fmt.Sprintf("status %d", resp.StatusCode)
	}
	return withSentence(typed, fmt.Sprintf("The token endpoint refuses (%s); check smtp.oauth: client_id, client_secret, refresh_token and scope.", word))
}

func withSentence(err error, public string) error {
	if typed, ok := errors.AsType[*plugins.Error](err); ok {
		typed.Public = public
	}
	return err
}
