package slack

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accede/accede/plugins/wording"
)

func FuzzTexts(f *testing.F) {
	for _, seed := range hostile() {
		f.Add(seed, 60)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < ruler.Length(wording.CutMark)+1 || limit > 5000 {
			return
		}
		for _, got := range []string{oneLine(text, limit), quoted(text, limit)} {
			if !utf8.ValidString(got) {
				t.Errorf("%q became invalid: %q", text, got)
			}
			if ruler.Length(got) > limit {
				t.Errorf("%q has %d units, the limit is %d", got, ruler.Length(got), limit)
			}
		}
		if strings.ContainsAny(escape(text), "<>") {
			t.Errorf("%q is not escaped", text)
		}
	})
}
