package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/httpapi"
	"github.com/accede/accede/core/httpapi/httpapitest"
	"github.com/accede/accede/internal/httpx"
	"github.com/accede/accede/internal/obs/obstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is the API in front of a core in memory, on a port of its own.
type server struct {
	t    *testing.T
	core *httpapitest.Core
	log  *obstest.Log
	url  string
	http *http.Client
	// stop begins the orderly stop; stopped is what Serve returned.
	stop    context.CancelFunc
	stopped chan error
}

func serve(t *testing.T) *server { return serveWith(t, httpapi.Options{}) }

func serveWith(t *testing.T, options httpapi.Options) *server {
	t.Helper()
	logger, log := obstest.Logger(t)
	s := &server{
		t: t, core: httpapitest.New(), log: log, stopped: make(chan error, 1),
		http: &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second},
	}
	options.Logger = logger
	if options.Service == nil {
		options.Service = s.core
	}
	handler, err := httpapi.New(options)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := httpx.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() { s.stopped <- httpx.Serve(ctx, listener, handler, logger) }()
	t.Cleanup(func() {
		s.http.CloseIdleConnections()
		stop()
		if err := <-s.stopped; err != nil {
			t.Error(err)
		}
		s.stopped <- nil
	})
	return s
}

// ask is one HTTP request to be made.
type ask struct {
	method, path, who string
	body              any
	headers           map[string]string
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) into(t *testing.T, value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), value); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
}

// problem checks that the reply is a problem document that is consistent in itself.
func (r reply) problem(t *testing.T) v1.Problem {
	t.Helper()
	var p v1.Problem
	r.into(t, &p)
	if kind := r.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("problem has Content-Type %q", kind)
	}
	if p.Status != r.status || p.Code == "" || p.Detail == "" || p.Type != "urn:accede:problem:"+string(p.Code) {
		t.Errorf("status %d with problem %s", r.status, r.body)
	}
	return p
}

func (s *server) do(a ask) reply {
	s.t.Helper()
	response, err := s.http.Do(s.request(s.t.Context(), a))
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}

func (s *server) request(ctx context.Context, a ask) *http.Request {
	s.t.Helper()
	var body io.Reader = http.NoBody
	switch given := a.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(given)
	default:
		encoded, err := json.Marshal(given)
		if err != nil {
			s.t.Fatal(err)
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, a.method, s.url+a.path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if a.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if a.who != "" {
		request.Header.Set("Authorization", "Bearer token-"+a.who)
	}
	for name, value := range a.headers {
		request.Header.Set(name, value)
	}
	return request
}

func (s *server) want(status int, a ask) reply {
	s.t.Helper()
	got := s.do(a)
	if got.status != status {
		s.t.Fatalf("%s %s as %q: %d %s, want %d", a.method, a.path, a.who, got.status, got.body, status)
	}
	return got
}

// create asks for dba as alice.
func (s *server) create(reason string) v1.Request {
	s.t.Helper()
	var request v1.Request
	input := v1.RequestInput{Roles: []string{"dba"}, Reason: reason}
	s.want(201, ask{method: "POST", path: "/v1/requests", who: "alice", body: input}).into(s.t, &request)
	return request
}

func (s *server) review(id, who string) v1.Request {
	s.t.Helper()
	var request v1.Request
	input := v1.ReviewInput{Verdict: v1.Approve}
	s.want(200, ask{method: "POST", path: "/v1/requests/" + id + "/reviews", who: who, body: input}).into(s.t, &request)
	return request
}
