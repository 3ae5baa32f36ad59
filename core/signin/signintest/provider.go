package signintest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The one client that the provider knows.
const (
	ClientID     = "accede"
	ClientSecret = "canary-client-secret"
)

const userPassword = "of no interest"

// User is somebody with an account at the provider.
type User struct {
	ID, Name, Email string
	Verified        bool
	// Claims are further ones.
	Claims map[string]any
}

// Provider is an OpenID provider on a port of its own, at which somebody is signed in already.
type Provider struct {
	// Issuer is its address.
	Issuer string
	server *httptest.Server

	mu      sync.Mutex
	current User
	inToken bool
}

// NewProvider starts a provider that sends browsers back to an address.
func NewProvider(redirect string) (*Provider, error) {
	p := &Provider{inToken: true}
	mux := http.NewServeMux()
	p.server = httptest.NewServer(mux)
	p.Issuer = p.server.URL
	clients := map[string]*storage.Client{ClientID: storage.WebClient(ClientID, ClientSecret, redirect)}
	kept := &users{Storage: storage.NewStorageWithClients(p, clients), provider: p}
	config := &op.Config{CryptoKey: sha256.Sum256([]byte("of tests")), CodeMethodS256: true, AuthMethodPost: true}
	server, err := op.NewProvider(config, kept, op.StaticIssuer(p.Issuer), op.WithAllowInsecure(),
		op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		p.server.Close()
		return nil, fmt.Errorf("making OpenID provider: %w", err)
	}
	mux.Handle("/", server)
	mux.HandleFunc("GET /login/username", func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("authRequestID")
		if err := kept.CheckUsernamePassword(p.who().Name, userPassword, id); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		ctx := op.ContextWithIssuer(r.Context(), p.Issuer)
		http.Redirect(w, r, op.AuthCallbackURL(server)(ctx, id), http.StatusFound)
	})
	return p, nil
}

// Close ends the provider.
func (p *Provider) Close() { p.server.Close() }

// Become makes a user the one who is signed in at the provider.
func (p *Provider) Become(user User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = user
}

// OnlyUserInfo keeps all but the subject out of ID tokens.
func (p *Provider) OnlyUserInfo() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inToken = false
}

func (p *Provider) who() User {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

func (p *Provider) inTokens() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inToken
}

// GetUserByID finds the current user.
func (p *Provider) GetUserByID(string) *storage.User {
	user := p.who()
	return &storage.User{
		ID: user.ID, Username: user.Name, Password: userPassword, FirstName: user.Name, LastName: "of Tests", Email: user.Email,
		EmailVerified: user.Verified,
	}
}

// GetUserByUsername finds the current user.
func (p *Provider) GetUserByUsername(string) *storage.User { return p.GetUserByID("") }

// ExampleClientID is no client's.
func (p *Provider) ExampleClientID() string { return "nobody" }

// users is the library's example storage with claims of our own.
type users struct {
	*storage.Storage
	provider *Provider
}

// SetUserinfoFromRequest fills ID tokens.
func (u *users) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, token op.IDTokenRequest, scopes []string) error {
	if err := u.Storage.SetUserinfoFromRequest(ctx, info, token, scopes); err != nil {
		return err
	}
	if u.provider.inTokens() {
		u.addClaims(info)
	}
	return nil
}

// SetUserinfoFromToken fills the answers of the user info endpoint.
func (u *users) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, token, subject, origin string) error {
	if err := u.Storage.SetUserinfoFromToken(ctx, info, token, subject, origin); err != nil {
		return err
	}
	u.addClaims(info)
	return nil
}

func (u *users) addClaims(info *oidc.UserInfo) {
	for name, value := range u.provider.who().Claims {
		info.AppendClaims(name, value)
	}
}

// GetClientByClientID says whether claims go into ID tokens.
func (u *users) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	found, err := u.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	return client{found, u.provider.inTokens()}, nil
}

type client struct {
	op.Client
	inToken bool
}

// IDTokenUserinfoClaimsAssertion puts claims into ID tokens.
func (c client) IDTokenUserinfoClaimsAssertion() bool { return c.inToken }
