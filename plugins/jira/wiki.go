package jira

import (
	"strings"

	"github.com/accede/accede/plugins/wording"
)

// wiki writes the document in Data Center's markup: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa.
func (d document) wiki() string {
	var out strings.Builder
	before := plain
	for i, p := range d {
		switch {
		case i == 0:
		case p.kind == item && before == item:
			out.WriteString("\n")
		default:
			out.WriteString("\n\n")
		}
		before = p.kind
		switch p.kind {
		case item:
			out.WriteString("* " + wikiWords(p.words))
		case quotation:
			out.WriteString(wikiQuote(p.quoted))
		default:
			out.WriteString(wikiWords(p.words))
		}
	}
	return out.String()
}

// wikiQuote begins each line with a bar, so that no line of a quotation can begin a list, a heading or a line of ours.
func wikiQuote(quoted []string) string {
	escaped := make([]string, 0, len(quoted))
	for _, text := range quoted {
		escaped = append(escaped, wording.QuoteBar+wikiEscape(text))
	}
	return strings.Join(escaped, "\n")
}

func wikiWords(parts []words) string {
	var out strings.Builder
	for _, part := range parts {
		text := wikiEscape(part.text)
		switch {
		case part.account != "":
			out.WriteString("[~" + part.account + "]")
		case part.address != "":
			out.WriteString("[" + text + "|" + part.address + "]")
		case part.strong:
			out.WriteString("*" + text + "*")
		default:
			out.WriteString(text)
		}
	}
	return out.String()
}

// wikiMarks are the characters that can begin markup, a link, a mention, an icon or an issue key's link.
const wikiMarks = `{}[]()*_-+^~|!#?:@&%;`

// wikiEscape makes text show as it is. A backslash is written as an entity, because two of them break the line.
func wikiEscape(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\\':
			out.WriteString("&#92;")
		case r < 0x80 && strings.ContainsRune(wikiMarks, r):
			out.WriteString(`\` + string(r))
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
