package opsgenie

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	// pageSize is the largest page of both services: https://docs.opsgenie.com/docs/alert-api#list-alerts.
	pageSize = 100
	// maxPages bounds what one question reads; lists of alerts end at 20,000 in both services.
	maxPages = 200
	burst    = 20
)

// api is the part of the services that the plugin uses.
type api struct {
	http   *http.Client
	speaks dialect
}

func newAPI(c *Config, client *http.Client) *api {
	return &api{speaks: dialectOf(c), http: vendorhttp.Patient(client, vendorhttp.Patience{
		Creates: func(r *http.Request) bool { return r.Method == http.MethodPost },
		Asked:   asked, PerSecond: float64(c.CallsPerMinute) / 60, Burst: burst,
	})}
}

// call is one call. A path begins after the part that all of a service's paths share, or is an address of the site.
type call struct {
	op     string
	effect vendorhttp.Effect
	method string
	path   string
	query  url.Values
	body   any
}

func reading(op, path string, query url.Values) call {
	return call{op: op, effect: repeatable, method: http.MethodGet, path: path, query: query}
}

// do sends a call and returns the body of its answer.
func (a *api) do(ctx context.Context, c call) ([]byte, error) {
	request, err := a.request(ctx, c)
	if err != nil {
		return nil, err
	}
	response, err := a.http.Do(request)
	if err != nil {
		return nil, a.unreached(c, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case response.StatusCode >= http.StatusMultipleChoices:
		return nil, a.refused(c, response, body)
	case err != nil:
		return nil, a.unreadable(c, fmt.Errorf("reading answer: %w", err))
	case len(body) > 0 && !isJSON(response.Header):
		return nil, a.unreadable(c, errNoJSON)
	}
	return body, nil
}

var errNoJSON = errors.New("the answer is no JSON")

func isJSON(header http.Header) bool {
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

func (a *api) request(ctx context.Context, c call) (*http.Request, error) {
	var content io.Reader = http.NoBody
	if c.body != nil {
		encoded, err := json.Marshal(c.body)
		if err != nil {
			return nil, fmt.Errorf("encoding body: %w", err)
		}
		content = bytes.NewReader(encoded)
	}
	address := a.speaks.address(c.path)
	if len(c.query) > 0 {
		address += "?" + c.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, c.method, address, content)
	if err != nil {
		return nil, fmt.Errorf("making request: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	if c.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	a.speaks.sign(request)
	return request, nil
}

// fetch reads one object.
func fetch[T any](ctx context.Context, a *api, c call) (T, error) {
	var got T
	body, err := a.do(ctx, c)
	if err != nil {
		return got, err
	}
	if err := json.Unmarshal(a.speaks.unwrapped(body), &got); err != nil {
		return got, a.unreadable(c, err)
	}
	return got, nil
}

// page is a page of a list, in the forms of both services.
type page[T any] struct {
	Data   []T `json:"data"`
	Values []T `json:"values"`
	Teams  []T `json:"platformTeams"`
	Paging struct {
		Next string `json:"next"`
	} `json:"paging"`
	Links struct {
		Next string `json:"next"`
	} `json:"links"`
}

// pages reads a list page by page. The address of the next page is not followed: only where it begins is taken from it.
func pages[T any](ctx context.Context, a *api, c call, cursor string, take func([]T)) error {
	query := url.Values{a.speaks.sizeName(): {strconv.Itoa(pageSize)}}
	for name, values := range c.query {
		query[name] = values
	}
	c.query = query
	for range maxPages {
		var got page[T]
		body, err := a.do(ctx, c)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(body, &got); err != nil {
			return a.unreadable(c, err)
		}
		take(append(append(got.Data, got.Values...), got.Teams...))
		next := beginning(got.Paging.Next+got.Links.Next, cursor)
		if next == "" || next == query.Get(cursor) {
			return nil
		}
		query.Set(cursor, next)
	}
	return &plugins.Error{
		Op: c.op, Kind: plugins.Invalid, Err: fmt.Errorf("more than %d pages", maxPages),
		Public: a.speaks.title() + " holds more of it than can be read.",
	}
}

// beginning is where the page of an address begins, empty if there is none.
func beginning(address, cursor string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return parsed.Query().Get(cursor)
}
