package config

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// maxFaults bounds how many wrong fields of one document are looked for.
const maxFaults = 100

// DecodeAll decodes as Decode does but goes on past what is wrong, so that one run finds it all; each problem that has
// a place is an *Error. What is wrong is taken out of the document and left out of what into points to.
func (d Document) DecodeAll(into any) []error {
	var found []error
	for len(found) < maxFaults {
		err := d.decode(into, yaml.Strict())
		if err == nil {
			break
		}
		found = append(found, err)
		located, ok := errors.AsType[*Error](err)
		if !ok || !drop(d.body, located.Line-d.Line+1, located.Column) {
			break
		}
	}
	return found
}

// drop takes the innermost field with a token at this place out of the mappings beneath node.
func drop(node ast.Node, line, column int) bool {
	switch n := node.(type) {
	case *ast.MappingNode:
		for i, value := range n.Values {
			if drop(value.Value, line, column) {
				return true
			}
			if hasTokenAt(value, line, column) {
				n.Values = slices.Delete(n.Values, i, i+1)
				return true
			}
		}
	case *ast.SequenceNode:
		return slices.ContainsFunc(n.Values, func(value ast.Node) bool { return drop(value, line, column) })
	case *ast.AnchorNode:
		return drop(n.Value, line, column)
	case *ast.TagNode:
		return drop(n.Value, line, column)
	}
	return false
}

func hasTokenAt(node ast.Node, line, column int) bool {
	search := &tokenSearch{line: line, column: column}
	ast.Walk(search, node)
	return search.found
}

type tokenSearch struct {
	line, column int
	found        bool
}

// Visit looks at one node.
func (s *tokenSearch) Visit(node ast.Node) ast.Visitor {
	if at := node.GetToken(); at != nil && at.Position.Line == s.line && at.Position.Column == s.column {
		s.found = true
	}
	if s.found {
		return nil
	}
	return s
}

var segments = regexp.MustCompile(`[^.\[\]]+|\[[0-9]+\]`)

// ErrorAt makes an error about the field at a dotted path such as "spec.allow.request.roles[0]". exact is false, and
// the place that of the nearest field around it, when the document has no such field.
func (d Document) ErrorAt(path, message string) (err *Error, exact bool) {
	at, exact := start(d.body), true
	node := d.body
	for _, segment := range segments.FindAllString(path, -1) {
		place, value, found := child(node, segment)
		if !found {
			exact = false
			break
		}
		at, node = place, value
	}
	return &Error{Name: d.name, Line: d.Line + max(at.Line, 1) - 1, Column: max(at.Column, 1), Message: message}, exact
}

// child finds a member or an element and its place: that of the value if it is plain, else that of the key.
func child(node ast.Node, segment string) (*token.Position, ast.Node, bool) {
	node = bare(node)
	if list, ok := node.(*ast.SequenceNode); ok {
		i, err := strconv.Atoi(strings.Trim(segment, "[]"))
		if err != nil || i >= len(list.Values) {
			return nil, nil, false
		}
		return start(list.Values[i]), list.Values[i], true
	}
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		return nil, nil, false
	}
	for _, value := range mapping.Values {
		if value.Key.GetToken().Value != segment {
			continue
		}
		if _, plain := bare(value.Value).(ast.ScalarNode); plain {
			return value.Value.GetToken().Position, value.Value, true
		}
		return value.Key.GetToken().Position, value.Value, true
	}
	return nil, nil, false
}

// start is where a node begins; a mapping's own token is the colon behind its first key.
func start(node ast.Node) *token.Position {
	if mapping, ok := bare(node).(*ast.MappingNode); ok && len(mapping.Values) > 0 {
		return mapping.Values[0].Key.GetToken().Position
	}
	return node.GetToken().Position
}

// bare takes anchors and tags off.
func bare(node ast.Node) ast.Node {
	for {
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.TagNode:
			node = n.Value
		default:
			return node
		}
	}
}
