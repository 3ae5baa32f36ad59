package discordsim

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var ownTags = regexp.MustCompile(`<(/?(b|i|u|s|code|pre|blockquote|h3|a|span)|br|span class="(mention|badge|muted)"|a href="(https?)://[^"<>]*" target="_blank" rel="noopener noreferrer")>`)

func plainNames() names {
	same := func(id string) string { return id }
	return names{user: same, channel: same}
}

func TestMarkdown(t *testing.T) {
	for text, want := range map[string]string{
		"**bold** *it* _it_ __under__ ~~no~~ ||sp||": `<b>bold</b> <i>it</i> <i>it</i> <u>under</u> <s>no</s> <span class="badge">sp</span>`,
		"snake_case_name a*b":                        "snake_case_name a*b",
		"`co**de**` and ```\na\n<b>\n```":            "<code>co**de**</code> and <pre>a\n&lt;b&gt;</pre>",
		"# Head\n-# small\n- item":                   `<h3>Head</h3><span class="muted">small</span><br>• item<br>`,
		"> quoted **x**\nnot":                        "<blockquote>quoted <b>x</b></blockquote>not",
		">>> all\nof it":                             "<blockquote>all<br>of it</blockquote>",
		"<@1> <@!2> <#3> <@&4> @everyone":            `<span class="mention">@1</span> <span class="mention">@2</span> <span class="mention">#3</span> <span class="mention">@role</span> <span class="mention">@everyone</span>`,
		"see https://a.example/?x=1&y=2, ok":         `see <a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">https://a.example/?x=1&amp;y=2</a>, ok`,
		"[A](https://a.example)":                     `<a href="https://a.example" target="_blank" rel="noopener noreferrer">A</a>`,
		"[A](javascript:x)":                          "[A](javascript:x)",
		"discord.gg/abc":                             "discord.gg/abc",
		"<t:0:t> <t:0>":                              `<span class="badge">00:00</span> <span class="badge">1 January 1970 00:00</span>`,
		`\*no\* \<@1> https\:\/\/x \> q`:             "*no* &lt;@1&gt; https://x &gt; q",
		":smile: 12:30:45":                           `<span class="mention">:smile:</span> 12:30:45`,
	} {
		if diff := cmp.Diff(want, string(plainNames().render(text))); diff != "" {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
	}
}

func TestReadingNamesWhatIsAlive(t *testing.T) {
	got := Read("**a _b_** <@1> discord.gg/x `c`")
	want := []string{"italic: b", "bold: a b", "mention: <@1>", "link: discord.gg/x", "code: c"}
	if diff := cmp.Diff(want, got.Live); diff != "" || got.Text != "a b <@1> discord.gg/x c" {
		t.Errorf("%q, %s", got.Text, diff)
	}
}

func TestLongTextsAreReadQuickly(t *testing.T) {
	started := time.Now()
	for _, one := range []string{"> ", "\n", "*", "_", "||", "`", "[x](", "<@", ">>> \n", "\\", ":a", "```\n"} {
		Read(strings.Repeat(one, 4096/len(one)))
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add("**bold** <@1> [x](https://example.com) `code` ```pre``` \n> q\n# h\n<script>")
	f.Add(`[<b>](https://"onclick=x) "'<img src=x> ||a||`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > maxDescription {
			return
		}
		out := string(plainNames().render(text))
		if rest := ownTags.ReplaceAllString(out, ""); strings.ContainsAny(rest, `<>"`) {
			t.Errorf("%q gives %q, which keeps %q", text, out, rest)
		}
		Read(text)
	})
}
