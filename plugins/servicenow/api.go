package servicenow

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
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	// tablePath pins version 2: version 1 answers 404 for an empty list.
	tablePath = "/api/now/v2/table/"
	// pageSize and maxPages bound what one question reads.
	pageSize = 500
	maxPages = 40
	// maxComplaint bounds, in bytes, what is read of a refusal.
	maxComplaint = 64 << 10
)

// api is the part of ServiceNow's REST interface that the plugin uses.
type api struct {
	http *http.Client
	keys *keyring
	base string
}

func newAPI(c *Config, client *http.Client, now func() time.Time) *api {
	waits := vendorhttp.Patient(client, vendorhttp.Patience{
		Creates: func(r *http.Request) bool { return r.Method == http.MethodPost },
		Reads:   func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, tokenPath) },
		Asked:   asked, PerSecond: c.RequestsPerSecond, Burst: 10,
	})
	return &api{http: waits, keys: &keyring{config: c, http: waits, now: now}, base: c.base()}
}

// call is one call.
type call struct {
	op     string
	effect vendorhttp.Effect
	method string
	path   string
	query  []string
	body   map[string]string
}

// do sends a call and reads its answer into out. It returns the answer's header.
func (a *api) do(ctx context.Context, c call, out any) (http.Header, error) {
	response, err := a.send(ctx, c)
	if err != nil {
		return nil, unreached(c.op, c.effect, err)
	}
	if response.StatusCode == http.StatusUnauthorized && a.keys.oauth() {
		a.keys.forget(response.Request)
		if c.effect == repeatable {
			response.Body.Close()
			if response, err = a.send(ctx, c); err != nil {
				return nil, unreached(c.op, c.effect, err)
			}
		}
	}
	defer response.Body.Close()
	return response.Header, read(c, response, out)
}

func (a *api) send(ctx context.Context, c call) (*http.Response, error) {
	address := a.base + c.path
	if len(c.query) > 0 {
		address += "?" + strings.Join(c.query, "&")
	}
	body, err := encoded(c.body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, c.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("preparing call: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	if c.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if err := a.keys.sign(request); err != nil {
		return nil, err
	}
	response, err := a.http.Do(request)
	if err == nil {
		response.Request = request
	}
	return response, err
}

func encoded(body map[string]string) (io.Reader, error) {
	if body == nil {
		return http.NoBody, nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encoding call: %w", err)
	}
	return bytes.NewReader(data), nil
}

func read(c call, response *http.Response, out any) error {
	if response.StatusCode >= http.StatusMultipleChoices {
		return refused(c.op, c.effect, response, readComplaint(response.Body))
	}
	if kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return unreadable(c.op, c.effect, errNoJSON)
	}
	envelope := struct {
		Result any `json:"result"`
	}{out}
	if err := json.NewDecoder(response.Body).Decode(&envelope); err != nil {
		return unreadable(c.op, c.effect, fmt.Errorf("reading answer: %w", err))
	}
	return nil
}

// readComplaint reads what it can of a refusal's body.
func readComplaint(body io.Reader) complaint {
	var envelope struct {
		Error complaint `json:"error"`
	}
	data, err := io.ReadAll(io.LimitReader(body, maxComplaint))
	if err != nil || json.Unmarshal(data, &envelope) != nil {
		return complaint{}
	}
	return envelope.Error
}

// question is a query of one table. Its clauses must be made by [is], [in] and their like.
type question struct {
	op      string
	table   string
	clauses []string
	fields  []string
	// limit bounds the answer; 0 reads all pages.
	limit int
	// display asks for display values.
	display bool
}

func (q question) parameters(limit, offset int) []string {
	query := strings.Join(q.clauses, "^")
	parameters := []string{
		// Commas stay as they are: a list of ids would not fit into an address otherwise.
		"sysparm_query=" + strings.ReplaceAll(url.QueryEscape(query), "%2C", ","),
		"sysparm_fields=" + strings.Join(q.fields, ","),
		"sysparm_limit=" + strconv.Itoa(limit),
		"sysparm_exclude_reference_link=true",
		"sysparm_display_value=" + strconv.FormatBool(q.display),
	}
	if offset > 0 {
		parameters = append(parameters, "sysparm_offset="+strconv.Itoa(offset))
	}
	return parameters
}

