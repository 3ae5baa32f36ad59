package discordsim

import (
	"html"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// names tells what mentions are called.
type names struct {
	user, channel func(id string) string
}

// render turns a text into safe HTML. Every piece of text is escaped, and the only tags that come out are the ones written
// in this file.
func (n names) render(text string) template.HTML {
	return template.HTML(n.nodes(read(text))) //nolint:gosec // every piece is escaped
}

func (n names) nodes(all []node) string {
	var out strings.Builder
	for _, one := range all {
		out.WriteString(n.node(one))
	}
	return out.String()
}

func (n names) node(one node) string {
	if tags, ok := pairs()[one.kind]; ok {
		return tags[0] + n.nodes(one.inside) + tags[1]
	}
	switch one.kind {
	case asCode:
		return "<code>" + html.EscapeString(one.text) + "</code>"
	case asBlock:
		return "<pre>" + html.EscapeString(strings.Trim(one.text, "\n")) + "</pre>"
	case asLink:
		return link(one)
	case asMention, asEmoji:
		return `<span class="mention">` + html.EscapeString(n.called(one)) + "</span>"
	case asTime:
		return `<span class="badge">` + html.EscapeString(moment(one)) + "</span>"
	default:
		return strings.ReplaceAll(html.EscapeString(one.text), "\n", "<br>")
	}
}

// pairs are what stands around the inside of markup.
func pairs() map[string][2]string {
	return map[string][2]string{
		asBold: {"<b>", "</b>"}, asItalic: {"<i>", "</i>"}, asUnderline: {"<u>", "</u>"}, asStruck: {"<s>", "</s>"},
		asSpoiler: {`<span class="badge">`, "</span>"}, asQuote: {"<blockquote>", "</blockquote>"}, asHeading: {"<h3>", "</h3>"},
		asSubtext: {`<span class="muted">`, "</span><br>"}, asItem: {"• ", "<br>"},
	}
}

var safeLink = regexp.MustCompile(`^https?://`)

func link(one node) string {
	if !safeLink.MatchString(one.target) {
		return html.EscapeString(one.text)
	}
	return `<a href="` + html.EscapeString(one.target) + `" target="_blank" rel="noopener noreferrer">` + html.EscapeString(one.text) + "</a>"
}

func (n names) called(one node) string {
	switch {
	case strings.HasPrefix(one.text, "<@&"):
		return "@role"
	case strings.HasPrefix(one.text, "<@"):
		return "@" + n.user(one.target)
	case strings.HasPrefix(one.text, "<#"):
		return "#" + n.channel(one.target)
	default:
		return one.text
	}
}

// moment shows a time as a client in UTC does.
func moment(one node) string {
	seconds, style, _ := strings.Cut(one.target, ":")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return one.text
	}
	at := time.Unix(unix, 0).UTC()
	switch style {
	case "t":
		return at.Format("15:04")
	case "T":
		return at.Format("15:04:05")
	case "d":
		return at.Format("02/01/2006")
	case "D":
		return at.Format("2 January 2006")
	case "F":
		return at.Format("Monday, 2 January 2006 15:04")
	case "R":
		return at.Format("2006-01-02")
	default:
		return at.Format("2 January 2006 15:04")
	}
}
