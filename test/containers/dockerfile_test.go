package containers

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const (
	version = "v0.0.0-image"
	// nobody is the user of the images.
	nobody = 65532
)

func root() string { return filepath.Join("..", "..") }

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{root()}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// instruction is one line of the Dockerfile, continuation lines joined.
type instruction struct{ name, text string }

func dockerfile(t *testing.T) []instruction {
	t.Helper()
	var list []instruction
	text := regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(read(t, "Dockerfile"), "")
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		name, rest, found := strings.Cut(strings.TrimSpace(line), " ")
		if found {
			list = append(list, instruction{name, strings.TrimSpace(rest)})
		}
	}
	return list
}

// buildCommand is the shell command by which the Dockerfile builds.
func buildCommand(t *testing.T) string {
	t.Helper()
	mounts := regexp.MustCompile(`^(--mount=\S+\s+)+`)
	for _, i := range dockerfile(t) {
		if i.name == "RUN" && strings.Contains(i.text, "go build") {
			return mounts.ReplaceAllString(i.text, "")
		}
	}
	t.Fatal("the Dockerfile has no RUN with go build")
	return ""
}

// binaries are the names of everything that an image can be built of, found as the Makefile finds them.
func binaries(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"cmd/accede*/main.go", "plugins/*/cmd/*/main.go"} {
		found, err := filepath.Glob(filepath.Join(root(), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, main := range found {
			names = append(names, filepath.Base(filepath.Dir(main)))
		}
	}
	if len(names) < 4 {
		t.Fatalf("found only %v; is the root wrong?", names)
	}
	return names
}

// buildContext copies what .dockerignore lets through to the builder.
func buildContext(t *testing.T) string {
	t.Helper()
	var allowed []string
	for line := range strings.Lines(read(t, ".dockerignore")) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "!"); found {
			allowed = append(allowed, name)
		}
	}
	dir := t.TempDir()
	for _, name := range allowed {
		copyAllowed(t, dir, name)
	}
	return dir
}

func copyAllowed(t *testing.T, dir, name string) {
	t.Helper()
	from := os.DirFS(root())
	err := fs.WalkDir(from, name, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == "testdata":
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(dir, path), 0o750)
		case strings.HasSuffix(path, "_test.go"):
			return nil
		}
		data, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, path), data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// build runs the Dockerfile's command in the directory and returns what was said.
func build(ctx context.Context, command, source, binary, out string) (said string, err error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // the Dockerfile's own command
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "BINARY="+binary, "VERSION="+version, "OUT="+out,
		"TARGETOS="+runtime.GOOS, "TARGETARCH="+runtime.GOARCH)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// built is where binaries lie that were built already, by name.
//
//nolint:gochecknoglobals // linking takes seconds
var built string

func TestMain(m *testing.M) { os.Exit(withBinaries(m)) } //nolint:forbidigo // the main of a test

