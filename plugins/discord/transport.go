package discord

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/accede/accede/plugins/vendorhttp"
)

// maxRefusal bounds what is read of a refusal, in bytes.
const maxRefusal = 64 << 10

// refusal is an answer of 400 or more, or what stands in for one that was not asked for again.
type refusal struct {
	status int
	// code and message are Discord's own; the code is 0 if there is none.
	code    int
	message string
	// where names the parts of the request that are wrong.
	where string
	wait  time.Duration
	// everywhere says that a rate limit holds for all requests.
	everywhere bool
	// own says that Discord itself refused, and not something in between.
	own bool
	// held says that the request was not sent.
	held bool
}

// Error says what Discord said. It never holds an address or a token.
func (r *refusal) Error() string {
	text := fmt.Sprintf("discord answered %d", r.status)
	if r.held && !r.own {
		return "not sent yet, to keep to discord's limits: " + r.message
	}
	if r.held {
		text = fmt.Sprintf("not sent, because discord answered %d lately", r.status)
	}
	if r.code != 0 {
		text += fmt.Sprintf(", code %d", r.code)
	}
	if r.message != "" {
		text += ": " + r.message
	}
	if r.where != "" {
		text += " (" + r.where + ")"
	}
	return text
}

// transport leads the requests of the client library, whose addresses are fixed, to the configured address. It keeps to
// Discord's limits and turns every refusal into an error, so that the client library has no say in what it means.
type transport struct {
	base   *url.URL
	next   http.RoundTripper
	limits *limits
	fixed  string
}

func newTransport(base *url.URL, next http.RoundTripper) *transport {
	fixed, err := url.Parse(strings.TrimSuffix(discordgo.EndpointAPI, "/"))
	if err != nil {
		fixed = &url.URL{}
	}
	return &transport{base: base, next: next, limits: newLimits(), fixed: fixed.Path}
}

// RoundTrip sends one request, once, unless Discord is known to refuse it.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	path := strings.TrimPrefix(request.URL.Path, t.fixed)
	route := routeOf(request.Method, path)
	if held := t.limits.admit(route); held != nil {
		if request.Body != nil {
			_ = request.Body.Close() // as a transport has to
		}
		return nil, held
	}
	led := request.Clone(request.Context())
	led.URL.Scheme, led.URL.Host, led.Host = t.base.Scheme, t.base.Host, t.base.Host
	led.URL.RawPath = t.base.EscapedPath() + strings.TrimPrefix(request.URL.EscapedPath(), t.fixed)
	led.URL.Path = t.base.Path + path
	response, err := t.next.RoundTrip(led)
	if err != nil {
		return nil, err
	}
	t.limits.note(route, response.Header)
	for name := range response.Header {
		if strings.HasPrefix(name, "X-Ratelimit-") {
			response.Header.Del(name) // the client library would act on them
		}
	}
	if response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	defer response.Body.Close()
	refused := readRefusal(response)
	t.limits.refused(route, refused)
	return nil, refused
}

// readRefusal understands what Discord says: https://discord.com/developers/docs/reference#error-messages.
func readRefusal(response *http.Response) *refusal {
	refused := &refusal{status: response.StatusCode}
	limited := refused.status == http.StatusTooManyRequests
	if limited {
		refused.wait = vendorhttp.RetryAfter(response.Header, time.Now())
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	var said struct {
		Code       int             `json:"code"`
		Message    string          `json:"message"`
		Errors     json.RawMessage `json:"errors"`
		RetryAfter float64         `json:"retry_after"`
		Global     bool            `json:"global"`
	}
	if err != nil || json.Unmarshal(body, &said) != nil || said.Message == "" {
		return refused
	}
	refused.own, refused.code, refused.message, refused.everywhere = true, said.Code, said.Message, said.Global
	refused.where = strings.Join(complaints("", said.Errors), "; ")
	if limited && said.RetryAfter > 0 {
		refused.wait = time.Duration(min(said.RetryAfter, time.Hour.Seconds()) * float64(time.Second))
	}
	return refused
}

// maxComplaints bounds how many parts of a request are named.
const maxComplaints = 4

// complaints flattens the tree in which Discord names what is wrong with a request.
func complaints(path string, raw json.RawMessage) []string {
	var tree map[string]json.RawMessage
	if json.Unmarshal(raw, &tree) != nil {
		return nil
	}
	var leaves []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	var out []string
	if json.Unmarshal(tree["_errors"], &leaves) == nil {
		for _, leaf := range leaves {
			out = append(out, strings.TrimPrefix(path, ".")+": "+leaf.Code+" "+leaf.Message)
		}
	}
	for _, name := range sortedKeys(tree) {
		if name != "_errors" && len(path) < maxRefusal/64 {
			out = append(out, complaints(path+"."+name, tree[name])...)
		}
	}
	return out[:min(len(out), maxComplaints)]
}
