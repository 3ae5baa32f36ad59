package mattermost

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/standin"
)

func TestCheckFindsNothingWhenAllIsWell(t *testing.T) {
	for version, limit := range map[string]int{"9.11.3": -1, "10.11.2": 0, "11.1.0": 300} {
		w := newWorld(t, func(s *setting) { s.server.Server.Version, s.server.Server.PostEditTimeLimit = version, limit })
		if got := w.bot.Check(t.Context(), []string{"~access-requests", "main/security", "@bob"}); len(got) != 0 {
			t.Errorf("findings are %+v", got)
		}
		for _, m := range w.sim.Messages() {
			if !m.Deleted {
				t.Errorf("the check left a message behind: %+v", m)
			}
		}
		if posts := w.sim.Posts(); len(posts) != 0 {
			t.Errorf("people saw the check: %+v", posts)
		}
	}
}

// answering puts something at callback_url that is not the plugin.
func answering(t *testing.T, handler http.HandlerFunc) func(*setting) {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return func(s *setting) { s.config.CallbackURL = config.Address(server.URL) }
}

func TestCheckNamesEachFaultAndItsCure(t *testing.T) {
	server := func(change func(*mattermostsim.Server)) func(*setting) {
		return func(s *setting) { change(&s.server.Server) }
	}
	archive := func(s *setting) { s.server.Channels[0].Archived = true }
	person := func(s *setting) { s.server.Users[0].Bot = false }
	guest := func(s *setting) { s.server.Users[0].Roles = []string{"system_guest"} }
	forbid := func(s *mattermostsim.Server) { s.ForbidCallbacks = true }
	for name, c := range map[string]struct {
		change    func(*setting)
		recipient string
		what, fix string
	}{
		"token unknown":   {func(s *setting) { s.config.Token = secret.New(strings.Repeat("x", 26)) }, "", "bot token does not work", "new token"},
		"a guest's token": {guest, "", "bot token does not work", "guest"},
		"a person":        {person, "", "who is a person", "Bot Accounts"},
		"no mattermost":   {func(s *setting) { s.config.URL += "/elsewhere" }, "", "bot token does not work", "no Mattermost at url"},
		"old server":      {server(func(s *mattermostsim.Server) { s.Version = "8.1.0" }), "", "version 8.1.0", "9.11"},
		"no key":          {server(func(s *mattermostsim.Server) { s.HideKey = true }), "", "AsymmetricSigningPublicKey", "reverse proxy"},
		"no site url":     {server(func(s *mattermostsim.Server) { s.NoSiteURL = true }), "", "SiteURL is empty", "Site URL"},
		"other site url":  {server(func(s *mattermostsim.Server) { s.SiteURL = "https://chat.example.com" }), "", "calls itself chat.example.com", "Site URL"},
		"forbidden":       {server(forbid), "", "private one", "AllowedUntrustedInternalConnections"},
		"forbidden, said": {server(func(s *mattermostsim.Server) { forbid(s); s.Developer = true }), "", "forbidden to it", "Add 127.0.0.1 to"},
		"sign-in, said":   {server(func(s *mattermostsim.Server) { s.SignInProxy, s.Developer = true, true }), "", "asks for a sign-in", "without signing in"},
		"sign-in, seen": {answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
		}), "", "asks for a sign-in", "without signing in"},
		"sign-in elsewhere": {answering(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example.com/", http.StatusFound)
		}), "", "asks for a sign-in", "without signing in"},
		"something else": {answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
		}), "", "not this plugin answers (status 404)", "the path unchanged"},
		"nobody":                {func(s *setting) { s.config.CallbackURL = "http://127.0.0.1:1/callback" }, "", "nobody answers", "Start the plugin"},
		"no callback address":   {func(s *setting) { s.config.CallbackURL, s.deps.DecideInChat = "", false }, "", "Clicks cannot reach", "callback_url"},
		"channel unknown":       {nil, "~nowhere", `no channel "~nowhere"`, "/invite @bot"},
		"private channel":       {func(s *setting) { s.server.Channels[2].Members = nil }, "~security", `no channel "~security"`, "/invite @bot"},
		"bot not in channel":    {nil, "~ops", "not in the channel", "/invite @bot"},
		"bot not in it, id":     {nil, mattermostsim.DemoID("ops"), "not in the channel", "/invite @bot"},
		"archived":              {archive, access, "archived", "Unarchive"},
		"e-mail unproven":       {nil, "bob@example.com", "e-mail address", "@username"},
		"addresses are hidden":  {server(func(s *mattermostsim.Server) { s.HideEmail = true }), "bob@example.com", "cannot be looked up", "ShowEmailAddress"},
		"nobody of that name":   {nil, "@nobody", "no active account", "Correct the name"},
		"which of several team": {func(s *setting) { s.config.Team = ""; s.server.Channels = s.server.Channels[1:2] }, "~ops", "cannot be looked up", "set team"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(s *setting) {
				if c.change != nil {
					c.change(s)
				}
			})
			var recipients []string
			if c.recipient != "" {
				recipients = []string{c.recipient}
			}
			found := w.bot.Check(t.Context(), recipients)
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

func TestCheckTellsDoubtfulClicksAndStrangersApart(t *testing.T) {
	for text, want := range map[string]error{
		probeReached: nil, probeDoubted + "x": doubtError("x"), probeText: errElse, "": errElse,
	} {
		if got := heard(text); got != want { //nolint:errorlint // these are plain values
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	w := newWorld(t)
	w.bot.server.known = &settings{publishes: true, key: &newKey(t).PublicKey}
	w.bot.server.asked = w.bot.now()
	found := w.bot.Check(t.Context(), nil)
	if !slices.ContainsFunc(found, func(f plugins.Finding) bool { return strings.Contains(f.What, "clicks are refused") }) {
		t.Errorf("with another server's key, findings are %+v", found)
	}
}

func TestAForeignProbeIsNone(t *testing.T) {
	w := newWorld(t)
	for _, sealed := range []any{"", "x", 5, nil} {
		if w.bot.isProbe(press{Context: map[string]any{contextProbe: sealed}}) {
			t.Errorf("%v is taken for a probe", sealed)
		}
	}
}

func TestCheckOfAMattermostThatIsDown(t *testing.T) {
	w := newWorld(t)
	if err := w.sim.Faults().Set(standin.Faults{FailBefore: 1}); err != nil {
		t.Fatal(err)
	}
	if found := w.bot.Check(t.Context(), []string{"~access-requests"}); len(found) != 1 || !strings.Contains(found[0].Fix, "having trouble") {
		t.Errorf("findings are %+v", found)
	}
}
