package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/email/emailsim"
	"github.com/accede/accede/plugins/standin"
)

func TestEveryWayToSignInAndToProtectTheConnection(t *testing.T) {
	for _, c := range []struct {
		auth    Auth
		tls     TLS
		offered []string
		want    string
	}{
		{AuthAuto, TLSStart, []string{"PLAIN", "LOGIN", "SCRAM-SHA-256"}, "SCRAM-SHA-256"},
		{AuthAuto, TLSStart, []string{"LOGIN", "PLAIN"}, "PLAIN"},
		{AuthAuto, TLSStart, []string{"LOGIN"}, "LOGIN"},
		{AuthPlain, TLSImplicit, []string{"PLAIN", "SCRAM-SHA-256"}, "PLAIN"},
		{AuthLogin, TLSImplicit, []string{"PLAIN", "LOGIN"}, "LOGIN"},
		{AuthSCRAM, TLSStart, []string{"PLAIN", "SCRAM-SHA-256"}, "SCRAM-SHA-256"},
		{AuthSCRAM, TLSNone, []string{"SCRAM-SHA-256"}, "SCRAM-SHA-256"},
		{AuthPlain, TLSNone, []string{"PLAIN"}, "PLAIN"}, // on this machine only
		{AuthXOAUTH2, TLSStart, []string{"XOAUTH2"}, "XOAUTH2"},
		{AuthAuto, TLSStart, nil, ""},
	} {
		t.Run(fmt.Sprintf("%s %s %v", c.auth, c.tls, c.offered), func(t *testing.T) {
			w := newWorld(t, func(s *setting) {
				s.mail.TLS, s.mail.Mechanisms = string(c.tls), c.offered
				s.config.SMTP.TLS, s.config.SMTP.Auth = c.tls, c.auth
				if c.auth == AuthXOAUTH2 {
					s.useTokenEndpoint()
				}
				if c.offered == nil {
					s.config.SMTP.Username, s.config.SMTP.Password = "", secret.String{}
				}
			})
			w.mustPost("key-of-the-mail", demoCard())
			mails := w.sim.Mails()
			if len(mails) != 1 || mails[0].Auth != c.want || mails[0].TLS != (c.tls != TLSNone) {
				t.Errorf("mails are %+v, want one signed in by %q", mails, c.want)
			}
		})
	}
}

func TestAPasswordNeverTravelsReadable(t *testing.T) {
	way := &chooser{config: &SMTP{Host: "mail.example.com", Username: "u", Password: secret.New("canary-password"), Auth: AuthAuto}}
	if _, _, err := way.Start(serverInfo(false, "PLAIN", "LOGIN")); !errors.Is(err, errReadable) {
		t.Errorf("without TLS the password was offered: %v", err)
	}
	if name, first, err := way.Start(serverInfo(false, "PLAIN", "SCRAM-SHA-256")); err != nil || name != "SCRAM-SHA-256" || len(first) != 0 {
		t.Errorf("SCRAM without TLS: %q %q %v", name, first, err)
	}
	way.config.Auth, way.token = AuthXOAUTH2, "canary-token"
	if _, _, err := way.Start(serverInfo(false, "XOAUTH2")); !errors.Is(err, errReadable) {
		t.Errorf("without TLS the token was offered: %v", err)
	}
}

// TestWhatAServersAnswerMeans goes through the table of steps and codes.
func TestWhatAServersAnswerMeans(t *testing.T) {
	for _, c := range []struct {
		step step
		code int
		text string
		want plugins.Kind
	}{
		{stepGreeting, 421, "4.3.2 closing", plugins.Transient},
		{stepGreeting, 554, "5.7.1 no", plugins.Auth},
		{stepTLS, 454, "4.7.0 TLS not available", plugins.Transient},
		{stepAuth, 535, "5.7.8 bad", plugins.Auth},
		{stepAuth, 534, "5.7.9 app password", plugins.Auth},
		{stepAuth, 454, "4.7.0 later", plugins.Transient},
		{stepAuth, 504, "5.5.4 no", plugins.Auth},
		{stepSender, 530, "5.7.0 sign in", plugins.Auth},
		{stepSender, 553, "5.7.1 not yours", plugins.Auth},
		{stepSender, 452, "4.3.1 no space", plugins.Transient},
		{stepSender, 552, "5.3.4 too big", plugins.Invalid},
		{stepRcpt, 450, "4.2.1 busy", plugins.Transient},
		{stepRcpt, 451, "4.7.1 greylisted", plugins.Transient},
		{stepRcpt, 550, "5.1.1 unknown", plugins.NotFound},
		{stepRcpt, 550, "no such user here", plugins.NotFound},
		{stepRcpt, 551, "5.1.6 moved", plugins.NotFound},
		{stepRcpt, 552, "5.2.2 full", plugins.NotFound},
		{stepRcpt, 550, "5.7.1 relaying denied", plugins.Auth},
		{stepRcpt, 554, "relay access denied", plugins.Auth},
		{stepData, 451, "4.3.0 later", plugins.Transient},
		{stepData, 554, "5.5.1 no valid recipients", plugins.Invalid},
		{stepDone, 250, "2.0.0 ok", plugins.Invalid}, // never an error; must not become Unknown
		{stepDone, 421, "4.3.0 closing", plugins.Transient},
		{stepDone, 451, "4.3.0 later", plugins.Transient},
		{stepDone, 550, "5.7.1 spam", plugins.Invalid},
		{stepDone, 552, "5.3.4 too big", plugins.Invalid},
	} {
		failure := smtpFailure(at(c.step, &textproto.Error{Code: c.code, Msg: c.text}), &SMTP{Host: "mail", Username: "u"})
		if failure.Kind != c.want || failure.Public == "" || failure.Op != string(c.step) {
			t.Errorf("%s: %d %s is %s (%q), want %s", c.step, c.code, c.text, failure.Kind, failure.Public, c.want)
		}
	}
}

