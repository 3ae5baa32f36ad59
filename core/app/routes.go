package app

import (
	"context"
	"net/http"
	"strings"

	"github.com/accede/accede/core/httpapi"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/web"
	"github.com/accede/accede/internal/obs"
)

// routes puts the API, the pages, metrics and health under one address. What is no address of the others is the pages'.
func (a *App) routes(ctx context.Context) (http.Handler, error) {
	limits, logins := signin.NewLimits(a.now), signin.NewLogins(a.now)
	api, err := httpapi.New(httpapi.Options{
		Service: a.service, Logger: a.logger, Registerer: a.registry, SignIns: limits, Logins: logins,
	})
	if err != nil {
		return nil, err
	}
	pages, err := a.pages(ctx, limits, logins)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle("/v1/", api)
	mux.Handle("/openapi.json", api)
	mux.Handle("GET /metrics", obs.MetricsHandler(a.registry, a.logger))
	a.health().Register(mux)
	return mux, nil
}

func (a *App) pages(ctx context.Context, limits *signin.Limits, logins *signin.Logins) (http.Handler, error) {
	public := string(a.config.HTTP.PublicURL)
	options := web.Options{
		Service: a.service, Logger: a.logger, SignIns: limits, Logins: logins, NoPasswords: !a.config.SignIn.Passwords,
		PublicURL: public, Now: a.now,
	}
	if a.config.SignIn.Passkeys && signin.PasskeysPossible(public) {
		passkeys, err := signin.NewPasskeys(public, a.now)
		if err != nil {
			return nil, err
		}
		options.Passkeys = passkeys
	}
	if oidc := a.config.SignIn.OIDC; oidc.Issuer != "" {
		options.ProviderTitle = oidc.Title
		options.Provider = signin.NewProvider(signin.ProviderOptions{
			Issuer: string(oidc.Issuer), ClientID: oidc.ClientID, ClientSecret: oidc.ClientSecret, Scopes: oidc.Scopes,
			RedirectURL: strings.TrimRight(public, "/") + web.CompanyCallback, UserInfo: oidc.UserInfo, Now: a.now,
		})
		err := a.stopper.Add(ctx, "connections to the OpenID provider", func(context.Context) error {
			options.Provider.Close()
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return web.New(options) //nolint:contextcheck // pages have the context of their request
}
