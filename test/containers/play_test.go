package containers

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/test/stack"
)

const patient = 30 * time.Second

// play runs the services of docker-compose.yml as processes: volumes are directories, names and ports are those of this
// machine, and everything else is as written there.
type play struct {
	compose compose
	dir     string
	// here replaces what means something in a container by what means the same here.
	here []string
	url  map[string]string
}

func newPlay(t *testing.T) *play {
	t.Helper()
	p := &play{compose: parse(t), dir: t.TempDir(), url: map[string]string{}}
	for _, port := range []string{"4180", "4222", "4190", "4191"} {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		address := listener.Addr().String()
		p.url[port] = "http://" + address
		for _, host := range []string{"0.0.0.0", "127.0.0.1", "core", "sandbox"} {
			p.here = append(p.here, host+":"+port, address)
		}
	}
	for name, secret := range p.compose.Secrets {
		p.here = append(p.here, "/run/secrets/"+name, filepath.Join(root(), secret.File))
	}
	return p
}

// local returns the text with everything replaced that a service's mounts and the network give it.
func (p *play) local(t *testing.T, s service, text string) string {
	t.Helper()
	replace := slices.Clone(p.here)
	for _, volume := range s.Volumes {
		parts := strings.Split(volume, ":")
		replace = append(replace, parts[1], p.mount(t, parts[0]))
	}
	return strings.NewReplacer(replace...).Replace(text)
}

// mount returns the directory of a volume, or a copy of a file that has its paths and addresses replaced as well.
func (p *play) mount(t *testing.T, source string) string {
	t.Helper()
	path := filepath.Join(p.dir, strings.ReplaceAll(source, "/", "_"))
	if _, declared := p.compose.Volumes[source]; declared {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if filepath.Ext(source) != ".yaml" {
		return filepath.Join(root(), source)
	}
	var owner service
	for _, s := range p.compose.Services {
		if slices.ContainsFunc(s.Volumes, func(v string) bool { return strings.HasPrefix(v, source+":") }) {
			owner.Volumes = slices.DeleteFunc(slices.Clone(s.Volumes), func(v string) bool { return strings.HasPrefix(v, "./") })
		}
	}
	if err := os.WriteFile(path, []byte(p.local(t, owner, read(t, source))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// process is a service's command line here, run by the binary that its image would hold.
func (p *play) process(ctx context.Context, t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	s := p.compose.Services[name]
	binary := binary(t, s.Build.Args["BINARY"]) //nolint:contextcheck // building it is the test's own business
	entrypoint := s.Entrypoint
	if len(entrypoint) == 0 {
		entrypoint = []string{"/accede"}
	}
	line := slices.Concat(entrypoint, s.Command, args)
	for i := range line {
		line[i] = p.local(t, s, line[i])
	}
	if line[0] == "/accede" {
		line[0] = binary
	}
	cmd := exec.CommandContext(ctx, line[0], line[1:]...) //nolint:gosec // the compose file's own command
	cmd.Env = append(os.Environ(), "ACCEDE_BINARY="+binary, "DEMO_DIR="+filepath.Join(root(), "configs", "demo"),
		"CORE_DATA="+p.mount(t, "core-data"), "HANDED_OUT="+p.mount(t, "handed-out"), "ACCEDE_CONFIG_DIR="+p.dir)
	for key, value := range s.Environment {
		cmd.Env = append(cmd.Env, key+"="+p.local(t, s, value))
	}
	return cmd
}

// up starts a service that keeps running, and waits until it is healthy.
func (p *play) up(t *testing.T, name, health string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := p.process(ctx, t, name)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s said:\n%s", name, output.String())
		}
	})
	eventually.NoError(t, patient, name+" to be healthy", func() error { return get(t.Context(), health) })
}

func get(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, response.Status)
	}
	return nil
}

// once runs a service that ends by itself.
func (p *play) once(t *testing.T, name string, args ...string) string {
	t.Helper()
	output, err := p.process(t.Context(), t, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
	return string(output)
}

// Everything that the compose file starts works together, and starting it again changes nothing.
func TestComposePlays(t *testing.T) {
	p := newPlay(t)
	p.up(t, "core", p.url["4180"]+"/readyz")
	p.up(t, "sandbox", p.url["4190"]+"/healthz")
	p.once(t, "setup")
	credential, err := os.ReadFile(filepath.Join(p.mount(t, "handed-out"), "slack.creds"))
	if err != nil {
		t.Fatal(err)
	}
	p.up(t, "slack", p.url["4191"]+"/readyz")
	slack := p.compose.Services["slack"]
	slack.Command = slack.Healthcheck.Test[2:]
	p.compose.Services["slack"] = slack
	p.once(t, "slack")

	p.once(t, "setup")
	again, err := os.ReadFile(filepath.Join(p.mount(t, "handed-out"), "slack.creds"))
	if err != nil || !bytes.Equal(credential, again) {
		t.Errorf("a second setup made another credential: %v", err)
	}

	p.once(t, "alice", "request", "create", "--roles=dba", "--reason=ticket #123", "--nowait")
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	sim := stack.Slack{Base: p.url["4190"] + "/slack"}
	card, err := sim.Await(ctx, "C0ACCESS", "the card", func(m stack.Message) bool { return m.Shows("ticket #123") })
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"U0IVAN", "U0BOB"} {
		if result, err := sim.Click(ctx, user, card, "approve"); err != nil || !result.OK {
			t.Fatalf("%s: %v %+v", user, err, result)
		}
	}
	eventually.True(t, patient, "the request to be approved", func() bool {
		return strings.Contains(p.once(t, "alice", "request", "list"), "APPROVED")
	})
}
