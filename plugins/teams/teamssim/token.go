package teamssim

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/accede/accede/plugins/standin"
)

// What tokens are for.
const (
	scopeBot = "https://api.botframework.com/.default"
	// scopeGraph is what the end of Graph's scope is, whatever its address.
	scopeGraph = "/.default"

	accessLife    = 3599 * time.Second
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	maxForm       = 64 << 10
)

// tokenBook knows the tokens that were given out.
type tokenBook struct {
	now func() time.Time

	mu     sync.Mutex
	issued map[string]issued
}

type issued struct {
	graph bool
	until time.Time
}

func newTokenBook(now func() time.Time) *tokenBook {
	return &tokenBook{now: now, issued: map[string]issued{}}
}

func (b *tokenBook) add(token string, graph bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.issued[token] = issued{graph: graph, until: b.now().Add(accessLife)}
}

// good says whether a request carries a token of that kind.
func (b *tokenBook) good(r *http.Request, graph bool) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	b.mu.Lock()
	defer b.mu.Unlock()
	found, ok := b.issued[token]
	return ok && strings.EqualFold(scheme, "Bearer") && found.graph == graph && b.now().Before(found.until)
}

// RevokeTokens makes every token that was given out worthless.
func (s *Sim) RevokeTokens() {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	clear(s.tokens.issued)
}

// entraError is a refusal of Entra's: https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
type entraError struct {
	status            int
	code, description string
}

func (s *Sim) serveToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		writeEntra(w, entraError{http.StatusBadRequest, "invalid_request", "AADSTS900144: The request body must be a form."})
		return
	}
	if refused := s.refusesClient(r); refused != nil {
		writeEntra(w, *refused)
		return
	}
	scope := r.PostForm.Get("scope")
	graph := scope != scopeBot
	if graph && !strings.HasSuffix(scope, scopeGraph) {
		writeEntra(w, entraError{http.StatusBadRequest, "invalid_scope", "AADSTS1002012: The provided value for scope is not valid. " +
			"Client credential flows must have a scope value with /.default suffixed to the resource identifier."})
		return
	}
	token := "eyJ0eXAiOiJKV1QifQ." + s.randomText(64)
	s.tokens.add(token, graph)
	standin.WriteJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": int(accessLife.Seconds()), "ext_expires_in": int(accessLife.Seconds()), "access_token": token,
	})
}

func writeEntra(w http.ResponseWriter, e entraError) {
	standin.WriteJSON(w, e.status, map[string]any{
		"error": e.code, "error_description": e.description + " Trace ID: 00000000-0000-0000-0000-000000000000", "error_codes": []int{},
	})
}

func (s *Sim) refusesClient(r *http.Request) *entraError {
	form, app := r.PostForm, s.cfg.App
	switch {
	case r.PathValue("tenant") != s.cfg.Tenant.ID:
		return &entraError{http.StatusBadRequest, "invalid_request", "AADSTS90002: Tenant '" + r.PathValue("tenant") + "' not found."}
	case form.Get("grant_type") != "client_credentials":
		return &entraError{http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type."}
	case form.Get("client_id") != app.ID:
		return &entraError{http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application with identifier '" +
			form.Get("client_id") + "' was not found in the directory."}
	case form.Get("client_assertion") != "":
		return s.refusesStatement(r)
	case app.Secret == "" || subtle.ConstantTimeCompare([]byte(form.Get("client_secret")), []byte(app.Secret)) != 1:
		return &entraError{http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided."}
	default:
		return nil
	}
}

// refusesStatement checks a statement that was signed with the certificate's key.
func (s *Sim) refusesStatement(r *http.Request) *entraError {
	unknown := &entraError{http.StatusUnauthorized, "invalid_client", "AADSTS700027: The certificate with identifier used to sign the " +
		"client assertion is not registered on application."}
	if s.proves == nil || r.PostForm.Get("client_assertion_type") != assertionType {
		return unknown
	}
	var claims jwt.RegisteredClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"PS256", "RS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.opts.Clock),
		jwt.WithAudience(s.external()+"/login/"+s.cfg.Tenant.ID+"/oauth2/v2.0/token"), jwt.WithSubject(s.cfg.App.ID), jwt.WithIssuer(s.cfg.App.ID))
	_, err := parser.ParseWithClaims(r.PostForm.Get("client_assertion"), &claims, func(t *jwt.Token) (any, error) {
		if t.Header["x5t#S256"] != s.print {
			return nil, errors.New("another certificate")
		}
		return s.proves, nil
	})
	switch {
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet):
		return &entraError{http.StatusUnauthorized, "invalid_client", "AADSTS700024: Client assertion is not within its valid time range."}
	case err != nil || claims.ID == "":
		return unknown
	default:
		return nil
	}
}

// readCertificate returns the public key of a certificate and its thumbprint.
func readCertificate(text string) (key *rsa.PublicKey, thumbprint string, err error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, "", nil
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, "", err
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, "", errors.New("the app's certificate is not for an RSA key")
	}
	sum := sha256.Sum256(certificate.Raw)
	return key, base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
