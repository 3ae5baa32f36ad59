package slack

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCut(t *testing.T) {
	family := "👩‍👩‍👧‍👦"
	room := units(cutMark)
	for _, c := range []struct {
		name, text string
		limit      int
		want       string
	}{
		{"short", "hello", 10, "hello"},
		{"exact", strings.Repeat("a", 40), 40, strings.Repeat("a", 40)},
		{"letters", strings.Repeat("a", 60), room + 5, "aaaaa" + cutMark},
		{"family stays whole", "ab" + strings.Repeat(family, 9), room + 2 + units(family) + 3, "ab" + family + cutMark},
		{"accent stays", "abc" + strings.Repeat("e\u0301", 40), room + 4, "abc" + cutMark},
		{"skin tone stays", "ab" + strings.Repeat("👍🏽", 20), room + 2 + 6, "ab👍🏽" + cutMark},
		{"flag stays whole", "a" + strings.Repeat("🇨🇭", 20), room + 1 + 6, "a🇨🇭" + cutMark},
		{"one endless character", "e" + strings.Repeat("\u0301", 90), room + 5, "e\u0301\u0301\u0301\u0301" + cutMark},
	} {
		if got := cut(c.text, c.limit); got != c.want {
			t.Errorf("%s: cut to %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzCut(f *testing.F) {
	for _, seed := range hostile() {
		f.Add(seed, 60)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < units(cutMark)+1 || limit > 5000 {
			return
		}
		for _, got := range []string{oneLine(text, limit), quoted(text, limit)} {
			if !utf8.ValidString(got) {
				t.Errorf("%q became invalid: %q", text, got)
			}
			if units(got) > limit {
				t.Errorf("%q has %d units, the limit is %d", got, units(got), limit)
			}
		}
		if strings.ContainsAny(escape(text), "<>") {
			t.Errorf("%q is not escaped", text)
		}
	})
}
