package pages

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/test/stack"
)

// administrator is a browser in which the first administrator has signed in.
func administrator(t *testing.T, s *stack.Stack) *tab {
	t.Helper()
	if err := s.SetPassword(t.Context(), "admin", password); err != nil {
		t.Fatal(err)
	}
	admin := newTab(t, s.CoreURL)
	admin.signIn("admin")
	return admin
}

// An administrator connects a plugin by clicks. What the pages hand out is all that it starts with.
func TestConnectingAPluginByClicks(t *testing.T) {
	s := up(t, stack.Options{})
	admin, dir, listen := administrator(t, s), t.TempDir(), freeAddress(t)
	admin.do("choosing where downloads go",
		browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(dir))
	admin.open("/admin/plugins")
	admin.press("Mattermost")
	admin.sees("Connect Mattermost")
	admin.press("Write mattermost.yaml")
	admin.sees("Address of the server is missing.")
	admin.fill("url", s.Vendor("mattermost").Base)
	admin.fill("callback_url", "http://"+listen+"/callback")
	admin.fill("http.listen", listen)
	admin.do("choosing where secrets are", chromedp.SetValue(`[name="secrets"]`, "environment", chromedp.ByQuery))
	admin.press("Write mattermost.yaml")
	admin.sees("credential_file: mattermost.creds")
	admin.sees("ACCEDE_MATTERMOST_TOKEN")
	admin.press("Download mattermost.yaml")
	downloaded(t, filepath.Join(dir, "mattermost.yaml"))
	admin.press("Make and download mattermost.creds")
	downloaded(t, filepath.Join(dir, "mattermost.creds"))
	admin.sees("It was made just now")
	admin.sees("Nothing was heard of accede-mattermost yet")
	startPlugin(t, "mattermost", dir, "ACCEDE_MATTERMOST_TOKEN=demobotaccesstoken00000000")
	admin.sees("1 alive")
	admin.press("See how Mattermost is doing")
	admin.sees("Running")
	admin.open("/admin/plugins")
	admin.until("two plugins to run", `[...document.querySelectorAll(".badge.good")].length === 2`)
}

// An administrator decides past the rules, for one role of two, by clicks; and then changes their own password.
func TestOverridingByClicks(t *testing.T) {
	s := up(t, stack.Options{})
	id := ask(t, s, "nobody is awake")
	admin := administrator(t, s)
	admin.open("/requests/" + id)
	admin.press("Decide past the rules…")
	admin.press("Override and approve")
	admin.until("the browser to ask for the reason", `document.querySelector("#override_reason").matches(":invalid")`)
	admin.fill("override_reason", "the on-call engineer is ill")
	for _, width := range []int64{320, 1100} {
		admin.look(width, false)
		admin.fits("the request's page with an override")
	}
	admin.picture("override")
	admin.follow("Override and approve")
	admin.sees("Approved by your override.")
	admin.sees("An override by an administrator, past all rules")
	admin.accessible("an overridden request")

	admin.open("/account")
	admin.press("Change your password…")
	admin.fill("present", password)
	admin.fill("next", "a better battery staple")
	admin.follow("Change it")
	admin.sees("Your password is changed, and other browsers are signed out.")
	admin.accessible("the account's page")
	admin.picture("account")
}

// downloaded waits for a file. Another click meanwhile would end the download.
func downloaded(t *testing.T, path string) {
	t.Helper()
	eventually.True(t, patient, path, func() bool {
		info, err := os.Stat(path)
		return err == nil && info.Size() > 0
	})
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// startPlugin runs a plugin in a folder, with the configuration that lies there.
func startPlugin(t *testing.T, name, dir string, environment ...string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(binaries, "accede-"+name))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, path, "start", "--config", name+".yaml") //nolint:gosec // our own binary
	cmd.Dir, cmd.Env = dir, append(os.Environ(), environment...)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was ended
		if t.Failed() {
			t.Logf("accede-%s said:\n%s", name, said.String())
		}
	})
}

// A role with a fault shows the line; mended, it shows what would change; and only then is it applied.
func TestMendingARole(t *testing.T) {
	s := up(t, stack.Options{})
	admin := administrator(t, s)
	admin.open("/admin/roles")
	admin.press("contractor")
	admin.sees("The role as YAML")
	replace := func(old, fresh string) {
		admin.until("replacing "+old, `(() => { const text = document.getElementById("yaml"); if (!text.value.includes("`+old+
			`")) return false; text.value = text.value.replace("`+old+`", "`+fresh+`"); return true })()`)
	}
	replace("max_duration: 8h", "max_duration: 99d")
	admin.press("Check")
	admin.sees("1 problem was found")
	admin.sees("contractor.yaml:")
	admin.accessible("the editor with a fault")
	admin.open("/admin/roles/contractor")
	replace("max_duration: 8h", "max_duration: 6h")
	admin.press("Check")
	admin.sees("+      max_duration: 6h")
	admin.sees("-      max_duration: 8h")
	admin.picture("role-diff")
	admin.press("Apply")
	admin.sees("Applied: role contractor changed.")
	said, err := s.Admin(t.Context(), "admin", "role", "show", "contractor")
	if err != nil || !strings.Contains(said, "max_duration: 6h") {
		t.Errorf("the role is now %s, %v", said, err)
	}
}

