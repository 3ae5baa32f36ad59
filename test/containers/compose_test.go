package containers

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// compose is what docker-compose.yml says, as far as it is checked here.
type compose struct {
	Services map[string]service
	Secrets  map[string]struct{ File string }
	Volumes  map[string]any
}

type service struct {
	Build struct {
		Context, Target string
		Args            map[string]string
	}
	Command, Entrypoint, Profiles []string
	User, Restart                 string
	ReadOnly                      bool     `yaml:"read_only"`
	CapDrop                       []string `yaml:"cap_drop"`
	SecurityOpt                   []string `yaml:"security_opt"`
	Environment                   map[string]string
	Volumes, Ports, Secrets       []string
	Healthcheck                   struct {
		Test    []string
		Disable bool
	}
	DependsOn map[string]struct{ Condition string } `yaml:"depends_on"`
}

func parse(t *testing.T) compose {
	t.Helper()
	var parsed compose
	if err := yaml.Unmarshal([]byte(read(t, "docker-compose.yml")), &parsed); err != nil {
		t.Fatal(err)
	}
	if len(parsed.Services) < 4 {
		t.Fatalf("found %d services", len(parsed.Services))
	}
	return parsed
}

func TestComposeBuildsWhatIsThere(t *testing.T) {
	names := binaries(t)
	var known []string
	for _, i := range dockerfile(t) {
		if i.name == "ARG" {
			name, _, _ := strings.Cut(i.text, "=")
			known = append(known, name)
		}
	}
	for name, s := range parse(t).Services {
		if s.Build.Context != "." || !slices.Contains(names, s.Build.Args["BINARY"]) {
			t.Errorf("%s builds BINARY=%q from %q; there are %v", name, s.Build.Args["BINARY"], s.Build.Context, names)
		}
		for arg := range s.Build.Args {
			if !slices.Contains(known, arg) {
				t.Errorf("%s gives the build argument %s, which the Dockerfile does not have", name, arg)
			}
		}
		if target := s.Build.Target; target != "" && !strings.Contains(read(t, "Dockerfile"), " AS "+target+"\n") {
			t.Errorf("%s builds the stage %s, which the Dockerfile does not have", name, target)
		}
	}
}

func TestComposeGivesNoMoreThanNeeded(t *testing.T) {
	for name, s := range parse(t).Services {
		if s.User != "65532:65532" || !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) ||
			!slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s runs as %q, read-only %v, without %v, with %v", name, s.User, s.ReadOnly, s.CapDrop, s.SecurityOpt)
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s publishes %s to other machines", name, port)
			}
		}
	}
}

func TestComposeMountsWhatIsThere(t *testing.T) {
	parsed := parse(t)
	for name, s := range parsed.Services {
		for _, volume := range s.Volumes {
			source, rest, _ := strings.Cut(volume, ":")
			if _, declared := parsed.Volumes[source]; declared {
				continue
			}
			if _, err := os.Stat(filepath.Join(root(), source)); err != nil || !strings.HasSuffix(rest, ":ro") {
				t.Errorf("%s mounts %s: %v; what is mounted from the repository is there and read-only", name, volume, err)
			}
		}
		for _, secret := range s.Secrets {
			file := filepath.Join(root(), parsed.Secrets[secret].File)
			if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o004 == 0 {
				t.Errorf("%s uses the secret %s: it must be a file that the image's user can read: %v", name, secret, err)
			}
		}
	}
}

// Whatever a plugin's configuration reads from /run/secrets is given to it, and nothing else is.
func TestComposeSecretsAreRead(t *testing.T) {
	for name, s := range parse(t).Services {
		var wanted []string
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if !strings.HasPrefix(source, "./configs/compose/") {
				continue
			}
			for field := range strings.FieldsSeq(read(t, source)) {
				if secret, found := strings.CutPrefix(field, "/run/secrets/"); found {
					wanted = append(wanted, secret)
				}
			}
		}
		slices.Sort(wanted)
		given := slices.Sorted(slices.Values(s.Secrets))
		if !slices.Equal(given, wanted) {
			t.Errorf("%s is given the secrets %v and reads %v", name, given, wanted)
		}
	}
}

func TestComposeWaitsForHealth(t *testing.T) {
	parsed := parse(t)
	for name, s := range parsed.Services {
		if s.Restart != "" && !slices.Equal(s.Healthcheck.Test[:min(3, len(s.Healthcheck.Test))], []string{"CMD", "/accede", "healthcheck"}) {
			t.Errorf("%s keeps running and its health check is %v", name, s.Healthcheck.Test)
		}
		for on, how := range s.DependsOn {
			other, known := parsed.Services[on]
			runsOn := other.Restart != ""
			if want := map[bool]string{true: "service_healthy", false: "service_completed_successfully"}[runsOn]; !known || how.Condition != want {
				t.Errorf("%s depends on %s with %q, want %q", name, on, how.Condition, want)
			}
		}
	}
}