// TestOnlyTheEndOfAMailIsInDoubt breaks the connection at every step, before and after the server acted, and compares
// what the plugin says with what the server has.
func TestOnlyTheEndOfAMailIsInDoubt(t *testing.T) {
	for _, c := range []struct {
		operation string
		faults    standin.Faults
		kind      plugins.Kind
		arrived   int
	}{
		{"CONNECT", standin.Faults{DropAfter: 1}, plugins.Transient, 0},
		{"AUTH", standin.Faults{DropAfter: 1}, plugins.Transient, 0},
		{"MAIL", standin.Faults{DropAfter: 1}, plugins.Transient, 0},
		{"RCPT", standin.Faults{DropAfter: 1}, plugins.Transient, 0},
		{"DATA", standin.Faults{DropAfter: 1}, plugins.Unknown, 1},
		{"DATA", standin.Faults{TruncateJSON: 1}, plugins.Unknown, 1},
		{"CONNECT", standin.Faults{FailBefore: 1}, plugins.Transient, 0},
		{"AUTH", standin.Faults{FailBefore: 1}, plugins.Transient, 0},
		{"MAIL", standin.Faults{RateLimit: 1}, plugins.Transient, 0},
		{"RCPT", standin.Faults{RateLimit: 1}, plugins.Transient, 0},
		{"DATA", standin.Faults{FailBefore: 1}, plugins.Transient, 0},
	} {
		w := newWorld(t)
		c.faults.Only = []string{c.operation}
		if err := w.sim.Faults().Set(c.faults); err != nil {
			t.Fatal(err)
		}
		_, err := w.post("key-of-the-mail", demoCard())
		if got := plugins.KindOf(err); err == nil || got != c.kind || len(w.sim.Mails()) != c.arrived {
			t.Errorf("%s %+v: %v is %s with %d mails, want %s with %d", c.operation, c.faults, err, got, len(w.sim.Mails()), c.kind, c.arrived)
		}
	}
}

