package servicenowsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a stand-in that listens.
type world struct {
	t     *testing.T
	sim   *servicenowsim.Sim
	url   string
	http  *http.Client
	clock *clock.Shifted
	token string
}

func newWorld(t *testing.T, changes ...func(*servicenowsim.Config, *standin.Options)) *world {
	t.Helper()
	w := &world{t: t, clock: &clock.Shifted{}}
	cfg, opts := servicenowsim.Demo(), standin.Options{Clock: w.clock.Now, Seed: 7}
	for _, change := range changes {
		change(&cfg, &opts)
	}
	sim, err := servicenowsim.New(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/servicenow", sim))
	transport := &http.Transport{}
	t.Cleanup(func() {
		_ = sim.Close()
		transport.CloseIdleConnections()
		server.Close()
	})
	w.sim, w.url = sim, server.URL+"/servicenow"
	w.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return w
}

// answered is an HTTP answer, read to its end.
type answered struct {
	status int
	header http.Header
	body   string
}

// field reads something out of a JSON answer by its path.
func (a answered) field(t *testing.T, path ...any) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(a.body), &value); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	for _, step := range path {
		switch at := step.(type) {
		case int:
			list, _ := value.([]any)
			if at >= len(list) {
				return nil
			}
			value = list[at]
		case string:
			object, _ := value.(map[string]any)
			value = object[at]
		}
	}
	return value
}

func (w *world) raw(method, path, body string, headers ...string) answered {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := w.http.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answered{status: response.StatusCode, header: response.Header, body: string(text)}
}

// call calls the API as the integration user.
func (w *world) call(method, path, body string) answered {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.SetBasicAuth(servicenowsim.DemoAccount, servicenowsim.DemoPassword)
	authorization := request.Header.Get("Authorization")
	if w.token != "" {
		authorization = "Bearer " + w.token
	}
	return w.raw(method, "/api/now"+path, body, "Authorization", authorization, "Accept", "application/json", "Content-Type", "application/json")
}

func (w *world) want(got answered, status int, part string) {
	w.t.Helper()
	if got.status != status || !strings.Contains(got.body, part) {
		w.t.Errorf("answered %d %s, want %d with %q", got.status, got.body, status, part)
	}
}

// record opens a record that asks for approval, and returns its sys_id and number.
func (w *world) record() (id, number string) {
	w.t.Helper()
	got := w.call(http.MethodPost, "/v2/table/incident", `{"short_description":"Alice asks","description":"please\n<b>","correlation_id":"key-1",
		"approval":"requested","assignment_group":"`+servicenowsim.DemoGroup+`","caller_id":"`+servicenowsim.DemoAlice+`","unheard_of":"x"}`)
	w.want(got, http.StatusCreated, "sys_id")
	id, _ = got.field(w.t, "result", "sys_id").(string)
	number, _ = got.field(w.t, "result", "number").(string)
	return id, number
}
