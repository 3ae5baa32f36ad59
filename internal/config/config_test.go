package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
)

const canary = "xoxb-canary-token-value"

type settings struct {
	Listen   config.Address     `yaml:"listen"`
	Timeout  config.Duration    `yaml:"timeout"`
	Replicas int                `yaml:"replicas"`
	Store    store              `yaml:"store"`
	Plugins  []plugin           `yaml:"plugins"`
	Routes   map[string][]route `yaml:"routes"`
	Color    color              `yaml:"color"`
	Optional *plugin            `yaml:"optional"`
}

type store struct {
	Path string `yaml:"path"`
}

type plugin struct {
	Name      string         `yaml:"name"`
	URL       config.Address `yaml:"url"`
	Token     secret.String  `yaml:"token"`
	TokenFile string         `yaml:"token_file"`
	Limits    limits         `yaml:"limits"`
}

type limits struct {
	Rate int `yaml:"rate"`
}

type route struct {
	To string `yaml:"to"`
}

// color decodes itself with the func-style method, beneath which strictness must hold.
type color struct{ name string }

func (c *color) UnmarshalYAML(decode func(any) error) error {
	var plain struct {
		Name string `yaml:"name"`
	}
	if err := decode(&plain); err != nil {
		return err
	}
	c.name = plain.Name
	return nil
}

func (s *settings) Validate() error {
	var p config.Problems
	p.Check(s.Replicas >= 0, "replicas", "is %d; give 0 or more", s.Replicas)
	p.Check(s.Timeout >= 0, "timeout", "is negative")
	return p.Err()
}

const full = `# everything at once
listen: ${LISTEN}
timeout: 1h30m
replicas: 2
store:
  path: ${NOT_EXPANDED}
plugins:
  - name: slack
    url: http://127.0.0.1:4190
    token: ${TOKEN}
    limits:
      rate: 3
routes:
  "*":
    - to: "#access-requests"
color:
  name: blue
`

func env(name string) string {
	return map[string]string{"LISTEN": "127.0.0.1:4180", "TOKEN": canary}[name]
}

