package pagerdutysim

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/accede/accede/plugins/standin"
)

const maxBody = 1 << 20

// writeError answers as PagerDuty does when it refuses: https://developer.pagerduty.com/docs/errors.
func writeError(w http.ResponseWriter, status, code int, message string, details ...string) {
	body := map[string]any{"message": message, "code": code}
	if len(details) > 0 {
		body["errors"] = details
	}
	standin.WriteJSON(w, status, map[string]any{"error": body})
}

func invalid(w http.ResponseWriter, details ...string) {
	writeError(w, http.StatusBadRequest, 2001, "Invalid Input Provided", details...)
}

func notFound(w http.ResponseWriter) { writeError(w, http.StatusNotFound, 2100, "Not Found") }

func brokenPagerDuty(w http.ResponseWriter, _ *http.Request) {
	writeError(w, http.StatusInternalServerError, 2000, "Internal Error")
}

// rateLimited answers 429 with the seconds to wait in ratelimit-reset, or now and then with nothing at all.
func (s *Sim) rateLimited(w http.ResponseWriter, _ *http.Request, seconds int) {
	if s.cfg.BareLimits {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	w.Header().Set("Ratelimit-Limit", strconv.Itoa(generalPerMinute))
	w.Header().Set("Ratelimit-Remaining", "0")
	w.Header().Set("Ratelimit-Reset", strconv.Itoa(seconds))
	writeError(w, http.StatusTooManyRequests, 2020, "Rate Limit Exceeded")
}

// limited refuses what goes beyond PagerDuty's limits, if the switches ask for that.
func (s *Sim) limited(w http.ResponseWriter, r *http.Request, operation string) bool {
	if on, _ := s.faults.RealLimits(); !on {
		return false
	}
	wait := s.general.Take(r.Header.Get("Authorization"))
	if wait == 0 && operation == "create_incident" {
		wait = s.creates.Take(r.Header.Get("Authorization"))
	}
	if wait == 0 {
		return false
	}
	s.rateLimited(w, r, standin.WholeSeconds(wait))
	return true
}

// decode reads a JSON body, or answers as PagerDuty does when it cannot.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(into); err != nil {
		invalid(w, "Request body is not valid JSON")
		return false
	}
	return true
}
