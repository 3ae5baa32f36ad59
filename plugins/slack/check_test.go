package slack

import (
	"slices"
	"strings"
	"testing"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/slack/slacksim"
	"github.com/accede/accede/plugins/standin"
)

func (w *world) check(recipients ...string) []plugins.Finding {
	w.t.Helper()
	return w.bot.(plugins.Checker).Check(w.t.Context(), recipients) //nolint:errcheck // a bot of this package
}

func TestCheckFindsNothingWhenAllIsWell(t *testing.T) {
	for _, mode := range []func(*setting){viaSocket, viaHTTP} {
		w := newWorld(t, mode)
		if got := w.check("#access-requests", "G0SEC", "alice@example.com", "U0BOB"); len(got) != 0 {
			t.Errorf("findings are %+v", got)
		}
	}
}

func TestCheckNamesEachFaultAndItsCure(t *testing.T) {
	archive := func(s *setting) { s.workspace.Channels[0].Archived = true }
	token := func(i int, value string) func(*setting) {
		return func(s *setting) {
			if i == 0 {
				s.config.BotToken = secret.New(value)
				return
			}
			s.config.AppToken = secret.New(value)
		}
	}
	appScopes := func(s *setting) { s.workspace.Tokens[1].Scopes = nil }
	deaf := func(s *setting) {
		s.config.AppToken, s.config.SigningSecret, s.deps.DecideInChat = secret.String{}, secret.String{}, false
	}
	for name, c := range map[string]struct {
		change    []func(*setting)
		recipient string
		what, fix string
	}{
		"channel unknown":        {nil, "#nowhere", `no channel "#nowhere"`, "/invite @bot"},
		"bot not in channel":     {nil, "#ops", "not in the channel", "/invite @bot"},
		"bot not in channel, id": {nil, "C0OPS", "not in the channel", "/invite @bot"},
		"no such id":             {nil, "C0NOWHERE", "channel_not_found", "/invite @bot"},
		"archived":               {[]func(*setting){archive}, "#access-requests", "archived", "Unarchive"},
		"e-mail unknown":         {nil, "nobody@example.com", "e-mail address", "invite the person"},
		"bot token unknown":      {[]func(*setting){token(0, "xoxb-wrong")}, "", "bot token does not work", "copy it again"},
		"app token in its place": {[]func(*setting){token(0, slacksim.DemoAppToken)}, "", "bot token does not work", "Bot User OAuth Token"},
		"other workspace":        {[]func(*setting){func(s *setting) { s.config.Workspace = "T0OTHER" }}, "", "bot token does not work", "belongs to the workspace T0ACCEDE"},
		"app token unknown":      {[]func(*setting){viaSocket, token(1, "xapp-wrong")}, "", "Socket Mode does not work", "make a new one"},
		"bot token in its place": {[]func(*setting){viaSocket, token(1, slacksim.DemoBotToken)}, "", "Socket Mode does not work", "App-Level Token (xapp-…)"},
		"app token's scope":      {[]func(*setting){viaSocket, appScopes}, "", "Socket Mode does not work", "connections:write"},
		"signing secret":         {[]func(*setting){viaHTTP, func(s *setting) { s.config.SigningSecret = secret.New("verification token") }}, "", "signing secret does not look like one", "Basic Information"},
		"no way in":              {[]func(*setting){deaf}, "", "cannot reach this plugin", "app_token"},
		"no channels:read":       {[]func(*setting){without("channels:read", "groups:read")}, "#ops", "cannot be looked up", "channels:read"},
		"no channels:read, id":   {[]func(*setting){without("channels:read", "groups:read")}, "C0OPS", "cannot be used", "/invite @bot"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.change...)
			var recipients []string
			if c.recipient != "" {
				recipients = []string{c.recipient}
			}
			found := w.check(recipients...)
			if !slices.ContainsFunc(found, func(f plugins.Finding) bool {
				return strings.Contains(f.What, c.what) && strings.Contains(f.Fix, c.fix)
			}) {
				t.Errorf("findings are %+v, want one with %q and %q", found, c.what, c.fix)
			}
			for _, f := range found {
				w.assertNoSecretIn(f.What + f.Fix)
			}
		})
	}
}

func TestCheckNamesEveryMissingScope(t *testing.T) {
	for _, scope := range scopes() {
		w := newWorld(t, without(scope.name))
		found := w.check()
		if len(found) != 1 || !strings.Contains(found[0].What, scope.name) || !strings.Contains(found[0].Fix, "OAuth & Permissions") {
			t.Errorf("without %s the findings are %+v", scope.name, found)
		}
		if len(found) == 1 && found[0].Warning != (scope.without != "") {
			t.Errorf("without %s the finding is a warning: %v", scope.name, found[0].Warning)
		}
	}
}

func TestCheckOfASlackThatIsDown(t *testing.T) {
	w := newWorld(t, viaSocket)
	if err := w.sim.Faults().Set(standin.Faults{FailBefore: 1}); err != nil {
		t.Fatal(err)
	}
	if found := w.check("#access-requests"); len(found) != 2 || !strings.Contains(found[0].Fix, "having trouble") {
		t.Errorf("findings are %+v", found)
	}
}
