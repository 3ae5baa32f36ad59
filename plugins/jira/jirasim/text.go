package jirasim

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"html/template"
	"slices"
	"strings"
	"unicode/utf16"
)

// text is a description or a comment: a document on Cloud's version 3, wiki markup otherwise.
type text struct {
	doc  *node
	wiki string
}

// node is a part of a document.
type node struct {
	Type    string          `json:"type"`
	Version int             `json:"version,omitempty"`
	Text    *string         `json:"text,omitempty"`
	Attrs   json.RawMessage `json:"attrs,omitempty"`
	Marks   []node          `json:"marks,omitempty"`
	Content []node          `json:"content,omitempty"`
}

// maxText is how many characters a text may have:
// https://support.atlassian.com/jira-cloud-administration/docs/issue-field-character-limits/.
const maxText = 32767

func readText(raw json.RawMessage, version string) (text, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return text{}, nil
	}
	if version != "3" {
		var wiki string
		if err := json.Unmarshal(raw, &wiki); err != nil {
			return text{}, errors.New("Operation value must be a string") //nolint:staticcheck // Jira's words
		}
		if units(wiki) > maxText {
			return text{}, fmt.Errorf("The entered text is too long. It exceeds the allowed limit of %d characters.", maxText) //nolint:staticcheck,revive // Jira's words
		}
		return text{wiki: wiki}, nil
	}
	var doc node
	if err := json.Unmarshal(raw, &doc); err != nil || doc.Type != "doc" || doc.Version != 1 {
		return text{}, errors.New("Operation value must be an Atlassian Document (see the Atlassian Document Format)") //nolint:staticcheck // Jira's words
	}
	if err := doc.check("doc"); err != nil {
		return text{}, err
	}
	if len(raw) > 4*maxText || units(doc.plain()) > maxText {
		return text{}, errors.New("CONTENT_LIMIT_EXCEEDED")
	}
	return text{doc: &doc}, nil
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

// children are which nodes may be in which.
func children(kind string) []string {
	inline := []string{"text", "hardBreak", "mention"}
	switch kind {
	case "doc":
		return []string{"paragraph", "heading", "bulletList", "blockquote", "rule", "codeBlock"}
	case "bulletList":
		return []string{"listItem"}
	case "listItem":
		return []string{"paragraph", "bulletList"}
	case "blockquote":
		return []string{"paragraph"}
	case "paragraph", "heading":
		return inline
	case "codeBlock":
		return []string{"text"}
	default:
		return nil
	}
}

// check refuses what Jira refuses: unknown nodes, nodes in the wrong place, empty texts.
func (n node) check(kind string) error {
	allowed := children(kind)
	for _, child := range n.Content {
		if !slices.Contains(allowed, child.Type) {
			return errors.New("INVALID_INPUT")
		}
		if child.Type == "text" && (child.Text == nil || *child.Text == "") {
			return errors.New("INVALID_INPUT")
		}
		if err := child.check(child.Type); err != nil {
			return err
		}
	}
	return nil
}

func (t text) wire(version string) any {
	switch {
	case t.doc == nil && t.wiki == "":
		return nil
	case version == "3" && t.doc == nil:
		line := t.wiki
		return node{Type: "doc", Version: 1, Content: []node{{Type: "paragraph", Content: []node{{Type: "text", Text: &line}}}}}
	case version == "3":
		return t.doc
	case t.doc == nil:
		return t.wiki
	default:
		return t.plain()
	}
}

// plain is everything that can be read, the addresses of links included.
func (t text) plain() string {
	if t.doc != nil {
		return strings.TrimSpace(t.doc.plain())
	}
	return renderWiki(t.wiki).text
}

func (n node) plain() string {
	var out strings.Builder
	switch n.Type {
	case "text":
		out.WriteString(*n.Text)
		for _, mark := range n.Marks {
			if href := mark.attr("href"); href != "" {
				out.WriteString(" (" + href + ")")
			}
		}
	case "mention":
		out.WriteString(n.attr("text"))
	case "hardBreak":
		out.WriteString("\n")
	}
	for _, child := range n.Content {
		out.WriteString(child.plain())
	}
	if n.Type == "paragraph" || n.Type == "heading" {
		out.WriteString("\n")
	}
	return out.String()
}

func (n node) attr(name string) string {
	var attrs map[string]any
	if json.Unmarshal(n.Attrs, &attrs) != nil {
		return ""
	}
	value, _ := attrs[name].(string)
	return value
}

// html draws the text as Jira does.
func (t text) html() template.HTML {
	if t.doc != nil {
		return template.HTML(t.doc.html()) //nolint:gosec // every text in it was escaped
	}
	return template.HTML(renderWiki(t.wiki).html) //nolint:gosec // as above
}

func (n node) html() string {
	var inside strings.Builder
	for _, child := range n.Content {
		inside.WriteString(child.html())
	}
	tag := map[string]string{"paragraph": "p", "heading": "h4", "bulletList": "ul", "listItem": "li", "blockquote": "blockquote", "codeBlock": "pre"}[n.Type]
	switch {
	case tag != "":
		return "<" + tag + ">" + inside.String() + "</" + tag + ">"
	case n.Type == "hardBreak":
		return "<br>"
	case n.Type == "mention":
		return `<span class="mention">` + html.EscapeString(n.attr("text")) + "</span>"
	case n.Type == "text":
		return n.markedHTML()
	default:
		return inside.String()
	}
}

func (n node) markedHTML() string {
	out := html.EscapeString(*n.Text)
	for _, mark := range n.Marks {
		switch mark.Type {
		case "strong":
			out = "<b>" + out + "</b>"
		case "link":
			out = anchor(mark.attr("href"), out)
		}
	}
	return out
}

func anchor(address, inside string) string {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return inside
	}
	return `<a href="` + html.EscapeString(address) + `" target="_blank" rel="noopener noreferrer">` + inside + "</a>"
}

// live lists what does more than being read: links and mentions of a document, and whatever wiki markup stands for.
func (t text) live() []string {
	if t.doc != nil {
		return t.doc.live()
	}
	return renderWiki(t.wiki).live
}

func (n node) live() []string {
	var found []string
	if n.Type == "mention" {
		found = append(found, "mention "+n.attr("id"))
	}
	for _, mark := range n.Marks {
		if mark.Type == "link" {
			found = append(found, "link "+mark.attr("href"))
		}
	}
	for _, child := range n.Content {
		found = append(found, child.live()...)
	}
	return found
}
