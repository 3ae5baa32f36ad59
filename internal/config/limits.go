package config

import (
	"bytes"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

const (
	maxDepth   = 100 // nested brackets, or nested "- " and "? " on one line
	maxAliases = 100
)

func plausible(data []byte) bool {
	return utf8.Valid(data) && bytes.IndexByte(data, 0) < 0
}

// tooDeep returns the first line that nests further than a person would write, or 0. The parser recurses without a
// bound and in time quadratic in the depth, so this is decided before it runs. Brackets in quotes are counted too:
// the answer may only err for texts with a hundred unclosed brackets.
func tooDeep(data []byte) int {
	depth, line := 0, 0
	for text := range bytes.Lines(data) {
		line++
		opened := bytes.Count(text, []byte("[")) + bytes.Count(text, []byte("{"))
		closed := bytes.Count(text, []byte("]")) + bytes.Count(text, []byte("}"))
		if depth+opened > maxDepth && deepest(text, depth) > maxDepth || compactDepth(text) > maxDepth {
			return line
		}
		depth = max(0, depth+opened-closed)
	}
	return 0
}

func deepest(text []byte, depth int) int {
	most := depth
	for _, b := range text {
		switch b {
		case '[', '{':
			depth++
			most = max(most, depth)
		case ']', '}':
			depth--
		}
	}
	return most
}

// compactDepth counts the indentation steps with which a line begins: each two spaces, and each "- ", "? " or ": ".
func compactDepth(text []byte) int {
	depth := 0
	for len(text) >= 2 && bytes.IndexByte([]byte(" -?:"), text[0]) >= 0 && bytes.IndexByte([]byte(" \t"), text[1]) >= 0 {
		depth++
		text = text[2:]
	}
	return depth
}

// checkAliases bounds what a small text can expand to: an anchored value may not itself contain aliases, and there
// may be only so many of them.
func (d *Document) checkAliases() error {
	if d.body == nil {
		return nil
	}
	aliases := ast.Filter(ast.AliasType, d.body)
	if len(aliases) > maxAliases {
		return d.errorAtNode(aliases[maxAliases], "more than 100 aliases; write the values out")
	}
	for _, node := range ast.Filter(ast.AnchorType, d.body) {
		anchor, ok := node.(*ast.AnchorNode)
		if !ok {
			continue
		}
		if inner := ast.Filter(ast.AliasType, anchor.Value); len(inner) > 0 {
			return d.errorAtNode(inner[0], "an alias inside an anchored value; write the value out")
		}
	}
	return nil
}
