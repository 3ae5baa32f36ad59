package discordsim

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kinds of what a text becomes when Discord's client reads it:
// https://support.discord.com/hc/en-us/articles/210298617 and https://discord.com/developers/docs/reference#message-formatting.
const (
	asText      = "text"
	asBold      = "bold"
	asItalic    = "italic"
	asUnderline = "underline"
	asStruck    = "struck"
	asSpoiler   = "spoiler"
	asCode      = "code"
	asBlock     = "code block"
	asQuote     = "quote"
	asHeading   = "heading"
	asSubtext   = "subtext"
	asItem      = "list item"
	asLink      = "link"
	asMention   = "mention"
	asEmoji     = "emoji"
	asTime      = "time"
)

// node is a piece of text, or markup with pieces inside.
type node struct {
	kind, text string
	// target is where a link leads, whom a mention names, or a moment.
	target string
	inside []node
}

// maxNesting bounds how deep markup is read.
const maxNesting = 12

var (
	headingLine = regexp.MustCompile(`^(#{1,3}) +(\S.*)$`)
	subtextLine = regexp.MustCompile(`^-# +(\S.*)$`)
	itemLine    = regexp.MustCompile(`^ *(?:[-*]|\d+\.) +(\S.*)$`)
	quoteLine   = regexp.MustCompile(`^ *> ?(.*)$`)
	quoteRest   = regexp.MustCompile(`(?s)^ *>>> +(.*)$`)

	angledLink   = regexp.MustCompile(`^<((?:https?|steam|discord)://[^ >]+)>`)
	bareLink     = regexp.MustCompile(`^(?:https?|steam|discord)://[^\s<]*[^\s<.,:;"')\]]`)
	inviteLink   = regexp.MustCompile(`^(?i)discord(?:app)?\.(?:gg|com/invite)/[A-Za-z0-9-]+`)
	maskedLink   = regexp.MustCompile(`^\[((?:\\.|[^\]\\])+)\]\(<?((?:https?|discord)://[^\s)>]+)>?(?: +"[^"]*")?\)`)
	mentionText  = regexp.MustCompile(`^<(@[!&]?|#|id:)([0-9a-z]+)>`)
	commandText  = regexp.MustCompile(`^</([^:>\n]{1,100}):[0-9]+>`)
	everyoneText = regexp.MustCompile(`^@(?:everyone|here)`)
	customEmoji  = regexp.MustCompile(`^<a?:(\w+):[0-9]+>`)
	namedEmoji   = regexp.MustCompile(`^:[a-z0-9_+-]*[a-z+][a-z0-9_+-]*:`)
	timestamp    = regexp.MustCompile(`^<t:(-?[0-9]{1,13})(?::([tTdDfFR]))?>`)
)

// read understands a whole text.
func read(text string) []node { return readBlocks(text, maxNesting) }

// readBlocks reads what begins a line: quotations, headings, lists and fenced code.
func readBlocks(text string, depth int) []node {
	if depth == 0 {
		return []node{{kind: asText, text: text}}
	}
	b := blocks{depth: depth}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if b.fenced {
			b.take(line)
			continue
		}
		if quoteRest.MatchString(line) {
			b.flush()
			rest := quoteRest.FindStringSubmatch(strings.Join(lines[i:], "\n"))
			return append(b.out, node{kind: asQuote, inside: readBlocks(rest[1], depth-1)})
		}
		b.line(line)
	}
	b.flush()
	return b.out
}

// blocks collects lines of the same sort.
type blocks struct {
	depth         int
	out           []node
	plain, quoted []string
	// fenced says that a code block has begun and not ended.
	fenced bool
}

func (b *blocks) line(line string) {
	if m := quoteLine.FindStringSubmatch(line); m != nil {
		if len(b.plain) > 0 {
			b.flush()
		}
		b.quoted = append(b.quoted, m[1])
		return
	}
	if len(b.quoted) > 0 {
		b.flush()
	}
	if kind, inner := lineKind(line); kind != "" {
		b.flush()
		b.out = append(b.out, node{kind: kind, inside: readInline(inner, b.depth-1)})
		return
	}
	b.take(line)
}

func (b *blocks) take(line string) {
	b.plain = append(b.plain, line)
	if strings.Count(line, "```")%2 == 1 {
		b.fenced = !b.fenced
	}
}

func (b *blocks) flush() {
	if len(b.quoted) > 0 {
		b.out = append(b.out, node{kind: asQuote, inside: readBlocks(strings.Join(b.quoted, "\n"), b.depth-1)})
	}
	if len(b.plain) > 0 {
		b.out = append(b.out, readInline(strings.Join(b.plain, "\n"), b.depth-1)...)
	}
	b.plain, b.quoted = nil, nil
}

func lineKind(line string) (kind, inner string) {
	if m := headingLine.FindStringSubmatch(line); m != nil {
		return asHeading, m[2]
	}
	if m := subtextLine.FindStringSubmatch(line); m != nil {
		return asSubtext, m[1]
	}
	if m := itemLine.FindStringSubmatch(line); m != nil {
		return asItem, m[1]
	}
	return "", ""
}

