package teams

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// tokenMargin is how long before its end a token is no longer used.
const tokenMargin = 5 * time.Minute

// assertionType says that a client proves itself with a signed statement:
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// tokens gets the bot's tokens for one service and keeps the current one.
type tokens struct {
	client clientcredentials.Config
	// prover is nil if there is a secret.
	prover *prover
	http   *http.Client
	now    func() time.Time

	mu      sync.Mutex
	current *oauth2.Token
}

func newTokens(c *Config, scope string, p *prover, client *http.Client, now func() time.Time) *tokens {
	login := strings.TrimSuffix(c.realm().Login.String(), "/")
	return &tokens{
		client: clientcredentials.Config{
			ClientID: c.AppID, ClientSecret: c.AppSecret.Reveal(), Scopes: []string{scope},
			TokenURL: login + "/" + c.Tenant + "/oauth2/v2.0/token", AuthStyle: oauth2.AuthStyleInParams,
		},
		prover: p, http: client, now: now,
	}
}

// token returns a token that is good for a while.
func (t *tokens) token(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && t.now().Add(tokenMargin).Before(t.current.Expiry) {
		return t.current.AccessToken, nil
	}
	fresh, err := t.fetch(ctx)
	if err != nil {
		return "", err
	}
	t.current = fresh
	return fresh.AccessToken, nil
}

func (t *tokens) fetch(ctx context.Context) (*oauth2.Token, error) {
	client := t.client
	if t.prover != nil {
		statement, err := t.prover.statement(client.ClientID, client.TokenURL, t.now())
		if err != nil {
			return nil, err
		}
		client.EndpointParams = url.Values{"client_assertion_type": {assertionType}, "client_assertion": {statement}}
	}
	return client.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
}

// drop forgets a token that was refused.
func (t *tokens) drop(refused string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && t.current.AccessToken == refused {
		t.current = nil
	}
}
