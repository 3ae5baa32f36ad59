package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accede/accede/plugins/catalog"
)

// Options says what to start and where.
type Options struct {
	// Dir holds the data, the configurations and the logs.
	Dir string
	// Bin holds the binaries.
	Bin string
	// Root is the repository, where the demo's roles and people are.
	Root string
	// PluginNames are the plugins that run; Slack alone if nil.
	PluginNames []string
	// Replicas is how many of each plugin run; 1 if zero.
	Replicas int
	// NoCallbacks leaves the vendors without an address to call back, so that plugins use sockets or polling.
	NoCallbacks bool
	// PluginSettings are further lines of the host's part of each plugin's configuration.
	PluginSettings string
	// Localhost makes people reach the core by that name, for what browsers do not allow with addresses of numbers.
	Localhost bool
	// CoreSettings are further lines of the core's configuration.
	CoreSettings string
	// Fixed uses the well-known ports of the demo instead of free ones.
	Fixed bool
	// PluginEnv is added to the environment of each plugin replica.
	PluginEnv []string
	// vendors, when set, is the address of stand-ins that somebody else runs, so that no sandbox is started.
	vendors string
}

// Stack is a running installation.
type Stack struct {
	Options
	Core    *Process
	Sandbox *Process
	Plugins []*Plugin
	// CoreURL and SandboxURL are where the processes listen.
	CoreURL, SandboxURL string
	BrokerAddress       string
	// AdminToken is the first administrator's.
	AdminToken string
}

// Build compiles the binaries from the sources at root into dir. Race adds the race detector.
func Build(ctx context.Context, root, dir string, race bool) error {
	args := []string{"build", "-o", dir + string(os.PathSeparator)}
	if race {
		args = append(args, "-race")
	}
	args = append(args, "./cmd/acceded", "./cmd/accede", "./cmd/accede-sandbox")
	for _, entry := range catalog.All() {
		args = append(args, fmt.Sprintf("./plugins/%[1]s/cmd/accede-%[1]s", entry.Spec.Name))
	}
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // fixed arguments
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the binaries: %w\n%s", err, output)
	}
	return nil
}

// New lays a stack out in its directory without starting anything.
func New(ctx context.Context, options Options) (*Stack, error) {
	options.Replicas = max(options.Replicas, 1)
	if options.PluginNames == nil {
		options.PluginNames = []string{"slack"}
	}
	if err := os.MkdirAll(options.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making directory: %w", err)
	}
	next := freePort
	if options.Fixed {
		next = wellKnown()
	}
	s := &Stack{Options: options}
	var core, sandbox string
	for _, address := range []*string{&core, &s.BrokerAddress, &sandbox} {
		if err := take(ctx, next, address); err != nil {
			return nil, err
		}
	}
	if options.Localhost {
		core = strings.Replace(core, loopback, "localhost", 1)
	}
	s.CoreURL, s.SandboxURL = "http://"+core, "http://"+sandbox
	for _, name := range options.PluginNames {
		plugin, err := newPlugin(ctx, name, options.Replicas, next)
		if err != nil {
			return nil, err
		}
		s.Plugins = append(s.Plugins, plugin)
	}
	return s, s.layOut()
}

// WithVendors lays the stack out anew, on the same ports, for stand-ins that the caller runs at an address.
func (s *Stack) WithVendors(address string) (*Stack, error) {
	s.SandboxURL, s.vendors = address, address
	return s.Anew()
}

// Anew lays the stack out once more on the same ports, after its options were changed. Nothing may be running.
func (s *Stack) Anew() (*Stack, error) {
	anew := &Stack{
		Options: s.Options, CoreURL: s.CoreURL, BrokerAddress: s.BrokerAddress, SandboxURL: s.SandboxURL, Plugins: s.Plugins,
	}
	return anew, anew.layOut()
}

// CheckFree says which of the addresses somebody else listens on.
func CheckFree(ctx context.Context, addresses []string) error {
	for _, address := range addresses {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("%s is in use: is another demo, or another core, running? (%w)", address, err)
		}
		if err := listener.Close(); err != nil {
			return fmt.Errorf("trying %s: %w", address, err)
		}
	}
	return nil
}

// wellKnown hands out the addresses of core, broker and sandbox in the demo, and then those of the plugins.
func wellKnown() func(context.Context) (string, error) {
	ports := []int{4180, 4222, 4190}
	plugin := 4190
	return func(context.Context) (string, error) {
		if len(ports) == 0 {
			plugin++
			return fmt.Sprintf("127.0.0.1:%d", plugin), nil
		}
		port := ports[0]
		ports = ports[1:]
		return fmt.Sprintf("127.0.0.1:%d", port), nil
	}
}

func take(ctx context.Context, next func(context.Context) (string, error), into *string) (err error) {
	*into, err = next(ctx)
	return err
}

func freePort(ctx context.Context) (string, error) {
	for {
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+(portBase()+int(portSerial.Add(1)))%portCount)
		if CheckFree(ctx, []string{address}) == nil {
			return address, nil
		}
		if err := ctx.Err(); err != nil {
			return "", fmt.Errorf("finding free ports: %w", err)
		}
	}
}

// Addresses are all that the stack listens on.
func (s *Stack) Addresses() []string {
	all := []string{host(s.CoreURL), s.BrokerAddress, host(s.SandboxURL)}
	for _, plugin := range s.Plugins {
		for _, url := range plugin.URLs {
			all = append(all, host(url))
		}
		if plugin.side != "" {
			all = append(all, plugin.side)
		}
	}
	return all
}

// Ports are taken from below the range that outgoing connections use, each once in the life of this process, so that
// nobody takes them between the look and the start of their listener.
const (
	firstPort = 15000
	portCount = 15000
)

