package servicenow

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
)

func fine() *Config {
	c := NewConfig()
	c.InstanceURL, c.ClientID, c.ClientSecret = "https://acme.service-now.com", "id", secret.New("canary-secret")
	return c
}

func TestValidateNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Config)
		want  []string
	}{
		"fine": {func(*Config) {}, nil},
		"basic": {func(c *Config) {
			c.ClientID, c.ClientSecret, c.User, c.Password = "", secret.String{}, "u", secret.New("p")
		}, nil},
		"nothing":         {func(c *Config) { *c = Config{} }, []string{"instance_url: must be", "client_id: is missing", "table: is", "time_zone: is", "read_notes: is", "approvals.mode: is", "requests_per_second"}},
		"both":            {func(c *Config) { c.User = "u" }, []string{"client_id: stands beside user"}},
		"no password":     {func(c *Config) { c.ClientID, c.ClientSecret, c.User = "", secret.String{}, "u" }, []string{"password: is missing"}},
		"no user":         {func(c *Config) { c.ClientID, c.ClientSecret, c.Password = "", secret.String{}, secret.New("p") }, []string{"user: is missing"}},
		"no secret":       {func(c *Config) { c.ClientSecret = secret.String{} }, []string{"client_secret: is missing"}},
		"no id":           {func(c *Config) { c.ClientID = "" }, []string{"client_id: is missing"}},
		"address":         {func(c *Config) { c.InstanceURL = "acme.service-now.com" }, []string{"instance_url: must be the instance's address"}},
		"table":           {func(c *Config) { c.Table = "incident^x" }, []string{`table: is "incident^x"`}},
		"field":           {func(c *Config) { c.RequesterField = "Caller" }, []string{`requester_field: is "Caller"`}},
		"own field":       {func(c *Config) { c.Fields = map[string]string{"correlation_id": "x", "a b": "y"} }, []string{"fields.correlation_id: is written by the plugin", "fields.a b: is no field's name"}},
		"outcome":         {func(c *Config) { c.Closing = map[string]map[string]string{"resolved": {"state": "6"}} }, []string{"closing.resolved: is no outcome"}},
		"closing":         {func(c *Config) { c.Closing = map[string]map[string]string{"approved": {"description": "x"}} }, []string{"closing.approved.description: is written by the plugin"}},
		"zone":            {func(c *Config) { c.TimeZone = "Mars" }, []string{`time_zone: is "Mars"`}},
		"webhook secret":  {func(c *Config) { c.WebhookSecret = secret.New("short") }, []string{"webhook_secret: is too short"}},
		"approval fields": {func(c *Config) { c.Approvals.Request = map[string]string{"sys_id": "x"} }, []string{"approvals.request.sys_id"}},
		"too fast":        {func(c *Config) { c.RequestsPerSecond = 1000 }, []string{"requests_per_second"}},
	} {
		broken := fine()
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

// exampleFile is the part of the example that is ours, and what is the host's.
type exampleFile struct {
	Broker           map[string]string   `yaml:"broker"`
	HTTP             map[string]string   `yaml:"http"`
	RoleToRecipients map[string][]string `yaml:"role_to_recipients"`
	Decisions        string              `yaml:"decisions"`
	VendorPoll       string              `yaml:"vendor_poll"`
	OnCall           map[string][]int    `yaml:"on_call"`
	ServiceNow       *Config             `yaml:"servicenow"`
}

func load(t *testing.T, text string) *Config {
	t.Helper()
	file := exampleFile{ServiceNow: NewConfig()}
	env := func(name string) string { return "value-of-" + strings.ToLower(name) }
	if err := config.Decode("test.yaml", []byte(text), &file, env); err != nil {
		t.Fatal(err)
	}
	if err := file.ServiceNow.Validate(); err != nil {
		t.Fatal(err)
	}
	return file.ServiceNow
}

func TestTheExampleLoads(t *testing.T) {
	c := load(t, string(example))
	if c.closing(outcomeExpired)["state"] != "8" || c.asking()["approval"] != "requested" || c.tenant() != "acme.service-now.com" {
		t.Errorf("the example makes %+v", c)
	}
}

func TestClosingAndAskingByDefaultAndOtherwise(t *testing.T) {
	base := "servicenow:\n  instance_url: https://acme.service-now.com\n  client_id: a\n  client_secret: b\n"
	plain := load(t, base)
	if plain.closing(outcomeApproved)["close_code"] != "Solution provided" || plain.closing(outcomeWithdrawn)["state"] != "8" || plain.closing("") != nil {
		t.Error("incidents are not closed by default")
	}
	if got := load(t, base+"  closing: {}\n").closing(outcomeApproved); len(got) != 0 {
		t.Errorf("records that shall stay open are closed with %v", got)
	}
	item := load(t, base+"  table: sc_req_item\n  approvals: {mode: create}\n")
	if len(item.closing(outcomeApproved)) != 0 || len(item.asking()) != 0 {
		t.Error("a requested item is closed with an incident's states, or asks for a flow")
	}
	if !item.Approvals.Withdraw {
		t.Error("naming the mode lost the other defaults")
	}
	if got := load(t, base+"  approvals: {request: {}}\n").asking(); len(got) != 0 {
		t.Errorf("a flow that needs no field gets %v", got)
	}
}

func FuzzValue(f *testing.F) {
	for _, seed := range []string{`"x"`, `{"link":"l","value":"v"}`, `""`, `1`, `null`, `true`, `[]`, `{"value":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r row
		if json.Unmarshal([]byte(`{"sys_id":`+string(data)+`}`), &r) == nil && r.id() != "" && !sysID.MatchString(r.get("sys_id")) {
			t.Errorf("%q is taken for the id %q", data, r.id())
		}
	})
}

func FuzzRef(f *testing.F) {
	f.Add("incident/05e2000000000000000000000000a11c")
	f.Add("-approval/05e2000000000000000000000000a11c/05e2000000000000000000000000a11c")
	f.Add("-note/05e2000000000000000000000000a11c/" + keyOne)
	f.Add("-caller/" + requestID)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := decodeRef(plugins.Ref(text))
		if err != nil {
			return
		}
		if again, err := decodeRef(r.encode()); err != nil || again != r {
			t.Errorf("%q became %+v, then %+v, %v", text, r, again, err)
		}
	})
}

func FuzzMarker(f *testing.F) {
	f.Add(marker{requestID, fingerprint, 12}.String())
	f.Fuzz(func(t *testing.T, text string) {
		if m, ok := parseMarker(text); ok {
			if again, ok := parseMarker(m.String()); !ok || again != m {
				t.Errorf("%q became %+v", text, m)
			}
		}
	})
}

func FuzzTame(f *testing.F) {
	f.Add("[code]<b>x</b>[/code] @[admin] https://evil.example/")
	f.Fuzz(func(t *testing.T, text string) {
		for _, shown := range []string{oneLine(text, 100), quoted(text, 200)} {
			if markup.MatchString(shown) || strings.Contains(shown, "@[") || strings.Contains(shown, "://") {
				t.Errorf("%q shows %q, which is alive", text, shown)
			}
			if ruler.Length(shown) > 202 {
				t.Errorf("%d units", ruler.Length(shown))
			}
		}
	})
}
