package pagerdutysim

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// caller is who a request comes from.
type caller struct {
	// user acts; empty for an app or a key of the whole account until the From header names one.
	user     string
	account  bool
	readOnly bool
	// scopes limit an app; nil for keys.
	scopes []string
}

type callerKey struct{}

func callerOf(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	return c
}

// token is a scoped OAuth token.
type token struct {
	scopes []string
	until  time.Time
}

// endpoint is one call of the API.
type endpoint struct {
	pattern, operation, scope string
	serve                     func(http.ResponseWriter, *http.Request)
}

// guarded checks credentials, scopes, the From header and the limits before the endpoint gets the call.
func (s *Sim) guarded(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, known := s.authenticate(r.Header.Get("Authorization"))
		if !known {
			writeError(w, http.StatusUnauthorized, 2006, "You are not authorized to perform this action", "Unauthorized")
			return
		}
		if !c.may(e.scope) {
			writeError(w, http.StatusForbidden, 2010, "Access Denied", "The token lacks the scope "+e.scope)
			return
		}
		if c.writes(r) && !s.identify(&c, r.Header.Get("From"), w) {
			return
		}
		if s.limited(w, r, e.operation) {
			return
		}
		e.serve(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

func (c caller) may(scope string) bool {
	if c.readOnly && strings.HasSuffix(scope, ".write") {
		return false
	}
	return c.scopes == nil || slices.Contains(c.scopes, scope)
}

// writes says whether the request needs somebody to act.
func (caller) writes(r *http.Request) bool { return r.Method != http.MethodGet }

// identify finds who writes. A key of the account, and an app, name them in the From header.
func (s *Sim) identify(c *caller, from string, w http.ResponseWriter) bool {
	if c.user != "" {
		return true
	}
	if from == "" {
		writeError(w, http.StatusBadRequest, 2001, "Invalid Input Provided", "From header is required")
		return false
	}
	for _, u := range s.cfg.Users {
		if strings.EqualFold(u.Email, from) && !u.Outside {
			c.user = u.ID
			return true
		}
	}
	writeError(w, http.StatusBadRequest, 1008, "Requester User Not Found", "From must be the e-mail address of a user")
	return false
}

func (s *Sim) authenticate(header string) (caller, bool) {
	if value, ok := strings.CutPrefix(header, "Token token="); ok {
		return s.byKey(value)
	}
	value, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return caller{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, known := s.tokens[value]
	if !known || !s.now().Before(t.until) {
		return caller{}, false
	}
	return caller{account: true, scopes: t.scopes}, true
}

func (s *Sim) byKey(value string) (caller, bool) {
	for _, k := range s.cfg.Keys {
		if k.Value == value {
			return caller{user: k.User, account: k.User == "", readOnly: k.ReadOnly}, true
		}
	}
	return caller{}, false
}

// ForgetTokens makes every scoped token invalid, as PagerDuty does when an app's secret is replaced.
func (s *Sim) ForgetTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// serveToken is PagerDuty's identity service: https://developer.pagerduty.com/docs/app-oauth-token.
func (s *Sim) serveToken(w http.ResponseWriter, r *http.Request) {
	client, known := s.client(r)
	switch {
	case r.PostFormValue("grant_type") != "client_credentials":
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	case !known:
		oauthError(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	asked := strings.Fields(r.PostFormValue("scope"))
	account := "as_account-" + s.cfg.Region + "." + s.cfg.Subdomain
	if !slices.Contains(asked, account) {
		oauthError(w, http.StatusBadRequest, "invalid_scope")
		return
	}
	granted := slices.DeleteFunc(asked, func(scope string) bool {
		return scope != account && !slices.Contains(client.Scopes, scope)
	})
	life := s.cfg.TokenLife
	if life == 0 {
		life = 24 * time.Hour
	}
	s.mu.Lock()
	value := s.newID("pdus+_0XBPWQQ_")
	s.tokens[value] = token{scopes: granted, until: s.now().Add(life)}
	s.mu.Unlock()
	standin.WriteJSON(w, http.StatusOK, map[string]any{
		"access_token": value, "scope": strings.Join(granted, " "), "token_type": "bearer", "expires_in": int(life.Seconds()),
	})
}

func (s *Sim) client(r *http.Request) (Client, bool) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	for _, c := range s.cfg.Clients {
		if c.ID == r.PostFormValue("client_id") && c.Secret == r.PostFormValue("client_secret") {
			return c, true
		}
	}
	return Client{}, false
}

func oauthError(w http.ResponseWriter, status int, code string) {
	standin.WriteJSON(w, status, map[string]string{"error": code})
}
