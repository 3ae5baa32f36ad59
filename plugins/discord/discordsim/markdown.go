package discordsim

import (
	"regexp"
	"strings"
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
		apart := n.kind == asQuote || n.kind == asHeading || n.kind == asItem || n.kind == asBlock
		if apart && r.Text != "" && !strings.HasSuffix(r.Text, "\n") {
			r.Text += "\n"
		}
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
		if apart {
			r.Text += "\n"
		}
	}
}
