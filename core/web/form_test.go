package web_test

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// element finds the first element with an attribute of this value.
func element(root *html.Node, key, value string) *html.Node {
	for node := range root.Descendants() {
		if attribute(node, key) == value {
			return node
		}
	}
	return nil
}

func attribute(node *html.Node, key string) string {
	for _, one := range node.Attr {
		if one.Key == key {
			return one.Val
		}
	}
	return ""
}

func has(node *html.Node, key string) bool {
	for _, one := range node.Attr {
		if one.Key == key {
			return true
		}
	}
	return false
}

func content(node *html.Node) string {
	var text strings.Builder
	for one := range node.Descendants() {
		if one.Type == html.TextNode {
			text.WriteString(one.Data)
			text.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

// part is the element with this id; its text is easier to look into than the whole page.
func (a answer) part(id string) *html.Node {
	a.t.Helper()
	root, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		a.t.Fatal(err)
	}
	found := element(root, "id", id)
	if found == nil {
		a.t.Fatalf("the page has no #%s: %s", id, a.body)
	}
	return found
}

// filled is what a browser would send of the form for a request as it stands, without its buttons.
func (a answer) filled() url.Values {
	a.t.Helper()
	values := url.Values{}
	for node := range a.part("ask").Descendants() {
		name := attribute(node, "name")
		switch {
		case name == "" || node.Data == "button":
		case node.Data == "textarea":
			values.Add(name, strings.ReplaceAll(strings.TrimPrefix(raw(node), "\n"), "\n", "\r\n"))
		case node.Data == "select":
			values.Add(name, chosen(node))
		case attribute(node, "type") == "checkbox" && !has(node, "checked"):
		default:
			values.Add(name, attribute(node, "value"))
		}
	}
	return values
}

func raw(node *html.Node) string {
	if node.FirstChild == nil {
		return ""
	}
	return node.FirstChild.Data
}

func chosen(node *html.Node) string {
	first := ""
	for option := range node.Descendants() {
		if option.Data != "option" {
			continue
		}
		if has(option, "selected") {
			return attribute(option, "value")
		}
		if first == "" {
			first = attribute(option, "value")
		}
	}
	return first
}
