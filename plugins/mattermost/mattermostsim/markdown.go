package mattermostsim

import (
	"html/template"
	"net/url"
	"regexp"
	"strings"
)

// markdown draws the part of Mattermost's markup that matters here: code, quotes, headings, emphasis, links, mentions,
// hashtags and bare addresses. What is drawn alive here would be alive there.
type markdown struct {
	// isUser says whether a mention is of somebody.
	isUser func(name string) bool
}

var (
	inline = regexp.MustCompile("``[^\n]+?``|`[^`\n]+`|\\\\[!-/:-@\\[-`{-~]|\\*\\*[^*\n]+\\*\\*|" +
		`!?\[[^\]\n]*\]\([^)\s]*\)|https?://[^\s<>()]+|www\.[^\s<>()]+|@[A-Za-z0-9._-]+|~[a-z0-9_-]+|#[A-Za-z][\w-]*`)
	linked = regexp.MustCompile(`^!?\[([^\]\n]*)\]\(([^)\s]*)\)$`)
	fence  = regexp.MustCompile("(?ms)^```[^`\n]*\n(.*?)\n```[ \t]*$")
)

// render draws a text.
func (m markdown) render(text string) template.HTML {
	var out strings.Builder
	for {
		at := fence.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		m.lines(&out, strings.TrimSuffix(text[:at[0]], "\n"))
		out.WriteString("<pre>" + template.HTMLEscapeString(text[at[2]:at[3]]) + "</pre>")
		text = strings.TrimPrefix(text[at[1]:], "\n")
	}
	m.lines(&out, text)
	return template.HTML(out.String()) //nolint:gosec // everything that was not made here is escaped
}

func (m markdown) lines(out *strings.Builder, text string) {
	quoting, blank := false, true
	for line := range strings.SplitSeq(text, "\n") {
		quote, isQuote := strings.CutPrefix(line, ">")
		switch {
		case isQuote && !quoting:
			out.WriteString("<blockquote>")
		case !isQuote && quoting:
			out.WriteString("</blockquote>")
		case !blank && line != "":
			out.WriteString("<br>")
		}
		quoting, blank = isQuote, line == ""
		if blank {
			out.WriteString(`<span class="gap"></span>`)
			continue
		}
		if isQuote {
			line = strings.TrimPrefix(quote, " ")
		}
		m.line(out, line)
	}
	if quoting {
		out.WriteString("</blockquote>")
	}
}

func (m markdown) line(out *strings.Builder, line string) {
	if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
		out.WriteString("<strong>")
		m.inline(out, strings.TrimSpace(heading))
		out.WriteString("</strong>")
		return
	}
	m.inline(out, line)
}

func (m markdown) inline(out *strings.Builder, line string) {
	at := 0
	for _, found := range inline.FindAllStringIndex(line, -1) {
		out.WriteString(template.HTMLEscapeString(line[at:found[0]]))
		m.token(out, line[found[0]:found[1]])
		at = found[1]
	}
	out.WriteString(template.HTMLEscapeString(line[at:]))
}

func (m markdown) token(out *strings.Builder, token string) {
	escaped := template.HTMLEscapeString
	switch {
	case token[0] == '`':
		out.WriteString("<code>" + escaped(strings.Trim(token, "`")) + "</code>")
	case token[0] == '\\':
		out.WriteString(escaped(token[1:]))
	case strings.HasPrefix(token, "**"):
		out.WriteString("<b>" + escaped(strings.Trim(token, "*")) + "</b>")
	case token[0] == '[' || token[0] == '!':
		parts := linked.FindStringSubmatch(token)
		out.WriteString(link(parts[2], parts[1]))
	case token[0] == '@' && !m.isMention(token[1:]):
		out.WriteString(escaped(token))
	case strings.ContainsRune("@~#", rune(token[0])):
		out.WriteString(`<span class="mention">` + escaped(token) + "</span>")
	default:
		out.WriteString(link(token, token))
	}
}

func (m markdown) isMention(name string) bool {
	name = strings.TrimRight(name, ".-_")
	return name == "all" || name == "channel" || name == "here" || m.isUser(name)
}

// link draws a link, or only its words if it leads nowhere a link may lead.
func link(address, words string) string {
	if strings.HasPrefix(address, "www.") {
		address = "http://" + address
	}
	to, err := url.Parse(address)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" {
		return template.HTMLEscapeString(words)
	}
	return `<a href="` + template.HTMLEscapeString(to.String()) + `" target="_blank" rel="noopener noreferrer">` + template.HTMLEscapeString(words) + "</a>"
}
