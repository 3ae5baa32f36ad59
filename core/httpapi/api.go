package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/accede/accede/core"
	"github.com/accede/accede/core/signin"
)

// answerTimeout bounds every operation that is not a stream.
const answerTimeout = 30 * time.Second

// Options is what the API works with. Service and Logger are required.
type Options struct {
	Service Service
	Logger  *slog.Logger
	// Registerer takes the metrics; nil keeps them to itself.
	Registerer prometheus.Registerer
	// Now is the clock of limits that are made here; nil is the machine's.
	Now func() time.Time
	// SignIns limits the guessing of passwords; the pages share it. Nil makes limits for the API alone.
	SignIns *signin.Limits
	// Logins takes sign-ins over from the pages, which share it. Nil makes one that nobody can agree in.
	Logins *signin.Logins
	// Heartbeat is how often a silent stream gets a sign of life and its token is checked again; zero is 15 seconds.
	Heartbeat time.Duration
}

type api struct {
	service Service
	logger  *slog.Logger
	mux     *http.ServeMux
	huma    huma.API
	// public are the routes for which nobody needs to sign in.
	public  map[string]bool
	signIns *signin.Limits
	logins  *signin.Logins
	keys    keyLocks
	streams streamLimits
	metrics *metrics
	beat    time.Duration
}

// New returns the handler of everything below /v1 and of /openapi.json. Other addresses get a 404 problem, so that the
// app can mount it at "/" beside its own. Event streams end when the request's stopping channel (see internal/httpx) closes.
func New(options Options) (http.Handler, error) {
	a := newAPI(options)
	if err := a.metrics.register(options.Registerer); err != nil {
		return nil, err
	}
	document, err := a.document()
	if err != nil {
		return nil, err
	}
	a.public["GET /openapi.json"] = true
	a.mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(document) // if it cannot be written, nobody is there to read it
	})
	var handler http.Handler = a.mux
	for _, wrap := range []func(http.Handler) http.Handler{
		a.idempotent, a.readBody, a.signIn, a.route, a.rescue, a.identify,
	} {
		handler = wrap(handler)
	}
	return handler, nil
}

//go:generate go test -count=1 -run ^TestDocumentIsCurrent$ -update .

// Document returns the OpenAPI document, as it is served.
func Document() ([]byte, error) { return newAPI(Options{}).document() }

func newAPI(options Options) *api {
	if options.SignIns == nil {
		options.SignIns = signin.NewLimits(options.Now)
	}
	if options.Logins == nil {
		options.Logins = signin.NewLogins(options.Now)
	}
	if options.Heartbeat == 0 {
		options.Heartbeat = heartbeat
	}
	a := &api{
		service: options.Service, logger: options.Logger, mux: http.NewServeMux(), public: map[string]bool{},
		signIns: options.SignIns, logins: options.Logins, metrics: newMetrics(), beat: options.Heartbeat,
	}
	a.huma = humago.New(a.mux, newConfig())
	a.sessionRoutes()
	a.loginRoutes()
	a.requestRoutes()
	a.streamRoutes()
	a.peopleRoutes()
	a.roleRoutes()
	a.tokenRoutes()
	a.linkRoutes()
	a.pluginRoutes()
	a.auditRoutes()
	a.explainRoutes()
	return a
}

func (a *api) document() ([]byte, error) {
	compact, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("writing OpenAPI document: %w", err)
	}
	var document bytes.Buffer
	if err := json.Indent(&document, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("indenting OpenAPI document: %w", err)
	}
	document.WriteByte('\n')
	return document.Bytes(), nil
}

// operation describes a route: "GET /v1/people", the name of the operation, its tag and what it does.
type operation struct {
	method, path string
	name         string
	tag          string
	summary      string
	detail       string
	// status is that of success, if it is not 200; others lists further ones.
	status int
}

func (o operation) huma() huma.Operation {
	return huma.Operation{
		Method: o.method, Path: o.path, OperationID: o.name, Tags: []string{o.tag}, Summary: o.summary, Description: o.detail,
		DefaultStatus: o.status,
		// The body is read and bounded before it comes here.
		BodyReadTimeout: -1, MaxBodyBytes: -1,
	}
}

// handle adds a route for people who are signed in.
func handle[I, O any](a *api, o operation, do func(context.Context, core.Actor, *I) (*O, error)) {
	described := o.huma()
	described.Security = []map[string][]string{{"token": {}}}
	if o.method == http.MethodPost {
		described.Parameters = append(described.Parameters, idempotencyParameter())
	}
	huma.Register(a.huma, described, func(ctx context.Context, input *I) (*O, error) {
		return bounded(ctx, a, input, func(ctx context.Context, input *I) (*O, error) {
			return do(ctx, callOf(ctx).actor, input)
		})
	})
}

// handlePublic adds a route for everybody.
func handlePublic[I, O any](a *api, o operation, do func(context.Context, *I) (*O, error)) {
	a.public[o.method+" "+o.path] = true
	huma.Register(a.huma, o.huma(), func(ctx context.Context, input *I) (*O, error) {
		return bounded(ctx, a, input, do)
	})
}

func bounded[I, O any](ctx context.Context, a *api, input *I, do func(context.Context, *I) (*O, error)) (*O, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	output, err := do(ctx, input)
	if err != nil {
		return nil, a.problemOf(ctx, err)
	}
	return output, nil
}

// none is the input or output of an operation that has none.
type none struct{}

// body is an output with a body.
type body[T any] struct{ Body T }

// list is the body of every list that is not paged.
type listOf[T any] struct {
	Items []T `json:"items"`
}

// listed wraps the items of a list; none is an empty list, not null.
func listed[T any](items []T, err error) (*body[listOf[T]], error) {
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []T{}
	}
	return &body[listOf[T]]{listOf[T]{items}}, nil
}

// single wraps the body of an answer.
func single[T any](value T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{value}, nil
}
