package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	// pageSize and farthest are the limits of paging: https://developer.pagerduty.com/docs/pagination.
	pageSize = 100
	farthest = 10_000
)

// api is the part of PagerDuty that the plugin uses, in terms of the plugin.
type api struct {
	client *pd.Client
	base   string
	from   string
	wire   *wire
}

func newAPI(c *Config, client *http.Client, now func() time.Time) *api {
	patient := newPatient(client, c.CallsPerMinute)
	w := &wire{http: patient, key: c.APIKey}
	if c.scoped() {
		w.tokens = &tokens{http: patient, config: c, now: now}
	}
	// The library wants a key; the wire puts the real credential in its place.
	library := pd.NewClient("", pd.WithAPIEndpoint(c.api()))
	library.HTTPClient = w
	return &api{client: library, base: c.api(), from: c.From, wire: w}
}

// call runs one call of the library and describes its failure.
func call[T any](ctx context.Context, op string, effect vendorhttp.Effect, do func(context.Context) (T, error)) (T, error) {
	ctx, seen := withOutcome(ctx)
	got, err := do(ctx)
	return got, failure(op, effect, seen, err)
}

// raw sends what the library has no function for.
func (a *api) raw(ctx context.Context, method, path string, query url.Values, body, into any) error {
	request, err := a.request(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	response, err := a.client.Do(request, true)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading answer: %w", err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return errorIn(response.StatusCode, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

func (a *api) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Request, error) {
	var content io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encoding body: %w", err)
		}
		content = bytes.NewReader(encoded)
	}
	address := a.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, fmt.Errorf("making request: %w", err)
	}
	if method != http.MethodGet {
		request.Header.Set("From", a.from)
	}
	return request, nil
}

// errorIn reads PagerDuty's error as the library does. Errors that the newer parts of the API send as an object are
// flattened.
func errorIn(status int, body []byte) error {
	var document struct {
		Error struct {
			Code    int             `json:"code"`
			Message string          `json:"message"`
			Errors  json.RawMessage `json:"errors"`
		} `json:"error"`
	}
	out := pd.APIError{StatusCode: status}
	if json.Unmarshal(body, &document) != nil || document.Error.Message == "" {
		return out
	}
	out.APIError = pd.NullAPIErrorObject{Valid: true, ErrorObject: pd.APIErrorObject{
		Code: document.Error.Code, Message: document.Error.Message,
	}}
	var texts []string
	switch {
	case json.Unmarshal(document.Error.Errors, &texts) == nil:
	case len(document.Error.Errors) > 0:
		texts = []string{string(document.Error.Errors)}
	}
	out.APIError.ErrorObject.Errors = texts
	return out
}

var errTooMany = errors.New("there are more results than PagerDuty lets anybody page through")

// paged reads a whole list. Each page is handed to take, which may end the reading.
func (a *api) paged(ctx context.Context, path string, query url.Values, take func(page json.RawMessage) (more bool, err error)) error {
	for offset := 0; offset+pageSize <= farthest; {
		query.Set("limit", strconv.Itoa(pageSize))
		query.Set("offset", strconv.Itoa(offset))
		var page json.RawMessage
		if err := a.raw(ctx, http.MethodGet, path, query, nil, &page); err != nil {
			return err
		}
		var paging struct {
			More  bool `json:"more"`
			Limit int  `json:"limit"`
		}
		if err := json.Unmarshal(page, &paging); err != nil {
			return err
		}
		if wanted, err := take(page); err != nil || !wanted || !paging.More {
			return err
		}
		if paging.Limit <= 0 {
			paging.Limit = pageSize // what was asked for
		}
		offset += paging.Limit
	}
	return errTooMany
}

// thing is the short form of one of PagerDuty's objects.
type thing struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
}

// named returns what is called by a name, or its id without one.
func (t thing) named() string {
	if t.Summary != "" {
		return t.Summary
	}
	return t.ID
}

func notFound(err error) bool { return plugins.KindOf(err) == plugins.NotFound }
