package pagerduty

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
	// renewBefore is how long before its end a token is replaced; it lives a day.
	renewBefore = 10 * time.Minute
	// youngToken is how old a token is at least if a new one may fare better.
	youngToken = time.Minute
)

// tokens gets scoped tokens for an app: https://developer.pagerduty.com/docs/app-oauth-token.
type tokens struct {
	http   *http.Client
	config *Config
	now    func() time.Time

	mu           sync.Mutex
	value        string
	given, until time.Time
}

// scopes are what the plugin asks for; PagerDuty gives those that the app has.
func (c *Config) scopes() []string {
	scopes := []string{
		"incidents.read", "incidents.write", "services.read", "users.read", "oncalls.read", "schedules.read",
		"escalation_policies.read",
	}
	if c.allows(ByWorkflow) {
		scopes = append(scopes, "incident_workflows.read")
	}
	if c.WebhookSubscription != "" {
		scopes = append(scopes, "webhook_subscriptions.read")
	}
	return scopes
}

// get returns the value of the Authorization header.
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value != "" && t.now().Before(t.until) {
		return "Bearer " + t.value, nil
	}
	if err := t.fetch(ctx); err != nil {
		return "", err
	}
	return "Bearer " + t.value, nil
}

// refused drops a token that PagerDuty did not take, unless it has been replaced already. It says whether another one may
// fare better.
func (t *tokens) refused(header string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if header != "Bearer "+t.value {
		return true
	}
	t.value = ""
	return t.now().Sub(t.given) >= youngToken
}

func (t *tokens) fetch(ctx context.Context) error {
	const op = "getting token"
	account := "as_account-" + string(t.config.Region) + "." + t.config.Subdomain
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {t.config.ClientID}, "client_secret": {t.config.ClientSecret.Reveal()},
		"scope": {strings.Join(append([]string{account}, t.config.scopes()...), " ")},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.config.identity()+tokenPath, strings.NewReader(form.Encode()))
	if err != nil {
		return &plugins.Error{Op: op, Kind: plugins.Invalid, Public: "identity_url is malformed; leave it out.", Err: err}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := t.http.Do(request)
	if err != nil {
		return vendorhttp.Failure(op, vendorhttp.Repeatable, nil, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return refusedToken(op, response)
	}
	return t.keep(op, response)
}

func refusedToken(op string, response *http.Response) error {
	failure := &plugins.Error{
		Op: op, Kind: vendorhttp.StatusKind(response.StatusCode, vendorhttp.Repeatable),
		Err: fmt.Errorf("PagerDuty's identity service answered %d", response.StatusCode),
	}
	switch failure.Kind {
	case plugins.RateLimited:
		failure.RetryAfter = vendorhttp.RetryAfter(response.Header, time.Now())
	case plugins.Transient:
	default:
		failure.Kind = plugins.Auth
		failure.Public = "PagerDuty gives no token: compare client_id, client_secret, subdomain and region with the app's page."
	}
	return failure
}

func (t *tokens) keep(op string, response *http.Response) error {
	var got struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
	}
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil || got.Token == "" {
		return &plugins.Error{
			Op: op, Kind: plugins.Transient, Err: fmt.Errorf("the answer holds no token: %w", err),
			Public: "PagerDuty's identity service answered something that is no token; check identity_url and the proxy.",
		}
	}
	life := time.Duration(min(got.Expires, int64(24*time.Hour/time.Second))) * time.Second
	t.value, t.given = got.Token, t.now()
	t.until = t.given.Add(life - min(renewBefore, life/2))
	return nil
}
