package app

import (
	"fmt"
	"net"
	"net/url"
	"slices"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/policy"
	"github.com/accede/accede/core/service"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

// SignInConfig is how people sign in.
type SignInConfig struct {
	// Passwords lets people sign in with a name and a password.
	Passwords bool `yaml:"passwords"`
	// Passkeys lets people sign in with passkeys, where the public address lets browsers take them.
	Passkeys bool       `yaml:"passkeys"`
	OIDC     OIDCConfig `yaml:"oidc"`
}

// OIDCConfig is the OpenID provider through which people sign in. Without an issuer there is none.
type OIDCConfig struct {
	// Issuer is the provider's address, exactly as it calls itself.
	Issuer config.Address `yaml:"issuer"`
	// Title is what people call the provider.
	Title            string        `yaml:"title"`
	ClientID         string        `yaml:"client_id"`
	ClientSecret     secret.String `yaml:"client_secret"`
	ClientSecretFile string        `yaml:"client_secret_file"`
	Scopes           []string      `yaml:"scopes"`
	// UserInfo asks the provider for claims that it does not put into the ID token.
	UserInfo bool `yaml:"user_info"`
	// CreatePeople makes a person of an account that belongs to nobody, named by NameClaim.
	CreatePeople bool   `yaml:"create_people"`
	NameClaim    string `yaml:"name_claim"`
	// MatchEmail says when an account belongs to the person with its e-mail address.
	MatchEmail service.EmailMatch `yaml:"match_email"`
	// Traits says from which claim each trait is taken, Roles which claims bring which roles.
	Traits map[string]string `yaml:"traits"`
	Roles  []v1.ClaimMapping `yaml:"roles"`
	// TeamsLinks connects people's accounts in Microsoft Teams by the claims tid and oid of Entra ID.
	TeamsLinks bool `yaml:"teams_links"`
}

func newSignInConfig() SignInConfig {
	return SignInConfig{
		Passwords: true, Passkeys: true,
		OIDC: OIDCConfig{
			Title: "company account", Scopes: []string{"openid", "profile", "email"}, NameClaim: "preferred_username",
			MatchEmail: service.MatchNever,
		},
	}
}

func (c SignInConfig) validate(problems *config.Problems, public config.Address) {
	problems.Check(c.Passwords || c.OIDC.Issuer != "", "sign_in.passwords",
		"is off and there is no sign_in.oidc.issuer, so nobody could sign in; allow one of them")
	if c.OIDC.Issuer == "" {
		return
	}
	problems.Check(public != "", "http.public_url", "is missing; the OpenID provider sends browsers back to it")
	problems.In("sign_in.oidc", c.OIDC.validate())
}

func (c OIDCConfig) validate() error {
	var p config.Problems
	issuer, err := url.Parse(string(c.Issuer))
	p.Check(err == nil && issuer.Host != "" && (issuer.Scheme == "https" || issuer.Scheme == "http" && isLoopback(issuer.Hostname())),
		"issuer", "must be the provider's https:// address, not %q", c.Issuer)
	p.Check(c.Title != "" && len(c.Title) <= 60, "title", "must say in at most 60 bytes what people call the provider")
	p.Check(c.ClientID != "", "client_id", "is missing; the provider gives it to you when you register Accede there")
	p.Check(slices.Contains(c.Scopes, "openid"), "scopes", "must contain openid, without which the provider tells nothing")
	p.Check(c.NameClaim != "", "name_claim", "is empty; name the claim that holds people's names, such as preferred_username")
	p.Check(slices.Contains([]service.EmailMatch{service.MatchNever, service.MatchVerified, service.MatchAlways}, c.MatchEmail),
		"match_email", "must be never, verified or always, not %q", c.MatchEmail)
	for trait, claim := range c.Traits {
		p.Check(trait != "" && claim != "", "traits", "must name a claim for each trait, as in groups: groups")
	}
	for i, mapping := range c.Roles {
		checkMapping(&p, fmt.Sprintf("roles[%d]", i), mapping)
	}
	return p.Err()
}

func checkMapping(p *config.Problems, path string, mapping v1.ClaimMapping) {
	p.Check(mapping.Claim != "", path+".claim", "is missing; name a claim, such as groups")
	_, err := policy.CompileMatcher(mapping.Value)
	p.Check(err == nil, path+".value", "%v", err)
	p.Check(len(mapping.Roles) > 0, path+".roles", "is empty; name the roles that this claim brings")
	for _, role := range mapping.Roles {
		p.Check(policy.ValidName(role), path+".roles", "must be names of roles, without patterns; %q is none", role)
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// rules is what the service makes of accounts at the provider.
func (c OIDCConfig) rules() service.ProviderRules {
	return service.ProviderRules{
		Create: c.CreatePeople, NameClaim: c.NameClaim, MatchEmail: c.MatchEmail, Traits: c.Traits, Roles: c.Roles, TeamsLinks: c.TeamsLinks,
	}
}
