package discord

import (
	"slices"
	"strings"
	"testing"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/standin"
)

func (w *world) check(recipients ...string) []plugins.Finding {
	w.t.Helper()
	return w.bot.(plugins.Checker).Check(w.t.Context(), recipients) //nolint:errcheck // a bot of this package
}

func TestCheckFindsNothingWhenAllIsWell(t *testing.T) {
	listed := func(s *setting) {
		s.config.Guilds, s.config.ApplicationID = []string{discordsim.DemoGuild}, discordsim.DemoApplication
	}
	for name, mode := range modes() {
		w := newWorld(t, mode, listed)
		recipients := []string{"#access-requests", discordsim.DemoSecurity, discordsim.DemoThread, "@1000000000000000001"}
		if got := w.check(recipients...); len(got) != 0 {
			t.Errorf("%s: findings are %+v", name, got)
		}
	}
}

// without takes a permission from the bot in #access-requests.
func without(bit uint64) func(*setting) {
	return func(s *setting) {
		s.discord.Channels[0].Overwrites = []discordsim.Overwrite{{ID: discordsim.DemoApplication, Type: 1, Deny: bit}}
	}
}

func TestCheckNamesEachFaultAndItsCure(t *testing.T) {
	yes, no := true, false
	token := func(s *setting) { s.config.BotToken = secret.New("a.b.c") }
	for name, c := range map[string]struct {
		change    []func(*setting)
		recipient string
		what, fix string
	}{
		"token":                {[]func(*setting){token}, "", "bot token does not work", "Reset Token"},
		"other application":    {[]func(*setting){func(s *setting) { s.config.ApplicationID = "1200000000000000009" }}, "", "bot token does not work", "belongs to the application 1200000000000000001"},
		"endpoint and gateway": {[]func(*setting){func(s *setting) { s.endpoint = &yes }}, "", "Clicks do not come over the Gateway", "Interactions Endpoint URL"},
		"no endpoint":          {[]func(*setting){viaHTTP, func(s *setting) { s.endpoint = &no }}, "", "has no Interactions Endpoint URL", "/callback"},
		"another's public key": {[]func(*setting){viaHTTP, func(s *setting) { s.config.PublicKey = strings.Repeat("ab", 32) }}, "", "public_key is not the application's", "General Information"},
		"not in the server":    {[]func(*setting){func(s *setting) { s.config.Guilds = []string{"1100000000000000009"} }}, "", "not in the server 1100000000000000009", "correct guilds"},
		"channel elsewhere":    {[]func(*setting){func(s *setting) { s.config.Guilds = []string{discordsim.DemoGuild} }}, discordsim.DemoPartners, "guilds does not list", "Add 1100000000000000002"},
		"channel unknown":      {nil, "#nowhere", `no channel "#nowhere"`, "View Channel"},
		"no such id":           {nil, "1110000000000000099", "10003", "does not exist"},
		"hidden":               {nil, "#ops", "50001", "View Channel"},
		"voice":                {nil, discordsim.DemoVoice, "Nobody can write", "text channel"},
		"e-mail":               {nil, "alice@example.com", "e-mail address", "account id with @ before it"},
		"no account":           {nil, "@1000000000000000099", "cannot write to the account", "in a server that the bot is in"},
		"no sending":           {[]func(*setting){without(discordsim.SendMessages)}, "#access-requests", "lacks Send Messages", "Edit Channel"},
		"no embeds":            {[]func(*setting){without(discordsim.EmbedLinks)}, "#access-requests", "lacks Embed Links", "Edit Channel"},
		"no history":           {[]func(*setting){without(discordsim.ReadHistory)}, "#access-requests", "lacks Read Message History", "Edit Channel"},
		"no threads":           {[]func(*setting){without(discordsim.SendInThreads)}, discordsim.DemoThread, "lacks Send Messages in Threads", "Edit Channel"},
		"twice the name":       {[]func(*setting){func(s *setting) { s.discord.Channels[5].Name = "access-requests" }}, "#access-requests", "cannot be looked up", "give the id"},
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
				secrettest.AssertAbsent(t, f.What+f.Fix, discordsim.DemoBotToken)
			}
		})
	}
}

func TestCheckOfADiscordThatIsDown(t *testing.T) {
	w := newWorld(t)
	w.fault(standin.Faults{FailBefore: 1})
	if found := w.check("#access-requests"); len(found) != 1 || !strings.Contains(found[0].Fix, "having trouble") {
		t.Errorf("findings are %+v", found)
	}
}

func TestPermissionsFollowDiscordsOrder(t *testing.T) {
	everyone, dba, ops := role{ID: "1", Permissions: "1024"}, role{ID: "2", Permissions: "2048"}, role{ID: "3", Permissions: "8"}
	s := server{ID: "1", OwnerID: "9", Roles: []role{everyone, dba, ops}}
	m := func(user string, roles ...string) member { return member{User: account{ID: user}, Roles: roles} }
	for name, c := range map[string]struct {
		m    member
		r    room
		want uint64
	}{
		"everyone":          {m("7"), room{}, bitView},
		"role":              {m("7", "2"), room{}, bitView | bitSend},
		"owner":             {m("9"), room{}, ^uint64(0)},
		"administrator":     {m("7", "3"), room{Overwrites: []overwrite{{ID: "1", Deny: "1024"}}}, ^uint64(0)},
		"everyone denied":   {m("7", "2"), room{Overwrites: []overwrite{{ID: "1", Deny: "1024"}}}, bitSend},
		"role allowed":      {m("7", "2"), room{Overwrites: []overwrite{{ID: "1", Deny: "1024"}, {ID: "2", Allow: "1024"}}}, bitView | bitSend},
		"member denied":     {m("7", "2"), room{Overwrites: []overwrite{{ID: "7", Type: 1, Deny: "1024"}, {ID: "2", Allow: "1024"}}}, bitSend},
		"another member":    {m("7", "2"), room{Overwrites: []overwrite{{ID: "8", Type: 1, Deny: "1024"}}}, bitView | bitSend},
		"unreadable number": {m("7"), room{Overwrites: []overwrite{{ID: "1", Deny: "x"}}}, bitView},
	} {
		if got := permissionsIn(s, c.m, c.r); got != c.want {
			t.Errorf("%s: %b, want %b", name, got, c.want)
		}
	}
}
