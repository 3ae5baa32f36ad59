package slacksim

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxBody is generous: 50 full blocks, form-encoded, stay far below it.
const maxBody = 2 << 20

// arguments of a Web API call. Slack takes a form with JSON inside some fields, or a JSON object; both end up here as
// text, with objects and lists kept as their JSON.
type arguments map[string]string

func readArguments(r *http.Request) (arguments, *apiError) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, fail("request_timeout")
	}
	if len(body) > maxBody {
		return nil, fail("invalid_post_type")
	}
	args, problem := parseArguments(r.Header.Get("Content-Type"), body)
	if problem != nil {
		return nil, problem
	}
	args.addMissing(r.URL.Query())
	return args, nil
}

func parseArguments(contentType string, body []byte) (arguments, *apiError) {
	if len(bytes.TrimSpace(body)) == 0 {
		return arguments{}, nil
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, fail("invalid_post_type")
	}
	if set := params["charset"]; set != "" && !strings.EqualFold(set, "utf-8") {
		return nil, fail("invalid_charset")
	}
	switch kind {
	case "application/json":
		return parseJSONArguments(body)
	case "application/x-www-form-urlencoded":
		return parseFormArguments(body)
	default:
		return nil, fail("invalid_post_type")
	}
}

func parseFormArguments(body []byte) (arguments, *apiError) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fail("invalid_form_data")
	}
	args := arguments{}
	args.addMissing(form)
	return args, nil
}

func parseJSONArguments(body []byte) (arguments, *apiError) {
	if !json.Valid(body) {
		return nil, fail("invalid_json")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return nil, fail("json_not_object")
	}
	args := make(arguments, len(fields))
	for name, raw := range fields {
		if text, given := jsonArgument(raw); given {
			args[name] = text
		}
	}
	return args, nil
}

func jsonArgument(raw json.RawMessage) (text string, given bool) {
	if string(raw) == "null" {
		return "", false
	}
	if json.Unmarshal(raw, &text) == nil {
		return text, true
	}
	return string(raw), true
}

func (a arguments) addMissing(form url.Values) {
	for name, values := range form {
		if _, there := a[name]; !there && len(values) > 0 {
			a[name] = values[0]
		}
	}
}

func (a arguments) has(name string) bool {
	_, there := a[name]
	return there
}

func (a arguments) flag(name string) bool {
	switch strings.ToLower(a[name]) {
	case "1", "true", "t", "yes":
		return true
	default:
		return false
	}
}

// limit is the page size asked for, between 1 and most.
func (a arguments) limit(usual, most int) int {
	n, err := strconv.Atoi(a["limit"])
	if err != nil || n <= 0 {
		return usual
	}
	return min(n, most)
}
