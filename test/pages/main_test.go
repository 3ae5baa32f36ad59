package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/accede/accede/test/stack"
)

// binaries is where TestMain put what it built.
//
//nolint:gochecknoglobals // built once for all tests
var binaries string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m)) //nolint:forbidigo // the only way for TestMain to fail before the tests
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "accede-pages-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := stack.Build(context.Background(), root(), dir, false); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binaries = dir
	return m.Run()
}

func root() string { return filepath.Join("..", "..") }

const password = "correct horse battery staple"

// lay lays a stack out for a test. Configure, if not nil, says what else the core is configured with, given its address.
func lay(t *testing.T, options stack.Options, configure func(core string) string) *stack.Stack {
	t.Helper()
	options.Dir, options.Bin, options.Root = t.TempDir(), binaries, root()
	s, err := stack.New(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if configure != nil {
		s.CoreSettings = configure(s.CoreURL)
		if s, err = s.Anew(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("the end of the core's log:\n%s", s.Core.Tail())
		}
	})
	return s
}

// start starts everything, with passwords for the people of the demo.
func start(t *testing.T, s *stack.Stack) {
	t.Helper()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.SignIn(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	for _, person := range []string{"alice", "ivan", "bob", "carol"} {
		if err := s.SetPassword(t.Context(), person, password); err != nil {
			t.Fatal(err)
		}
	}
}

// up starts a core, a sandbox and the Slack plugin.
func up(t *testing.T, options stack.Options) *stack.Stack {
	t.Helper()
	s := lay(t, options, nil)
	start(t, s)
	return s
}

// ask makes a request by command line and returns its id.
func ask(t *testing.T, s *stack.Stack, reason string) string {
	t.Helper()
	output, err := s.As(t.Context(), "alice", "request", "create", "--roles=dba", "--reason="+reason, "--nowait", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(output), &made); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	return made.ID
}