func TestDecodeReadsEverything(t *testing.T) {
	var got settings
	if err := config.Decode("a.yaml", []byte(full), &got, env); err != nil {
		t.Fatal(err)
	}
	want := settings{
		Listen: "127.0.0.1:4180", Timeout: config.Duration(90 * time.Minute), Replicas: 2,
		Store: store{Path: "${NOT_EXPANDED}"},
		Plugins: []plugin{{
			Name: "slack", URL: "http://127.0.0.1:4190", Token: secret.New(canary), Limits: limits{Rate: 3},
		}},
		Routes: map[string][]route{"*": {{To: "#access-requests"}}},
		Color:  color{name: "blue"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(color{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDecodeKeepsDefaults(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "comment": "# nothing\n", "null": "null\n", "marker": "---\n", "markers": "---\n---\n# x\n",
		"other key": "store: {path: x}\n", "byte order mark": "\ufeff# nothing\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := settings{Replicas: 7, Listen: "127.0.0.1:1"}
			if err := config.Decode("a.yaml", []byte(text), &got, nil); err != nil {
				t.Fatal(err)
			}
			if got.Replicas != 7 || got.Listen != "127.0.0.1:1" {
				t.Errorf("defaults lost: %+v", got)
			}
		})
	}
}

func TestTypoFailsAtEveryLevel(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(full), "\n")
	tried := 0
	for i, line := range lines {
		key, _, found := strings.Cut(line, ":")
		if !found || strings.Contains(key, `"`) {
			continue
		}
		tried++
		typo := append([]string(nil), lines...)
		typo[i] = strings.Replace(line, key+":", key+"x:", 1)
		err := config.Decode("a.yaml", []byte(strings.Join(typo, "\n")), new(settings), env)
		var located *config.Error
		if !errors.As(err, &located) || !strings.Contains(located.Message, "unknown field") {
			t.Errorf("%q: error %v, want an unknown field", typo[i], err)
			continue
		}
		if located.Line != i+1 {
			t.Errorf("%q: line %d, want %d", typo[i], located.Line, i+1)
		}
	}
	if tried != 15 {
		t.Errorf("tried %d keys, want 15: has the example changed?", tried)
	}
}

func TestErrorsSayWhere(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"unknown field", "store:\n  pth: x\n", "a.yaml:2:3: unknown field \"pth\"\n    2 |   pth: x\n      |   ^"},
		{"repeated key", "replicas: 1\nreplicas: 2\n", "a.yaml:2:1: key \"replicas\" is given twice\n    2 | replicas: 2\n      | ^"},
		{"wrong type", "replicas: many\n", "a.yaml:1:11: expected a whole number, found a text\n    1 | replicas: many\n      |           ^"},
		{"list for text", "store:\n  path: [1]\n", "a.yaml:2:9: expected a text, found a list\n    2 |   path: [1]\n      |         ^"},
		{"text for mapping", "store: x\n", "a.yaml:1:8: string was used where mapping is expected\n    1 | store: x\n      |        ^"},
		{"duration", "timeout: 3 days\n", "a.yaml:1:10: \"3 days\" is not a duration such as 30s, 15m or 8h\n    1 | timeout: 3 days\n      |          ^"},
		{"duration without unit", "timeout: 30\n", "a.yaml:1:10: \"30\" is not a duration such as 30s, 15m or 8h\n    1 | timeout: 30\n      |          ^"},
		{"duration list", "timeout: [1s]\n", "a.yaml:1:10: sequence was used where string is expected\n    1 | timeout: [1s]\n      |          ^"},
		{"open quote", "listen: 'x\n", "a.yaml:1:9: could not find end character of single-quoted text\n    1 | listen: …\n      |         ^"},
		{"tab", "store:\n\tpath: x\n", "a.yaml:2:1: found character '\t' that cannot start any token\n    2 | \tpath: x\n      | ^"},
		{"second document", "replicas: 1\n---\nreplicas: 2\n", "a.yaml:2:1: a second document starts here, but only one is expected; remove it\n    2 | ---\n      | ^"},
		{"windows line ends", "replicas: 1\r\nstor: x\r\n", "a.yaml:2:1: unknown field \"stor\"\n    2 | stor: x\n      | ^"},
		{"brackets", strings.Repeat("[", 5000), "a.yaml:1:1: nested too deeply\n    1 | " + strings.Repeat("[", 120) + "…\n      | ^"},
		{"dashes", "x:\n" + strings.Repeat("- ", 5000), "a.yaml:2:1: nested too deeply\n    2 | " + strings.Repeat("- ", 60) + "…\n      | ^"},
		{"alias bomb", "a: &a [1]\nb: &b [*a, *a]\n", "a.yaml:2:8: an alias inside an anchored value; write the value out\n    2 | b: …\n      |        ^"},
		{"binary", "a: \x00", "a.yaml: not a YAML text: it contains NUL or invalid UTF-8 bytes"},
		{"too large", strings.Repeat("#", config.MaxSize+1), "a.yaml: larger than 1 MiB; split it into several files"},
		{"values", "replicas: -1\ntimeout: -1s\n", "a.yaml: 2 problems\n  replicas: is -1; give 0 or more\n  timeout: is negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := config.Decode("a.yaml", []byte(tt.text), new(settings), env)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestErrorsShowNoSecret(t *testing.T) {
	for _, text := range []string{
		"plugins:\n  - tokn: " + canary + "\n",
		"plugins:\n  - token: " + canary + "\n    token: " + canary + "\n",
		"plugins:\n  - token: [" + canary + "]\n",
		"plugins:\n  - token: '" + canary + "\n",
		"plugins:\n  - token: |\n" + canary + "\n",
		"plugins:\n  - token: " + canary + "\n    oops: 1\n",
		"plugins:\n  - {token: " + canary + ", oops: 1}\n",
		"replicas: " + canary + "\n",
		"plugins: [{token: \"${" + canary + "}\"}]",
		"plugins: [{token: " + canary + ", token_file: /x}]",
		"pass: {word: hunter2-canary: 1}\n",
	} {
		err := config.Decode("a.yaml", []byte(text), new(settings), env)
		if err == nil {
			t.Errorf("%q decodes", text)
		}
		secrettest.AssertErrorClean(t, err, canary, "hunter2-canary")
	}
}

func TestDecodeResolvesSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"plugins: [{token: " + canary + "}]", "plugins: [{token: '${TOKEN}'}]", "plugins: [{token_file: " + file + "}]",
	} {
		var got settings
		if err := config.Decode("a.yaml", []byte(text), &got, env); err != nil {
			t.Fatal(err)
		}
		if got.Plugins[0].Token.Reveal() != canary {
			t.Errorf("%s: wrong token", text)
		}
	}
}

func TestDecodeReportsEveryUnresolved(t *testing.T) {
	text := "listen: ${NOPE}\nplugins:\n  - url: ${GONE}\n    token: ${LOST}\noptional:\n  token: x\n  token_file: y\n"
	err := config.Decode("a.yaml", []byte(text), new(settings), env)
	want := `a.yaml: 4 problems
  listen: environment variable NOPE is not set or empty; set it or remove ${NOPE}
  plugins[0].url: environment variable GONE is not set or empty; set it or remove ${GONE}
  plugins[0].token: environment variable LOST is not set or empty; set it or remove ${LOST}
  optional.token: given both as a value and as a file; keep one of the two`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if problem, ok := errors.AsType[config.Problem](err); !ok || problem.Path != "listen" {
		t.Errorf("first problem %+v, %v", problem, ok)
	}
}

func TestSecretWithoutTwinIsRefused(t *testing.T) {
	var lonely struct {
		Token secret.String `yaml:"token"`
	}
	err := config.Decode("a.yaml", nil, &lonely, nil)
	if err == nil || !strings.Contains(err.Error(), "no field token_file") {
		t.Errorf("error %v", err)
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accede.yaml")
	if err := config.Load(path, new(settings), env); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte(full), 0o600); err != nil {
		t.Fatal(err)
	}
	var got settings
	if err := config.Load(path, &got, env); err != nil || got.Replicas != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}
