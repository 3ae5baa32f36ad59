package policy

import (
	"testing"

	"pgregory.net/rapid"
)

// Rule 2.1: literal, glob, regular expression, regexp templates.
func TestMatcher(t *testing.T) {
	for _, test := range []struct {
		pattern string
		match   []string
		refuse  []string
	}{
		{"dba", []string{"dba"}, []string{"dba2", "adba", "DBA", ""}},
		{"a.c", []string{"a.c"}, []string{"abc"}},
		{"*", []string{"", "anything", "two\nlines"}, nil},
		{"db-*", []string{"db-", "db-prod"}, []string{"adb-prod", "db"}},
		{"db.*", []string{"db.prod"}, []string{"dbxprod"}},
		{"*-prod-*", []string{"a-prod-b"}, []string{"a-prod"}},
		{"^db-(a|b)$", []string{"db-a", "db-b"}, []string{"db-c", "xdb-a"}},
		{`{{regexp.match("^db")}}`, []string{"dba"}, []string{"adb"}},
		{`dev-{{regexp.not_match("beta")}}-prod`, []string{"dev-alpha-prod", "dev--prod"}, []string{"dev-beta-prod", "dev-prod", "alpha"}},
		{`x{{regexp.match("^a\\d$")}}`, []string{"xa1"}, []string{"xab", "a1"}},
		{`aba{{regexp.match("^$")}}aba`, []string{"abaaba"}, []string{"aba", "ababa"}},
		{"^(a+)+$", []string{"aaaa"}, []string{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"}},
	} {
		matcher, err := CompileMatcher(test.pattern)
		if err != nil {
			t.Fatalf("CompileMatcher(%q): %v", test.pattern, err)
		}
		for _, name := range test.match {
			if !matcher.Match(name) {
				t.Errorf("%q does not match %q", test.pattern, name)
			}
		}
		for _, name := range test.refuse {
			if matcher.Match(name) {
				t.Errorf("%q matches %q", test.pattern, name)
			}
		}
	}
}

func TestBrokenPatterns(t *testing.T) {
	for _, pattern := range []string{
		"", "^(a$", `{{regexp.match("(")}}`, `{{regexp.match(a)}}`, `{{external.x}}`,
		`{{regexp.match("a")}}{{regexp.match("b")}}`, string(make([]byte, maxPatternBytes+1)),
	} {
		if _, err := CompileMatcher(pattern); err == nil {
			t.Errorf("CompileMatcher(%.40q) found no fault", pattern)
		}
	}
}

func FuzzCompileMatcher(f *testing.F) {
	for _, seed := range []string{"dba", "*", "db-*", "^a$", `x{{regexp.not_match("b")}}y`, "{{", `{{regexp.match("\"")}}`} {
		f.Add(seed, "name")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		matcher, err := CompileMatcher(pattern)
		if err != nil {
			return
		}
		matched := matcher.Match(name)
		if again, err := CompileMatcher(pattern); err != nil || again.Match(name) != matched {
			t.Fatalf("compiling twice gives two answers, error %v", err)
		}
		if matcher.expression == nil && !matcher.Match(pattern) {
			t.Fatalf("literal %q does not match itself", pattern)
		}
	})
}

// A glob matches what its regular expression does, quicker.
func TestGlobIsItsExpression(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		letters := rapid.StringOfN(rapid.SampledFrom([]rune("ab*")), 1, 8, -1)
		pattern, name := letters.Draw(rt, "pattern"), rapid.StringOfN(rapid.SampledFrom([]rune("ab\n")), 0, 10, -1).Draw(rt, "name")
		matcher, err := CompileMatcher(pattern)
		if err != nil {
			rt.Fatal(err)
		}
		if matcher.expression != nil && matcher.Match(name) != matcher.expression.MatchString(name) {
			rt.Fatalf("glob %q and its expression disagree about %q", pattern, name)
		}
	})
}
