package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/accede/accede/core/web"
)

func get(t *testing.T, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	web.New().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
	return answer
}

func TestRequestPage(t *testing.T) {
	const id = "01946a00-0000-7000-8000-000000000001"
	answer := get(t, http.MethodGet, "/requests/"+id)
	if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), "accede request show "+id) {
		t.Errorf("answer %d: %s", answer.Code, answer.Body)
	}
	if policy := answer.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("content security policy %q", policy)
	}
	for path, method := range map[string]string{"/requests/%3Cscript%3E": http.MethodGet, "/requests/" + id: http.MethodPost} {
		if answer := get(t, method, path); answer.Code < 400 {
			t.Errorf("%s %s is answered %d", method, path, answer.Code)
		}
	}
}
