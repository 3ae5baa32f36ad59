package standin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/plugins/standin"
)

type asked struct {
	Name string `json:"name"`
}

func call(t *testing.T, handler http.Handler, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestDrive(t *testing.T) {
	handler := standin.Drive(func(_ context.Context, a asked) (map[string]string, error) {
		switch a.Name {
		case "refused":
			return nil, standin.Refuse("nobody is called %q", a.Name)
		case "broken":
			return nil, errors.New("a secret cause")
		default:
			return map[string]string{"hello": a.Name}, nil
		}
	})
	for body, want := range map[string]struct {
		status int
		said   string
	}{
		`{"name":"ivan"}`:    {http.StatusOK, `{"hello":"ivan"}`},
		`{"name":"refused"}`: {http.StatusConflict, `nobody is called`},
		`{"name":"broken"}`:  {http.StatusInternalServerError, "this could not be done"},
		`{"nome":"ivan"}`:    {http.StatusBadRequest, "must be JSON"},
		"":                   {http.StatusBadRequest, "must be JSON"},
	} {
		w := call(t, handler, http.MethodPost, "/", body)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.said) || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

func TestFollowingAlong(t *testing.T) {
	open, stop := context.WithCancel(t.Context())
	changes, mux := standin.NewChanges(), http.NewServeMux()
	changes.Serve(open, mux)
	changes.Touch()
	for target, want := range map[string]string{"/sandbox/version": "1", "/sandbox/wait?version=0": "1"} {
		if w := call(t, mux, http.MethodGet, target, ""); w.Body.String() != want {
			t.Errorf("%s: %s", target, w.Body)
		}
	}
	if w := call(t, mux, http.MethodGet, "/sandbox/wait?version=x", ""); w.Code != http.StatusBadRequest {
		t.Errorf("a version that is none: %d", w.Code)
	}
	stop()
	if w := call(t, mux, http.MethodGet, "/sandbox/wait?version=1", ""); w.Body.String() != "1" {
		t.Errorf("after the end: %s", w.Body)
	}
}

func TestForms(t *testing.T) {
	var got map[string]string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if standin.ParseForm(w, r) {
			got = standin.Inputs(r)
		}
	})
	call(t, handler, http.MethodPost, "/", "as=ivan&input:reason=one%0D%0Atwo")
	if diff := cmp.Diff(map[string]string{"reason": "one\ntwo"}, got); diff != "" {
		t.Error(diff)
	}
	if w := call(t, handler, http.MethodPost, "/", "%zz"); w.Code != http.StatusBadRequest {
		t.Errorf("a broken form: %d", w.Code)
	}
}

func TestDeliveries(t *testing.T) {
	var log standin.Deliveries[int]
	log.Remember([]byte("payload"))
	for range 201 {
		log.Add(func(id int) int { return id * 10 })
	}
	all := log.All()
	if len(all) != 200 || all[0] != 20 || all[199] != 2010 || string(log.Last()) != "payload" {
		t.Errorf("%d kept, from %d; the last payload is %q", len(all), all[0], log.Last())
	}
	if _, known := log.Find(1); known {
		t.Error("the oldest result is still known")
	}
	tell := func(result int) *standin.Notice {
		if result == 20 {
			return &standin.Notice{Text: "Done."}
		}
		return nil
	}
	for query, want := range map[string]*standin.Notice{
		"gone=1":   {Text: "That button is not there any more, or not for this person.", Bad: true},
		"result=2": {Text: "Done."}, "result=1": nil, "result=3": nil, "result=x": nil, "": nil,
	} {
		q, err := url.ParseQuery(query)
		if diff := cmp.Diff(want, log.Notice(q, tell)); err != nil || diff != "" {
			t.Errorf("%s: %v %s", query, err, diff)
		}
	}
}

func TestShowResult(t *testing.T) {
	for want, c := range map[string]struct {
		id  int
		err error
	}{
		"../?as=ivan&result=7": {id: 7}, "../?as=ivan": {}, "../?as=ivan&gone=1": {err: standin.Refuse("no")}, "": {err: errors.New("broken")},
	} {
		w := call(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if standin.ParseForm(w, r) {
				standin.ShowResult(w, r, c.id, c.err)
			}
		}), http.MethodPost, "/page/click", "back=%3Fas%3Divan")
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("leads to %q, want %q", got, want)
		}
	}
}

func TestTally(t *testing.T) {
	tally := standin.NewTally()
	for _, key := range []string{"b", "a", "a", ""} {
		tally.Posted(key)
	}
	tally.Updated()
	tally.Removed("a")
	tally.Removed("unknown")
	tally.Call("post", "")
	tally.Call("post", "429")
	want := standin.Stats{
		Accepted: 4, Updated: 1, DistinctKeys: 2, Duplicated: []string{"a"},
		Keys:    map[string]standin.KeyCount{"a": {Accepted: 2, Live: 1}, "b": {Accepted: 1, Live: 1}},
		Methods: map[string]standin.MethodCount{"post": {Calls: 2, Errors: map[string]int{"429": 1}}},
	}
	if diff := cmp.Diff(want, tally.Stats()); diff != "" {
		t.Errorf("counts differ (-want +got):\n%s", diff)
	}
	w := call(t, http.HandlerFunc(tally.ServeStats), http.MethodGet, "/sandbox/stats?keys=false", "")
	if strings.Contains(w.Body.String(), `"keys"`) || !strings.Contains(w.Body.String(), `"duplicated":["a"]`) {
		t.Errorf("shown as %s", w.Body)
	}
}

func TestCalls(t *testing.T) {
	var calls standin.Calls
	for operation, handler := range map[string]http.HandlerFunc{
		"list": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) },
		"read": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) },
		"drop": func(http.ResponseWriter, *http.Request) {},
	} {
		call(t, calls.Counting(operation, handler), http.MethodGet, "/", "")
	}
	want := map[string]map[int]int{"list": {http.StatusTeapot: 1}, "read": {http.StatusOK: 1}, "drop": {0: 1}}
	if diff := cmp.Diff(want, calls.All()); diff != "" {
		t.Errorf("calls differ (-want +got):\n%s", diff)
	}
}
