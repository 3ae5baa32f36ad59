package jira

// node is a part of the Atlassian Document Format: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/.
type node struct {
	Type    string         `json:"type"`
	Version int            `json:"version,omitempty"`
	Text    string         `json:"text,omitempty"`
	Attrs   map[string]any `json:"attrs,omitempty"`
	Marks   []node         `json:"marks,omitempty"`
	Content []node         `json:"content,omitempty"`
}

// adf writes the document for Cloud, where text nodes are never read as markup.
func (d document) adf() node {
	root := node{Type: "doc", Version: 1}
	for _, p := range d {
		switch p.kind {
		case item:
			root.addItem(node{Type: "listItem", Content: []node{paragraphOf(p.words)}})
		case quotation:
			root.Content = append(root.Content, node{Type: "blockquote", Content: []node{quotedLines(p.quoted)}})
		default:
			root.Content = append(root.Content, paragraphOf(p.words))
		}
	}
	return root
}

// addItem adds to the list at the end, or begins one.
func (n *node) addItem(added node) {
	if last := len(n.Content) - 1; last >= 0 && n.Content[last].Type == "bulletList" {
		n.Content[last].Content = append(n.Content[last].Content, added)
		return
	}
	n.Content = append(n.Content, node{Type: "bulletList", Content: []node{added}})
}

func paragraphOf(parts []words) node {
	p := node{Type: "paragraph"}
	for _, part := range parts {
		switch {
		case part.account != "":
			p.Content = append(p.Content, node{Type: "mention", Attrs: map[string]any{"id": part.account, "text": "@" + part.text}})
		case part.text != "": // Jira refuses empty text nodes
			p.Content = append(p.Content, node{Type: "text", Text: part.text, Marks: marksOf(part)})
		}
	}
	return p
}

func marksOf(part words) []node {
	var marks []node
	if part.strong {
		marks = append(marks, node{Type: "strong"})
	}
	if part.address != "" {
		marks = append(marks, node{Type: "link", Attrs: map[string]any{"href": part.address}})
	}
	return marks
}

func quotedLines(quoted []string) node {
	p := node{Type: "paragraph"}
	for i, text := range quoted {
		if i > 0 {
			p.Content = append(p.Content, node{Type: "hardBreak"})
		}
		if text != "" {
			p.Content = append(p.Content, node{Type: "text", Text: text})
		}
	}
	return p
}
