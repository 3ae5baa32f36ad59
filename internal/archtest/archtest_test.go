package archtest

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

func TestAccede(t *testing.T) {
	repository, err := load(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(repository.packages) < 10 || repository.module != "github.com/accede/accede" {
		t.Fatalf("read %d packages of module %q: is the root wrong?", len(repository.packages), repository.module)
	}
	for _, finding := range check(repository) {
		t.Error(finding)
	}
}

// TestScenarios runs the checker over small trees, each a txtar file in testdata: its comment lists the findings that
// are expected, one per line, and its files are the tree. A tree without go.mod or docs/dependencies.md gets plain ones.
func TestScenarios(t *testing.T) {
	scenarios, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, scenario := range scenarios {
		t.Run(strings.TrimSuffix(filepath.Base(scenario), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(scenario)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Split(strings.TrimSpace(string(archive.Comment)), "\n")
			if want[0] == "none" {
				want = nil
			}
			got := check(loadArchive(t, archive))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings: -want +got:\n%s", diff)
			}
		})
	}
}

func loadArchive(t *testing.T, archive *txtar.Archive) tree {
	t.Helper()
	for name, text := range map[string]string{"go.mod": "module example.com/m\n", dependenciesFile: "\n"} {
		if !slices.ContainsFunc(archive.Files, func(f txtar.File) bool { return f.Name == name }) {
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(text)})
		}
	}
	root := t.TempDir()
	if err := txtar.Write(archive, root); err != nil {
		t.Fatal(err)
	}
	loaded, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestMissingListOfDependencies(t *testing.T) {
	got := check(tree{})
	if len(got) != 1 || !strings.HasPrefix(got[0], "docs/dependencies.md: is missing; write a table") {
		t.Errorf("findings %q", got)
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, path, own, wantOwn string
		want                        bool
	}{
		{"core", "core", "", "", true},
		{"core", "core/policy", "", "", false},
		{"core/...", "core", "", "", true},
		{"core/...", "core/store/sqlite", "", "", true},
		{"core/...", "corex", "", "", false},
		{"plugins/{own}/cmd/...", "plugins/slack/cmd/accede-slack", "", "slack", true},
		{"plugins/{own}/{own}sim", "plugins/slack/slacksim", "", "slack", true},
		{"plugins/{own}/{own}sim", "plugins/slack/jirasim", "", "slack", false},
		{"plugins/{own}/...", "plugins/jira", "slack", "slack", false},
	}
	for _, tt := range tests {
		own, ok := match(tt.pattern, tt.path, tt.own)
		if ok != tt.want || own != tt.wantOwn {
			t.Errorf("match(%q, %q, %q) = %q, %v", tt.pattern, tt.path, tt.own, own, ok)
		}
	}
}

func TestLoadReportsBrokenSources(t *testing.T) {
	root := t.TempDir()
	if _, err := load(root); err == nil {
		t.Error("a folder without go.mod loads")
	}
	archive := &txtar.Archive{Files: []txtar.File{
		{Name: "go.mod", Data: []byte("module m\n")}, {Name: "a.go", Data: []byte("package")},
	}}
	if err := txtar.Write(archive, root); err != nil {
		t.Fatal(err)
	}
	if _, err := load(root); err == nil || !strings.Contains(err.Error(), "a.go:1") {
		t.Errorf("broken source: %v", err)
	}
}
