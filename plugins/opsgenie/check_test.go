package opsgenie

import (
	"slices"
	"strings"
	"testing"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
)

func (w *world) check(recipients ...string) []plugins.Finding {
	w.t.Helper()
	return capability[plugins.Checker](w).Check(w.t.Context(), recipients)
}

func TestCheckFindsNothingWhenAllIsWell(t *testing.T) {
	w := newWorld(t)
	if got := w.check("Access Requests", opsgeniesim.DemoTeam, "schedule: Database primary"); len(got) != 0 {
		t.Errorf("findings are %+v", got)
	}
	if n := len(w.sim.Alerts()); n != 0 {
		t.Errorf("checking left %d alerts", n)
	}
}

func TestCheckSpeaksOfTheEndOfOpsgenieAndOfNothingElse(t *testing.T) {
	w := newWorld(t, inOpsgenie)
	got := w.check("Access Requests", "user: ivan@example.com")
	if len(got) != 1 || !got[0].Warning || !strings.Contains(got[0].What, "Opsgenie ends on 5 April 2027") || !strings.Contains(got[0].Fix, "dialect: jsm") {
		t.Errorf("findings are %+v", got)
	}
	w.clock.Set(sunset())
	if got := w.check(); len(got) != 1 || got[0].Warning || !strings.Contains(got[0].What, "has ended") {
		t.Errorf("after the end: %+v", got)
	}
}

func TestCheckNamesEachFaultAndItsCure(t *testing.T) {
	key := func(value string) []func(*setting) {
		return []func(*setting){inOpsgenie, func(s *setting) { s.config.APIKey = secret.New(value) }}
	}
	token := func(change func(*opsgeniesim.Token)) []func(*setting) {
		return []func(*setting){func(s *setting) { change(&s.account.Tokens[0]) }}
	}
	for name, c := range map[string]struct {
		changes   []func(*setting)
		recipient string
		what, fix string
		warning   bool
	}{
		"team unknown":     {nil, "nowhere", `There is no team "nowhere"`, "compared exactly", false},
		"schedule unknown": {nil, "schedule: nowhere", `There is no schedule "nowhere"`, "compared exactly", false},
		"unknown key":      {key("nonsense"), "", "The credential does not work", "renew api_key", false},
		"key of the EU":    {key(opsgeniesim.DemoEUKey), "", "The credential does not work", "region is right", false},
		"unknown token":    {[]func(*setting){func(s *setting) { s.config.APIToken = secret.New("no") }}, "", "The credential does not work", "renew api_token", false},
		"another address":  {[]func(*setting){func(s *setting) { s.config.Email = "other@example.com" }}, "", "The credential does not work", "email is the address", false},
		"nobody there":     {[]func(*setting){func(s *setting) { s.config.APIURL = "http://127.0.0.1:1" }}, "", "The credential does not work", "network", false},
		"team key":         {key(opsgeniesim.DemoTeamKey), "", "belongs to a team and may not read schedules", "whole account", true},
		"team key, others": {key(opsgeniesim.DemoTeamKey), "schedule: Database primary", "belongs to a team and does not see", "whole account", false},
		"read-only key":    {key(opsgeniesim.DemoReadOnlyKey), "", "does not let the plugin change alerts", "Create and Update", false},
		"no configuration": {[]func(*setting){inOpsgenie, account(func(c *opsgeniesim.Config) { c.Keys[0].NoConfig = true })}, "", "does not let the plugin read schedules", "Configuration Access", true},
		"read-only token":  {token(func(t *opsgeniesim.Token) { t.ReadOnly = true }), "", "does not let the plugin change alerts", "a role in Operations", false},
		"no operations":    {token(func(t *opsgeniesim.Token) { t.NoOps = true }), "", "does not let the plugin read alerts", "product seat", false},
		"no people":        {token(func(t *opsgeniesim.Token) { t.NoPeople = true }), "", "does not let the plugin look people up", "Browse users", true},
		"another cloud id": {[]func(*setting){func(s *setting) { s.config.CloudID = noAlert }}, "", `and cloud_id says "` + noAlert + `"`, "of one site", false},
		"another site":     {[]func(*setting){func(s *setting) { s.config.SiteURL += "/elsewhere" }}, "", "could not be compared with cloud_id", "does not have it", true},
		"a weak identity":  {[]func(*setting){deciding}, "", "known as text only", "custom_actions", true},
		"polling only":     {[]func(*setting){polling}, "", "asks from time to time", "webhook_secret", true},
		"two of one name": {[]func(*setting){account(func(c *opsgeniesim.Config) {
			c.Teams = append(c.Teams, opsgeniesim.Team{ID: noAlert, Name: "Database"})
		})}, "Database", "2 of the kind team", "Give the id", false},
		"a person unknown":  {nil, "user: nobody@example.com", `There is no user "nobody@example.com"`, "user: ADDRESS", false},
		"escalation's name": {nil, "escalation: Database escalation", "There is no escalation", "escalation: ID", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.changes...)
			var recipients []string
			if c.recipient != "" {
				recipients = append(recipients, c.recipient)
			}
			found := w.check(recipients...)
			if !slices.ContainsFunc(found, func(f plugins.Finding) bool {
				return strings.Contains(f.What, c.what) && strings.Contains(f.Fix, c.fix) && f.Warning == c.warning
			}) {
				t.Errorf("findings %+v lack %q with %q", found, c.what, c.fix)
			}
			for _, f := range found {
				w.assertNoSecretIn(f.What + f.Fix)
			}
		})
	}
}

func TestARedirectIsNoAnswer(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.config.SiteURL = config.Address(strings.TrimSuffix(s.config.SiteURL.String(), "/opsgenie"))
	})
	if got := w.check(); len(got) == 0 {
		t.Error("a site that is none passes")
	}
}
