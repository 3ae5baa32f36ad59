package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// tree is a Go module as its files describe it.
type tree struct {
	module       string
	direct       []string // modules that go.mod requires directly
	documented   []string // modules with a row in docs/dependencies.md
	packages     []pkg
	positions    *token.FileSet
	dependencies bool // docs/dependencies.md exists
}

// pkg is one folder with Go files.
type pkg struct {
	path  string // slash-separated, relative to the module's root
	files []file
}

type file struct {
	path   string // relative to the module's root
	test   bool
	syntax *ast.File
}

// imported is one import of one file.
type imported struct {
	path string
	at   token.Pos
}

const dependenciesFile = "docs/dependencies.md"

// load reads the module whose root is the folder root.
func load(root string) (tree, error) {
	t := tree{positions: token.NewFileSet()}
	if err := t.loadModule(root); err != nil {
		return tree{}, err
	}
	if err := t.loadDependencies(root); err != nil {
		return tree{}, err
	}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name != root && ignored(entry.Name()) {
			return filepath.SkipDir
		}
		return t.loadFolder(root, name)
	})
	if err != nil {
		return tree{}, fmt.Errorf("reading the sources: %w", err)
	}
	return t, nil
}

func ignored(folder string) bool {
	return folder == "testdata" || folder == "vendor" || strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_")
}

var (
	moduleLine  = regexp.MustCompile(`(?m)^module\s+(\S+)`)
	requireLine = regexp.MustCompile(`(?m)^(?:require\s+|\t)([\w.\-~/]+)\s+v\S+[ \t]*(//[ \t]*indirect)?`)
	tableRow    = regexp.MustCompile("(?m)^\\|\\s*`([\\w.\\-~/]+)`\\s*\\|")
)

func (t *tree) loadModule(root string) error {
	text, err := os.ReadFile(filepath.Join(root, "go.mod")) //nolint:gosec // a path of the test
	if err != nil {
		return fmt.Errorf("reading go.mod: %w", err)
	}
	if match := moduleLine.FindSubmatch(text); match != nil {
		t.module = string(match[1])
	}
	for _, match := range requireLine.FindAllSubmatch(text, -1) {
		if len(match[2]) == 0 {
			t.direct = append(t.direct, string(match[1]))
		}
	}
	return nil
}

func (t *tree) loadDependencies(root string) error {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(dependenciesFile))) //nolint:gosec // as above
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the list of dependencies: %w", err)
	}
	t.dependencies = true
	for _, match := range tableRow.FindAllSubmatch(text, -1) {
		t.documented = append(t.documented, string(match[1]))
	}
	return nil
}

func (t *tree) loadFolder(root, folder string) error {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(names) == 0 {
		return err
	}
	slices.Sort(names)
	var p pkg
	for _, name := range names {
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		source, err := os.ReadFile(name) //nolint:gosec // found by the walk
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(t.positions, relative, source, parser.ParseComments)
		if err != nil {
			return err
		}
		p.path = path.Dir(relative)
		p.files = append(p.files, file{relative, strings.HasSuffix(relative, "_test.go"), syntax})
	}
	t.packages = append(t.packages, p)
	return nil
}

func (f file) imports() []imported {
	var all []imported
	for _, spec := range f.syntax.Imports {
		if text, err := strconv.Unquote(spec.Path.Value); err == nil {
			all = append(all, imported{text, spec.Pos()})
		}
	}
	return all
}

// own returns the path of an imported package inside the module.
func (t *tree) own(importPath string) (string, bool) {
	if importPath == t.module {
		return ".", true
	}
	return strings.CutPrefix(importPath, t.module+"/")
}
