package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/test/stack"
)

const (
	channel = "C0ACCESS"
	patient = 60 * time.Second
)

// binaries is where TestMain put what it built.
//
//nolint:gochecknoglobals // built once for all tests
var binaries string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m)) //nolint:forbidigo // the only way for TestMain to fail before the tests
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "accede-e2e-")
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

// lay lays a stack out for one test and ends it with the test. Its logs are shown if the test fails.
func lay(t *testing.T, options stack.Options) *stack.Stack {
	t.Helper()
	options.Dir, options.Bin, options.Root = t.TempDir(), binaries, root()
	s, err := stack.New(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			for _, process := range s.Processes() {
				t.Logf("the end of %s's log:\n%s", process.Name, process.Tail())
			}
		}
	})
	return s
}

// up starts a whole stack with alice signed in.
func up(t *testing.T, options stack.Options) *stack.Stack {
	t.Helper()
	s := lay(t, options)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	signIn(t, s)
	return s
}

func signIn(t *testing.T, s *stack.Stack) {
	t.Helper()
	if err := s.SignIn(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
}

type request struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Version int    `json:"version"`
	Reviews []struct {
		Author struct {
			Name string `json:"name"`
		} `json:"author"`
		Via    string `json:"via"`
		Reason string `json:"reason"`
	} `json:"reviews"`
}

func ask(t *testing.T, s *stack.Stack, reason string) request {
	t.Helper()
	output, err := s.As(t.Context(), "alice", "request", "create", "--roles=dba", "--reason="+reason, "--nowait", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var made request
	if err := json.Unmarshal([]byte(output), &made); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	return made
}

func show(t *testing.T, s *stack.Stack, id string) request {
	t.Helper()
	output, err := s.As(t.Context(), "alice", "request", "show", id, "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var shown request
	if err := json.Unmarshal([]byte(output), &shown); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	return shown
}

func awaitApproved(t *testing.T, s *stack.Stack, id string) {
	t.Helper()
	eventually.True(t, patient, "the request to be APPROVED", func() bool { return show(t, s, id).State == "APPROVED" })
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	t.Cleanup(cancel)
	return ctx
}

// card waits for the card that shows a text in the reviewers' channel.
func card(t *testing.T, s *stack.Stack, text string) stack.Message {
	t.Helper()
	message, err := s.SlackSim().Await(within(t), channel, "the card", func(m stack.Message) bool {
		return !m.IsReply() && m.Shows(text)
	})
	if err != nil {
		t.Fatal(err)
	}
	return message
}

// await waits until the card satisfies a condition.
func await(t *testing.T, s *stack.Stack, card stack.Message, what string, is func(stack.Message) bool) stack.Message {
	t.Helper()
	message, err := s.SlackSim().Await(within(t), card.Channel, what, func(m stack.Message) bool { return m.TS == card.TS && is(m) })
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func click(t *testing.T, s *stack.Stack, user string, card stack.Message) stack.ClickResult {
	t.Helper()
	result, err := s.SlackSim().Click(within(t), user, card, "approve")
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func approve(t *testing.T, s *stack.Stack, user string, card stack.Message) {
	t.Helper()
	if result := click(t, s, user, card); !result.OK {
		t.Fatalf("%s clicks and sees %q", user, result.ShownError)
	}
}

func told(t *testing.T, s *stack.Stack, user, text string) {
	t.Helper()
	_, err := s.SlackSim().AwaitPrivate(within(t), user, fmt.Sprintf("a private %q to %s", text, user),
		func(m stack.Message) bool { return m.Shows(text) })
	if err != nil {
		t.Fatal(err)
	}
}

func direct(t *testing.T, s *stack.Stack, text string) stack.Message {
	t.Helper()
	message, err := s.SlackSim().Await(within(t), "", fmt.Sprintf("a direct message with %q", text), func(m stack.Message) bool {
		return strings.HasPrefix(m.Channel, "D") && m.Shows(text)
	})
	if err != nil {
		t.Fatal(err)
	}
	return message
}
