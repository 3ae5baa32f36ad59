package pages

import (
	"bufio"
	"context"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/accede/accede/core/signin/signintest"
	"github.com/accede/accede/test/stack"
)

// Somebody adds a passkey, signs out, and comes back with nothing but the passkey.
func TestPasskey(t *testing.T) {
	s := up(t, stack.Options{Localhost: true})
	browser := newTab(t, s.CoreURL)
	options := &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}
	browser.do("plugging in an authenticator", webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := webauthn.AddVirtualAuthenticator(options).Do(ctx)
		return err
	}))
	browser.signIn("ivan")
	browser.open("/account")
	browser.fill("title", "blue key")
	browser.press("Add a passkey")
	browser.sees("blue key")
	browser.press("Sign out")
	browser.sees("You are signed out")
	browser.press("Sign in with a passkey")
	browser.sees("Ivan Petrov")
	browser.open("/account")
	browser.sees("blue key")
}

// The whole round by way of an OpenID provider, with roles from its groups.
func TestOpenIDConnect(t *testing.T) {
	var provider *signintest.Provider
	s := lay(t, stack.Options{}, func(core string) string {
		var err error
		if provider, err = signintest.NewProvider(core + "/sign-in/company/callback"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(provider.Close)
		return "sign_in:\n  oidc:\n    issuer: " + provider.Issuer + "\n    title: the company\n    client_id: " + signintest.ClientID +
			"\n    client_secret: " + signintest.ClientSecret + "\n    create_people: true\n    roles:\n" +
			"      - {claim: groups, value: databases, roles: [dba-reviewer]}\n"
	})
	start(t, s)
	provider.Become(signintest.User{
		ID: "0001", Name: "zoe", Email: "zoe@example.com", Verified: true,
		Claims: map[string]any{"preferred_username": "zoe", "groups": []string{"databases"}},
	})
	id := ask(t, s, "by way of the provider")
	browser := newTab(t, s.CoreURL)
	browser.open("/requests/" + id)
	browser.press("Sign in with the company")
	browser.sees("by way of the provider")
	browser.press("Approve")
	browser.sees("1 of 2")
	browser.sees("zoe")
}

// The command line signs in through the browser: both show the same word, and the browser says yes.
func TestCommandLineSignsInThroughTheBrowser(t *testing.T) {
	s := up(t, stack.Options{})
	browser := newTab(t, s.CoreURL)
	browser.signIn("bob")
	command := exec.CommandContext(t.Context(), filepath.Join(s.Bin, "accede"), "login", "--device") //nolint:gosec // our own binary
	command.Env = append(command.Environ(), "ACCEDE_SERVER="+s.CoreURL, "ACCEDE_CONFIG_DIR="+t.TempDir())
	said, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	found := regexp.MustCompile(`Go to (\S+) on .* type the word (\S+) within`).FindStringSubmatch(line)
	if err != nil || found == nil {
		t.Fatalf("accede login says %q: %v", line, err)
	}
	browser.open(strings.TrimPrefix(found[1], s.CoreURL))
	browser.fill("word", found[2])
	browser.press("Go on")
	browser.sees(found[2])
	browser.press("Sign it in")
	if err := command.Wait(); err != nil {
		t.Errorf("accede login: %v", err)
	}
}

// The pages around signing in, and those that say no, for everybody: wide and narrow, light and dark, as axe-core sees them.
func TestOtherPagesForEverybody(t *testing.T) {
	s := up(t, stack.Options{})
	stranger, alice := newTab(t, s.CoreURL), newTab(t, s.CoreURL)
	alice.signIn("alice")
	login := "/login?" + url.Values{
		"challenge": {strings.Repeat("A", 43)}, "device": {"alice's laptop"}, "port": {"40123"}, "state": {"xyz"},
	}.Encode()
	for _, page := range []struct {
		browser     *tab
		path, shows string
	}{
		{stranger, "/sign-in", "Sign in"},
		{stranger, "/nowhere", "There is no page at this address."},
		{alice, "/account", "Where you are signed in"},
		{alice, "/device", "Word that the program shows"},
		{alice, login, "alice's laptop"},
		{alice, "/login", "This address is not complete."},
		{alice, "/requests/01946a00-0000-7000-8000-000000000001", "There is no request here that you may see."},
		{alice, "/admin/plugins", "Not allowed"},
	} {
		for _, dark := range []bool{false, true} {
			for _, width := range []int64{1100, 320} {
				page.browser.look(width, dark)
				page.browser.accessibleAt(page.path)
				page.browser.sees(page.shows)
				page.browser.fits(page.path)
			}
		}
	}
	alice.accessibleAt("/account")
	alice.picture("account-dark-narrow")
}
