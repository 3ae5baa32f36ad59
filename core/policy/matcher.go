package policy

import (
	"fmt"
	"regexp"
	"strings"
)

// maxPatternBytes bounds a matcher's text. Go's regular expressions take time linear in the input, so a pattern cannot
// hang; a long one could still be large.
const maxPatternBytes = 1024

// Matcher tells whether a name matches a pattern.
type Matcher struct {
	prefix, suffix string
	expression     *regexp.Regexp
	literal        string
	negate         bool
	// glob holds the texts between the stars of a glob; it is quicker than the expression, which is there for what it captures.
	glob []string
}

var template = regexp.MustCompile(`^(.*?)\{\{\s*regexp\.(match|not_match)\(\s*"((?:[^"\\]|\\.)*)"\s*\)\s*\}\}(.*)$`)

// CompileMatcher reads a pattern: a literal; a glob in which * stands for any characters; a regular expression when it
// starts with ^ and ends with $; or text around {{regexp.match("re")}} or {{regexp.not_match("re")}}.
func CompileMatcher(pattern string) (Matcher, error) {
	switch {
	case pattern == "":
		return Matcher{}, fmt.Errorf("pattern is empty; name a role, or write * for every role")
	case len(pattern) > maxPatternBytes:
		return Matcher{}, fmt.Errorf("pattern has %d bytes, the limit is %d", len(pattern), maxPatternBytes)
	case strings.Contains(pattern, "{{"):
		return compileTemplate(pattern)
	case strings.HasPrefix(pattern, "^") && strings.HasSuffix(pattern, "$"):
		return compileExpression(pattern)
	case strings.Contains(pattern, "*"):
		return compileGlob(pattern)
	default:
		return Matcher{literal: pattern}, nil
	}
}

func compileExpression(text string) (Matcher, error) {
	expression, err := regexp.Compile(text)
	if err != nil {
		return Matcher{}, fmt.Errorf("%q is not a regular expression: %w", text, err)
	}
	return Matcher{expression: expression}, nil
}

func compileGlob(pattern string) (Matcher, error) {
	matcher, err := compileExpression("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, "((?s:.*))") + "$")
	matcher.glob = strings.Split(pattern, "*")
	return matcher, err
}

// matchGlob says whether name is these texts in this order, with anything between them.
func matchGlob(texts []string, name string) bool {
	first, last := texts[0], texts[len(texts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	rest := name[len(first) : len(name)-len(last)]
	for _, text := range texts[1 : len(texts)-1] {
		at := strings.Index(rest, text)
		if at < 0 {
			return false
		}
		rest = rest[at+len(text):]
	}
	return true
}

func compileTemplate(pattern string) (Matcher, error) {
	parts := template.FindStringSubmatch(pattern)
	if parts == nil || strings.Contains(parts[4], "{{") {
		return Matcher{}, fmt.Errorf(
			`%q is not a pattern: inside {{ }} only one regexp.match("…") or regexp.not_match("…") can stand`, pattern)
	}
	matcher, err := compileExpression(strings.ReplaceAll(strings.ReplaceAll(parts[3], `\"`, `"`), `\\`, `\`))
	if err != nil {
		return Matcher{}, err
	}
	matcher.prefix, matcher.suffix, matcher.negate = parts[1], parts[4], parts[2] == "not_match"
	return matcher, nil
}

// Match says whether name matches.
func (m Matcher) Match(name string) bool {
	switch {
	case m.expression == nil:
		return name == m.literal
	case m.glob != nil:
		return matchGlob(m.glob, name)
	}
	if len(name) < len(m.prefix)+len(m.suffix) {
		return false
	}
	inner, ok := strings.CutPrefix(name, m.prefix)
	if !ok {
		return false
	}
	inner, ok = strings.CutSuffix(inner, m.suffix)
	return ok && m.expression.MatchString(inner) != m.negate
}

// Matchers is a list of which one has to match.
type Matchers []Matcher

// CompileMatchers compiles each pattern; the error names the first broken one.
func CompileMatchers(patterns []string) (Matchers, error) {
	matchers := make(Matchers, 0, len(patterns))
	for _, pattern := range patterns {
		matcher, err := CompileMatcher(pattern)
		if err != nil {
			return nil, err
		}
		matchers = append(matchers, matcher)
	}
	return matchers, nil
}

// Match says whether any of the matchers matches.
func (ms Matchers) Match(name string) bool {
	for _, matcher := range ms {
		if matcher.Match(name) {
			return true
		}
	}
	return false
}
