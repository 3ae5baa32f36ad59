package pagerduty

import (
	"slices"
	"strings"
	"testing"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
)

func (w *world) check(recipients ...string) []plugins.Finding {
	w.t.Helper()
	checker, ok := w.bot.(plugins.Checker)
	if !ok {
		w.t.Fatal("the plugin checks nothing")
	}
	return checker.Check(w.t.Context(), recipients)
}

func subscribed(s *setting) {
	deciding(ByNote)(s)
	s.config.WebhookSubscription = "PSUB001"
}

func TestCheckFindsNothingWhenAllIsWell(t *testing.T) {
	for name, changes := range map[string][]func(*setting){
		"key": nil, "app": {scoped}, "workflow": {deciding(ByWorkflow, ByField)}, "webhooks": {subscribed, scoped},
	} {
		w := newWorld(t, changes...)
		if got := w.check("Access Requests", "PSVCDB1"); len(got) != 0 {
			t.Errorf("%s: findings are %+v", name, got)
		}
		if n := len(w.sim.Incidents()); n != 0 {
			t.Errorf("%s: checking left %d incidents", name, n)
		}
	}
}

func without(scope string) func(*setting) {
	return func(s *setting) {
		scoped(s)
		s.account.Clients[0].Scopes = slices.DeleteFunc(s.account.Clients[0].Scopes, func(have string) bool { return have == scope })
	}
}

func TestCheckNamesEachFaultAndItsCure(t *testing.T) {
	for name, c := range map[string]struct {
		changes   []func(*setting)
		recipient string
		what, fix string
		warning   bool
	}{
		"service unknown":  {nil, "nowhere", `no service "nowhere"`, "compared exactly", false},
		"service disabled": {nil, "Old Access Requests", "is disabled", "Enable it", false},
		"unknown key":      {[]func(*setting){func(s *setting) { s.config.APIKey = secret.New("nonsense") }}, "", "The credential does not work", "renew api_key", false},
		"wrong secret":     {[]func(*setting){scoped, func(s *setting) { s.config.ClientSecret = secret.New("no") }}, "", "The credential does not work", "compare client_id", false},
		"wrong region":     {[]func(*setting){scoped, func(s *setting) { s.config.Region = RegionEU }}, "", "The credential does not work", "region", false},
		"read-only key":    {[]func(*setting){func(s *setting) { s.config.APIKey = secret.New(pagerdutysim.DemoReadOnlyKey) }}, "", "incidents.write is missing", "not read-only", false},
		"nobody in From":   {[]func(*setting){func(s *setting) { s.config.From = "nobody@example.com" }}, "", `has the address "nobody@example.com"`, "in from", false},
		"another account":  {[]func(*setting){func(s *setting) { s.config.Subdomain = "other" }}, "", `belongs to the account "accede-demo"`, "Correct subdomain", false},
		"cannot write":     {[]func(*setting){without("incidents.write")}, "", "the right incidents.write is missing", "Add the scope incidents.write", false},
		"cannot read":      {[]func(*setting){without("incidents.read")}, "", "the right incidents.read is missing", "Add the scope incidents.read", true},
		"no services":      {[]func(*setting){without("services.read")}, "", "the right services.read is missing", "Add the scope services.read", true},
		"no users":         {[]func(*setting){without("users.read")}, "", "the right users.read is missing", "Add the scope users.read", false},
		"no on-calls":      {[]func(*setting){without("oncalls.read")}, "", "the right oncalls.read is missing", "being on call approves nothing", true},
		"no schedules":     {[]func(*setting){without("schedules.read")}, "", "the right schedules.read is missing", "Add the scope schedules.read", true},
		"no policies":      {[]func(*setting){without("escalation_policies.read")}, "", "the right escalation_policies.read is missing", "shift-based", true},
		"no such workflow": {[]func(*setting){deciding(ByWorkflow), func(s *setting) { s.config.DenyWorkflow = "PNONE01" }}, "", "workflow PNONE01 cannot be read", "does not have it", false},
		"no such field":    {[]func(*setting){deciding(ByField), func(s *setting) { s.config.Field = "nothing" }}, "", `no custom field "nothing"`, "Correct field", false},
		"field options": {
			[]func(*setting){deciding(ByField), account(func(c *pagerdutysim.Config) { c.Fields[0].Options = []string{"yes", "no"} })},
			"", "lacks the options approve and deny", "exactly these two", false,
		},
		"polling only":        {[]func(*setting){deciding(ByNote), polling}, "", "asks from time to time", "webhook_secret", true},
		"no such webhook":     {[]func(*setting){subscribed, func(s *setting) { s.config.WebhookSubscription = "PNONE01" }}, "", "subscription cannot be read", "does not have it", false},
		"event not ticked":    {[]func(*setting){subscribed, account(func(c *pagerdutysim.Config) { c.Subscriptions[0].Events = nil })}, "", "does not send incident.annotated", "Tick incident.annotated", true},
		"workflows forbidden": {[]func(*setting){deciding(ByWorkflow), without("incident_workflows.read")}, "", "right incident_workflows.read", "lacks a right", false},
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

func TestCheckSaysThatWebhooksAreSwitchedOff(t *testing.T) {
	w := newWorld(t, subscribed, func(s *setting) { s.account.Subscriptions[0].URL = "http://127.0.0.1:1/gone" })
	found := checkSubscription(subscription{Active: false, Events: []string{"incident.annotated"}}, &Config{DecideBy: []Way{ByNote}})
	if len(found) != 1 || !strings.Contains(found[0].What, "switched the webhook subscription off") || !strings.Contains(found[0].Fix, "Enable") {
		t.Errorf("findings %+v", found)
	}
	if got := w.check(); len(got) != 0 {
		t.Errorf("findings are %+v", got)
	}
}