func TestAContextThatEndsWhileTheServerThinksLeavesADoubt(t *testing.T) {
	w := newWorld(t)
	if err := w.sim.Faults().Set(standin.Faults{DelayMS: 60_000, Only: []string{"DATA"}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := w.bot.Post(ctx, plugins.Destination{ID: "ivan@example.com"}, "key-of-the-mail", demoCard())
	if plugins.KindOf(err) != plugins.Unknown || err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
}

// TestAMailInDoubtIsSentOnceMoreAndThenAPersonHasToLook keeps a server that never says that it took a mail from getting
// the same one for days.
func TestAMailInDoubtIsSentOnceMoreAndThenAPersonHasToLook(t *testing.T) {
	w := newWorld(t)
	if err := w.sim.Faults().Set(standin.Faults{DropAfter: 1, Only: []string{"DATA"}}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []plugins.Kind{plugins.Unknown, plugins.Invalid, plugins.Unknown, plugins.Invalid} {
		_, err := w.post("key-of-the-mail", demoCard())
		if plugins.KindOf(err) != want || len(w.sim.Mails()) != i+1 {
			t.Errorf("try %d is %s, want %s", i+1, plugins.KindOf(err), want)
		}
	}
	mails := w.sim.Mails()
	for _, m := range mails {
		if m.MessageID != mails[0].MessageID {
			t.Errorf("a repeated mail has the Message-ID %s, the first %s", m.MessageID, mails[0].MessageID)
		}
	}
	if err := w.sim.Faults().Set(standin.Faults{}); err != nil {
		t.Fatal(err)
	}
	w.mustPost("key-of-the-mail", demoCard())
	if err := w.sim.Faults().Set(standin.Faults{DropAfter: 1, Only: []string{"DATA"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.post("key-of-the-mail", demoCard()); plugins.KindOf(err) != plugins.Unknown {
		t.Error("a mail that was sent after all is still in doubt")
	}
}

// TestTheDuplicateWindowIsShort measures from when the server has a mail to when the plugin says so: only a crash in
// between, or a broken connection, can make a second copy. docs/plugins/email.md states the result.
func TestTheDuplicateWindowIsShort(t *testing.T) {
	const mails = 300
	w := newWorld(t)
	windows := make([]time.Duration, 0, mails)
	for i := range mails {
		w.mustPost(fmt.Sprintf("key-of-the-mail-%d", i), demoCard())
		told := time.Now()
		all := w.sim.Mails()
		windows = append(windows, told.Sub(all[len(all)-1].Received))
	}
	slices.Sort(windows)
	t.Logf("the window over %d mails: median %s, 99th percentile %s, longest %s", mails, windows[mails/2], windows[mails*99/100], windows[mails-1])
	if median := windows[mails/2]; median > 20*time.Millisecond {
		t.Errorf("the median window is %s; the plugin waits for something after the server has taken the mail", median)
	}
}

func TestNoMoreConnectionsThanAllowed(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.config.SMTP.Connections = 1 })
	if err := w.sim.Faults().Set(standin.Faults{DelayMS: 60_000, Only: []string{"MAIL"}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := w.bot.Post(ctx, plugins.Destination{ID: "ivan@example.com"}, "key-of-the-mail", demoCard())
		first <- err
	}()
	w.await("the first conversation", func() bool { return w.sim.Stats()["conversations"] > 0 })
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	_, err := w.bot.Post(short, plugins.Destination{ID: "bob@example.com"}, "another-key", demoCard())
	if plugins.KindOf(err) != plugins.Transient || !strings.Contains(err.Error(), "smtp.connections") {
		t.Errorf("the second mail: %v", err)
	}
	cancel()
	if err := <-first; plugins.KindOf(err) != plugins.Transient {
		t.Errorf("the first mail: %v", err)
	}
}

func TestATokenIsFetchedOnceAndAnewWhenItIsRefused(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.config.SMTP.Auth = AuthXOAUTH2
		s.useTokenEndpoint()
	})
	for i := range 3 {
		w.mustPost(fmt.Sprintf("key-of-the-mail-%d", i), demoCard())
	}
	if got := w.sim.Stats()["tokens"]; got != 1 {
		t.Errorf("%d tokens were fetched for three mails", got)
	}
	w.sim.RevokeTokens()
	if _, err := w.post("key-of-the-mail-4", demoCard()); plugins.KindOf(err) != plugins.Auth {
		t.Errorf("with a revoked token: %v", err)
	}
	w.mustPost("key-of-the-mail-4", demoCard())
	if got := w.sim.Stats()["tokens"]; got != 2 {
		t.Errorf("%d tokens were fetched after one was revoked", got)
	}
}

func TestARefreshTokenOrAFileServesAsWell(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.config.SMTP.Auth = AuthXOAUTH2
		s.useTokenEndpoint()
		s.config.SMTP.OAuth.RefreshToken = secret.New(emailsim.DemoRefreshToken)
	})
	w.mustPost("key-of-the-mail", demoCard())
	path := t.TempDir() + "/token"
	writeFile(t, path, emailsim.DemoToken+"\n")
	w = newWorld(t, func(s *setting) {
		s.config.SMTP.Auth, s.config.SMTP.OAuth.TokenPath = AuthXOAUTH2, address(path)
	})
	w.mustPost("key-of-the-mail", demoCard())
	writeFile(t, path, "not one token\n")
	if _, err := w.post("key-of-the-mail-2", demoCard()); plugins.KindOf(err) != plugins.Auth {
		t.Errorf("with a broken token file: %v", err)
	}
}

func TestARefusedTokenRequestSaysWhatToCorrect(t *testing.T) {
	for status, c := range map[int]struct {
		body string
		kind plugins.Kind
		says string
	}{
		400: {`{"error":"invalid_scope"}`, plugins.Auth, "invalid_scope"},
		401: {`{"error":"invalid_client"}`, plugins.Auth, "invalid_client"},
		404: {`<html>`, plugins.Auth, "status 404"},
		429: {``, plugins.RateLimited, "status 429"},
		503: {``, plugins.Transient, "status 503"},
		200: {`{}`, plugins.Transient, "no token endpoint"},
		204: {``, plugins.Transient, "no token endpoint"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(c.body))
		}))
		w := newWorld(t, func(s *setting) {
			s.config.SMTP.Auth = AuthXOAUTH2
			s.useTokenEndpoint()
			s.config.SMTP.OAuth.TokenURL = address(server.URL)
		})
		_, err := w.post("key-of-the-mail", demoCard())
		typed, ok := errors.AsType[*plugins.Error](err)
		if !ok || typed.Kind != c.kind || !strings.Contains(typed.Public, c.says) {
			t.Errorf("status %d: %+v", status, typed)
		}
		server.Close()
	}
}

func hostPort(t *testing.T, at string) (string, int) {
	t.Helper()
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return host, number
}
