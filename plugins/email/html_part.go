package email

import (
	_ "embed" // the layout is part of the binary
	"fmt"
	"html/template"
	"strings"
)

//go:embed letter.html
var letterLayout string

// press turns sheets into HTML.
type press struct{ layout *template.Template }

func newPress() (press, error) {
	layout, err := template.New("letter").Parse(letterLayout)
	if err != nil {
		return press{}, fmt.Errorf("reading the layout of mails: %w", err)
	}
	return press{layout: layout}, nil
}

// page is what the layout draws.
type page struct {
	Heading, Standing, Tone string
	Facts                   []pageFact
	Quotes                  []pageQuote
	Link, LinkText          string
	Small                   []string
}

type pageFact struct{ Label, Value string }

type pageQuote struct {
	Line  string
	Words []string
}

func (p press) html(s sheet) (string, error) {
	drawn := page{Heading: s.heading, Standing: s.standing, Tone: s.tone, Link: s.link, LinkText: s.linkText, Small: s.small}
	for _, f := range s.facts {
		drawn.Facts = append(drawn.Facts, pageFact{f.label, f.value})
	}
	for _, q := range s.quotes {
		drawn.Quotes = append(drawn.Quotes, pageQuote{q.line, q.words})
	}
	var out strings.Builder
	if err := p.layout.Execute(&out, drawn); err != nil {
		return "", fmt.Errorf("laying out the mail: %w", err)
	}
	return out.String(), nil
}
