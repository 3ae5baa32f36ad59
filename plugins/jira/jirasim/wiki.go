package jirasim

import (
	"html"
	"regexp"
	"strings"
)

// rendered is wiki markup as people see it, and what in it is more than text.
type rendered struct {
	html string
	// text is what can be read of it, the addresses of links included.
	text string
	live []string
}

var (
	// token finds what Data Center's renderer acts on, escapes first.
	wikiToken = regexp.MustCompile(`\\[^A-Za-z0-9\s]|&#[0-9]+;|\{[a-z]+(?::[^}\n]*)?\}|\[~[^\]\n]+\]|\[[^\]\n]+\]|` +
		`(?:https?|ftp|file)://[^\s<>\[\]|]+|mailto:[^\s]+|[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\.[a-z]{2,}|` +
		`\([/xyn!?*i+-]\)|:-?[)(PD]|;-?\)|![^!\s\n]+!|\b[A-Z][A-Z0-9]+-[0-9]+\b|` +
		`(?:^|[\s(])([*_+^~-])[^\s*_+^~-](?:[^\n]*?[^\s\\])?[*_+^~-]|\{\{[^}\n]*\}\}|\\\\`)
	wikiLine = regexp.MustCompile(`^(?:h[1-6]\.\s|bq\.\s|\|\|?|#+\s|----)`)
	wikiItem = regexp.MustCompile(`^[*-]+\s`)
	strong   = regexp.MustCompile(`^\*[^*\n]+\*$`)
)

// renderWiki draws the markup that the stand-in knows and reports all that Jira's own renderer would act on.
func renderWiki(markup string) rendered {
	var out rendered
	var page, read strings.Builder
	for _, line := range strings.Split(markup, "\n") {
		if found := wikiLine.FindString(line); found != "" {
			out.live = append(out.live, "line "+found)
		}
		item := wikiItem.FindString(line)
		inside := out.inline(strings.TrimPrefix(line, item))
		read.WriteString(readable(inside) + "\n")
		switch {
		case item != "":
			page.WriteString(`<div class="item">• ` + inside + "</div>")
		case inside == "":
			page.WriteString("<br>")
		default:
			page.WriteString("<div>" + inside + "</div>")
		}
	}
	out.html, out.text = page.String(), strings.TrimSpace(read.String())
	return out
}

var (
	wikiAnchor = regexp.MustCompile(`<a href="([^"]*)"[^>]*>([^<]*)</a>`)
	wikiTag    = regexp.MustCompile(`<[^>]*>`)
)

// readable takes the tags out of what was drawn.
func readable(drawn string) string {
	return html.UnescapeString(wikiTag.ReplaceAllString(wikiAnchor.ReplaceAllString(drawn, "$2 ($1)"), ""))
}

func (r *rendered) inline(line string) string {
	var out strings.Builder
	at := 0
	for _, found := range wikiToken.FindAllStringIndex(line, -1) {
		out.WriteString(html.EscapeString(line[at:found[0]]))
		out.WriteString(r.token(line[found[0]:found[1]]))
		at = found[1]
	}
	out.WriteString(html.EscapeString(line[at:]))
	return out.String()
}

func (r *rendered) token(found string) string {
	trimmed := strings.TrimLeft(found, " \t(")
	lead := html.EscapeString(found[:len(found)-len(trimmed)])
	switch {
	case strings.HasPrefix(found, "&#"):
		return found
	case strings.HasPrefix(found, `\`) && found != `\\`:
		return html.EscapeString(found[1:])
	case strong.MatchString(trimmed):
		r.live = append(r.live, "strong "+trimmed)
		return lead + "<b>" + unescapeWiki(strings.Trim(trimmed, "*")) + "</b>"
	case strings.HasPrefix(found, "[~"):
		r.live = append(r.live, "mention "+strings.Trim(found, "[~]"))
		return `<span class="mention">@` + html.EscapeString(strings.Trim(found, "[~]")) + "</span>"
	case strings.HasPrefix(found, "["):
		label, address, ok := strings.Cut(strings.Trim(found, "[]"), "|")
		if !ok {
			address = label
		}
		r.live = append(r.live, "link "+address)
		return anchor(address, unescapeWiki(label))
	default:
		r.live = append(r.live, "markup "+found)
		return html.EscapeString(found)
	}
}

var wikiEscape = regexp.MustCompile(`\\([^A-Za-z0-9\s])`)

func unescapeWiki(text string) string {
	return html.EscapeString(wikiEscape.ReplaceAllString(text, "$1"))
}

// Live lists what in wiki markup does more than being read.
func Live(markup string) []string { return renderWiki(markup).live }
