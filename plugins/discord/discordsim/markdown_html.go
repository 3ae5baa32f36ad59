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
	inside := n.nodes(one.inside)
	switch one.kind {
	case asBold:
		return "<b>" + inside + "</b>"
	case asItalic:
		return "<i>" + inside + "</i>"
	case asUnderline:
		return "<u>" + inside + "</u>"
	case asStruck:
		return "<s>" + inside + "</s>"
	case asSpoiler:
		return `<span class="badge">` + inside + "</span>"
	case asQuote:
		return "<blockquote>" + inside + "</blockquote>"
	case asHeading:
		return "<h3>" + inside + "</h3>"
	case asSubtext:
		return `<span class="muted">` + inside + "</span><br>"
	case asItem:
		return "• " + inside + "<br>"
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
