package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// check returns every broken promise, one sentence each with its place and its fix, sorted.
func check(t tree) []string {
	c := &checker{tree: t}
	for _, p := range t.packages {
		c.checkPackage(p)
	}
	c.checkDependencies()
	slices.Sort(c.findings)
	return slices.Compact(c.findings)
}

type checker struct {
	tree     tree
	findings []string
}

func (c *checker) report(at token.Pos, format string, args ...any) {
	position := c.tree.positions.Position(at)
	c.reportAt(fmt.Sprintf("%s:%d", position.Filename, position.Line), format, args...)
}

func (c *checker) reportAt(place, format string, args ...any) {
	c.findings = append(c.findings, place+": "+fmt.Sprintf(format, args...))
}

func (c *checker) checkPackage(p pkg) {
	c.checkName(p)
	c.checkDoc(p)
	found, own, ok := ruleFor(p.path)
	if !ok {
		c.reportAt(p.path, "no import rule covers this package; add one to internal/archtest/rules.go")
	}
	for _, f := range p.files {
		for _, i := range f.imports() {
			if ok {
				c.checkImport(p, f, i, found, own)
			}
			c.checkOwner(p, f, i)
		}
		c.checkCalls(p, f)
	}
}

func (c *checker) checkImport(p pkg, f file, i imported, r rule, own string) {
	target, ours := c.tree.own(i.path)
	if !ours {
		if r.std && !f.test && strings.Contains(firstSegment(i.path), ".") {
			c.report(i.at, "imports %s, but only the standard library is allowed here, because %s", i.path, r.why)
		}
		return
	}
	if target == p.path {
		return
	}
	if !f.test && !isTestHelper(p.path) && slices.Contains(testOnly, target) {
		c.report(i.at, "imports %s outside a test; move the code into a _test.go file", target)
		return
	}
	switch {
	case matchAny(r.may, target, own) && !isStandInOf(target, own, p.path):
	case f.test && matchAny(r.tests, target, own):
	case matchAny(r.tests, target, own):
		c.report(i.at, "imports %s, which only its tests may; move the code into a _test.go file", target)
	default:
		c.report(i.at, "imports %s; remove the import, because %s", target, r.why)
	}
}

// isStandInOf reports whether target is the plugin's own stand-in, seen from outside the stand-in.
func isStandInOf(target, own, from string) bool {
	const standIn = "plugins/{own}/{own}sim/..."
	return own != "" && matchAny([]string{standIn}, target, own) && !matchAny([]string{standIn}, from, own)
}

func isTestHelper(packagePath string) bool {
	return slices.Contains(testOnly, packagePath) || strings.HasPrefix(packagePath, "test/")
}

func firstSegment(importPath string) string {
	first, _, _ := strings.Cut(importPath, "/")
	return first
}

func (c *checker) checkOwner(p pkg, f file, i imported) {
	for _, owner := range owners {
		if i.path != owner.module && !strings.HasPrefix(i.path, owner.module+"/") {
			continue
		}
		if !matchAny(owner.may, p.path, "") && (!f.test || !matchAny(owner.tests, p.path, "")) {
			c.report(i.at, "imports %s; %s", i.path, owner.fix)
		}
	}
}

//nolint:gochecknoglobals // a table that nobody changes
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "misc", "shared", "lib"}

func (c *checker) checkName(p pkg) {
	if slices.Contains(emptyNames, path.Base(p.path)) {
		c.reportAt(p.path, "the package name says nothing; name it after what it owns")
	}
}

// checkDoc wants a doc.go with a package comment; a command may have the comment in main.go.
func (c *checker) checkDoc(p pkg) {
	for _, f := range p.files {
		name := path.Base(f.path)
		isDoc := name == "doc.go" || name == "main.go" && f.syntax.Name.Name == "main"
		if isDoc && f.syntax.Doc != nil && len(f.syntax.Doc.Text()) > 20 {
			return
		}
	}
	c.reportAt(p.path, "has no doc.go with a package comment; write one that says what the package owns and must not do")
}

func (c *checker) checkDependencies() {
	if !c.tree.dependencies {
		c.reportAt(dependenciesFile, "is missing; write a table with a row `module` | why, per direct dependency in go.mod")
		return
	}
	for _, module := range c.tree.direct {
		if !slices.Contains(c.tree.documented, module) {
			c.reportAt("go.mod", "%s has no row in %s; add \"| `%s` | why it is needed |\"", module, dependenciesFile, module)
		}
	}
	for _, module := range c.tree.documented {
		if !slices.Contains(c.tree.direct, module) {
			c.reportAt(dependenciesFile, "%s is no direct dependency in go.mod; remove its row", module)
		}
	}
}

func (c *checker) checkCalls(p pkg, f file) {
	pure := !f.test && matchAny([]string{"core", "core/policy/..."}, p.path, "")
	if pure {
		c.checkPureImports(f)
	}
	ast.Inspect(f.syntax, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		receiver, ok := selector.X.(*ast.Ident)
		if !ok {
			return true
		}
		if pure {
			c.checkPureCall(selector, receiver.Name)
		}
		if f.test {
			c.checkTestCall(selector, receiver.Name)
		}
		return true
	})
}

//nolint:gochecknoglobals // tables that nobody changes
var (
	impureImports = []string{"os", "os/...", "net", "net/...", "database/...", "syscall", "io/fs", "log/...", "math/rand/..."}
	impureTimes   = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	skips         = []string{"Skip", "Skipf", "SkipNow"}
	testReceivers = []string{"t", "tb", "b", "f"}
)

func (c *checker) checkPureImports(f file) {
	for _, i := range f.imports() {
		if matchAny(impureImports, i.path, "") && i.path != "net/netip" && i.path != "net/url" {
			c.report(i.at, "imports %s, but the domain does no I/O; pass what it needs as a value or an interface", i.path)
		}
	}
}

func (c *checker) checkPureCall(selector *ast.SelectorExpr, receiver string) {
	if receiver == "time" && slices.Contains(impureTimes, selector.Sel.Name) {
		c.report(selector.Pos(), "uses time.%s, but the domain has no clock of its own; take the time as a parameter", selector.Sel.Name)
	}
}

func (c *checker) checkTestCall(selector *ast.SelectorExpr, receiver string) {
	name := selector.Sel.Name
	if receiver == "time" && name == "Sleep" {
		c.report(selector.Pos(), "sleeps; wait on a channel, use internal/eventually, or run inside testing/synctest")
	}
	if slices.Contains(testReceivers, receiver) && slices.Contains(skips, name) {
		c.report(selector.Pos(), "skips; make the test provide what it needs, or let it fail")
	}
}
