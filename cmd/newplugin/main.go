package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/internal/process"
)

//go:embed template/*.tmpl
var templates embed.FS

func main() { os.Exit(process.Main(run)) }

func run(_ context.Context, env process.Env) int {
	flags := flag.NewFlagSet("newplugin", flag.ContinueOnError)
	flags.SetOutput(env.Stderr)
	root := flags.String("root", ".", "root of the `repository`")
	title := flags.String("title", "", "what people call the vendor")
	flags.Usage = func() { say(env.Stderr, "newplugin [-root DIR] [-title TITLE] NAME\n") }
	if err := flags.Parse(env.Args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	v, err := newVendor(flags.Arg(0), *title)
	if err == nil {
		err = v.write(*root)
	}
	if err != nil {
		say(env.Stderr, "newplugin: %s\n", err)
		return 1
	}
	say(env.Stdout, "Wrote %s. Next:\n%s", v.folder(*root), v.next())
	return 0
}

func say(w io.Writer, text string, args ...any) {
	_, _ = fmt.Fprintf(w, text, args...) // nobody is left to tell
}

// vendor is what the templates are filled with.
type vendor struct {
	Name, Title, Upper string
}

// reserved are folders of plugins/ that are no plugins, and words that are no names of packages.
func reserved() []string {
	return []string{
		"catalog", "host", "plugintest", "standin", "vendorhttp", "plugins", "main", "test", "internal", "broker", "http",
		"log", "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go",
		"goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct", "switch", "type", "var",
		"decisions", "lease", "workers", "poll", "resync", "heartbeat", "settle", "core", "fake",
	}
}

func newVendor(name, title string) (vendor, error) {
	if !broker.ValidPluginName(name) {
		return vendor{}, fmt.Errorf("%q is not a plugin's name: a lower-case letter, then up to 31 letters and digits", name)
	}
	if slices.Contains(reserved(), name) {
		return vendor{}, fmt.Errorf("%q means something else already; choose another name", name)
	}
	if title == "" {
		title = strings.ToUpper(name[:1]) + name[1:]
	}
	if strings.ContainsAny(title, "\"\\`\r\n") {
		return vendor{}, errors.New("the title must not hold quotes, backslashes or line breaks")
	}
	return vendor{Name: name, Title: title, Upper: strings.ToUpper(name)}, nil
}

func (v vendor) folder(root string) string { return filepath.Join(root, "plugins", v.Name) }

// files says which template becomes which file.
func (v vendor) files() map[string]string {
	return map[string]string{
		"doc.go.tmpl": "doc.go", "config.go.tmpl": "config.go", "plugin.go.tmpl": v.Name + ".go",
		"plugin_test.go.tmpl": v.Name + "_test.go", "example.yaml.tmpl": "example.yaml",
		"main.go.tmpl": filepath.Join("cmd", "accede-"+v.Name, "main.go"),
	}
}

// write writes the plugin's folder, which must not exist.
func (v vendor) write(root string) error {
	folder := v.folder(root)
	if _, err := os.Stat(filepath.Join(root, "plugins")); err != nil {
		return fmt.Errorf("there is no folder plugins in %s; run this in the root of the repository", root)
	}
	if _, err := os.Stat(folder); err == nil {
		return fmt.Errorf("%s exists; choose another name or remove it", folder)
	}
	for name, file := range v.files() {
		text, err := v.fill(name)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(folder, file), text); err != nil {
			return fmt.Errorf("writing the plugin: %w", err)
		}
	}
	return nil
}

func (v vendor) fill(name string) ([]byte, error) {
	parsed, err := template.ParseFS(templates, "template/"+name)
	if err != nil {
		return nil, fmt.Errorf("reading template: %w", err)
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, v); err != nil {
		return nil, fmt.Errorf("filling template: %w", err)
	}
	if !strings.HasSuffix(name, ".go.tmpl") {
		return text.Bytes(), nil
	}
	// The name decides where imports sort and how columns line up.
	formatted, err := format.Source(text.Bytes())
	if err != nil {
		return nil, fmt.Errorf("formatting %s: %w", name, err)
	}
	return formatted, nil
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

func (v vendor) next() string {
	return fmt.Sprintf(`
  1. go test ./plugins/%[1]s -update    writes the golden cards; look at them
  2. add to All in plugins/catalog/catalog.go, in alphabetical order:

		{Spec: %[1]s.Spec()},

  3. read package plugins for what else the vendor could do
`, v.Name)
}