func withBinaries(m *testing.M) int {
	dir, err := os.MkdirTemp("", "accede-containers-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	built = dir
	return m.Run()
}

// binary is what the image of that name would hold.
func binary(t *testing.T, name string) string {
	t.Helper()
	out := filepath.Join(built, name)
	if _, err := os.Stat(out); err != nil {
		if said, err := build(t.Context(), buildCommand(t), buildContext(t), name, out); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	return filepath.Join(out, "accede")
}

func TestDockerfileBuildsAndRunsEveryBinary(t *testing.T) {
	healthy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer healthy.Close()
	for _, name := range binaries(t) {
		t.Run(name, func(t *testing.T) {
			assertStatic(t, binary(t, name))
			image := lay(t, binary(t, name))
			if said, err := image.run(t, "version"); err != nil || !strings.Contains(said, version) {
				t.Errorf("version in an empty root: %v\n%s", err, said)
			}
			assertHealthcheck(t, image, name, healthy.URL)
		})
	}
}

func TestDockerfileRefusesUnknownBinaries(t *testing.T) {
	command := buildCommand(t)
	for _, name := range []string{"", "nothing", "*", "../core"} {
		said, err := build(t.Context(), command, root(), name, t.TempDir())
		if err == nil || !strings.Contains(said, "is not the name of one folder") {
			t.Errorf("BINARY=%q: %v\n%s", name, err, said)
		}
	}
}

func TestDockerfileBuildsAsTheMakefileDoes(t *testing.T) {
	command := buildCommand(t)
	for _, flag := range []string{"CGO_ENABLED=0", "-trimpath", "-buildvcs=false", "-s -w -X github.com/accede/accede/internal/version.linked="} {
		in := strings.ReplaceAll(read(t, "Makefile"), "$(MODULE)", "github.com/accede/accede")
		if !strings.Contains(command, flag) || !strings.Contains(in, flag) {
			t.Errorf("%q is not in both the Dockerfile and the Makefile", flag)
		}
	}
}

func TestImageIsBareAndUnprivileged(t *testing.T) {
	all := dockerfile(t)
	last := len(all) - 1
	for all[last].name != "FROM" {
		last--
	}
	if all[last].text != "scratch" {
		t.Errorf("the image is FROM %s, want scratch", all[last].text)
	}
	final := map[string][]string{}
	for _, i := range all[last:] {
		final[i.name] = append(final[i.name], i.text)
	}
	want := map[string]string{
		"USER": fmt.Sprintf("%d:%[1]d", nobody), "VOLUME": "/var/lib/accede", "ENTRYPOINT": `["/accede"]`,
	}
	for name, text := range want {
		if !slices.Equal(final[name], []string{text}) {
			t.Errorf("%s is %q, want %q", name, final[name], text)
		}
	}
	if !strings.HasSuffix(strings.Join(final["HEALTHCHECK"], ""), `CMD ["/accede", "healthcheck"]`) {
		t.Errorf("the image's health check is %q", final["HEALTHCHECK"])
	}
	if !strings.Contains(strings.Join(final["COPY"], "\n"), "/etc/ssl/certs/ca-certificates.crt") {
		t.Error("the image has no certificates of the public authorities")
	}
	if goVersion := regexp.MustCompile(`(?m)^go (1\.\d+)`).FindStringSubmatch(read(t, "go.mod")); !slices.ContainsFunc(all,
		func(i instruction) bool { return i.name == "ARG" && i.text == "GO_VERSION="+goVersion[1] }) {
		t.Errorf("the Dockerfile does not build with Go %s, which go.mod asks for", goVersion[1])
	}
}

func assertStatic(t *testing.T, path string) {
	t.Helper()
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, program := range file.Progs {
		if program.Type == elf.PT_INTERP || program.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary is not static: it has a program header %s", program.Type)
		}
	}
}

// image is a root directory that holds a binary and nothing else.
type image struct{ dir string }

func lay(t *testing.T, binary string) image {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(binary))); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "etc"), dir} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o555); err != nil { //nolint:gosec // another user has to read it
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) //nolint:gosec // so that it can be removed
	return image{dir}
}

// run runs the binary with nothing around it: no libraries, no shell, no environment, in a root directory that it cannot
// change. Root runs it as the user of the images; others in a user namespace, or where the kernel forbids that too, at
// least in the empty directory.
func (i image) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	jailed := &syscall.SysProcAttr{Chroot: i.dir, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if os.Getuid() != 0 {
		jailed.Credential, jailed.Cloneflags = nil, syscall.CLONE_NEWUSER
		jailed.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}}
		jailed.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getgid(), Size: 1}}
	}
	said, err := start(t, "/accede", "/etc", jailed, args)
	if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran {
		t.Logf("this machine lets nobody but root change the root directory (%v)", err)
		return start(t, filepath.Join(i.dir, "accede"), filepath.Join(i.dir, "etc"), nil, args)
	}
	return said, err
}

func start(t *testing.T, binary, dir string, how *syscall.SysProcAttr, args []string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...) //nolint:gosec // a binary that was just built
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, []string{"NOTHING="}, how
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// assertHealthcheck runs the binary's health check. A plugin looks for its configuration under its own name; that it
// finds one is seen when the compose file is played.
func assertHealthcheck(t *testing.T, i image, binary, address string) {
	t.Helper()
	args, want := []string{"healthcheck"}, ""
	switch plugin, _ := strings.CutPrefix(binary, "accede-"); binary {
	case "accede": // the command line is no service
		return
	case "acceded":
		args = append(args, address)
	case "accede-sandbox":
		args = append(args, "--url", address)
	default:
		want = "open " + plugin + ".yaml: no such file"
	}
	said, err := i.run(t, args...)
	if (err == nil) != (want == "") || !strings.Contains(said, want) {
		t.Errorf("%v: %v\n%s", args, err, said)
	}
}
