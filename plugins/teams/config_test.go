package teams

import (
	"strings"
	"testing"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins/teams/teamssim"
)

func TestValidateNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	certificate, key := newCertificate(t, patience)
	_, other := newCertificate(t, patience)
	for name, c := range map[string]struct {
		spoil func(*Config)
		want  []string
	}{
		"fine":        {func(*Config) {}, nil},
		"certificate": {func(c *Config) { c.AppSecret, c.Certificate = secret.String{}, secret.New(certificate+key) }, nil},
		"key apart": {func(c *Config) {
			c.AppSecret, c.Certificate, c.PrivateKey = secret.String{}, secret.New(certificate), secret.New(key)
		}, nil},
		"nothing":         {func(c *Config) { *c = Config{} }, []string{"app_id: must be", "tenant: must be", "app_secret: is missing", "graph: is \"\"", "cloud: is \"\""}},
		"both":            {func(c *Config) { c.Certificate = secret.New(certificate + key) }, []string{"are both given"}},
		"the secret's id": {func(c *Config) { c.AppSecret = secret.New(teamssim.DemoApp) }, []string{"app_secret: is the secret's id", "column \"Value\""}},
		"no certificate":  {func(c *Config) { c.AppSecret, c.Certificate = secret.String{}, secret.New(key) }, []string{"certificate: holds no certificate"}},
		"broken": {func(c *Config) {
			c.AppSecret, c.Certificate = secret.String{}, secret.New(strings.ToLower(certificate))
		}, []string{"certificate: "}},
		"no key":           {func(c *Config) { c.AppSecret, c.Certificate = secret.String{}, secret.New(certificate) }, []string{"without an RSA private key"}},
		"another's key":    {func(c *Config) { c.AppSecret, c.Certificate = secret.String{}, secret.New(certificate+other) }, []string{"do not belong together"}},
		"no channel":       {func(c *Config) { c.Channels["#x"] = "general" }, []string{"channels.#x: is neither a channel's link nor its id", "Get link to channel"}},
		"odd name":         {func(c *Config) { c.Channels["a@b"] = teamssim.DemoChannel }, []string{"cannot be the name of a channel"}},
		"odd tenant":       {func(c *Config) { c.AllowedTenants = []string{"contoso", c.Tenant} }, []string{`allowed_tenants: "contoso" is not`}},
		"tenant forgotten": {func(c *Config) { c.AllowedTenants = []string{teamssim.DemoForeign} }, []string{"lacks tenant itself"}},
		"graph":            {func(c *Config) { c.Graph = "everything" }, []string{"use off, read or install"}},
		"install":          {func(c *Config) { c.Graph = GraphInstall }, []string{"catalog_app_id: is needed for graph: install"}},
		"manifest":         {func(c *Config) { c.ManifestID = "accede" }, []string{"manifest_id"}},
		"cloud":            {func(c *Config) { c.Cloud = "own" }, []string{"use public, us_gov or china"}},
		"endpoint":         {func(c *Config) { c.Endpoints.Graph = "graph.microsoft.com" }, []string{"endpoints.graph: must be an http or https address"}},
	} {
		broken := NewConfig()
		broken.AppID, broken.Tenant, broken.AppSecret = teamssim.DemoApp, teamssim.DemoTenant, secret.New("s3cret")
		broken.Channels = map[string]string{"#access": teamssim.DemoChannel}
		c.spoil(broken)
		err := broken.Validate()
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range c.want {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", name, err, part)
			}
		}
	}
}

func TestChannelsAreReadFromWhatPeopleCopy(t *testing.T) {
	t.Parallel()
	const id = "19:AbC_d-1@thread.tacv2"
	for text, want := range map[string]string{
		id: id, " " + id + "\n": id, "19:abc@thread.v2": "19:abc@thread.v2", "19:abc@thread.skype": "19:abc@thread.skype",
		"https://teams.microsoft.com/l/channel/19%3aAbC_d-1%40thread.tacv2/General?groupId=1&tenantId=2": id,
		"https://teams.microsoft.com/l/channel/19:AbC_d-1@thread.tacv2/General":                          id,
		"https://teams.cloud.microsoft/l/channel/19%3AAbC_d-1%40thread.tacv2/":                           id,
		"general": "", "": "", "https://teams.microsoft.com/l/team/x": "", "http://teams.microsoft.com/l/channel/" + id: "",
		"19:a b@thread.tacv2": "", "19:abc;messageid=1@thread.tacv2": "",
	} {
		got, ok := channelOf(text)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q gives %q, %v", text, got, ok)
		}
	}
}

func TestCloudsDiffer(t *testing.T) {
	t.Parallel()
	issuers := map[string]bool{}
	for _, cloud := range []Cloud{CloudPublic, CloudUSGov, CloudChina} {
		r := (&Config{Cloud: cloud, Endpoints: Endpoints{Graph: "https://graph.example.com"}}).realm()
		issuers[r.issuer] = true
		if r.Graph != "https://graph.example.com" || r.Login == "" || r.OpenID == "" || r.Connector == "" || len(r.hosts) == 0 || !strings.HasSuffix(r.scope, "/.default") {
			t.Errorf("%s: %+v", cloud, r)
		}
		if !newServiceHosts(&Config{Cloud: cloud}).allow(r.Connector.String()) {
			t.Errorf("%s: its own connector is not allowed", cloud)
		}
	}
	if len(issuers) != 3 {
		t.Errorf("issuers %v", issuers)
	}
}

// exampleFile is the part of the example that is ours.
type exampleFile struct {
	Broker           map[string]string   `yaml:"broker"`
	HTTP             map[string]string   `yaml:"http"`
	RoleToRecipients map[string][]string `yaml:"role_to_recipients"`
	Decisions        string              `yaml:"decisions"`
	Teams            *Config             `yaml:"teams"`
}

func TestTheExampleLoads(t *testing.T) {
	t.Parallel()
	file := exampleFile{Teams: NewConfig()}
	env := map[string]string{"ACCEDE_TEAMS_APP_SECRET": "s3cret"}
	if err := config.Decode("example.yaml", example, &file, func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	if err := file.Teams.Validate(); err != nil {
		t.Error(err)
	}
}
