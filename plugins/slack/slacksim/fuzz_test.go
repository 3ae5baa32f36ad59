package slacksim

import (
	"regexp"
	"strings"
	"testing"
)

var ownTags = regexp.MustCompile(`<(/?(b|i|s|code|pre|blockquote|a|span)|br|span class="mention"|a href="(https?://|mailto:)[^"<>]*" target="_blank" rel="noopener noreferrer")>`)

func plainMarkup() mrkdwn {
	same := func(id string) string { return id }
	return mrkdwn{userName: same, channelName: same}
}

func TestMrkdwn(t *testing.T) {
	for text, want := range map[string]string{
		"*bold* _it_ ~no~ `co*de*`":          "<b>bold</b> <i>it</i> <s>no</s> <code>co*de*</code>",
		"a*b*c snake_case_name":              "a*b*c snake_case_name",
		"<@U1> in <#C1|x>, <!channel>":       `<span class="mention">@U1</span> in <span class="mention">#C1</span>, <span class="mention">@channel</span>`,
		"<https://a.example/?x=1&amp;y=2|A>": `<a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">A</a>`,
		"&lt;b&gt; &amp;amp;":                "&lt;b&gt; &amp;amp;",
		"> quoted\nnot":                      "<blockquote>quoted</blockquote>not",
		"```a\n<b>```":                       "<pre>a\n&lt;b&gt;</pre>",
		"<javascript:x|y>":                   "y",
		"<!date^1^{date} at {time}|later>":   "January 1, 1970 at 12:00 AM",
		"<!date^soon^{date}|later>":          "later",
	} {
		if got := string(plainMarkup().render(text)); got != want {
			t.Errorf("%q gives\n%s, want\n%s", text, got, want)
		}
	}
}

func FuzzMrkdwn(f *testing.F) {
	f.Add("*bold* <@U1> <https://example.com|x> `code` ```pre``` > q\n&lt;script&gt;")
	f.Add(`<https://"onclick=x|<b>> "'<img src=x>`)
	f.Fuzz(func(t *testing.T, text string) {
		out := string(plainMarkup().render(text))
		if rest := ownTags.ReplaceAllString(out, ""); strings.ContainsAny(rest, `<>"`) {
			t.Errorf("%q gives %q, which keeps %q", text, out, rest)
		}
	})
}

func FuzzArguments(f *testing.F) {
	f.Add("application/json", []byte(`{"channel":"C1","blocks":[{"type":"divider"}],"n":1}`))
	f.Add("application/x-www-form-urlencoded", []byte("channel=C1&blocks=%5B%5D"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		args, problem := parseArguments(contentType, body)
		if (args == nil) == (problem == nil) {
			t.Errorf("arguments %v and problem %v", args, problem)
		}
	})
}

func FuzzBlocks(f *testing.F) {
	f.Add([]byte(`[{"type":"section","text":{"type":"mrkdwn","text":"x"}},{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"y"}}]}]`))
	f.Add([]byte(`[{},{"type":"context","elements":["x"]}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		l, err := parseLayout(data, func() string { n++; return "id" + strings.Repeat("x", n) })
		if err != nil {
			return
		}
		again, err := parseLayout(l.raw, func() string { return "" })
		if err != nil || len(again.blocks) != len(l.blocks) {
			t.Fatalf("what came out cannot be read again: %v\n%s", err, l.raw)
		}
		checkLayout(l, maxMessageBlocks, "/blocks")
	})
}

func FuzzTimestamp(f *testing.F) {
	f.Add("1700000000.000100")
	f.Add("1.5")
	f.Fuzz(func(t *testing.T, ts string) {
		micros, ok := parseTS(ts)
		if !ok {
			return
		}
		if again, ok := parseTS(formatTS(micros)); !ok || again != micros {
			t.Errorf("%q became %q", ts, formatTS(micros))
		}
	})
}
