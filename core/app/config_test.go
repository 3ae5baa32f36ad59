package app_test

import (
	"strings"
	"testing"

	"github.com/accede/accede/core/app"
	"github.com/accede/accede/internal/config"
)

// read decodes a configuration as acceded does.
func read(text string) (*app.Config, error) {
	settings := app.NewConfig()
	err := config.Decode("acceded.yaml", []byte(text), settings, func(name string) string {
		return map[string]string{"CLIENT_SECRET": "canary-client-secret"}[name]
	})
	return settings, err
}

func TestTrustedProxies(t *testing.T) {
	settings, err := read("http: {trusted_proxies: [10.1.2.3/8, 192.0.2.7, 'fd00::/8']}")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, network := range settings.HTTP.TrustedProxies {
		got = append(got, network.String())
	}
	if want := "10.0.0.0/8 192.0.2.7/32 fd00::/8"; strings.Join(got, " ") != want {
		t.Errorf("trusted are %q, want %q", got, want)
	}
	if _, err := read("http: {trusted_proxies: [10.0.0.0/99]}"); err == nil || !strings.Contains(err.Error(), `"10.0.0.0/99" is neither an address nor a network`) {
		t.Errorf("a network that is none gives %v", err)
	}
}

const provider = `
http: {public_url: "https://accede.example.com"}
sign_in:
  oidc:
    issuer: https://id.example.com
    client_id: accede
    client_secret: ${CLIENT_SECRET}
    traits: {groups: groups}
    roles: [{claim: groups, value: "db-*", roles: [dba-reviewer]}]
`

func TestSignInConfig(t *testing.T) {
	settings, err := read(provider)
	if err != nil {
		t.Fatal(err)
	}
	oidc := settings.SignIn.OIDC
	if !settings.SignIn.Passwords || !settings.SignIn.Passkeys || oidc.Title != "company account" || oidc.MatchEmail != "never" ||
		oidc.CreatePeople || oidc.ClientSecret.Reveal() != "canary-client-secret" || oidc.Roles[0].Roles[0] != "dba-reviewer" {
		t.Errorf("settings %+v", settings.SignIn)
	}
}

func TestSignInConfigFaults(t *testing.T) {
	for name, tt := range map[string]struct{ old, replaced, want string }{
		"typo":              {"client_id:", "client_ids:", "client_ids"},
		"typo in a mapping": {"claim: groups", "claims: groups", "claims"},
		"no public address": {`http: {public_url: "https://accede.example.com"}`, "", "http.public_url"},
		"plain issuer":      {"https://id.example.com", "http://id.example.com", "sign_in.oidc.issuer"},
		"no client":         {"client_id: accede", "client_id: ''", "sign_in.oidc.client_id"},
		"no openid":         {"client_id: accede", "client_id: accede\n    scopes: [email]", "sign_in.oidc.scopes"},
		"no name claim":     {"client_id: accede", "client_id: accede\n    name_claim: ''", "sign_in.oidc.name_claim"},
		"odd match":         {"client_id: accede", "client_id: accede\n    match_email: sometimes", "sign_in.oidc.match_email"},
		"no title":          {"client_id: accede", "client_id: accede\n    title: ''", "sign_in.oidc.title"},
		"trait of nothing":  {"groups: groups", "groups: ''", "sign_in.oidc.traits"},
		"broken pattern":    {`"db-*"`, `"^(db$"`, "sign_in.oidc.roles[0].value"},
		"pattern of roles":  {"roles: [dba-reviewer]", `roles: ["dba-*"]`, "sign_in.oidc.roles[0].roles"},
		"no roles":          {"roles: [dba-reviewer]", "roles: []", "sign_in.oidc.roles[0].roles"},
		"no secret":         {"${CLIENT_SECRET}", "${NOTHING}", "client_secret"},
	} {
		text := strings.Replace(provider, tt.old, tt.replaced, 1)
		if text == provider {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if _, err := read("sign_in: {passwords: false}"); err == nil || !strings.Contains(err.Error(), "nobody could sign in") {
		t.Errorf("no way to sign in: %v", err)
	}
}
