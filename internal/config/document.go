package config

import (
	"bytes"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Document is one YAML document of a file or stream.
type Document struct {
	// Line is the line of the whole text on which the document starts, counted from 1.
	Line int

	name string
	text []byte
	body ast.Node
}

// Documents splits a text at its "---" lines and parses each document. Empty and comment-only documents are left out.
// Positions in errors count lines of the whole text.
func Documents(name string, data []byte) ([]Document, error) {
	docs, faults := AllDocuments(name, data)
	if len(faults) > 0 {
		return nil, faults[0]
	}
	return docs, nil
}

// AllDocuments does as Documents but goes on past documents that cannot be parsed: it returns those that can, and what
// is wrong with each of the others.
func AllDocuments(name string, data []byte) (docs []Document, faults []error) {
	if len(data) > MaxSize {
		return nil, []error{&Error{Name: name, Message: "larger than 1 MiB; split it into several files"}}
	}
	if !plausible(data) {
		return nil, []error{&Error{Name: name, Message: "not a YAML text: it contains NUL or invalid UTF-8 bytes"}}
	}
	for _, doc := range split(name, data) {
		if err := doc.parse(); err != nil {
			faults = append(faults, err)
		} else if doc.body != nil {
			docs = append(docs, doc)
		}
	}
	return docs, faults
}

// Decode decodes the document strictly into the value that into points to. It neither expands ${NAME} nor validates.
func (d Document) Decode(into any) error { return d.decode(into, yaml.Strict()) }

// Peek decodes what it finds into the value that into points to and passes over fields that the value does not have:
// for reading a document's kind before decoding it into the right type.
func (d Document) Peek(into any) error { return d.decode(into) }

func (d Document) decode(into any, options ...yaml.DecodeOption) (err error) {
	defer d.recoverParser(&err)
	decoder := yaml.NewDecoder(strings.NewReader(""), options...)
	if err := decoder.DecodeFromNode(d.body, into); err != nil {
		return d.explain(err)
	}
	return nil
}

func (d *Document) parse() (err error) {
	defer d.recoverParser(&err)
	if line := tooDeep(d.text); line > 0 {
		return d.errorAt(line, 1, "nested too deeply")
	}
	file, err := parser.ParseBytes(d.text, 0)
	if err != nil {
		return d.explain(err)
	}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType {
			continue
		}
		if d.body != nil {
			return d.errorAt(doc.Body.GetToken().Position.Line, 1, "expected a line of its own with --- between documents")
		}
		d.body = doc.Body
	}
	return d.checkAliases()
}

// recoverParser turns a panic of the YAML library, which some malformed texts provoke, into an error.
func (d Document) recoverParser(err *error) {
	if cause := recover(); cause != nil {
		*err = d.errorAt(1, 1, "the document that starts here is not YAML that can be read")
	}
}

// split cuts at lines that are document markers. YAML gives such a line no other meaning, not even inside quotes or
// block scalars. The parser's own splitting is not used because it drops every document behind an empty one.
func split(name string, data []byte) []Document {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var docs []Document
	start, startLine, line := 0, 1, 0
	for offset := 0; offset < len(data); {
		line++
		end := offset + lineLength(data[offset:])
		if offset > start && isMarker(data[offset:end]) {
			docs = append(docs, Document{Line: startLine, name: name, text: data[start:offset]})
			start, startLine = offset, line
		}
		offset = end
	}
	return append(docs, Document{Line: startLine, name: name, text: data[start:]})
}

func lineLength(data []byte) int {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1
	}
	return len(data)
}

func isMarker(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}
