package httpx_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/accede/accede/internal/httpx"
)

type order struct {
	Roles []string `json:"roles"`
	Count int      `json:"count"`
}

func post(contentType, body string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

func TestDecodeJSON(t *testing.T) {
	const kind = "application/json; charset=utf-8"
	tests := []struct {
		name, kind, body string
		status           int
		want             string
	}{
		{"good", kind, `{"roles":["dba"],"count":1}` + "\n", 0, ""},
		{"wrong kind", "text/plain", `{}`, 415, "application/json"},
		{"no kind", "", `{}`, 415, "application/json"},
		{"empty", kind, ``, 400, "ends before"},
		{"cut", kind, `{"roles":`, 400, "ends before"},
		{"broken", kind, `{"roles";`, 400, "error at byte 9"},
		{"unknown field", kind, `{"rolls":[]}`, 422, `unknown field "rolls"`},
		{"wrong type", kind, `{"count":"x"}`, 422, `field "count" cannot be a string`},
		{"more behind", kind, `{} {}`, 400, "behind"},
		{"too large", kind, `{"roles":["` + strings.Repeat("x", 200) + `"]}`, 413, "larger than 100 bytes"},
		{"too large behind", kind, `{}` + strings.Repeat(" ", 200), 413, "larger than 100 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got order
			err := httpx.DecodeJSON(post(tt.kind, tt.body), &got, 100)
			if tt.status == 0 {
				if err != nil || got.Count != 1 {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			refusal, ok := errors.AsType[*httpx.Error](err)
			if !ok || refusal.Status != tt.status || !strings.Contains(refusal.Message, tt.want) {
				t.Errorf("error %+v, want %d %q", err, tt.status, tt.want)
			}
		})
	}
}

func TestWriteJSON(t *testing.T) {
	answer := httptest.NewRecorder()
	httpx.WriteJSON(answer, http.StatusCreated, order{Count: 2})
	if answer.Code != http.StatusCreated || answer.Body.String() != `{"roles":null,"count":2}`+"\n" {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	answer = httptest.NewRecorder()
	httpx.WriteJSON(answer, http.StatusOK, func() {})
	if answer.Code != http.StatusInternalServerError {
		t.Errorf("a value that cannot be encoded answers %d", answer.Code)
	}
}

func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `{"roles":["a"]}`, `[`, `{"x":1}`, `{"count":1e999}`, "null", `{}{}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		err := httpx.DecodeJSON(post("application/json", body), &order{}, 1000)
		if _, ok := errors.AsType[*httpx.Error](err); err != nil && !ok {
			t.Errorf("%q: an error that is not for the sender: %v", body, err)
		}
	})
}
