package teams

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

// GraphUse says what the plugin may do with Microsoft Graph.
type GraphUse string

// The uses of Graph.
const (
	// GraphOff: people are found through the members of the configured channels only.
	GraphOff GraphUse = "off"
	// GraphRead: people are found by their address in the directory.
	GraphRead GraphUse = "read"
	// GraphInstall: besides, the app is installed for people who are to be written to.
	GraphInstall GraphUse = "install"
)

// Config is Teams' part of the plugin's configuration.
type Config struct {
	// AppID is the bot's application id, Tenant the directory that the bot lives in.
	AppID  string `yaml:"app_id"`
	Tenant string `yaml:"tenant"`
	// AppSecret proves who the bot is; a certificate does so instead.
	AppSecret     secret.String `yaml:"app_secret"`
	AppSecretFile string        `yaml:"app_secret_file"`
	// Certificate is a PEM file's text: the certificate that the app registration knows, and the key unless PrivateKey holds
	// it.
	Certificate     secret.String `yaml:"certificate"`
	CertificateFile string        `yaml:"certificate_file"`
	PrivateKey      secret.String `yaml:"private_key"`
	PrivateKeyFile  string        `yaml:"private_key_file"`
	// Channels gives names to channels: each by the link that Teams copies, or by its id.
	Channels map[string]string `yaml:"channels"`
	// Graph says what may be done with Microsoft Graph.
	Graph GraphUse `yaml:"graph"`
	// CatalogAppID is the app's id in the organisation's catalogue, needed to install it.
	CatalogAppID string `yaml:"catalog_app_id"`
	// ManifestID is the id in the app package; AppID if empty.
	ManifestID string `yaml:"manifest_id"`
	// AllowedTenants are the directories whose people may click; Tenant if empty.
	AllowedTenants []string `yaml:"allowed_tenants"`
	// Cloud is the Microsoft cloud.
	Cloud Cloud `yaml:"cloud"`
	// ServiceHosts are further hosts that the bot's token may be sent to.
	ServiceHosts []string `yaml:"service_hosts"`
	// Endpoints replaces addresses of the cloud.
	Endpoints Endpoints `yaml:"endpoints"`
}

// NewConfig returns the defaults.
func NewConfig() *Config { return &Config{Graph: GraphOff, Cloud: CloudPublic} }

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Validate returns every fault of the configuration.
func (c *Config) Validate() error {
	var p config.Problems
	p.Check(guid.MatchString(c.AppID), "app_id",
		"must be the \"Microsoft App ID\" from the Azure bot's page \"Configuration\"; it looks like 00000000-0000-0000-0000-000000000000")
	p.Check(guid.MatchString(c.Tenant), "tenant",
		"must be the \"Directory (tenant) ID\" from the app registration's overview; it looks like 00000000-0000-0000-0000-000000000000")
	c.validateCredential(&p)
	c.validatePlaces(&p)
	c.validateGraph(&p)
	p.Check(slices.Contains([]Cloud{CloudPublic, CloudUSGov, CloudChina}, c.Cloud), "cloud",
		"is %q; use public, us_gov or china", string(c.Cloud))
	c.validateEndpoints(&p)
	return p.Err()
}

func (c *Config) validateCredential(p *config.Problems) {
	switch {
	case c.AppSecret.IsZero() && c.Certificate.IsZero():
		p.Add("app_secret", "is missing; make a client secret under \"Certificates & secrets\" of the app registration, or give a certificate")
	case !c.AppSecret.IsZero() && !c.Certificate.IsZero():
		p.Add("app_secret", "and certificate are both given; keep one of them")
	case guid.MatchString(c.AppSecret.Reveal()):
		p.Add("app_secret", "is the secret's id; the secret itself is in the column \"Value\" and is shown only once")
	case !c.Certificate.IsZero():
		_, err := parseCertificate(c.Certificate, c.PrivateKey)
		p.In("certificate", err)
	}
}

func (c *Config) validatePlaces(p *config.Problems) {
	for name, place := range c.Channels {
		p.Check(strings.TrimSpace(name) != "" && !strings.Contains(name, "@"), "channels", "%q cannot be the name of a channel", name)
		_, ok := channelOf(place)
		p.Check(ok, "channels."+name,
			"is neither a channel's link nor its id; in Teams choose \"Get link to channel\" from the channel's menu and paste it here")
	}
	for _, tenant := range c.AllowedTenants {
		p.Check(guid.MatchString(tenant), "allowed_tenants", "%q is not a directory's id", tenant)
	}
	p.Check(len(c.AllowedTenants) == 0 || slices.ContainsFunc(c.AllowedTenants, c.isHome), "allowed_tenants",
		"lacks tenant itself, so nobody there could click")
}

func (c *Config) validateGraph(p *config.Problems) {
	p.Check(slices.Contains([]GraphUse{GraphOff, GraphRead, GraphInstall}, c.Graph), "graph",
		"is %q; use off, read or install", string(c.Graph))
	p.Check(c.Graph != GraphInstall || guid.MatchString(c.CatalogAppID), "catalog_app_id",
		"is needed for graph: install; it is the \"App ID\" that the Teams admin center shows under \"Manage apps\" for the uploaded app")
	p.Check(c.ManifestID == "" || guid.MatchString(c.ManifestID), "manifest_id", "must be an id such as 00000000-0000-0000-0000-000000000000")
}

func (c *Config) validateEndpoints(p *config.Problems) {
	for name, address := range map[string]config.Address{
		"login": c.Endpoints.Login, "openid": c.Endpoints.OpenID, "connector": c.Endpoints.Connector, "graph": c.Endpoints.Graph,
	} {
		parsed, err := url.Parse(address.String())
		p.Check(address == "" || err == nil && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Host != "",
			"endpoints."+name, "must be an http or https address; leave it out unless this is a sandbox")
	}
}

func (c *Config) isHome(tenant string) bool { return strings.EqualFold(tenant, c.Tenant) }

// allows says whether people of a directory may click.
func (c *Config) allows(tenant string) bool {
	if len(c.AllowedTenants) == 0 {
		return c.isHome(tenant)
	}
	return slices.ContainsFunc(c.AllowedTenants, func(allowed string) bool { return strings.EqualFold(allowed, tenant) })
}

// manifestID is the id that the app package carries.
func (c *Config) manifestID() string {
	if c.ManifestID != "" {
		return c.ManifestID
	}
	return c.AppID
}

// botID is the bot as an account of Teams.
func (c *Config) botID() string { return "28:" + c.AppID }

var (
	channelID = regexp.MustCompile(`^19:[A-Za-z0-9_-]+@thread\.(tacv2|skype)$`)
	groupID   = regexp.MustCompile(`^19:[A-Za-z0-9_-]+@thread\.v2$`)
)

// channelOf reads a channel's id out of what a person can copy from Teams: the link to a channel, or the id itself. Group
// chats have ids of another kind and work as well.
func channelOf(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if channelID.MatchString(text) || groupID.MatchString(text) {
		return text, true
	}
	link, err := url.Parse(text)
	if err != nil || link.Scheme != "https" {
		return "", false
	}
	for part := range strings.SplitSeq(link.Path, "/") {
		if channelID.MatchString(part) || groupID.MatchString(part) {
			return part, true
		}
	}
	return "", false
}
