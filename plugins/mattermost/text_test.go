package mattermost

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accede/accede/plugins/wording"
)

func TestTextIsShownAsItIs(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                  "`plain`",
		"a `tick`":               "`a ˋtickˋ`",
		"two\nlines":             "`two lines`",
		"@all [x](http://e.com)": "`@all [x](http://e.com)`",
		"\u202eevil":             "`▯evil`",
		"bad\xffbytes":           "`bad▯bytes`",
	} {
		if got := code(text, 100); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got, want := quoted("one\n\n@all `two`\r\nthree ", 100), "> `one`\n>\n> `@all ˋtwoˋ`\n> `three`"; got != want {
		t.Errorf("quoted: %q, want %q", got, want)
	}
	if got := quoted(strings.Repeat("x\n", 500), 4000); strings.Count(got, "\n") != maxLines {
		t.Errorf("%d lines", strings.Count(got, "\n"))
	}
}

func TestLiteralInterruptsWhatNeedsNoSign(t *testing.T) {
	for text, want := range map[string]string{
		"Your approval counts.":      `Your approval counts\.`,
		"ask @all":                   "ask @\u200ball",
		"see http://evil.example":    "see http:\u200b/\u200b/\u200bevil\\.example",
		"*bold* `code` <x>":          "\\*bold\\* \\`code\\` <\u200bx\\>",
		"managers 1 of 2: dba, prod": "managers 1 of 2:\u200b dba, prod",
	} {
		if got := literal(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"a`b``c```d", "@all\n```\n@all", "\u202e", "`", "\\`@all", "> x\n>", ""} {
		f.Add(seed, 60)
	}
	inert := regexp.MustCompile("^`[^`\n]*`$")
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < utf8.RuneCountInString(wording.CutMark)+1 || limit > 5000 {
			return
		}
		got := code(text, limit)
		if !inert.MatchString(got) || !utf8.ValidString(got) || utf8.RuneCountInString(got) > limit+2 {
			t.Errorf("%q became %q", text, got)
		}
		for line := range strings.SplitSeq(quoted(text, limit), "\n") {
			if line != ">" && !inert.MatchString(strings.TrimPrefix(line, "> ")) && line != "> "+"`"+wording.CutMark+"`" {
				t.Errorf("%q became the line %q", text, line)
			}
		}
		if regexp.MustCompile(`@\w|://|(^|[^\\])[\[\]*_~|]`).MatchString(strings.ReplaceAll(literal(text), `\\`, "")) {
			t.Errorf("%q comes alive as %q", text, literal(text))
		}
	})
}
