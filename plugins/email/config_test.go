package email

import (
	"strings"
	"testing"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins/email/emailsim"
	"github.com/accede/accede/plugins/standin"
)

func TestValidateNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	fine := func() *Config {
		c := NewConfig()
		c.From, c.SMTP.Host, c.SMTP.Username, c.SMTP.Password = "Accede <accede@example.com>", "smtp.example.com", "u", secret.New("p")
		return c
	}
	gun := func(c *Config) {
		c.SMTP = NewConfig().SMTP
		c.Mailgun.Domain, c.Mailgun.APIKey = "mg.example.com", secret.New("k")
	}
	for name, c := range map[string]struct {
		spoil func(*Config)
		want  []string
	}{
		"fine":              {func(*Config) {}, nil},
		"fine without auth": {func(c *Config) { c.SMTP.Username, c.SMTP.Password = "", secret.String{} }, nil},
		"fine mailgun":      {gun, nil},
		"nothing":           {func(c *Config) { *c = *NewConfig() }, []string{"from: is missing", "smtp.host: is missing"}},
		"no such sender":    {func(c *Config) { c.From = "Accede" }, []string{`from: "Accede" is not one mail address`}},
		"two senders":       {func(c *Config) { c.From = "a@example.com, b@example.com" }, []string{"from:"}},
		"line break":        {func(c *Config) { c.ReplyTo = "a@example.com\r\nBcc: x@y.example" }, []string{"reply_to:"}},
		"bounces":           {func(c *Config) { c.BouncesTo = "x" }, []string{"bounces_to:"}},
		"domains":           {func(c *Config) { c.OnlyDomains = []string{"@example.com"} }, []string{"only_domains:"}},
		"follow ups":        {func(c *Config) { c.FollowUps = "never" }, []string{`follow_ups: is "never"`}},
		"both ways":         {func(c *Config) { c.Mailgun.Domain = "mg.example.com" }, []string{"mailgun.domain: is given as well"}},
		"host with port":    {func(c *Config) { c.SMTP.Host = "smtp.example.com:587" }, []string{"smtp.host:"}},
		"port":              {func(c *Config) { c.SMTP.Port = 70000 }, []string{"smtp.port: is 70000"}},
		"connections":       {func(c *Config) { c.SMTP.Connections = 0 }, []string{"smtp.connections: is 0"}},
		"tls":               {func(c *Config) { c.SMTP.TLS = "ssl" }, []string{`smtp.tls: is "ssl"`}},
		"readable password": {func(c *Config) { c.SMTP.TLS = TLSNone }, []string{"smtp.tls: is none, which would send the password readable"}},
		"readable token":    {func(c *Config) { c.SMTP.TLS, c.SMTP.Auth, c.SMTP.OAuth.TokenPath = TLSNone, AuthXOAUTH2, "/t" }, []string{"readable"}},
		"none, but scram":   {func(c *Config) { c.SMTP.TLS, c.SMTP.Auth = TLSNone, AuthSCRAM }, nil},
		"none, but here":    {func(c *Config) { c.SMTP.TLS, c.SMTP.Host = TLSNone, "127.0.0.1" }, nil},
		"two authorities":   {func(c *Config) { c.SMTP.CA, c.SMTP.CAFile = "x", "y" }, []string{"smtp.ca: is given as well"}},
		"no certificate":    {func(c *Config) { c.SMTP.CA = "x" }, []string{"smtp.ca: holds no certificate"}},
		"hello":             {func(c *Config) { c.SMTP.Hello = "two words" }, []string{"smtp.hello:"}},
		"auth":              {func(c *Config) { c.SMTP.Auth = "ntlm" }, []string{`smtp.auth: is "ntlm"`}},
		"no password":       {func(c *Config) { c.SMTP.Password = secret.String{} }, []string{"smtp.password: is missing"}},
		"no user":           {func(c *Config) { c.SMTP.Username = "" }, []string{"smtp.username: is missing"}},
		"no user for a way": {func(c *Config) { c.SMTP.Username, c.SMTP.Password, c.SMTP.Auth = "", secret.String{}, AuthPlain }, []string{"auth: plain needs one"}},
		"no token":          {func(c *Config) { c.SMTP.Auth = AuthXOAUTH2 }, []string{"smtp.oauth.token_path: is missing"}},
		"two token sources": {func(c *Config) {
			c.SMTP.Auth, c.SMTP.OAuth = AuthXOAUTH2, OAuth{TokenPath: "/t", TokenURL: "https://x/"}
		}, []string{"given as well as token_path"}},
		"bare endpoint":     {func(c *Config) { c.SMTP.Auth, c.SMTP.OAuth = AuthXOAUTH2, OAuth{TokenURL: "x"} }, []string{"full https address", "client_id: is missing", "client_secret: is missing"}},
		"mailgun's domain":  {func(c *Config) { gun(c); c.Mailgun.Domain = "https://x" }, []string{"mailgun.domain:"}},
		"mailgun's key":     {func(c *Config) { gun(c); c.Mailgun.APIKey = secret.String{} }, []string{"mailgun.api_key: is missing"}},
		"mailgun's region":  {func(c *Config) { gun(c); c.Mailgun.Region = "asia" }, []string{`mailgun.region: is "asia"`}},
		"mailgun's address": {func(c *Config) { gun(c); c.Mailgun.APIURL = "mailgun" }, []string{"mailgun.api_url:"}},
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

func TestDefaults(t *testing.T) {
	for want, s := range map[int]SMTP{587: {TLS: TLSStart}, 465: {TLS: TLSImplicit}, 25: {TLS: TLSNone}, 2525: {TLS: TLSStart, Port: 2525}} {
		if got := s.port(); got != want {
			t.Errorf("%+v goes to port %d, want %d", s, got, want)
		}
	}
	for want, m := range map[string]Mailgun{
		"https://api.mailgun.net": {Region: "us"}, "https://api.eu.mailgun.net": {Region: "eu"}, "http://x/y": {Region: "eu", APIURL: "http://x/y/"},
	} {
		if got := m.base(); got != want {
			t.Errorf("%+v is at %s, want %s", m, got, want)
		}
	}
}

// exampleFile is the part of the example that is ours.
type exampleFile struct {
	Broker           map[string]string   `yaml:"broker"`
	HTTP             map[string]string   `yaml:"http"`
	RoleToRecipients map[string][]string `yaml:"role_to_recipients"`
	Decisions        string              `yaml:"decisions"`
	Email            *Config             `yaml:"email"`
}

func TestTheExampleLoads(t *testing.T) {
	file := exampleFile{Email: NewConfig()}
	getenv := func(string) string { return "value" }
	if err := config.Decode("example.yaml", example, &file, getenv); err != nil {
		t.Fatal(err)
	}
	if err := file.Email.Validate(); err != nil {
		t.Error(err)
	}
	// What is commented out loads as well.
	whole := strings.ReplaceAll(string(example), "\n    # auth: auto\n", "\n")
	whole, _, _ = strings.Cut(whole, "  # Mailgun instead of smtp:")
	var lines []string
	for line := range strings.SplitSeq(whole, "\n") {
		trimmed := strings.TrimLeft(line, " ")
		text, commented := strings.CutPrefix(trimmed, "# ")
		key, _, isKey := strings.Cut(text, ":")
		if commented && isKey && !strings.ContainsAny(strings.TrimLeft(key, " "), " ,#") {
			line = line[:len(line)-len(trimmed)] + text
		}
		lines = append(lines, line)
	}
	file = exampleFile{Email: NewConfig()}
	if err := config.Decode("example.yaml", []byte(strings.Join(lines, "\n")), &file, getenv); err != nil {
		t.Fatal(err)
	}
	if c := file.Email; c.SMTP.OAuth.Scope == "" || c.SMTP.CAFile == "" || c.FollowUps != FollowEvery || len(c.OnlyDomains) != 1 {
		t.Errorf("the whole example makes %+v", c)
	}
}

// TestTheDemosConfigurationWorks sends a mail with what the demo is set up with, either way.
func TestTheDemosConfigurationWorks(t *testing.T) {
	for _, side := range []bool{true, false} {
		w := newWorld(t, func(s *setting) {
			place := standin.Place{BaseURL: s.base}
			if side {
				s.side = "127.0.0.1:" + freePort(t)
				place.SideAddress = s.side
			}
			demo := emailsim.DemoPlugin(place)
			file := exampleFile{Email: NewConfig()}
			text := "email:\n  " + strings.ReplaceAll(strings.TrimSpace(demo.Config), "\n", "\n  ") + "\n"
			if err := config.Decode("demo", []byte(text), &file, nil); err != nil {
				t.Fatal(err)
			}
			if err := file.Email.Validate(); err != nil {
				t.Fatal(err)
			}
			s.config = file.Email
		})
		w.mustPost("key-of-the-mail", demoCard())
		if got := w.check("ivan@example.com", "bob@example.com"); len(got) != 0 {
			t.Errorf("findings are %+v", got)
		}
	}
}
