package teamssim

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/accede/accede/plugins/standin"
)

const (
	openIDPath = "/botframework/v1/.well-known/openidconfiguration"
	keysPath   = "/botframework/v1/.well-known/keys"
	// Issuer signs callbacks: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication.
	Issuer = "https://api.botframework.com"
	// tokenLife is how long the token of a callback is good for.
	tokenLife = time.Hour
	keyBits   = 2048
)

// signer is a key of the Bot Framework.
type signer struct {
	id           string
	key          *rsa.PrivateKey
	endorsements []string
}

// keyBook holds the Bot Framework's keys: the one in use, and one that may not speak for Teams. It counts how often they
// were fetched.
type keyBook struct {
	mu      sync.Mutex
	current signer
	webchat signer
	fetched int
}

func newKeyBook() (*keyBook, error) {
	current, err := newSigner("msteams", "webchat", "skype")
	if err != nil {
		return nil, err
	}
	webchat, err := newSigner("webchat")
	return &keyBook{current: current, webchat: webchat}, err
}

func newSigner(endorsements ...string) (signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return signer{}, fmt.Errorf("making a signing key: %w", err)
	}
	return signer{id: hex.EncodeToString(key.N.Bytes()[:12]), key: key, endorsements: endorsements}, nil
}

// RotateKeys takes the key in use out of service, as the Bot Framework does from time to time.
func (s *Sim) RotateKeys() error {
	fresh, err := newSigner("msteams", "webchat", "skype")
	if err != nil {
		return err
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	s.keys.current = fresh
	return nil
}

// KeysFetched says how often the keys were fetched.
func (s *Sim) KeysFetched() int {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	return s.keys.fetched
}

func (s *Sim) signers() (current, webchat signer) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	return s.keys.current, s.keys.webchat
}

func (s *Sim) serveOpenID(w http.ResponseWriter, _ *http.Request) {
	standin.WriteJSON(w, http.StatusOK, map[string]any{
		"issuer": Issuer, "authorization_endpoint": "https://invalid.botframework.com",
		"jwks_uri": s.external() + keysPath, "id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
	})
}

func (s *Sim) serveKeys(w http.ResponseWriter, _ *http.Request) {
	current, webchat := s.signers()
	s.keys.mu.Lock()
	s.keys.fetched++
	s.keys.mu.Unlock()
	standin.WriteJSON(w, http.StatusOK, map[string]any{"keys": []any{current.published(), webchat.published()}})
}

func (k signer) published() map[string]any {
	return map[string]any{
		"kty": "RSA", "use": "sig", "kid": k.id, "x5t": k.id, "endorsements": k.endorsements,
		"n": base64.RawURLEncoding.EncodeToString(k.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.key.E)).Bytes()),
	}
}

// pass is what the token of a callback says.
type pass struct {
	issuer, audience, service string
	from, until               time.Time
}

func (s *Sim) pass() pass {
	now := s.now()
	return pass{
		issuer: Issuer, audience: s.cfg.App.ID, service: s.serviceURL(), from: now.Add(-time.Minute), until: now.Add(tokenLife),
	}
}

func (p pass) claims() jwt.MapClaims {
	claims := jwt.MapClaims{"iss": p.issuer, "aud": p.audience, "nbf": p.from.Unix(), "exp": p.until.Unix()}
	if p.service != "" {
		claims["serviceurl"] = p.service
	}
	return claims
}

// token signs a pass.
func (k signer) token(p pass) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, p.claims())
	token.Header["kid"], token.Header["x5t"] = k.id, k.id
	return token.SignedString(k.key)
}
