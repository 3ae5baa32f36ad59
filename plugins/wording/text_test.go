package wording_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accede/accede/plugins/wording"
)

func TestCut(t *testing.T) {
	family := "👩‍👩‍👧‍👦"
	room := wording.UTF16.Length(wording.CutMark)
	for _, c := range []struct {
		name, text string
		limit      int
		want       string
	}{
		{"short", "hello", 10, "hello"},
		{"exact", strings.Repeat("a", 40), 40, strings.Repeat("a", 40)},
		{"letters", strings.Repeat("a", 60), room + 5, "aaaaa" + wording.CutMark},
		{"family stays whole", "ab" + strings.Repeat(family, 9), room + 2 + wording.UTF16.Length(family) + 3, "ab" + family + wording.CutMark},
		{"accent stays", "abc" + strings.Repeat("e\u0301", 40), room + 4, "abc" + wording.CutMark},
		{"skin tone stays", "ab" + strings.Repeat("👍🏽", 20), room + 2 + 6, "ab👍🏽" + wording.CutMark},
		{"flag stays whole", "a" + strings.Repeat("🇨🇭", 20), room + 1 + 6, "a🇨🇭" + wording.CutMark},
		{"one endless character", "e" + strings.Repeat("\u0301", 90), room + 5, "e\u0301\u0301\u0301\u0301" + wording.CutMark},
	} {
		if got := wording.UTF16.Cut(c.text, c.limit); got != c.want {
			t.Errorf("%s: cut to %q, want %q", c.name, got, c.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain":               "plain",
		"a\r\nb\rc\u2028d":    "a\nb\nc\nd",
		"a\x00b\x1b[31m":      "a▯b▯[31m",
		"\u202eevorppA\u2069": "▯evorppA▯",
		"\u200fعربي":          "\u200fعربي",
		"broken \xff\ufffd":   "broken ▯▯",
		"tab\there":           "tab here",
	} {
		if got := wording.Visible(text); got != want {
			t.Errorf("%q shows as %q, want %q", text, got, want)
		}
	}
}

func TestFitKeepsPiecesWhole(t *testing.T) {
	var pieces []wording.Piece
	for range 30 {
		pieces = append(pieces, wording.Piece{Char: '*', Out: `\*`})
	}
	room := wording.UTF16.Length(wording.CutMark)
	if got, want := wording.UTF16.Fit(pieces, room+5), `\*\*`+wording.CutMark; got != want {
		t.Errorf("fits as %q, want %q", got, want)
	}
	if got, want := wording.UTF16.Fit(pieces, 60), strings.Repeat(`\*`, 30); got != want {
		t.Errorf("fits as %q, want %q", got, want)
	}
	if got := wording.Characters.CutWith("…", "a long title", 7); got != "a long…" {
		t.Errorf("cut to %q", got)
	}
}

func TestQuotesStandBehindBars(t *testing.T) {
	if got, want := wording.Characters.Quote(" one\r\nRequest x\u2028two ", 100), "│ one\n│ Request x\n│ two"; got != want {
		t.Errorf("quoted as %q, want %q", got, want)
	}
}

func FuzzTexts(f *testing.F) {
	for _, seed := range []string{"hello", "👩‍👩‍👧‍👦🇨🇭", "e\u0301\u0301", "\u202e\x00\xff", strings.Repeat("界\n", 60)} {
		f.Add(seed, 60, 5)
	}
	f.Fuzz(func(t *testing.T, text string, limit, most int) {
		if limit < len(wording.CutMark)+1 || limit > 5000 || most < 1 || most > 100 {
			return
		}
		for _, ruler := range []wording.Ruler{wording.Characters, wording.UTF16} {
			line := ruler.OneLine(text, limit)
			if !utf8.ValidString(line) || ruler.Length(line) > limit || strings.ContainsAny(line, "\n\r") {
				t.Errorf("%q became %q with a length of %d, the limit is %d", text, line, ruler.Length(line), limit)
			}
			if quoted := ruler.Quote(text, limit); ruler.Length(quoted) > limit || !utf8.ValidString(quoted) {
				t.Errorf("%q is quoted as %q, the limit is %d", text, quoted, limit)
			}
			if lines := ruler.Lines(text, limit, most); len(lines) > most+1 {
				t.Errorf("%q became %d lines, the limit is %d", text, len(lines), most)
			}
		}
	})
}
