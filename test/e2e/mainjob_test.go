package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/test/stack"
)

// Both of Slack's doors: signed callbacks over HTTP, and Socket Mode.
func TestMainJob(t *testing.T) {
	for name, socket := range map[string]bool{"http": false, "socket": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := up(t, stack.Options{NoCallbacks: socket})
			made := ask(t, s, "ticket #123")
			posted := card(t, s, "ticket #123")
			approve(t, s, "U0IVAN", posted)
			told(t, s, "U0IVAN", "recorded")
			await(t, s, posted, "1 of 2", func(m stack.Message) bool { return m.Shows("1 of 2") })
			approve(t, s, "U0BOB", posted)
			awaitApproved(t, s, made.ID)
			settled := await(t, s, posted, "a card without buttons", func(m stack.Message) bool { return len(m.Buttons()) == 0 })
			if settled.Shows("1 of 2") {
				t.Error("the settled card still shows old progress")
			}
			direct(t, s, "approved")
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
			assertNoSecrets(t, s)
		})
	}
}

// assertNoSecrets looks for everything secret in every log.
func assertNoSecrets(t *testing.T, s *stack.Stack) {
	t.Helper()
	credential, err := os.ReadFile(filepath.Join(s.Dir, "slack.creds"))
	if err != nil {
		t.Fatal(err)
	}
	var broker struct {
		Seed string `json:"seed"`
	}
	if err := json.Unmarshal(credential, &broker); err != nil {
		t.Fatal(err)
	}
	alice, err := os.ReadFile(filepath.Join(s.Dir, "alice.token"))
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{
		broker.Seed, s.AdminToken, strings.TrimSpace(string(alice)), "8f742231b10e8888abcd99yyyzzz85a5", "xoxb-demo-bot-token", "xapp-demo-app-token",
	}
	logs, err := filepath.Glob(filepath.Join(s.Dir, "*.log"))
	if err != nil || len(logs) < 3 {
		t.Fatalf("logs %v, error %v", logs, err)
	}
	for _, log := range logs {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		secrettest.AssertAbsent(t, string(text), secrets...)
	}
}

func TestClicksThatMustNotCount(t *testing.T) {
	s := up(t, stack.Options{})
	made := ask(t, s, "ticket #123")
	posted := card(t, s, "ticket #123")

	click(t, s, "U0CAROL", posted)
	told(t, s, "U0CAROL", "accede link slack")
	click(t, s, "U0ALICE", posted)
	told(t, s, "U0ALICE", "yourself")
	click(t, s, "U0DAVE", posted)
	told(t, s, "U0DAVE", "guest")
	click(t, s, "U0MALLORY", posted)
	told(t, s, "U0MALLORY", "workspace")
	for _, kind := range []string{"bad_signature", "missing_signature", "stale", "tampered"} {
		if result, err := s.SlackSim().Forge(within(t), kind); err != nil || result.OK || result.Status != 401 {
			t.Errorf("%s: answered %d, error %v", kind, result.Status, err)
		}
	}
	approve(t, s, "U0IVAN", posted)
	await(t, s, posted, "1 of 2", func(m stack.Message) bool { return m.Shows("1 of 2") })
	if result, err := s.SlackSim().Forge(within(t), "replay"); err != nil || !result.OK {
		t.Errorf("replay: %+v, error %v", result, err)
	}
	approve(t, s, "U0IVAN", posted)
	told(t, s, "U0IVAN", "already")
	if shown := show(t, s, made.ID); shown.State != "PENDING" || len(shown.Reviews) != 1 {
		t.Errorf("request %+v, want one review", shown)
	}
	approve(t, s, "U0BOB", posted)
	awaitApproved(t, s, made.ID)
	// posted is the card as it was: somebody's screen that did not refresh.
	if _, err := s.SlackSim().Click(within(t), "U0BOB", posted, "approve"); err == nil {
		told(t, s, "U0BOB", "already")
	}
}

func TestConnectingAnAccount(t *testing.T) {
	s := up(t, stack.Options{})
	if err := s.SignIn(t.Context(), "carol"); err != nil {
		t.Fatal(err)
	}
	ask(t, s, "ticket #123")
	posted := card(t, s, "ticket #123")
	click(t, s, "U0CAROL", posted)
	message, err := s.SlackSim().AwaitPrivate(within(t), "U0CAROL", "the code", func(m stack.Message) bool { return m.Shows("accede link slack ") })
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(message.Text+string(message.Blocks), "accede link slack ")
	code := after[:11]
	if _, err := s.As(t.Context(), "carol", "link", "slack", "WRONG-CODE2", "--yes"); err == nil {
		t.Error("a wrong code connects an account")
	}
	if output, err := s.As(t.Context(), "carol", "link", "slack", code, "--yes"); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	click(t, s, "U0CAROL", posted)
	told(t, s, "U0CAROL", "None of your roles")
}

func TestTheCommandLineDecidesByTheSameRules(t *testing.T) {
	s := up(t, stack.Options{})
	made := ask(t, s, "ticket #123")
	posted := card(t, s, "ticket #123")
	if err := s.SignIn(t.Context(), "ivan"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.As(t.Context(), "alice", "request", "review", made.ID, "--approve"); err == nil {
		t.Error("alice approves her own request")
	}
	approve(t, s, "U0IVAN", posted)
	eventually.True(t, patient, "ivan's review", func() bool { return len(show(t, s, made.ID).Reviews) == 1 })
	if _, err := s.As(t.Context(), "ivan", "request", "review", made.ID, "--approve"); err == nil {
		t.Error("ivan counts twice, by chat and by command line")
	}
	if _, err := s.Admin(t.Context(), "admin", "request", "deny", made.ID, "--reason=incident over"); err != nil {
		t.Fatal(err)
	}
	await(t, s, posted, "a denied card", func(m stack.Message) bool { return len(m.Buttons()) == 0 && m.Shows("incident over") })
	direct(t, s, "incident over")
}
