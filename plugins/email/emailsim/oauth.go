package emailsim

import (
	"crypto/hmac"
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// grants are the access tokens that the token endpoint gave out.
type grants struct {
	clock func() time.Time

	mu    sync.Mutex
	given map[string]givenToken
}

type givenToken struct {
	username string
	until    time.Time
}

func newGrants(clock func() time.Time) *grants {
	return &grants{clock: clock, given: map[string]givenToken{}}
}

func (g *grants) give(username string, lasts time.Duration) string {
	token := "at-" + rand.Text()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.given[token] = givenToken{username: username, until: g.clock().Add(lasts)}
	return token
}

func (g *grants) good(username, token string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	given, ok := g.given[token]
	return ok && given.username == username && g.clock().Before(given.until)
}

// RevokeTokens makes all access tokens that were given out worthless, as a provider does when a password changes.
func (s *Sim) RevokeTokens() {
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	clear(s.grants.given)
}

// serveToken is a token endpoint: https://www.rfc-editor.org/rfc/rfc6749#section-4.4.
func (s *Sim) serveToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		tokenProblem(w, http.StatusBadRequest, "invalid_request")
		return
	}
	s.tally.add("tokens")
	form, client := r.PostForm, s.cfg.OAuth
	same := func(given, want string) bool { return want != "" && hmac.Equal([]byte(given), []byte(want)) }
	switch {
	case !same(form.Get("client_id"), client.ClientID) || !same(form.Get("client_secret"), client.ClientSecret):
		tokenProblem(w, http.StatusUnauthorized, "invalid_client")
	case form.Get("grant_type") == "refresh_token" && !same(form.Get("refresh_token"), client.RefreshToken):
		tokenProblem(w, http.StatusBadRequest, "invalid_grant")
	case form.Get("grant_type") != "refresh_token" && form.Get("grant_type") != "client_credentials":
		tokenProblem(w, http.StatusBadRequest, "unsupported_grant_type")
	case form.Get("scope") != "" && form.Get("scope") != client.Scope:
		tokenProblem(w, http.StatusBadRequest, "invalid_scope")
	default:
		w.Header().Set("Cache-Control", "no-store")
		standin.WriteJSON(w, http.StatusOK, map[string]any{
			"access_token": s.grants.give(client.Username, client.Lasts), "token_type": "Bearer",
			"expires_in": int(client.Lasts.Seconds()), "scope": client.Scope,
		})
	}
}

func tokenProblem(w http.ResponseWriter, status int, code string) {
	standin.WriteJSON(w, status, map[string]string{"error": code, "error_description": "The request was refused."})
}
