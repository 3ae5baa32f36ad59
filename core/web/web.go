package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/web/assets"
)

// answerTimeout bounds every page that is not a stream.
const answerTimeout = 30 * time.Second

// Options is what the pages work with. Service, Logger, SignIns and Logins are required.
type Options struct {
	Service Service
	Logger  *slog.Logger
	// SignIns limits the guessing of passwords; the API shares it.
	SignIns *signin.Limits
	// Logins hands sign-ins over to programs; the API shares it.
	Logins *signin.Logins
	// Provider signs in through an OpenID provider; nil offers none. ProviderTitle is what people call it.
	Provider      *signin.Provider
	ProviderTitle string
	// Passkeys signs in with passkeys; nil offers none.
	Passkeys *signin.Passkeys
	// NoPasswords offers no sign-in by password.
	NoPasswords bool
	// PublicURL is the address under which browsers reach the core. Cookies are for HTTPS only if it is.
	PublicURL string
	// Now is the clock; nil is the machine's.
	Now func() time.Time
	// Heartbeat is how often a silent stream gets a sign of life and its session is checked again; zero is 15 seconds.
	Heartbeat time.Duration
}

type site struct {
	Options
	mux     *http.ServeMux
	assets  *assets.Set
	cookies cookies
	streams streams
}

// New returns the handler of all pages. Other addresses get an error page, so that the app can mount it at "/".
func New(options Options) (http.Handler, error) {
	s, err := newSite(options)
	if err != nil {
		return nil, err
	}
	s.mux.Handle("GET "+assets.Prefix, s.assets)
	s.signInRoutes()
	s.providerRoutes()
	s.passkeyRoutes()
	s.loginRoutes()
	s.accountRoutes()
	s.requestRoutes()
	s.homeRoutes()
	s.waitingRoutes()
	s.askRoutes()
	s.historyRoutes()
	s.adminRoutes()
	s.open("/", func(*visit) error { return errNoPage })
	guard, err := crossOrigin(options.PublicURL)
	if err != nil {
		return nil, err
	}
	guard.SetDenyHandler(s.handle(func(*visit) error { return errForeign }))
	var handler http.Handler = s.mux
	for _, wrap := range []func(http.Handler) http.Handler{guard.Handler, s.secure, s.rescue, s.identify} {
		handler = wrap(handler)
	}
	return handler, nil
}

func newSite(options Options) (*site, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Heartbeat == 0 {
		options.Heartbeat = heartbeat
	}
	loaded, err := assets.Load()
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	return &site{
		Options: options, mux: http.NewServeMux(), assets: loaded, cookies: newCookies(options.PublicURL, key),
	}, nil
}

// crossOrigin refuses what other sites make a browser send. The public address is trusted by name, because a proxy may
// have changed the Host header.
func crossOrigin(public string) (*http.CrossOriginProtection, error) {
	guard := http.NewCrossOriginProtection()
	if public == "" {
		return guard, nil
	}
	parsed, err := url.Parse(public)
	if err != nil {
		return nil, fmt.Errorf("reading public address: %w", err)
	}
	if err := guard.AddTrustedOrigin(parsed.Scheme + "://" + parsed.Host); err != nil {
		return nil, fmt.Errorf("trusting public address: %w", err)
	}
	return guard, nil
}

// handler answers one visit; an error becomes an error page.
type handler func(v *visit) error

// page adds a page for people who are signed in; others are led to the sign-in page.
func (s *site) page(pattern string, show handler) {
	s.open(pattern, func(v *visit) error {
		if !v.signedIn() {
			return errSignIn
		}
		return show(v)
	})
}

// open adds a page for everybody.
func (s *site) open(pattern string, show handler) { s.mux.Handle(pattern, s.handle(show)) }

func (s *site) handle(show handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
		defer cancel()
		s.answer(w, r.WithContext(ctx), show) //nolint:contextcheck // it is inside the request
	})
}

func (s *site) answer(w http.ResponseWriter, r *http.Request, show handler) {
	v := &visit{site: s, w: w, r: r}
	err := v.enter()
	if err == nil {
		err = show(v)
	}
	if err != nil {
		v.fail(err)
	}
}
