package docs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/accede/accede/test/stack"
)

// built is where TestMain put the binaries.
//
//nolint:gochecknoglobals // built once for all tests
var built string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) } //nolint:forbidigo // the main of a test

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "accede-docs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := stack.Build(context.Background(), root(), dir, false); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	built = dir
	return m.Run()
}

// shown is a command that a page shows.
type shown struct {
	page string
	line string
}

var (
	fence  = regexp.MustCompile("(?ms)^ *```(\\w*)\n(.*?)^ *```")
	inline = regexp.MustCompile("`([^`]+)`")
)

// commands are the command lines in the pages that begin with one of the names, from blocks and from running text.
func commands(t *testing.T, names ...string) []shown {
	t.Helper()
	var all []shown
	for path, page := range pages(t) {
		var lines []string
		for _, block := range fence.FindAllStringSubmatch(page, -1) {
			if block[1] == "sh" {
				lines = append(lines, strings.Split(strings.ReplaceAll(block[2], "\\\n", " "), "\n")...)
			}
		}
		for _, span := range inline.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
			lines = append(lines, strings.ReplaceAll(span[1], "\n", " "))
		}
		for _, line := range lines {
			if line = simple(line); slices.Contains(names, strings.Split(line, " ")[0]) {
				all = append(all, shown{path, line})
			}
		}
	}
	return all
}

var (
	surroundings = regexp.MustCompile(`^(?:[A-Z_]+=\S+ +)+`)
	rest         = regexp.MustCompile(` *(?:[|>#]| && ).*$`)
)

// simple takes away what stands around a command: assignments before it, pipes, redirections and comments behind it.
func simple(line string) string {
	line = surroundings.ReplaceAllString(strings.TrimSpace(line), "")
	line = rest.ReplaceAllString(strings.ReplaceAll(line, `"ticket #123"`, "ticket"), "")
	line = regexp.MustCompile(`^docker compose run --rm (alice|carol)\b`).ReplaceAllString(line, "accede")
	return strings.TrimPrefix(line, "bin/")
}

// words splits a command line as a shell would, as far as pages use quotes.
func words(line string) []string {
	var list []string
	for _, word := range regexp.MustCompile(`(?:[^\s"']|"[^"]*"|'[^']*')+`).FindAllString(line, -1) {
		list = append(list, strings.NewReplacer(`"`, "", "'", "").Replace(word))
	}
	return list
}

func help(t *testing.T, binary string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(built, binary), args...) //nolint:gosec // a binary that was just built
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// A command line of `accede` is tried with --help behind it, so that its flags are read and nothing is done.
func TestCommandLinesExist(t *testing.T) {
	found := commands(t, "accede")
	if len(found) < 30 {
		t.Fatalf("found only %d commands", len(found))
	}
	for _, c := range found {
		args := words(c.line)[1:]
		said, err := help(t, "accede", append(args, "--help")...)
		if err != nil {
			t.Errorf("%s shows `%s`: %v\n%s", c.page, c.line, err, said)
			continue
		}
		if name, unknown := leftOver(said, args); unknown {
			t.Errorf("%s shows `%s`, but there is no command %q", c.page, c.line, name)
		}
	}
}

// leftOver finds a word for a command that the help shown does not belong to: the help is of a group, and words are left.
func leftOver(help string, args []string) (string, bool) {
	if !strings.Contains(help, "Available Commands:") {
		return "", false
	}
	_, usage, _ := strings.Cut(help, "Usage:\n")
	path := strings.Fields(strings.Split(usage, "[")[0])[1:]
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") || arg == "help" {
			return "", false
		}
		if i >= len(path) {
			return arg, true
		}
	}
	return "", false
}

func TestCommandsOfTheOtherBinariesExist(t *testing.T) {
	flags := regexp.MustCompile(`--?[a-z-]+`)
	for _, binary := range []string{"acceded", "accede-slack", "accede-sandbox"} {
		said, _ := help(t, binary, "--help")
		said += " accede-sandbox healthcheck accede-sandbox version "
		for _, c := range commands(t, binary) {
			list := words(c.line)
			if len(list) > 1 && !strings.HasPrefix(list[1], "-") && !strings.Contains(said, binary+" "+list[1]) {
				t.Errorf("%s shows `%s`, which %s does not know", c.page, c.line, binary)
			}
			for _, flag := range flags.FindAllString(strings.Join(list[1:], "\n"), -1) {
				if strings.HasPrefix(flag, "--") && !strings.Contains(said, strings.TrimLeft(flag, "-")) {
					t.Errorf("%s shows `%s`: %s has no flag %s", c.page, c.line, binary, flag)
				}
			}
		}
	}
}

func TestMakeTargetsExist(t *testing.T) {
	makefile := read(t, "Makefile")
	for _, c := range commands(t, "make") {
		for _, target := range words(c.line)[1:] {
			if !strings.Contains(target, "=") && !strings.Contains(makefile, "\n"+target+":") {
				t.Errorf("%s shows `%s`, but the Makefile has no target %s", c.page, c.line, target)
			}
		}
	}
}
