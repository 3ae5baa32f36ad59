package host_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/internal/process"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/host/hosttest"
)

func command(t *testing.T, spec plugins.Spec, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = host.Run(t.Context(), spec, process.Env{Args: args, Stdout: &out, Stderr: &errs, Getenv: getenv})
	return code, out.String(), errs.String()
}

func TestCommands(t *testing.T) {
	for _, one := range []struct {
		args             []string
		code             int
		stdout, stderror string
	}{
		{nil, 2, "", "accede-demo start --config FILE"},
		{[]string{"help"}, 0, "connects Accede with Demo", ""},
		{[]string{"example"}, 0, "# an example\n", ""},
		{[]string{"version"}, 0, "accede-demo ", ""},
		{[]string{"stop"}, 2, "", `no command "stop"`},
		{[]string{"start", "--config", "nowhere.yaml"}, 1, "", "nowhere.yaml: no such file"},
		{[]string{"start", "--colour", "red"}, 2, "", "flag provided but not defined"},
		{[]string{"check", "more"}, 2, "", ""},
	} {
		code, stdout, stderr := command(t, demoSpec(), one.args...)
		if code != one.code || !strings.Contains(stdout, one.stdout) || !strings.Contains(stderr, one.stderror) {
			t.Errorf("%v: code %d\nstdout %s\nstderr %s", one.args, code, stdout, stderr)
		}
	}
}

func TestAPluginsOwnCommand(t *testing.T) {
	spec := demoSpec()
	var given []string
	var config any
	spec.Commands = []plugins.Command{{
		Name: "wave", Arguments: "[HAND]", About: "waves",
		Run: func(_ context.Context, c any, arguments []string, out io.Writer) error {
			given, config = arguments, c
			_, err := io.WriteString(out, "waved\n")
			return err
		},
	}}
	if _, stdout, _ := command(t, spec, "help"); !strings.Contains(stdout, "accede-demo wave --config FILE [HAND]  waves") {
		t.Errorf("help does not name it:\n%s", stdout)
	}
	code, stdout, stderr := command(t, spec, "wave", "--config", configured(t, "demo", "", ""), "left")
	if code != 0 || stdout != "waved\n" || len(given) != 1 || given[0] != "left" || config == nil {
		t.Errorf("code %d, given %v and %v\nstdout %s\nstderr %s", code, given, config, stdout, stderr)
	}
	if code, _, stderr := command(t, spec, "wave", "--config", "nowhere.yaml"); code != 1 {
		t.Errorf("without a configuration: code %d, %s", code, stderr)
	}
}

// configured writes a configuration and a credential of some plugin, and returns the configuration's path.
func configured(t *testing.T, plugin, change, to string) string {
	t.Helper()
	folder := t.TempDir()
	credential, _, err := broker.NewCredential(plugin, "nats://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	data, err := credential.Encode()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(demoConfig, "./demo.credential.json", filepath.Join(folder, "c.json"), 1)
	text = strings.Replace(text, `, address: "${BROKER}"`, "", 1)
	text = strings.Replace(text, change, to, 1)
	for name, body := range map[string][]byte{"c.json": data, "demo.yaml": []byte(text)} {
		if err := os.WriteFile(filepath.Join(folder, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "demo.yaml")
}

type checked struct {
	plugins.Notifier
	findings []plugins.Finding
	asked    *[]string
}

func (c checked) Check(_ context.Context, recipients []string) []plugins.Finding {
	*c.asked = recipients
	return c.findings
}

func checkSpec(asked *[]string, findings ...plugins.Finding) plugins.Spec {
	spec := demoSpec()
	spec.Open = func(context.Context, any, plugins.Deps) (plugins.Notifier, error) {
		return checked{Notifier: hosttest.NewVendor().Client(), findings: findings, asked: asked}, nil
	}
	return spec
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	var asked []string
	spec := checkSpec(&asked, plugins.Finding{What: "The bot is not in #ops.", Fix: "Invite it."}, plugins.Finding{What: "Slow.", Fix: "Wait.", Warning: true})
	code, stdout, stderr := command(t, spec, "check", "--config", configured(t, "demo", "", ""))
	for _, want := range []string{"WRONG  The bot is not in #ops.\n       Invite it.", "NOTE   Slow.", "start acceded"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in:\n%s", want, stdout)
		}
	}
	if code != 1 || !strings.Contains(stderr, "2 to mend") || strings.Join(asked, " ") != "#ops #access-requests" {
		t.Errorf("code %d, stderr %s, asked about %v", code, stderr, asked)
	}
}

func TestTheCredentialMustBeThePlugins(t *testing.T) {
	for _, name := range []string{"start", "check"} {
		code, _, stderr := command(t, demoSpec(), name, "--config", configured(t, "other", "", ""))
		if code != 1 || !strings.Contains(stderr, `credential of plugin "other", not of "demo"`) {
			t.Errorf("%s: code %d, %s", name, code, stderr)
		}
	}
}

func TestStartNamesAWrongAddress(t *testing.T) {
	var asked []string
	path := configured(t, "demo", "127.0.0.1:4199", "203.0.113.1:1")
	code, _, stderr := command(t, checkSpec(&asked), "start", "--config", path)
	if code != 1 || !strings.Contains(stderr, `listening on "203.0.113.1:1"`) {
		t.Errorf("code %d, %s", code, stderr)
	}
}

func TestStartWithoutABrokerWaitsAndStops(t *testing.T) {
	var asked []string
	spec := checkSpec(&asked)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var out, errs bytes.Buffer
	path := configured(t, "demo", "127.0.0.1:4199", "127.0.0.1:0")
	code := host.Run(ctx, spec, process.Env{
		Args: []string{"start", "--config", path}, Stdout: &out, Stderr: &errs, Getenv: getenv,
	})
	if code != 0 && !strings.Contains(errs.String(), "deadline exceeded") {
		t.Errorf("code %d, %s", code, errs.String())
	}
	if !strings.Contains(errs.String(), "plugin stopped") {
		t.Errorf("log: %s", errs.String())
	}
}

func TestHealthcheckNeedsAListener(t *testing.T) {
	code, _, stderr := command(t, demoSpec(), "healthcheck", "--config", configured(t, "demo", "127.0.0.1:4199", `""`))
	if code != 1 || !strings.Contains(stderr, "http.listen is not set") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

type receiving struct{ *hosttest.Client }

func (receiving) Handler(plugins.Decisions) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Path", "callback at "+r.URL.Path) })
}

func TestHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.open = func(c *hosttest.Client) plugins.Notifier { return receiving{c} }
		registry := prometheus.NewRegistry()
		r := w.start(func(o *host.Options, _ *replica) { o.Registry = registry })
		w.put(v1.EventCreated, request())
		handler := r.host.Handler(registry)
		for path, want := range map[string]string{
			"/livez": "live", "/readyz": `"core":"ok"`, "/callback": "callback at ", "/callback/slack": "callback at /slack",
			"/metrics": `accede_plugin_posted_total{plugin="fake"} 2`,
		} {
			if code, body := get(t.Context(), handler, path); code != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%s: %d %s", path, code, body)
			}
		}
		r.conn.Cut(true)
		pass(30 * time.Second)
		if code, body := get(t.Context(), handler, "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "acceded") {
			t.Errorf("without a core: %d %s", code, body)
		}
	})
}

func get(ctx context.Context, handler http.Handler, path string) (int, string) {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody))
	return answer.Code, answer.Header().Get("X-Path") + answer.Body.String()
}
