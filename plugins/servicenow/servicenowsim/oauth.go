package servicenowsim

import (
	"net/http"
	"sync"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// tokenLife is how long a token is valid, a second less than half an hour.
const tokenLife = 1799 * time.Second

// tokenBook knows the tokens that were handed out.
type tokenBook struct {
	clock func() time.Time
	mu    sync.Mutex
	until map[string]time.Time
}

func newTokenBook(clock func() time.Time) *tokenBook {
	return &tokenBook{clock: clock, until: map[string]time.Time{}}
}

func (b *tokenBook) add(token string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.until[token] = b.clock().Add(tokenLife)
}

func (b *tokenBook) valid(token string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clock().Before(b.until[token])
}

// RevokeTokens makes every token that was handed out invalid at once.
func (s *Sim) RevokeTokens() {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	clear(s.tokens.until)
}

// serveToken hands out tokens for client credentials.
func (s *Sim) serveToken(w http.ResponseWriter, r *http.Request) {
	if s.Quirks().Hibernating {
		writePage(w, hibernation)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		tokenError(w, http.StatusBadRequest, "invalid_request")
		return
	}
	quirks, form := s.Quirks(), r.PostForm
	switch {
	case form.Get("grant_type") != "client_credentials" || quirks.NoClientCredentials:
		tokenError(w, http.StatusUnauthorized, "unsupported_grant_type")
	case s.cfg.ClientID == "" || form.Get("client_id") != s.cfg.ClientID || form.Get("client_secret") != s.cfg.ClientSecret:
		tokenError(w, http.StatusUnauthorized, "access_denied")
	default:
		token := s.newID() + s.newID()
		s.tokens.add(token)
		s.calls.Count("oauth_token", http.StatusOK)
		standin.WriteJSON(w, http.StatusOK, map[string]any{
			"access_token": token, "scope": "useraccount", "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()),
		})
	}
}

func tokenError(w http.ResponseWriter, status int, code string) {
	standin.WriteJSON(w, status, map[string]string{"error": code, "error_description": code})
}

// hourBook counts the calls of each credential in the running hour.
type hourBook struct {
	clock func() time.Time
	mu    sync.Mutex
	hour  time.Time
	calls map[string]int
}

func newHourBook(clock func() time.Time) *hourBook {
	return &hourBook{clock: clock, calls: map[string]int{}}
}

// take counts one call, or returns how long it is until the next hour.
func (b *hourBook) take(credential string, perHour int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock()
	if hour := now.Truncate(time.Hour); !hour.Equal(b.hour) {
		b.hour = hour
		clear(b.calls)
	}
	if b.calls[credential] >= perHour {
		return b.hour.Add(time.Hour).Sub(now)
	}
	b.calls[credential]++
	return 0
}