// readInline reads what stands inside lines.
func readInline(text string, depth int) []node {
	var out []node
	var run strings.Builder
	previous := ' '
	for text != "" {
		found, size := inlineAt(text, previous, depth)
		if size == 0 {
			r, n := utf8.DecodeRuneInString(text)
			run.WriteString(text[:n])
			previous, text = r, text[n:]
			continue
		}
		if found.kind == asText { // an escaped character
			run.WriteString(found.text)
		} else {
			if run.Len() > 0 {
				out = append(out, node{kind: asText, text: run.String()})
				run.Reset()
			}
			out = append(out, found)
		}
		previous, _ = utf8.DecodeLastRuneInString(text[:size])
		text = text[size:]
	}
	if run.Len() > 0 {
		out = append(out, node{kind: asText, text: run.String()})
	}
	return out
}

// inlineAt reads the markup that begins a text, if any does, and returns how long it is.
func inlineAt(text string, previous rune, depth int) (node, int) {
	if text[0] == '\\' && len(text) > 1 {
		r, n := utf8.DecodeRuneInString(text[1:])
		if !unicode.IsSpace(r) && !isAlphanumeric(r) {
			return node{kind: asText, text: text[1 : 1+n]}, 1 + n
		}
	}
	if found, size := codeAt(text); size > 0 {
		return found, size
	}
	if found, size := referenceAt(text); size > 0 {
		return found, size
	}
	if depth == 0 {
		return node{}, 0
	}
	return styledAt(text, previous, depth)
}

// isAlphanumeric counts ASCII only, as Discord's rule for backslashes does.
func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func codeAt(text string) (node, int) {
	fence := 0
	for fence < len(text) && text[fence] == '`' {
		fence++
	}
	if fence == 0 {
		return node{}, 0
	}
	ticks := strings.Repeat("`", min(fence, 3))
	end := strings.Index(text[len(ticks):], ticks)
	if end <= 0 {
		return node{}, 0
	}
	inner := text[len(ticks) : len(ticks)+end]
	kind := asCode
	if len(ticks) == 3 {
		kind = asBlock
	}
	return node{kind: kind, text: inner}, end + 2*len(ticks)
}

func referenceAt(text string) (node, int) {
	for _, one := range []struct {
		pattern *regexp.Regexp
		kind    string
	}{
		{angledLink, asLink},
		{bareLink, asLink},
		{inviteLink, asLink},
		{maskedLink, asLink},
		{mentionText, asMention},
		{commandText, asMention},
		{everyoneText, asMention},
		{customEmoji, asEmoji},
		{namedEmoji, asEmoji},
		{timestamp, asTime},
	} {
		m := one.pattern.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		found := node{kind: one.kind, text: m[0], target: m[0]}
		switch one.pattern {
		case angledLink:
			found.text, found.target = m[1], m[1]
		case maskedLink:
			found.text, found.target = m[1], m[2]
		case mentionText, timestamp:
			found.target = m[len(m)-1]
			if one.pattern == timestamp {
				found.target = m[1] + ":" + m[2]
			}
		}
		return found, len(m[0])
	}
	return node{}, 0
}

func styledAt(text string, previous rune, depth int) (node, int) {
	for _, one := range []struct{ mark, kind string }{
		{"**", asBold}, {"__", asUnderline}, {"~~", asStruck}, {"||", asSpoiler}, {"*", asItalic}, {"_", asItalic},
	} {
		if !strings.HasPrefix(text, one.mark) {
			continue
		}
		if one.mark == "_" && isWord(previous) {
			continue
		}
		inner, ok := until(text[len(one.mark):], one.mark)
		if !ok {
			continue
		}
		return node{kind: one.kind, inside: readInline(inner, depth-1)}, len(inner) + 2*len(one.mark)
	}
	return node{}, 0
}

func isWord(r rune) bool { return isAlphanumeric(r) || r == '_' }

// until returns what stands before the closing mark.
func until(text, mark string) (string, bool) {
	for at := 0; at < len(text); at++ {
		if text[at] == '\\' {
			at++
			continue
		}
		if at == 0 || !strings.HasPrefix(text[at:], mark) {
			continue
		}
		after := text[at+len(mark):]
		if len(mark) == 1 && (strings.HasPrefix(after, mark) || strings.TrimSpace(text[:at]) != text[:at]) {
			return "", false
		}
		if next, _ := utf8.DecodeRuneInString(after); mark == "_" && after != "" && isWord(next) {
			continue
		}
		return text[:at], true
	}
	return "", false
}

// Reading is what people get to see of a text.
type Reading struct {
	// Text is what can be read, without any markup.
	Text string
	// Live are the parts that are more than text: "bold: Reason", "link: https://example.com".
	Live []string
}

// Read reads a text as Discord's client does.
func Read(text string) Reading {
	var r Reading
	r.walk(read(text))
	return r
}

func (r *Reading) walk(nodes []node) {
	for _, n := range nodes {
		before := len(r.Text)
		switch {
		case len(n.inside) > 0:
			r.walk(n.inside)
		default:
			r.Text += n.text
		}
		if n.kind != asText {
			r.Live = append(r.Live, n.kind+": "+r.Text[before:])
		}
		if n.kind == asQuote || n.kind == asHeading || n.kind == asItem {
			r.Text += "\n"
		}
	}
}
