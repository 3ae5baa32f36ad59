package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accede/accede/internal/process"
)

func newplugin(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), process.Env{Args: args, Stdout: &out, Stderr: &errs})
	return code, out.String(), errs.String()
}

// TestTheNewPluginCompilesAndPassesItsTest writes a plugin into a tree that is this repository but for the new folder.
func TestTheNewPluginCompilesAndPassesItsTest(t *testing.T) {
	root := linked(t)
	code, stdout, stderr := newplugin(t, "-root", root, "-title", "Zulip Chat", "zulipprobe")
	if code != 0 || !strings.Contains(stdout, "{Spec: zulipprobe.Spec()},") {
		t.Fatalf("code %d, stdout %s, stderr %s", code, stdout, stderr)
	}
	runIn(t, root, "go", "vet", "./plugins/zulipprobe/...")
	runIn(t, root, "go", "test", "-run", "TestConformance/cards", "./plugins/zulipprobe", "-update")
	runIn(t, root, "go", "test", "./plugins/zulipprobe")
	golden, err := filepath.Glob(filepath.Join(root, "plugins", "zulipprobe", "testdata", "cards", "*.json"))
	if err != nil || len(golden) < 8 {
		t.Errorf("golden files %v, %v", golden, err)
	}
}

// linked returns a folder that looks like the repository: everything in it is a link, but plugins is a folder of its own.
func linked(t *testing.T) string {
	t.Helper()
	repository, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "plugins"), 0o750); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{".", "plugins"} {
		entries, err := os.ReadDir(filepath.Join(repository, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if folder == "." && (entry.Name() == "plugins" || strings.HasPrefix(entry.Name(), ".")) {
				continue
			}
			inside := filepath.Join(folder, entry.Name())
			if err := os.Symlink(filepath.Join(repository, inside), filepath.Join(root, inside)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func runIn(t *testing.T, folder, name string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...) //nolint:gosec // the test's own words
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
}

func TestNamesThatCannotBe(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "plugins", "there"), 0o750); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Zulip": "not a plugin's name", "../x": "not a plugin's name", "host": "something else", "range": "something else",
		"there": "exists",
	} {
		code, _, stderr := newplugin(t, "-root", root, name)
		if code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: code %d, %s", name, code, stderr)
		}
	}
	if code, _, stderr := newplugin(t, "-root", filepath.Join(root, "nowhere"), "zulip"); code != 1 || !strings.Contains(stderr, "root of the repository") {
		t.Errorf("code %d, %s", code, stderr)
	}
	if code, _, _ := newplugin(t); code != 2 {
		t.Errorf("code %d without a name", code)
	}
}
