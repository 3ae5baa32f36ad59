package discord

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/wording"
)

func escaped(text string) string { return ruler.Fit(escape(wording.Visible(text), "\n"), 1<<20) }

func TestWhatPeopleWriteStaysText(t *testing.T) {
	for _, text := range []string{
		"*bold* _it_ __under__ ~~no~~ ||spoiler|| `code` ```fence```",
		"# heading\n## heading\n-# small\n- item\n* item\n1. one\n 23. two\n> quote\n>>> all of it",
		"@everyone @here <@1000000000000000001> <@!1000000000000000001> <@&1> <#1> <id:home> </cmd:1>",
		"https://evil.example/a_b http://127.0.0.1/ <https://evil.example> [approve](https://evil.example) discord.gg/abc discord.com/invite/x",
		":white_check_mark: <:name:123> <a:name:123> <t:1795253400:R>",
		`\*not bold\* \\`, "a\\", "x \\` y", "¯\\_(ツ)_/¯", "snake_case_name and 12:30:45",
	} {
		got := discordsim.Read(escaped(text))
		if len(got.Live) != 0 {
			t.Errorf("%q comes alive: %q", text, got.Live)
		}
		if read := strings.ReplaceAll(got.Text, zeroWidthSpace, ""); read != text {
			t.Errorf("%q reads as %q", text, read)
		}
		for _, place := range []string{"**" + oneLine(text, 300) + "**", "✓ " + oneLine(text, 300) + " approved", quoted(text, 300)} {
			for _, live := range discordsim.Read(place).Live {
				if !strings.HasPrefix(live, "bold: ") && !strings.HasPrefix(live, "quote: ") {
					t.Errorf("%q in %q comes alive: %q", text, place, live)
				}
			}
		}
	}
}

func TestUsualTextIsLeftAlone(t *testing.T) {
	for _, text := range []string{
		"Migrate the billing tables (OPS-1432)", "ticket #123, at 09:30 UTC: done.", "prod-db-admin", "alice@example.com", "50 % + 3",
	} {
		if got := escaped(text); strings.ReplaceAll(got, `\:`, ":") != text {
			t.Errorf("%q is written %q", text, got)
		}
	}
}

func TestCutting(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"fits":     {"short", "short"},
		"letters":  {strings.Repeat("x", 50), strings.Repeat("x", 19) + wording.CutMark},
		"families": {strings.Repeat("👩‍👩‍👧", 9), strings.Repeat("👩‍👩‍👧", 2) + wording.CutMark},
		"flags":    {strings.Repeat("🇩🇪", 20), strings.Repeat("🇩🇪", 4) + wording.CutMark},
		"accents":  {strings.Repeat("e\u0301", 40), strings.Repeat("e\u0301", 9) + wording.CutMark},
		"escapes":  {strings.Repeat("*", 50), strings.Repeat(`\*`, 9) + wording.CutMark},
	} {
		if got := oneLine(c.text, 40); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestMarks(t *testing.T) {
	if got := markOf(keyOne); len(got) != markLength || markIn(prefixStatus+got) != got || markIn("ac.sealed-_."+got) != got {
		t.Errorf("mark %q cannot be read back", got)
	}
	if markOf("no uuid") == markOf("another") || len(markOf("no uuid")) != markLength {
		t.Error("keys that are no UUIDs have no proper marks")
	}
	for _, foreign := range []string{"", "as.", "as.short", "confirm.AZqgsQAAcACAAAAAAAAAAQ", "ac.AZqgsQAAcACAAAAAAAAAAQ"} {
		if got := markIn(foreign); got != "" {
			t.Errorf("%q carries the mark %q", foreign, got)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"*a* _b_ <@1> https://x.y/z :a:", "# h\n- x\n> q", "@everyone \\* `", "||x||\x00\u202e", "👩‍👩‍👧🇩🇪e\u0301"} {
		f.Add(seed, 60)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 40 + max(limit, 0)%4000
		for name, got := range map[string]string{"line": oneLine(text, limit), "quotation": quoted(text, limit)} {
			if ruler.Length(got) > limit || !utf8.ValidString(got) {
				t.Errorf("%s of %q has %d units, the limit is %d", name, text, ruler.Length(got), limit)
			}
			for _, live := range discordsim.Read(got).Live {
				if !strings.HasPrefix(live, "quote: ") {
					t.Errorf("%s of %q comes alive in %q: %q", name, text, got, live)
				}
			}
		}
		if got := discordsim.Read(oneLine(text, 1<<20)).Text; strings.ReplaceAll(got, zeroWidthSpace, "") != strings.ReplaceAll(flat(text), zeroWidthSpace, "") {
			t.Errorf("%q reads as %q", text, got)
		}
	})
}
