package opsgeniesim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// object is a JSON object as the vendor sends it.
type object = map[string]any

const maxBody = 1 << 20

// requestID makes the id that Opsgenie gives every answer.
func (s *Sim) requestID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newID()
}

// answerOpsgenie answers as Opsgenie does, with an envelope: https://docs.opsgenie.com/docs/response.
func (s *Sim) answerOpsgenie(w http.ResponseWriter, body object) {
	w.Header().Set("X-Ratelimit-State", "OK")
	body["took"], body["requestId"] = 0.012, s.requestID()
	standin.WriteJSON(w, http.StatusOK, body)
}

func (s *Sim) refuseOpsgenie(w http.ResponseWriter, status, code int, message string) {
	body := object{"message": message, "took": 0.001, "requestId": s.requestID()}
	if code > 0 {
		body["code"] = code
	}
	standin.WriteJSON(w, status, body)
}

func (s *Sim) brokenOpsgenie(w http.ResponseWriter, _ *http.Request) {
	s.refuseOpsgenie(w, http.StatusInternalServerError, 0, "Internal Server Error")
}

// limitedOpsgenie answers 429. Opsgenie says over which period it counts, and sends no Retry-After.
func (s *Sim) limitedOpsgenie(w http.ResponseWriter, _ *http.Request, seconds int) {
	w.Header().Set("X-Ratelimit-State", "THROTTLED")
	w.Header().Set("X-Ratelimit-Reason", "ACCOUNT")
	w.Header().Set("X-Ratelimit-Period-In-Sec", strconv.Itoa(seconds))
	s.refuseOpsgenie(w, http.StatusTooManyRequests, 42900, "You are making too many requests!")
}

func refuseOperations(w http.ResponseWriter, status int, message string) {
	standin.WriteJSON(w, status, object{"code": status, "message": message})
}

// invalidOperations answers as Operations does when it validates.
func invalidOperations(w http.ResponseWriter, title string) {
	standin.WriteJSON(w, http.StatusUnprocessableEntity, object{"errors": []object{{"title": title, "code": "VALIDATION"}}})
}

func brokenOperations(w http.ResponseWriter, _ *http.Request) {
	refuseOperations(w, http.StatusInternalServerError, "Internal Server Error")
}

func limitedOperations(w http.ResponseWriter, _ *http.Request, seconds int) {
	standin.SetRetryAfter(w, seconds)
	refuseOperations(w, http.StatusTooManyRequests, "Rate limit exceeded")
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// decode reads a JSON body; an empty one is an empty object.
func decode(r *http.Request, into any) bool {
	if r.ContentLength == 0 {
		return true
	}
	return json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody)).Decode(into) == nil
}

const standardPage = 20

func (s *Sim) pageSize(q url.Values, name string) int {
	largest := 100
	if s.cfg.Page > 0 {
		largest = s.cfg.Page
	}
	return min(max(number(q, name, standardPage), 1), largest)
}

func number(q url.Values, name string, otherwise int) int {
	n, err := strconv.Atoi(q.Get(name))
	if err != nil {
		return otherwise
	}
	return n
}

// part is the part of a list that was asked for by number, and where the next one begins.
func part(all []object, offset, size int) (page []object, next int) {
	from := min(max(offset, 0), len(all))
	to := min(from+size, len(all))
	if to < len(all) {
		next = to
	}
	return append([]object{}, all[from:to]...), next
}

// after is the part of a list that follows the entry with a key.
func after(all []object, name, key string, size int) (page []object, next string) {
	from := 0
	for i, one := range all {
		if one[name] == key && key != "" {
			from = i + 1
		}
	}
	to := min(from+size, len(all))
	page = append([]object{}, all[from:to]...)
	if to < len(all) && len(page) > 0 {
		next, _ = page[len(page)-1][name].(string)
	}
	return page, next
}

// with is the address of a request with another value of one parameter.
func with(base string, q url.Values, name, value string) string {
	if value == "" {
		return ""
	}
	changed := url.Values{}
	for key, values := range q {
		changed[key] = values
	}
	changed.Set(name, value)
	return base + "?" + changed.Encode()
}