//nolint:gochecknoglobals // what this process has taken
var (
	portSerial atomic.Int64
	portBase   = sync.OnceValue(func() int { return rand.IntN(portCount) }) //nolint:gosec // only spreads
)

const loopback = "127.0.0.1"

// host is where a process listens that is reached at a URL.
func host(url string) string {
	return strings.Replace(strings.TrimPrefix(url, "http://"), "localhost", loopback, 1)
}

func (s *Stack) layOut() error {
	core := fmt.Sprintf(`data_dir: %s
http:
  listen: %s
  public_url: %s
broker:
  listen: %s
%s`, filepath.Join(s.Dir, "data"), host(s.CoreURL), s.CoreURL, s.BrokerAddress, s.CoreSettings)
	if err := s.write("acceded.yaml", core); err != nil {
		return err
	}
	s.Core = s.process("acceded", s.CoreURL, "start", "--config", filepath.Join(s.Dir, "acceded.yaml"))
	arguments := []string{"--listen", host(s.SandboxURL)}
	for _, plugin := range s.Plugins {
		arguments = append(arguments, s.layOutPlugin(plugin)...)
		if err := s.configure(plugin); err != nil {
			return err
		}
	}
	s.Sandbox = s.process("accede-sandbox", s.SandboxURL, arguments...)
	s.Sandbox.ready = func(ctx context.Context) error { return probe(ctx, s.SandboxURL+"/healthz") }
	if s.vendors != "" {
		s.Sandbox = nil
	}
	return nil
}

func (s *Stack) write(name, text string) error {
	if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func (s *Stack) process(binary, url string, args ...string) *Process {
	return &Process{
		Name: binary, Log: filepath.Join(s.Dir, binary+".log"), binary: filepath.Join(s.Bin, binary), args: args,
		ready: func(ctx context.Context) error { return probe(ctx, url+"/readyz") },
	}
}

func probe(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: time.Second}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

// Start brings everything up, with the demo's roles and people, their tokens and links.
func (s *Stack) Start(ctx context.Context) error {
	if err := s.StartCore(ctx); err != nil {
		return err
	}
	if s.Sandbox != nil {
		if err := s.Sandbox.Start(ctx); err != nil {
			return err
		}
	}
	return s.StartPlugins(ctx)
}

// StartCore brings the core up alone and fills it with the demo's roles, people and links.
func (s *Stack) StartCore(ctx context.Context) error {
	if err := s.Core.Start(ctx); err != nil {
		return err
	}
	credential, err := os.ReadFile(filepath.Join(s.Dir, "data", "admin.json"))
	if err != nil {
		return fmt.Errorf("reading the administrator's credential: %w", err)
	}
	var admin struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(credential, &admin); err != nil {
		return fmt.Errorf("reading the administrator's credential: %w", err)
	}
	s.AdminToken = admin.Token
	if _, err := s.Admin(ctx, "apply", "-f", filepath.Join(s.Root, "configs", "demo")); err != nil {
		return err
	}
	for _, plugin := range s.Plugins {
		if err := s.link(ctx, plugin); err != nil {
			return err
		}
	}
	return nil
}

// SignIn gives a demo person a session, so that As works for them.
func (s *Stack) SignIn(ctx context.Context, person string) error {
	file := filepath.Join(s.Dir, person+".token")
	if _, err := s.Admin(ctx, "admin", "token", "create", "--person", person, "--title", "demo", "--out", file); err != nil {
		return err
	}
	_, err := s.As(ctx, person, "login", "--token-file", file)
	return err
}

// Admin runs the command line as the first administrator.
func (s *Stack) Admin(ctx context.Context, args ...string) (string, error) {
	return s.command(ctx, []string{"ACCEDE_SERVER=" + s.CoreURL, "ACCEDE_TOKEN=" + s.AdminToken}, args...)
}

// As runs the command line as a demo person who has signed in.
func (s *Stack) As(ctx context.Context, person string, args ...string) (string, error) {
	return s.command(ctx, s.personEnv(person), args...)
}

func (s *Stack) personEnv(person string) []string {
	return []string{"ACCEDE_SERVER=" + s.CoreURL, "ACCEDE_CONFIG_DIR=" + filepath.Join(s.Dir, person)}
}

// ExitError is a command that ended with another code than 0.
type ExitError struct {
	Code   int
	Stderr string
}

// Error returns what the command said.
func (e *ExitError) Error() string {
	return fmt.Sprintf("exit code %d: %s", e.Code, strings.TrimSpace(e.Stderr))
}

func (s *Stack) command(ctx context.Context, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(s.Bin, "accede"), args...) //nolint:gosec // our own binary
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "ACCEDE_") }), env...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return stdout.String(), &ExitError{Code: exit.ExitCode(), Stderr: "accede " + strings.Join(args, " ") + ": " + stderr.String()}
	}
	if err != nil {
		return "", fmt.Errorf("running accede: %w", err)
	}
	return stdout.String(), nil
}

// Stop ends everything in order, plugins first.
func (s *Stack) Stop() error {
	var problems []error
	for _, process := range s.Processes() {
		process.Thaw()
		problems = append(problems, process.Stop())
	}
	return errors.Join(problems...)
}

// Kill ends everything at once.
func (s *Stack) Kill() {
	for _, process := range s.Processes() {
		process.Kill()
	}
}

// Processes are all of the stack's, plugins first.
func (s *Stack) Processes() []*Process {
	var all []*Process
	for _, plugin := range s.Plugins {
		all = append(all, plugin.Replicas...)
	}
	all = append(all, s.Core)
	if s.Sandbox != nil {
		all = append(all, s.Sandbox)
	}
	return all
}
