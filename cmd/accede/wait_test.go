package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/httpapi/httpapitest"
	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/internal/process"
)

// running is a command line at work inside the test.
type running struct {
	core   *httpapitest.Core
	stdout bytes.Buffer
	stderr screen
	code   chan int
	cancel context.CancelFunc
}

// screen takes what a command writes while the test reads it.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func start(t *testing.T, args ...string) *running {
	t.Helper()
	return startIn(t, func(*httpapitest.Core) {}, args...)
}

// startIn starts a command line with a core that has been prepared.
func startIn(t *testing.T, prepare func(*httpapitest.Core), args ...string) *running {
	t.Helper()
	core, server, err := startCore(&scriptBrowser{Browser: httpapitest.NewBrowser("alice"), words: make(chan string, 1)})
	if err != nil {
		t.Fatal(err)
	}
	prepare(core)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r := &running{core: core, code: make(chan int, 1), cancel: cancel}
	environment := map[string]string{"ACCEDE_SERVER": server.URL, "ACCEDE_TOKEN": "token-alice", "ACCEDE_CONFIG_DIR": t.TempDir()}
	env := process.Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &r.stdout, Stderr: &r.stderr,
		Getenv: func(name string) string { return environment[name] },
	}
	go func() { r.code <- run(ctx, env) }()
	return r
}

// pending waits until the command shows progress and returns the request it waits for.
func (r *running) pending(t *testing.T, shown string) v1.Request {
	t.Helper()
	eventually.True(t, 10*time.Second, "progress "+shown, func() bool { return strings.Contains(r.stderr.String(), shown) })
	return r.core.Newest()
}

func (r *running) review(t *testing.T, request v1.Request, who string, verdict v1.Verdict) {
	t.Helper()
	if _, err := r.core.Review(t.Context(), r.core.Actor(who), request.ID, v1.ReviewInput{Verdict: verdict, Reason: "because"}); err != nil {
		t.Fatal(err)
	}
}