// A delivery that Slack refused for good is parked, seen, and brought on its way again once Slack takes it.
func TestRetryingAParkedDelivery(t *testing.T) {
	s, refuse := refusing(t)
	refuse.Store(true)
	id := ask(t, s, "parked at first")
	eventually.True(t, patient, "the card and two messages to be parked", func() bool {
		said, err := s.Admin(t.Context(), "admin", "plugin", "status", "slack")
		return err == nil && strings.Contains(said, "3 parked")
	})
	admin := administrator(t, s)
	admin.open("/admin/plugins")
	admin.sees("Needs a look")
	admin.press("Slack")
	admin.sees("Slack refuses what the plugin sent (invalid_blocks)")
	for _, dark := range []bool{false, true} {
		admin.look(320, dark)
		admin.accessibleAt("/admin/plugins/slack")
		admin.fits("the page of a plugin with a parked delivery")
	}
	admin.look(1100, false)
	admin.open("/admin/plugins/slack")
	admin.picture("plugin-parked")
	refuse.Store(false)
	admin.press("Try again")
	admin.sees("1 delivery is tried again.")
	admin.do("giving up by the keyboard", chromedp.Focus(".acts summary", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter),
		chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	admin.sees("The delivery is given up.")
	admin.press("Try again")
	admin.sees("None. What fails for good")
	if _, err := s.Vendor("slack").Await(t.Context(), id, "the card", func(standin.Post) bool { return true }); err != nil {
		t.Error(err)
	}
	admin.open("/admin/plugins")
	admin.sees("Running")
}

// refusing is a stack whose Slack refuses new messages for good as long as it is told to.
func refusing(t *testing.T) (s *stack.Stack, refuse *atomic.Bool) {
	t.Helper()
	s, refuse = up(t, stack.Options{}), new(atomic.Bool)
	target, err := url.Parse(s.SandboxURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse.Load() && strings.HasSuffix(r.URL.Path, "/chat.postMessage") {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"ok":false,"error":"invalid_blocks"}`))
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	config := filepath.Join(s.Dir, "slack-1.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(string(text), s.SandboxURL, server.URL)), 0o600); err != nil { //nolint:gosec // a file of the test
		t.Fatal(err)
	}
	s.Slack()[0].Kill()
	if err := s.Slack()[0].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, refuse
}

// Every page of the administration in the light and in the dark, on a wide and on a narrow screen, as axe-core sees it.
func TestAdministrationForEverybody(t *testing.T) {
	s := up(t, stack.Options{})
	ask(t, s, "for the audit")
	admin := administrator(t, s)
	for name, path := range map[string]string{
		"plugins": "/admin/plugins", "plugin": "/admin/plugins/slack", "connect": "/admin/plugins/email/connect", "people": "/admin/people",
		"person": "/admin/people/ivan", "new-person": "/admin/new-person", "roles": "/admin/roles", "role": "/admin/roles/contractor",
		"new-role": "/admin/new-role", "audit": "/admin/audit?person=alice",
	} {
		for _, dark := range []bool{false, true} {
			admin.look(320, dark)
			admin.accessibleAt(path)
			admin.fits(path)
		}
		admin.picture("admin-" + name + "-dark-narrow")
		admin.look(1100, false)
		admin.accessibleAt(path)
		admin.picture("admin-" + name)
	}
}

// The administration works without scripts.
func TestAdministrationWithoutScripts(t *testing.T) {
	s := up(t, stack.Options{})
	admin := administrator(t, s)
	admin.withoutScripts()
	admin.open("/admin/people")
	admin.press("Add a person")
	admin.fill("name", "eve")
	admin.fill("email", "eve@example.com")
	admin.press("Add")
	admin.sees("eve is added.")
	admin.open("/admin/plugins/email/connect")
	admin.sees("Domain at Mailgun")
	admin.fill("from", "accede@example.com")
	admin.fill("smtp.host", "smtp.example.com")
	admin.press("Write email.yaml")
	admin.sees("credential_file: email.creds")
	admin.open("/admin/audit")
	admin.sees("person.create")
}
