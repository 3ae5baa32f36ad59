package teams

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/teams/teamssim"
)

func (w *world) check(recipients ...string) []plugins.Finding {
	w.t.Helper()
	return w.bot.Check(w.t.Context(), recipients)
}

func TestCheckFindsNothingWhenAllIsWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.check("#access-requests", "Access-Requests", "alice@example.com", idBob, teamssim.DemoOps); len(got) != 0 {
		t.Errorf("findings are %+v", got)
	}
}

func TestCheckNamesEachFaultAndItsCure(t *testing.T) {
	t.Parallel()
	permissions := func(granted ...string) func(*setting) {
		return func(s *setting) { s.tenant.App.Permissions = granted }
	}
	channel := func(place string) func(*setting) {
		return func(s *setting) { s.config.Channels["#other"] = place }
	}
	old, oldKey := newCertificate(t, -time.Minute)
	ending, endingKey := newCertificate(t, 24*time.Hour)
	for name, c := range map[string]struct {
		change    func(*setting)
		faults    standin.Faults
		recipient string
		what, fix string
		warning   bool
	}{
		"unknown name":         {recipient: "#nowhere", what: `"#nowhere" is not one of the configured channels`, fix: "Get link to channel"},
		"unknown person":       {recipient: "zoe@example.com", what: `The person "zoe@example.com" cannot be written to`, fix: "graph: install"},
		"app not in the team":  {change: channel(teamssim.DemoSecurity), what: `The app is not in the team of the channel "#other"`, fix: "Manage team"},
		"channel is gone":      {change: channel("19:gone@thread.tacv2"), what: `Teams does not know the channel "#other"`, fix: "Get link to channel"},
		"named by id, no app":  {recipient: teamssim.DemoSecurity, what: "cannot be used", fix: "add it to the team"},
		"no right to read":     {change: permissions(), what: "Microsoft Graph cannot be used", fix: "User.Read.All"},
		"no right to install":  {change: func(s *setting) { permissions("User.Read.All")(s); s.config.Channels = nil }, recipient: demoDaveID, what: "cannot be looked up", fix: "TeamsAppInstallation.ReadWriteSelfForUser.All"},
		"wrong catalogue id":   {change: func(s *setting) { s.config.CatalogAppID, s.config.Channels = teamssim.DemoApp, nil }, recipient: demoDaveID, what: "cannot be written to", fix: "graph: install"},
		"keys out of reach":    {faults: standin.Faults{FailBefore: 1, Only: []string{"openid"}}, what: "keys that prove where callbacks come from", fix: "every click is refused"},
		"members out of reach": {faults: standin.Faults{FailBefore: 1, Only: []string{"members"}}, what: `The channel "#access-requests" cannot be used`, fix: "having trouble"},
		"certificate is over":  {change: byCertificate(old, oldKey), what: "The certificate expired on", fix: "upload it"},
		"certificate ends":     {change: byCertificate(ending, endingKey), what: "The certificate expires on", fix: "upload it", warning: true},
		"nobody there": {
			change: func(s *setting) { s.config.Endpoints.Login = config.Address("http://127.0.0.1:1") },
			what:   "Entra gives the bot no token", fix: "Entra could not be reached",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := []func(*setting){}
			if c.change != nil {
				change = append(change, c.change)
			}
			w := newWorld(t, change...)
			if err := w.sim.Faults().Set(c.faults); err != nil {
				t.Fatal(err)
			}
			var recipients []string
			if c.recipient != "" {
				recipients = []string{c.recipient}
			}
			found := w.check(recipients...)
			if !slices.ContainsFunc(found, func(f plugins.Finding) bool {
				return strings.Contains(f.What, c.what) && strings.Contains(f.Fix, c.fix) && f.Warning == c.warning
			}) {
				t.Errorf("findings are %+v, want %q and %q", found, c.what, c.fix)
			}
		})
	}
}

const demoDaveID = "da4e0000-0000-4000-8000-000000000005"
