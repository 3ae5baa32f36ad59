package servicenow

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	// tokenMargin is how long before its end a token is renewed.
	tokenMargin = time.Minute
	// unnamedLife is taken for a token that does not say how long it is valid; ServiceNow's default is half an hour.
	unnamedLife = 10 * time.Minute
	tokenPath   = "/oauth_token.do" //nolint:gosec // a path
)

// keyring holds the credential of calls: a user's password, or tokens that it fetches for client credentials.
type keyring struct {
	config *Config
	http   *http.Client
	now    func() time.Time

	mu    sync.Mutex
	token string
	until time.Time
}

func (k *keyring) oauth() bool { return k.config.ClientID != "" }

// sign puts the credential into a call.
func (k *keyring) sign(request *http.Request) error {
	if !k.oauth() {
		request.SetBasicAuth(k.config.User, k.config.Password.Reveal())
		return nil
	}
	token, err := k.current(request.Context())
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return nil
}

// current returns a valid token. Callers that need a new one at the same time wait for one fetch.
func (k *keyring) current(ctx context.Context) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.token != "" && k.now().Before(k.until) {
		return k.token, nil
	}
	token, life, err := k.fetch(ctx)
	if err != nil {
		return "", err
	}
	k.token, k.until = token, k.now().Add(max(life-tokenMargin, life/2))
	return token, nil
}

// forget drops the token that a call was refused with, so that the next call fetches another one.
func (k *keyring) forget(refused *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if refused.Header.Get("Authorization") == "Bearer "+k.token {
		k.token = ""
	}
}

const opToken = "fetching OAuth token" //nolint:gosec // words

func (k *keyring) fetch(ctx context.Context) (token string, life time.Duration, err error) {
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {k.config.ClientID},
		"client_secret": {k.config.ClientSecret.Reveal()},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, k.config.base()+tokenPath, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, fmt.Errorf("preparing OAuth request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	response, err := k.http.Do(request)
	if err != nil {
		return "", 0, unreached(opToken, vendorhttp.Repeatable, err)
	}
	defer response.Body.Close()
	return readToken(response)
}

func readToken(response *http.Response) (string, time.Duration, error) {
	var answer struct {
		Token string `json:"access_token"`
		Life  int    `json:"expires_in"`
		Error string `json:"error"`
	}
	err := json.NewDecoder(response.Body).Decode(&answer)
	switch {
	case response.StatusCode >= http.StatusBadRequest:
		return "", 0, tokenRefused(response, answer.Error)
	case err != nil || answer.Token == "":
		return "", 0, &plugins.Error{
			Op: opToken, Kind: plugins.Transient, Err: errNoJSON, Public: sayAsleep,
		}
	}
	life := unnamedLife
	if answer.Life > 0 {
		life = time.Duration(min(answer.Life, 24*3600)) * time.Second
	}
	return answer.Token, life, nil
}

// tokenRefused words what the token endpoint says: https://www.rfc-editor.org/rfc/rfc6749#section-5.2.
func tokenRefused(response *http.Response, code string) error {
	failure := refused(opToken, vendorhttp.Repeatable, response, complaint{Message: code})
	switch code {
	case "unsupported_grant_type", "unauthorized_client":
		failure.Kind = plugins.Auth
		failure.Public = "ServiceNow does not take client credentials: set the system property " +
			"glide.oauth.inbound.client.credential.grant_type.enabled to true, and give the OAuth registration an " +
			"\"OAuth Application User\"."
	case "access_denied", "invalid_client", "invalid_grant":
		failure.Kind = plugins.Auth
		failure.Public = "ServiceNow does not know client_id and client_secret; copy both again from System OAuth > " +
			"Application Registry, and see that the registration is active and has an \"OAuth Application User\"."
	}
	return failure
}
