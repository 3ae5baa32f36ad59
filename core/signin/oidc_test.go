package signin_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/signin/signintest"
	"github.com/accede/accede/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const redirect = "http://127.0.0.1:1/sign-in/company/callback"

func openProvider(t *testing.T) *signintest.Provider {
	t.Helper()
	there, err := signintest.NewProvider(redirect)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(there.Close)
	there.Become(signintest.User{
		ID: "u1", Name: "ivan@corp.example", Email: "ivan@example.com", Verified: true,
		Claims: map[string]any{"groups": []string{"database-team", "everybody"}, "tid": "t-1", "realm_access": map[string]any{"roles": []string{"x"}}},
	})
	return there
}

func newClient(t *testing.T, there *signintest.Provider, change func(*signin.ProviderOptions)) *signin.Provider {
	t.Helper()
	options := signin.ProviderOptions{
		Issuer: there.Issuer, ClientID: signintest.ClientID, ClientSecret: secret.New(signintest.ClientSecret),
		Scopes: []string{"openid", "profile", "email"}, RedirectURL: redirect,
	}
	if change != nil {
		change(&options)
	}
	provider := signin.NewProvider(options)
	t.Cleanup(provider.Close)
	return provider
}

// visit follows the browser to the provider and back, and returns what it brings.
func visit(t *testing.T, address string) url.Values {
	t.Helper()
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(r.URL.String(), redirect) {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	back, err := url.Parse(response.Header.Get("Location"))
	if err != nil || response.StatusCode != http.StatusFound {
		t.Fatalf("the provider answers %s: %v", response.Status, err)
	}
	return back.Query()
}

func begin(t *testing.T, provider *signin.Provider) (key string, brought url.Values) {
	t.Helper()
	address, key, err := provider.Begin(t.Context(), map[string]string{"next": "/there"})
	if err != nil {
		t.Fatal(err)
	}
	return key, visit(t, address)
}

func TestProviderVouches(t *testing.T) {
	there := openProvider(t)
	provider := newClient(t, there, nil)
	key, brought := begin(t, provider)
	account, purpose, err := provider.Finish(t.Context(), key, brought.Get("state"), brought.Get("code"))
	if err != nil {
		t.Fatal(err)
	}
	if account.Issuer != there.Issuer || account.Subject != "u1" || purpose["next"] != "/there" {
		t.Errorf("account %q of %q, purpose %v", account.Subject, account.Issuer, purpose)
	}
	for claim, want := range map[string][]string{
		"groups": {"database-team", "everybody"}, "tid": {"t-1"}, "email": {"ivan@example.com"}, "email_verified": {"true"},
		"preferred_username": {"ivan@corp.example"}, "realm_access.roles": {"x"},
	} {
		if diff := cmp.Diff(want, account.Claims[claim]); diff != "" {
			t.Errorf("%s: -want +got:\n%s", claim, diff)
		}
	}
	if _, _, err := provider.Finish(t.Context(), key, brought.Get("state"), brought.Get("code")); !errors.Is(err, signin.ErrAttemptUnknown) {
		t.Errorf("a second time: %v", err)
	}
}

func TestClaimsFromUserInfo(t *testing.T) {
	there := openProvider(t)
	there.OnlyUserInfo()
	for _, ask := range []bool{false, true} {
		provider := newClient(t, there, func(o *signin.ProviderOptions) { o.UserInfo = ask })
		key, brought := begin(t, provider)
		account, _, err := provider.Finish(t.Context(), key, brought.Get("state"), brought.Get("code"))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(account.Claims["groups"]) > 0; got != ask || account.Subject != "u1" {
			t.Errorf("asking for user info %v brings groups %v of %q", ask, account.Claims["groups"], account.Subject)
		}
	}
}

func TestSignInsAreBoundToTheBrowser(t *testing.T) {
	there := openProvider(t)
	provider := newClient(t, there, nil)
	key, brought := begin(t, provider)
	otherKey, other := begin(t, provider)
	for name, given := range map[string][3]string{
		"no browser":      {"", brought.Get("state"), brought.Get("code")},
		"another browser": {otherKey, brought.Get("state"), brought.Get("code")},
		"no state":        {key, "", brought.Get("code")},
	} {
		if _, _, err := provider.Finish(t.Context(), given[0], given[1], given[2]); !errors.Is(err, signin.ErrAttemptUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A code that was given to another browser does not fit the secret of this one.
	key, brought = begin(t, provider)
	_, purpose, err := provider.Finish(t.Context(), key, brought.Get("state"), other.Get("code"))
	if err == nil || errors.Is(err, signin.ErrAttemptUnknown) || purpose["next"] != "/there" {
		t.Errorf("another browser's code: %v", err)
	}
}

func TestProviderFailures(t *testing.T) {
	there := openProvider(t)
	wrong := newClient(t, there, func(o *signin.ProviderOptions) { o.ClientSecret = secret.New("canary-wrong-secret") })
	key, brought := begin(t, wrong)
	_, _, err := wrong.Finish(t.Context(), key, brought.Get("state"), brought.Get("code"))
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("wrong secret: %v", err)
	}
	late := newClient(t, there, func(o *signin.ProviderOptions) {
		o.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	})
	key, brought = begin(t, late)
	if _, _, err := late.Finish(t.Context(), key, brought.Get("state"), brought.Get("code")); err == nil {
		t.Error("an ID token that is over was taken")
	}
	nowhere := newClient(t, there, func(o *signin.ProviderOptions) { o.Issuer = there.Issuer + "/elsewhere" })
	if _, _, err := nowhere.Begin(t.Context(), nil); err == nil {
		t.Error("a provider that is not there was found")
	}
}

func TestAccountsAreKeptOnce(t *testing.T) {
	provider := signin.NewProvider(signin.ProviderOptions{})
	key, err := provider.Keep(signin.Account{Subject: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	if account, ok := provider.Kept(key); !ok || account.Subject != "u1" {
		t.Errorf("kept %v %v", account, ok)
	}
	if _, ok := provider.Kept(key); ok {
		t.Error("taken twice")
	}
}

func TestManyAttemptsStayBounded(t *testing.T) {
	provider := signin.NewProvider(signin.ProviderOptions{})
	var first, last string
	for i := range 10_001 {
		key, err := provider.Keep(signin.Account{Subject: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = key
		}
		last = key
	}
	if _, ok := provider.Kept(first); ok {
		t.Error("the oldest is still there")
	}
	if _, ok := provider.Kept(last); !ok {
		t.Error("the newest is gone")
	}
}
