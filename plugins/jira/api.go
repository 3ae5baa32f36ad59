package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// Short names for what it means when nobody knows whether Jira did it.
const (
	creates    = vendorhttp.Creates
	repeatable = vendorhttp.Repeatable
)

// api speaks to Jira's REST API with one credential.
type api struct {
	client *gojira.Client
	http   *http.Client
	// version is "3" on Cloud, which takes documents, and "2" on Data Center, which takes wiki markup. Both read with 2.
	version string
	cloud   bool
}

// newAPI makes the client of one credential. All of its requests share one limiter.
func newAPI(c *Config, client *http.Client) (*api, error) {
	signed := *client
	if c.cloud() {
		signed.Transport = &gojira.BasicAuthTransport{Username: c.Email, Password: c.Token.Reveal(), Transport: client.Transport}
	} else {
		signed.Transport = &gojira.BearerAuthTransport{Token: c.Token.Reveal(), Transport: client.Transport}
	}
	patient := vendorhttp.Patient(&signed, vendorhttp.Patience{
		Reads: onlyReads, PerSecond: c.RequestsPerSecond, Burst: int(2*c.RequestsPerSecond) + 1,
	})
	made, err := gojira.NewClient(patient, strings.TrimSuffix(c.URL.String(), "/")+"/")
	if err != nil {
		return nil, fmt.Errorf("reading the address: %w", err)
	}
	a := &api{client: made, http: patient, version: "2", cloud: c.cloud()}
	if a.cloud {
		a.version = "3"
	}
	return a, nil
}

// onlyReads tells the POST requests that change nothing.
func onlyReads(r *http.Request) bool {
	return r.Method == http.MethodPost && (strings.HasSuffix(r.URL.Path, "/bulkfetch") ||
		strings.HasSuffix(r.URL.Path, "/search") || strings.HasSuffix(r.URL.Path, "/search/jql"))
}

// question is one call of the API. The path begins with rest/ and is escaped.
type question struct {
	op, method, path string
	effect           vendorhttp.Effect
	body             any
}

// ask calls the API and decodes its answer, unless into is nil.
func (a *api) ask(ctx context.Context, q question, into any) error {
	request, err := a.client.NewRequestWithContext(ctx, q.method, q.path, q.body)
	if err != nil {
		return &plugins.Error{Op: q.op, Kind: plugins.Invalid, Err: fmt.Errorf("writing request: %w", err)}
	}
	request.Header.Set("Accept", "application/json")
	response, err := a.http.Do(request)
	if err != nil {
		return unanswered(q, err)
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		return refused(q, response)
	}
	if into == nil {
		return nil
	}
	return decode(q, response, into)
}

var errNotJSON = errors.New("the answer is a page and not JSON")

func decode(q question, response *http.Response, into any) error {
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return &plugins.Error{Op: q.op, Kind: puzzled(q.effect), Err: errNotJSON, Public: sayPage}
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return &plugins.Error{Op: q.op, Kind: lost(q.effect), Err: fmt.Errorf("reading the answer: %w", err), Public: sayBroken}
	}
	return nil
}

// puzzled is what a login page instead of an answer means. Whether a page hides that something was made, nobody knows.
func puzzled(effect vendorhttp.Effect) plugins.Kind {
	if effect == creates {
		return plugins.Unknown
	}
	return plugins.Auth
}

func lost(effect vendorhttp.Effect) plugins.Kind {
	if effect == creates {
		return plugins.Unknown
	}
	return plugins.Transient
}

// maxComplaint bounds, in bytes, what is read of a refusal.
const maxComplaint = 64 << 10

// complaint is how Jira says what is wrong.
type complaint struct {
	Messages []string          `json:"errorMessages"`
	Errors   map[string]string `json:"errors"`
}

func readComplaint(body io.Reader) complaint {
	var c complaint
	raw, err := io.ReadAll(io.LimitReader(body, maxComplaint))
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return complaint{}
	}
	return c
}
