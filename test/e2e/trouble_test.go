package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/test/stack"
)

// fails runs acceded, which must end with an error, and returns what it says.
func fails(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(within(t), filepath.Join(binaries, "acceded"), args...) //nolint:gosec // our own binary
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("acceded %v: error %v, output %s", args, err, output)
	}
	return string(output)
}

func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not mention %q", text, part)
		}
	}
	if strings.Contains(text, "goroutine ") || strings.Contains(text, "panic") {
		t.Errorf("a stack instead of a sentence: %s", text)
	}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil { //nolint:gosec // a test's own directory
		t.Fatal(err)
	}
	return path
}

// A core that cannot start says why and what to do, and leaves the data alone.
func TestCoreThatCannotStart(t *testing.T) {
	s := lay(t, stack.Options{})
	if err := s.StartCore(t.Context()); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(s.Dir, "acceded.yaml")
	other := func(name, text string) string { return write(t, filepath.Join(t.TempDir(), name), text) }

	says(t, fails(t, "start", "--config", config), filepath.Join(s.Dir, "data"), "in use")
	says(t, fails(t, "start", "--config", other("c.yaml", "data_dir: x\nhttp:\n  lisen: 127.0.0.1:1\n")), "c.yaml:3", "lisen")
	says(t, fails(t, "start", "--config", other("c.yaml", "data_dir: [\n")), "c.yaml:")
	says(t, fails(t, "check", "--config", other("c.yaml", "http: {listen: nowhere}\nsession_ttl: -1h\n")), "http.listen", "session_ttl")
	file := other("file", "not a directory")
	says(t, fails(t, "start", "--config", other("c.yaml", "data_dir: "+file+"\n")), file)
	broken := filepath.Join(t.TempDir(), "accede.db")
	write(t, broken, "this is no database, only a text that is long enough to be read as one, more or less")
	says(t, fails(t, "start", "--config", other("c.yaml", "data_dir: "+filepath.Dir(broken)+"\n")), "accede.db")
	listen := strings.TrimPrefix(s.CoreURL, "http://")
	taken := "data_dir: " + t.TempDir() + "\nhttp: {listen: '" + listen + "'}\nbroker: {listen: '127.0.0.1:0'}\n"
	says(t, fails(t, "start", "--config", other("c.yaml", taken)), listen, "in use")
	taken = "data_dir: " + t.TempDir() + "\nhttp: {listen: '127.0.0.1:0'}\nbroker: {listen: '" + s.BrokerAddress + "'}\n"
	says(t, fails(t, "start", "--config", other("c.yaml", taken)), s.BrokerAddress, "in use")

	if _, err := s.Admin(t.Context(), "get", "role", "dba", "-o", "yaml"); err != nil {
		t.Errorf("the running core was harmed: %v", err)
	}
}

// A plugin whose broker is not there yet waits for it; one whose credential is refused says so.
func TestPluginAndBroker(t *testing.T) {
	s := up(t, stack.Options{PluginSettings: quick})
	s.Slack()[0].Kill()
	s.Core.Kill()
	if err := s.Slack()[0].Launch(); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, patient, "the plugin to say that it waits", func() bool {
		return strings.Contains(s.Slack()[0].Tail(), s.BrokerAddress)
	})
	if !s.Slack()[0].Running() {
		t.Fatalf("the plugin gave up: %s", s.Slack()[0].Tail())
	}
	if err := s.Core.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Slack()[0].Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, s, "after the wait")
	card(t, s, "after the wait")

	s.Slack()[0].Kill()
	if _, err := s.Admin(t.Context(), "admin", "plugin", "remove", "slack", "--yes"); err != nil {
		t.Fatal(err)
	}
	if err := s.Slack()[0].Launch(); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, patient, "the plugin to say that it is not let in", func() bool {
		return strings.Contains(s.Slack()[0].Tail(), "accede admin plugin add")
	})
}

// Deliveries that cannot succeed are parked where an operator sees them, and go out once the cause is mended.
func TestParkedDeliveries(t *testing.T) {
	s := up(t, stack.Options{PluginSettings: quick})
	sim := s.SlackSim()
	s.Slack()[0].Kill()
	config := filepath.Join(s.Dir, "slack-1.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, strings.Replace(string(text), "#access-requests", "#ops", 1)) // the bot is no member of it
	if err := s.Slack()[0].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, s, "nobody will see this")
	eventually.True(t, patient, "the delivery to fail visibly", func() bool {
		output, err := s.Admin(t.Context(), "admin", "plugin", "status", "slack")
		return err == nil && (strings.Contains(output, "#ops") || strings.Contains(output, "retry"))
	})
	write(t, config, string(text))
	s.Slack()[0].Kill()
	if err := s.Slack()[0].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Await(within(t), channel, "the card after mending", func(m stack.Message) bool {
		return m.Shows("nobody will see this")
	}); err != nil {
		t.Error(err)
	}
}

// One destination that is rate limited does not hold up the others.
func TestRateLimits(t *testing.T) {
	s := up(t, stack.Options{PluginSettings: quick})
	if err := s.SlackSim().Faults(t.Context(), map[string]any{"rate_limit": 0.5, "retry_after": 1}); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		ask(t, s, mark(i))
	}
	if err := s.SlackSim().Faults(t.Context(), map[string]any{}); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		card(t, s, mark(i))
		assertOneCard(t, s, mark(i))
	}
}
