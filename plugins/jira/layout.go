package jira

import (
	"net/url"
	"strings"
)

// document is a description or a comment in no edition's markup.
type document []paragraph

// paragraph is one block of a document.
type paragraph struct {
	kind  kind
	words []words
	// quoted are the lines of a quotation, of kind quotation.
	quoted []string
}

type kind int

const (
	plain kind = iota
	item
	quotation
)

// words are a stretch of text that looks alike. All text is shown as it is.
type words struct {
	text   string
	strong bool
	// address makes it a link, account a mention; both are our own, never what a person wrote.
	address string
	account string
}

func say(text string) words { return words{text: text} }

func strong(text string) words { return words{text: text, strong: true} }

func link(text, address string) words {
	to, err := url.Parse(address)
	if err != nil || to.Scheme != "https" && to.Scheme != "http" || strings.ContainsAny(address, " |[]{}\"<>\\") {
		return say(text + ": " + oneLine(address, maxAddress))
	}
	return words{text: text, address: address}
}

func line(parts ...words) paragraph { return paragraph{words: parts} }

func fact(label, value string) paragraph {
	return paragraph{kind: item, words: []words{strong(label + ":"), say(" " + value)}}
}

func quote(text string, limit int) paragraph {
	return paragraph{kind: quotation, quoted: ruler.Lines(text, limit, maxLines)}
}

// render writes a document as the edition takes it: a node tree on Cloud, a string on Data Center.
func (d document) render(cloud bool) any {
	if cloud {
		return d.adf()
	}
	return d.wiki()
}
