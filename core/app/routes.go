package app

import (
	"net/http"

	"github.com/accede/accede/core/httpapi"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/web"
	"github.com/accede/accede/internal/obs"
)

// routes puts the API, the pages, metrics and health under one address. What is no address of the others is the pages'.
func (a *App) routes() (http.Handler, error) {
	limits := signin.NewLimits(a.now)
	api, err := httpapi.New(httpapi.Options{Service: a.service, Logger: a.logger, Registerer: a.registry, SignIns: limits})
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Options{
		Service: a.service, Logger: a.logger, SignIns: limits, PublicURL: string(a.config.HTTP.PublicURL), Now: a.now,
	})
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
