package signin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/accede/accede/internal/secret"
)

const (
	providerTimeout = 10 * time.Second
	// attemptLife is how long somebody may take at the provider.
	attemptLife = 10 * time.Minute
)

// ErrAttemptUnknown says that a sign-in was not begun in this browser, was used before, or took too long.
var ErrAttemptUnknown = errors.New("the sign-in was not begun here, was used before, or took too long")

// ProviderOptions is how to reach an OpenID provider.
type ProviderOptions struct {
	// Issuer is the provider's address, exactly as it calls itself.
	Issuer       string
	ClientID     string
	ClientSecret secret.String
	Scopes       []string
	// RedirectURL is where the provider sends the browser back.
	RedirectURL string
	// UserInfo asks the provider for claims that it does not put into the ID token.
	UserInfo bool
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// Account is an account at an OpenID provider, as the provider vouches for it.
type Account struct {
	Issuer, Subject string
	// Claims are the values of each claim as text; the members of nested ones are named with dots.
	Claims map[string][]string
}

// Provider signs people in through an OpenID provider: authorization code with PKCE, a nonce, and a state that is bound to
// the browser. It is safe for concurrent use, and asks the provider for its addresses and keys when they are first needed.
type Provider struct {
	options  ProviderOptions
	client   *http.Client
	attempts *once[attempt]
	accounts *once[Account]

	mu    sync.Mutex
	found *oidc.Provider
}

// attempt is a sign-in that somebody has begun in one browser.
type attempt struct {
	state, nonce, verifier string
	// purpose is what the beginner wants to find again at the end.
	purpose map[string]string
}

// NewProvider makes a provider. It calls nobody yet.
func NewProvider(options ProviderOptions) *Provider {
	if options.Now == nil {
		options.Now = time.Now
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // that is its type
	return &Provider{
		options: options, attempts: newOnce[attempt](attemptLife, options.Now), accounts: newOnce[Account](attemptLife, options.Now),
		client: &http.Client{
			Transport: transport, Timeout: providerTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Keep keeps an account until somebody confirms what they want with it, and returns the key for [Provider.Kept].
func (p *Provider) Keep(account Account) (key string, err error) { return p.accounts.put(account) }

// Kept returns an account that was kept, once.
func (p *Provider) Kept(key string) (Account, bool) { return p.accounts.take(key) }

// Close closes idle connections.
func (p *Provider) Close() { p.client.CloseIdleConnections() }

// Begin returns where to send the browser, and the key that has to stay in it until it comes back.
func (p *Provider) Begin(ctx context.Context, purpose map[string]string) (address, key string, err error) {
	provider, err := p.provider(ctx)
	if err != nil {
		return "", "", err
	}
	state, err := randomKey()
	if err != nil {
		return "", "", err
	}
	nonce, err := randomKey()
	if err != nil {
		return "", "", err
	}
	begun := attempt{state: state, nonce: nonce, verifier: oauth2.GenerateVerifier(), purpose: maps.Clone(purpose)}
	if key, err = p.attempts.put(begun); err != nil {
		return "", "", err
	}
	address = p.config(provider).AuthCodeURL(begun.state, oidc.Nonce(begun.nonce), oauth2.S256ChallengeOption(begun.verifier))
	return address, key, nil
}

// Finish ends what the browser with this key began, with the state and the code that it brought back. The purpose is that
// of the beginning, also after an error, unless the error is [ErrAttemptUnknown].
func (p *Provider) Finish(ctx context.Context, key, state, code string) (account Account, purpose map[string]string, err error) {
	begun, ok := p.attempts.take(key)
	if !ok || begun.state != state || state == "" {
		return Account{}, nil, ErrAttemptUnknown
	}
	provider, err := p.provider(ctx)
	if err != nil {
		return Account{}, begun.purpose, err
	}
	account, err = p.exchange(oidc.ClientContext(ctx, p.client), provider, begun, code)
	return account, begun.purpose, err
}

func (p *Provider) exchange(ctx context.Context, provider *oidc.Provider, begun attempt, code string) (Account, error) {
	token, err := p.config(provider).Exchange(ctx, code, oauth2.VerifierOption(begun.verifier))
	if err != nil {
		return Account{}, fmt.Errorf("exchanging code with %s: %w", p.options.Issuer, withoutBody(err))
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Account{}, fmt.Errorf("%s sent no ID token; the scope openid may be missing", p.options.Issuer)
	}
	verified, err := provider.Verifier(&oidc.Config{ClientID: p.options.ClientID, Now: p.options.Now}).Verify(ctx, raw)
	if err != nil {
		return Account{}, fmt.Errorf("verifying ID token of %s: %w", p.options.Issuer, err)
	}
	if verified.Nonce != begun.nonce {
		return Account{}, fmt.Errorf("the ID token of %s was made for another sign-in: its nonce differs", p.options.Issuer)
	}
	claims := map[string]any{}
	if err := verified.Claims(&claims); err != nil {
		return Account{}, fmt.Errorf("reading claims of %s: %w", p.options.Issuer, err)
	}
	if err := p.addUserInfo(ctx, provider, token, verified.Subject, claims); err != nil {
		return Account{}, err
	}
	return Account{Issuer: verified.Issuer, Subject: verified.Subject, Claims: flat(claims)}, nil
}

// addUserInfo adds the claims that only the provider's user info has. What the signed token says stays.
func (p *Provider) addUserInfo(ctx context.Context, provider *oidc.Provider, token *oauth2.Token, subject string, claims map[string]any) error {
	if !p.options.UserInfo {
		return nil
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fmt.Errorf("asking %s for user info: %w", p.options.Issuer, err)
	}
	if info.Subject != subject {
		return fmt.Errorf("the user info of %s is about somebody else than its ID token", p.options.Issuer)
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return fmt.Errorf("reading user info of %s: %w", p.options.Issuer, err)
	}
	for name, value := range more {
		if _, signed := claims[name]; !signed {
			claims[name] = value
		}
	}
	return nil
}

// provider finds out the provider's addresses and keys, once.
func (p *Provider) provider(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.options.Issuer)
	if err != nil {
		return nil, fmt.Errorf("finding OpenID provider %s: %w", p.options.Issuer, err)
	}
	p.found = found
	return found, nil
}

func (p *Provider) config(provider *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.options.ClientID, ClientSecret: p.options.ClientSecret.Reveal(), Endpoint: provider.Endpoint(),
		RedirectURL: p.options.RedirectURL, Scopes: p.options.Scopes,
	}
}

// withoutBody keeps what a token endpoint's answer could hold out of errors, all but its error code.
func withoutBody(err error) error {
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return fmt.Errorf("the answer is %s, error %q", answer.Response.Status, answer.ErrorCode)
	}
	return err
}