// ask returns the rows of a table that ServiceNow finds fitting. It may have left clauses out: the caller compares. The
// time is the instance's own, from before the rows were read if they came in several pages.
func (a *api) ask(ctx context.Context, q question) (rows []row, asOf time.Time, err error) {
	size := pageSize
	if q.limit > 0 {
		size = q.limit
	}
	for page, offset := 0, 0; page < maxPages; page++ {
		var found []row
		header, err := a.do(ctx, call{
			op: q.op, effect: repeatable, method: http.MethodGet, path: tablePath + q.table, query: q.parameters(size, offset),
		}, &found)
		if err != nil {
			return nil, time.Time{}, err
		}
		if page == 0 {
			asOf, _ = http.ParseTime(header.Get("Date")) // without a date the whole time is asked for again
		}
		rows = append(rows, found...)
		// Access rules leave rows out after the limit was applied: a short page need not be the last.
		next := nextOffset(header)
		if q.limit > 0 || next <= offset {
			return rows, asOf, nil
		}
		offset = next
	}
	return nil, time.Time{}, &plugins.Error{
		Op: q.op, Kind: plugins.Transient, Err: fmt.Errorf("more than %d rows", maxPages*pageSize),
		Public: "ServiceNow finds far more rows in " + q.table + " than there can be; look whether correlation_id and " +
			"document_id can be queried by the integration user.",
	}
}

// nextPage finds the next page among the links of an answer. The address is not followed: only its offset is taken.
var nextPage = regexp.MustCompile(`<[^<>]*[?&]sysparm_offset=([0-9]{1,9})[^<>]*>;\s*rel="next"`)

// nextOffset is where the next page begins, 0 if there is none. The instance may put fewer rows on a page than it was
// asked for.
func nextOffset(header http.Header) int {
	found := nextPage.FindStringSubmatch(strings.Join(header.Values("Link"), ","))
	if found == nil {
		return 0
	}
	offset, err := strconv.Atoi(found[1])
	if err != nil {
		return 0
	}
	return offset
}

// get reads one row by its id; found is false if there is none.
func (a *api) get(ctx context.Context, op, table, id string, fields ...string) (r row, found bool, err error) {
	q := question{fields: append([]string{"sys_id"}, fields...)}
	_, err = a.do(ctx, call{
		op: op, effect: repeatable, method: http.MethodGet, path: tablePath + table + "/" + id, query: q.parameters(1, 0)[1:],
	}, &r)
	if plugins.KindOf(err) == plugins.NotFound && err != nil {
		return nil, false, nil
	}
	return r, err == nil && r.id() == id, err
}

// insert makes a row and returns what ServiceNow kept of it.
func (a *api) insert(ctx context.Context, op, table string, values map[string]string, fields ...string) (row, error) {
	var made row
	_, err := a.do(ctx, call{
		op: op, effect: creates, method: http.MethodPost, path: tablePath + table, body: values,
		query: question{fields: append([]string{"sys_id"}, fields...)}.parameters(1, 0)[1:],
	}, &made)
	if err == nil && made.id() == "" {
		return nil, unreadable(op, creates, errors.New("the answer names no record"))
	}
	return made, err
}

// change sets fields of a row. Adding to a journal is a creation.
func (a *api) change(ctx context.Context, op string, effect vendorhttp.Effect, table, id string, values map[string]string) error {
	var changed row
	_, err := a.do(ctx, call{
		op: op, effect: effect, method: http.MethodPatch, path: tablePath + table + "/" + id, body: values,
		query: question{fields: []string{"sys_id"}}.parameters(1, 0)[1:],
	}, &changed)
	if typed, ok := errors.AsType[*plugins.Error](err); ok && typed.Kind == plugins.NotFound {
		typed.Kind = plugins.Gone
	}
	return err
}
