package host_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host"
)

type vendorConfig struct {
	URL       string        `yaml:"url"`
	Token     secret.String `yaml:"token"`
	TokenFile string        `yaml:"token_file"`
	Retries   int           `yaml:"retries"`
}

func (c *vendorConfig) Validate() error {
	var errs []error
	if c.URL == "" {
		errs = append(errs, errors.New("url: is missing"))
	}
	if c.Retries < 0 {
		errs = append(errs, config.Problem{Path: "retries", Message: "is negative"})
	}
	return errors.Join(errs...)
}

func demoSpec() plugins.Spec {
	return plugins.Define("demo", "Demo", []byte("# an example\n"), func() *vendorConfig { return &vendorConfig{Retries: 3} }, nil)
}

const demoConfig = `# everything
broker: {credential_file: ./demo.credential.json, address: "${BROKER}"}
http: {listen: 127.0.0.1:4199}
role_to_recipients:
  dba: ["#access-requests"]
  "prod-*": []
  "*": ["#ops"]
decisions: link_only
lease: 20s
demo:
  url: http://127.0.0.1:4190
  token: ${TOKEN}
`

func getenv(name string) string {
	return map[string]string{"BROKER": "nats://broker:4222", "TOKEN": "canary-token"}[name]
}

func TestSettingsAreReadWithTheVendorsPart(t *testing.T) {
	settings, vendor, err := host.ParseSettings(demoSpec(), "demo.yaml", []byte(demoConfig), getenv)
	if err != nil {
		t.Fatal(err)
	}
	want := host.DefaultSettings()
	want.Broker = host.BrokerSettings{CredentialFile: "./demo.credential.json", Address: "nats://broker:4222"}
	want.HTTP.Listen = "127.0.0.1:4199"
	want.RoleToRecipients = map[string][]string{"dba": {"#access-requests"}, "prod-*": {}, "*": {"#ops"}}
	want.Decisions, want.Lease = host.DecideByLink, config.Duration(20*time.Second)
	if diff := cmp.Diff(want, settings); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got, ok := vendor.(*vendorConfig); !ok || got.Token.Reveal() != "canary-token" || got.Retries != 3 {
		t.Errorf("vendor's part: %+v", vendor)
	}
}

func TestMistakesAreFoundWhereTheyAre(t *testing.T) {
	for name, one := range map[string]struct{ old, new, want string }{
		"host's key":      {"lease:", "leese:", "demo.yaml:9:1: unknown field"},
		"vendor's key":    {"  url:", "  uri:", "demo.yaml:11:3: unknown field"},
		"another plugin":  {"demo:\n", "slack:\n", `demo.yaml:10:1: unknown field "slack"`},
		"vendor's type":   {"  url: http://127.0.0.1:4190", "  retries: many", "demo.yaml:11:12: expected a whole number"},
		"duration":        {"lease: 20s", "lease: 20 s", "demo.yaml:9:8"},
		"vendor's value":  {"  url: http://127.0.0.1:4190", "  retries: -1", "demo.retries: is negative"},
		"joined problems": {"  url: http://127.0.0.1:4190", "  retries: -1", "demo: url: is missing"},
		"lease":           {"lease: 20s", "lease: 20m", "lease: is 20m0s; give 1s to 50s"},
		"decisions":       {"link_only", "maybe", `decisions: is "maybe"; give in_chat, link_only or off`},
		"listen":          {"127.0.0.1:4199", "4199", `http.listen: "4199" is not host:port`},
		"credential":      {"credential_file: ./demo.credential.json, ", "", "broker.credential_file: is missing"},
		"recipient":       {`["#ops"]`, `[""]`, "role_to_recipients.*[0]: is empty"},
		"environment":     {"${TOKEN}", "${TOKEM}", "demo.token: environment variable TOKEM is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(demoConfig, one.old, one.new, 1)
			_, _, err := host.ParseSettings(demoSpec(), "demo.yaml", []byte(text), getenv)
			if err == nil || !strings.Contains(err.Error(), one.want) {
				t.Errorf("error %v, want %s", err, one.want)
			}
		})
	}
}

func TestAnEmptyVendorPartKeepsItsDefaults(t *testing.T) {
	text := demoConfig[:strings.Index(demoConfig, "demo:\n")]
	for _, part := range []string{"", "demo:\n"} {
		_, _, err := host.ParseSettings(demoSpec(), "demo.yaml", []byte(text+part), getenv)
		if err == nil || !strings.Contains(err.Error(), "demo: url: is missing") {
			t.Errorf("%q: error %v", part, err)
		}
	}
}
