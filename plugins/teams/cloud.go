package teams

import "github.com/accede/accede/internal/config"

// Cloud is one of Microsoft's clouds; each has addresses of its own.
type Cloud string

// The clouds. GCC (without High) uses the public cloud.
const (
	CloudPublic Cloud = "public"
	CloudUSGov  Cloud = "us_gov"
	CloudChina  Cloud = "china"
)

// Endpoints are the addresses that the plugin speaks to. Only a sandbox changes them.
type Endpoints struct {
	// Login issues our tokens.
	Login config.Address `yaml:"login"`
	// OpenID describes the keys that sign the Bot Framework's callbacks.
	OpenID config.Address `yaml:"openid"`
	// Connector takes messages until the tenant's own service address is known.
	Connector config.Address `yaml:"connector"`
	// Graph is the root of Microsoft Graph, without the version.
	Graph config.Address `yaml:"graph"`
}

// realm is what differs from cloud to cloud.
type realm struct {
	Endpoints
	// scope is what our token is for, issuer who signs callbacks.
	scope, issuer string
	// hosts may be given our token: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages.
	hosts []string
}

const defaultConnector = "https://smba.trafficmanager.net/teams"

func realmOf(cloud Cloud) realm {
	switch cloud {
	case CloudUSGov:
		return realm{
			Endpoints: Endpoints{
				Login: "https://login.microsoftonline.us", Graph: "https://graph.microsoft.us",
				OpenID:    "https://login.botframework.azure.us/v1/.well-known/openidconfiguration",
				Connector: "https://smba.infra.gov.teams.microsoft.us/teams",
			},
			scope: "https://api.botframework.us/.default", issuer: "https://api.botframework.us",
			hosts: []string{"smba.infra.gov.teams.microsoft.us", "smba.infra.gcc.teams.microsoft.com"},
		}
	case CloudChina:
		return realm{
			Endpoints: Endpoints{
				Login: "https://login.partner.microsoftonline.cn", Graph: "https://microsoftgraph.chinacloudapi.cn",
				OpenID:    "https://login.botframework.azure.cn/v1/.well-known/openidconfiguration",
				Connector: "https://frontend.botapi.msg.infra.teams.microsoftonline.cn/teams",
			},
			scope: "https://api.botframework.azure.cn/.default", issuer: "https://api.botframework.azure.cn",
			hosts: []string{"frontend.botapi.msg.infra.teams.microsoftonline.cn"},
		}
	default:
		return realm{
			Endpoints: Endpoints{
				Login: "https://login.microsoftonline.com", Graph: "https://graph.microsoft.com",
				OpenID:    "https://login.botframework.com/v1/.well-known/openidconfiguration",
				Connector: defaultConnector,
			},
			scope: "https://api.botframework.com/.default", issuer: "https://api.botframework.com",
			hosts: []string{"smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com"},
		}
	}
}

// realm is the cloud with the addresses that the configuration changes.
func (c *Config) realm() realm {
	r := realmOf(c.Cloud)
	for _, change := range []struct {
		to   *config.Address
		from config.Address
	}{
		{&r.Login, c.Endpoints.Login},
		{&r.OpenID, c.Endpoints.OpenID},
		{&r.Connector, c.Endpoints.Connector},
		{&r.Graph, c.Endpoints.Graph},
	} {
		if change.from != "" {
			*change.to = change.from
		}
	}
	return r
}
