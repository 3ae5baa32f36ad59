package containers

import (
	"bytes"
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
	err := filepath.WalkDir(filepath.Join(root(), name), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == "testdata":
			return fs.SkipDir
		case entry.IsDir() || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		relative, err := filepath.Rel(root(), path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, relative)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// build runs the Dockerfile's command in the directory and returns the binary and what was said.
func build(ctx context.Context, command, source, binary, out string) (path, said string, err error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "BINARY="+binary, "VERSION="+version, "OUT="+out,
		"TARGETOS="+runtime.GOOS, "TARGETARCH="+runtime.GOARCH)
	output, err := cmd.CombinedOutput()
	return filepath.Join(out, "accede"), string(output), err
}

func TestDockerfileBuildsAndRunsEveryBinary(t *testing.T) {
	command, source := buildCommand(t), buildContext(t)
	healthy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer healthy.Close()
	for _, name := range binaries(t) {
		t.Run(name, func(t *testing.T) {
			path, said, err := build(t.Context(), command, source, name, filepath.Join(t.TempDir(), "out"))
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			assertStatic(t, path)
			image := lay(t, path)
			if said, err := image.run(t, "version"); err != nil || !strings.Contains(said, version) {
				t.Errorf("version in an empty root: %v\n%s", err, said)
			}
			if name == "accede" {
				return // the command line is no service
			}
			if said, err := image.run(t, healthcheck(t, image, name, healthy.URL)...); err != nil {
				t.Errorf("healthcheck of something healthy: %v\n%s", err, said)
			}
		})
	}
}

func TestDockerfileRefusesUnknownBinaries(t *testing.T) {
	command := buildCommand(t)
	for _, name := range []string{"", "nothing", "*", "../core"} {
		_, said, err := build(t.Context(), command, root(), name, t.TempDir())
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
	defer file.Close()
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
	if err := os.Rename(binary, filepath.Join(dir, "accede")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	return image{dir}
}

// add puts a file into the image's working directory.
func (i image) add(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(i.dir, "etc", name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs the binary as somebody who owns nothing there and with nothing around it: no libraries, no shell, no
// environment. Whoever may not change the root directory does it in a user namespace, in which they may.
func (i image) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	if err := os.Chmod(i.dir, 0o555); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/accede", args...)
	cmd.Dir, cmd.Env = "/etc", []string{"NOTHING="}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: i.dir, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Credential = nil
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getgid(), Size: 1}}
	}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran {
		t.Fatalf("cannot change the root directory here, neither as root nor in a user namespace: %v", err)
	}
	return output.String(), err
}

// healthcheck is the binary's health check, asking an address that is healthy.
func healthcheck(t *testing.T, i image, binary, address string) []string {
	t.Helper()
	switch plugin, isPlugin := strings.CutPrefix(binary, "accede-"); {
	case binary == "acceded":
		return []string{"healthcheck", address}
	case binary == "accede-sandbox":
		return []string{"healthcheck", "--url", address}
	case isPlugin:
		listen := strings.TrimPrefix(address, "http://")
		i.add(t, "bot_token", "xoxb-image")
		i.add(t, plugin+".yaml", fmt.Sprintf(
			"broker: {credential_file: x}\nhttp: {listen: %q}\n%s: {bot_token_file: bot_token}\n", listen, plugin))
		return []string{"healthcheck"} // it finds its configuration by its name
	}
	t.Fatalf("what is the health check of %s?", binary)
	return nil
}
