package catalog

import (
	"io"
	"net/http"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/discord"
	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/email"
	"github.com/accede/accede/plugins/email/emailsim"
	"github.com/accede/accede/plugins/jira"
	"github.com/accede/accede/plugins/jira/jirasim"
	"github.com/accede/accede/plugins/mattermost"
	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/opsgenie"
	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
	"github.com/accede/accede/plugins/pagerduty"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/servicenow"
	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/slack"
	"github.com/accede/accede/plugins/slack/slacksim"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/teams"
	"github.com/accede/accede/plugins/teams/teamssim"
)

// Entry is one plugin.
type Entry struct {
	Spec plugins.Spec
	// StandIn makes a local stand-in of the vendor, set up as in the demo.
	StandIn func(standin.Options) (StandIn, error)
	// Demo sets the plugin up for the stand-in and the people of the demo.
	Demo func(standin.Place) standin.Demo
	// Side names the second protocol of the stand-in, such as "smtp"; empty if it only speaks HTTP.
	Side string
}

// StandIn is a vendor that lives in this process, to be mounted with its prefix stripped. Close ends its connections
// and everything it has under way.
type StandIn interface {
	http.Handler
	io.Closer
	standin.Stage
}

// All lists every plugin in alphabetical order of their names.
func All() []Entry {
	return []Entry{
		{Spec: discord.Spec(), StandIn: discordStandIn, Demo: discordsim.DemoPlugin},
		{Spec: email.Spec(), StandIn: emailStandIn, Demo: emailsim.DemoPlugin, Side: "smtp"},
		{Spec: jira.Spec(), StandIn: jiraStandIn, Demo: jirasim.DemoPlugin},
		{Spec: mattermost.Spec(), StandIn: mattermostStandIn, Demo: mattermostsim.DemoPlugin},
		{Spec: opsgenie.Spec(), StandIn: opsgenieStandIn, Demo: opsgeniesim.DemoPlugin},
		{Spec: pagerduty.Spec(), StandIn: pagerdutyStandIn, Demo: pagerdutysim.DemoPlugin},
		{Spec: servicenow.Spec(), StandIn: servicenowStandIn, Demo: servicenowsim.DemoPlugin},
		{Spec: slack.Spec(), StandIn: slackStandIn, Demo: slacksim.DemoPlugin},
		{Spec: teams.Spec(), StandIn: teamsStandIn, Demo: teamssim.DemoPlugin},
	}
}

// Find returns the plugin of that name.
func Find(name string) (Entry, bool) {
	for _, entry := range All() {
		if entry.Spec.Name == name {
			return entry, true
		}
	}
	return Entry{}, false
}

func discordStandIn(options standin.Options) (StandIn, error) {
	return discordsim.New(discordsim.Demo(), options)
}

func emailStandIn(options standin.Options) (StandIn, error) {
	return emailsim.New(emailsim.Demo(), options)
}

func mattermostStandIn(options standin.Options) (StandIn, error) {
	return mattermostsim.New(mattermostsim.Demo(), options)
}

func servicenowStandIn(options standin.Options) (StandIn, error) {
	return servicenowsim.New(servicenowsim.Demo(), options)
}

func opsgenieStandIn(options standin.Options) (StandIn, error) {
	return opsgeniesim.New(opsgeniesim.Demo(), options)
}

func pagerdutyStandIn(options standin.Options) (StandIn, error) {
	return pagerdutysim.New(pagerdutysim.Demo(), options)
}

func jiraStandIn(options standin.Options) (StandIn, error) {
	return jirasim.New(jirasim.Demo(), options)
}

func teamsStandIn(options standin.Options) (StandIn, error) {
	return teamssim.New(teamssim.Demo(), options)
}

func slackStandIn(options standin.Options) (StandIn, error) {
	return slacksim.New(slacksim.Demo(), options)
}
