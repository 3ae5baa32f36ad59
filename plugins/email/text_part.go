package email

import (
	"strings"

	"github.com/accede/accede/plugins/wording"
)

// text writes the sheet for programs that show no HTML. Paragraphs are not wrapped: phones wrap better themselves.
func (s sheet) text() string {
	parts := []string{s.heading, s.standing}
	var lines []string
	for _, f := range s.facts {
		lines = append(lines, f.label+": "+f.value)
	}
	parts = append(parts, strings.Join(lines, "\n"))
	for _, q := range s.quotes {
		parts = append(parts, q.text())
	}
	if s.link != "" {
		parts = append(parts, s.linkText+":\n"+s.link)
	}
	parts = append(parts, "-- \n"+strings.Join(s.small, "\n"))
	var out strings.Builder
	for _, part := range parts {
		if part != "" {
			out.WriteString(part + "\n\n")
		}
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

// text puts a bar before every line, so that none can pass for one of ours.
func (q quote) text() string {
	text := q.line
	for _, line := range q.words {
		text += "\n" + wording.QuoteBar + line
	}
	return text
}