func (r *running) want(t *testing.T, code int, stdout string) {
	t.Helper()
	select {
	case got := <-r.code:
		if got != code || !strings.Contains(r.stdout.String(), stdout) {
			t.Errorf("code %d, stdout %q, stderr %q; want %d with %q", got, r.stdout.String(), r.stderr.String(), code, stdout)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("waited 10s for the command to end; stderr %q", r.stderr.String())
	}
}

func startCreate(t *testing.T, more ...string) *running {
	t.Helper()
	return start(t, append([]string{"request", "create", "--roles=dba", "--reason=x"}, more...)...)
}

func TestCreateWaitsUntilApproved(t *testing.T) {
	r := startCreate(t)
	request := r.pending(t, "waiting for approval · managers 0 of 2 · expires in ")
	r.review(t, request, "ivan", v1.Approve)
	r.pending(t, "managers 1 of 2")
	r.review(t, request, "bob", v1.Approve)
	r.want(t, exitOK, "dba for Alice is approved until ")
	if text := r.stderr.String(); strings.ContainsAny(text, "\r\x1b") || strings.Count(text, "\n") != 3 {
		t.Errorf("without a terminal it wrote %q", text)
	}
}

func TestCreateEndsWithTheDecision(t *testing.T) {
	denied := startCreate(t)
	denied.review(t, denied.pending(t, "0 of 2"), "ivan", v1.Deny)
	denied.want(t, exitDenied, "is denied by Ivan: because.")

	expired := startCreate(t)
	if err := expired.core.Expire(expired.pending(t, "0 of 2").ID); err != nil {
		t.Fatal(err)
	}
	expired.want(t, exitOver, "is expired: Nobody decided in time.")

	withdrawn := startCreate(t)
	request := withdrawn.pending(t, "0 of 2")
	if _, err := withdrawn.core.Withdraw(t.Context(), withdrawn.core.Actor("alice"), request.ID, v1.WithdrawInput{}); err != nil {
		t.Fatal(err)
	}
	withdrawn.want(t, exitOver, "is withdrawn by Alice.")

	programs := startCreate(t, "-o", "json")
	programs.review(t, programs.pending(t, "0 of 2"), "ivan", v1.Deny)
	programs.want(t, exitDenied, `"state": "DENIED"`)
}

func TestInterruptionLeavesTheRequest(t *testing.T) {
	r := startCreate(t)
	request := r.pending(t, "0 of 2")
	r.cancel()
	r.want(t, exitInterrupted, "")
	if want := "Come back with: accede request watch " + shortID(request.ID); !strings.Contains(r.stderr.String(), want) {
		t.Errorf("stderr %q lacks %q", r.stderr.String(), want)
	}
	still, err := r.core.Request(t.Context(), r.core.Actor("alice"), request.ID)
	if err != nil || still.State != v1.StatePending {
		t.Errorf("%s, %v", still.State, err)
	}
}

func startLogin(t *testing.T) *running {
	t.Helper()
	return startIn(t, func(core *httpapitest.Core) { core.RequestAtSignIn(v1.RequestAlways, "", "dba") }, "login")
}

// Rule 1.4: signing in makes the request that the roles want, and waits for it.
func TestLoginWaitsForWhatItRequests(t *testing.T) {
	approved := startLogin(t)
	request := approved.pending(t, "waiting for approval · managers 0 of 2 · expires in ")
	approved.review(t, request, "ivan", v1.Approve)
	approved.review(t, request, "bob", v1.Approve)
	approved.want(t, exitOK, "dba for Alice is approved until ")

	denied := startLogin(t)
	denied.review(t, denied.pending(t, "0 of 2"), "ivan", v1.Deny)
	denied.want(t, exitDenied, "is denied by Ivan: because.")

	expired := startLogin(t)
	if err := expired.core.Expire(expired.pending(t, "0 of 2").ID); err != nil {
		t.Fatal(err)
	}
	expired.want(t, exitOver, "is expired")

	interrupted := startLogin(t)
	request = interrupted.pending(t, "0 of 2")
	interrupted.cancel()
	interrupted.want(t, exitInterrupted, "")
	if want := "Come back with: accede request watch " + shortID(request.ID); !strings.Contains(interrupted.stderr.String(), want) {
		t.Errorf("stderr %q lacks %q", interrupted.stderr.String(), want)
	}
	still, err := interrupted.core.Request(t.Context(), interrupted.core.Actor("alice"), request.ID)
	if err != nil || still.State != v1.StatePending {
		t.Errorf("%s, %v", still.State, err)
	}
}

func TestLiveLine(t *testing.T) {
	var out bytes.Buffer
	d := &display{w: &out, live: true, width: func() int { return 30 }}
	request := v1.Request{Expires: time.Now().Add(26*time.Hour + 30*time.Minute), Thresholds: []v1.Threshold{{Name: "managers", Approve: 2}}}
	d.show(request)
	d.show(request)
	d.end()
	want := "\r\x1b[Kwaiting for approval · manag…\r\x1b[K"
	if got := out.String(); got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

func TestWaitingLine(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	request := v1.Request{
		Expires:    now.Add(6*24*time.Hour + 23*time.Hour + 59*time.Minute),
		Thresholds: []v1.Threshold{{Name: "managers", Approve: 2, Approvals: 1}, {Approve: 1}},
	}
	want := "waiting for approval · managers 1 of 2, approvals 0 of 1 · expires in 6d 23h"
	if got := waiting(request, now); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLeft(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": -time.Second, "1s": time.Millisecond, "59s": 59 * time.Second, "1m 0s": time.Minute, "2h 5m": 125 * time.Minute, "7d 0h": 168 * time.Hour,
	} {
		if got := left(d); got != want {
			t.Errorf("left(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestNothingSteersTheTerminal(t *testing.T) {
	var out bytes.Buffer
	row(&out, "a\x1b[2Jb", "c\u202ed", "e\nf\tg")
	if got, want := out.String(), "a\uFFFD[2Jb\tc\uFFFDd\te f g\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAmbiguousIDs(t *testing.T) {
	one := v1.Request{ID: "01990000-0000-7000-8000-00000000aaaa", State: v1.StatePending}
	two := v1.Request{ID: "01990000-0000-7000-8000-11110000aaaa", State: v1.StatePending}
	_, err := theOne([]v1.Request{one, two}, "aaaa")
	if exitCode(err) != exitUsage || !strings.Contains(explain(err), one.ID) || !strings.Contains(explain(err), two.ID) {
		t.Errorf("%v", err)
	}
}
