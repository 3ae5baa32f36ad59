package config

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Error is a problem with the text of a configuration at one place. Its text never shows values that may be secret.
type Error struct {
	Name    string // the file, or what stands for it
	Line    int    // counted from 1; 0 when the problem has no place
	Column  int    // counted from 1
	Message string
	Excerpt string // the line and a mark under the column; empty when there is none
}

// Error returns "name:line:column: message" and, on lines of its own, the excerpt.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Name + ": " + e.Message
	}
	text := fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Message)
	if e.Excerpt != "" {
		text += "\n" + e.Excerpt
	}
	return text
}

// explain turns an error of the YAML library, whose own text shows neighbouring lines and thereby secrets, into ours.
func (d Document) explain(err error) error {
	var located yaml.Error
	if !errors.As(err, &located) {
		return &Error{Name: d.name, Message: plainMessage(err)}
	}
	token := located.GetToken()
	if token == nil || token.Position == nil {
		return &Error{Name: d.name, Message: messageOf(located)}
	}
	return d.errorAt(token.Position.Line, token.Position.Column, messageOf(located))
}

func plainMessage(err error) string {
	if errors.Is(err, yaml.ErrExceededMaxDepth) {
		return "nested too deeply"
	}
	return err.Error()
}

var duplicate = regexp.MustCompile(`^mapping key (".*") already defined at .*$`)

func messageOf(err yaml.Error) string {
	var wrongType *yaml.TypeError
	if errors.As(err, &wrongType) {
		return fmt.Sprintf("expected %s, found %s", kindOf(wrongType.DstType), kindOf(wrongType.SrcType))
	}
	message := err.GetMessage()
	if match := duplicate.FindStringSubmatch(message); match != nil {
		return "key " + match[1] + " is given twice"
	}
	return message
}

func kindOf(t reflect.Type) string {
	if t == nil {
		return "nothing"
	}
	switch t.Kind() { //nolint:exhaustive // the other kinds have no better name than their type's
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Pointer:
		return kindOf(t.Elem())
	}
	if t.ConvertibleTo(reflect.TypeFor[int64]()) {
		return "a whole number"
	}
	return t.String()
}

func (d Document) errorAtNode(node ast.Node, message string) error {
	position := node.GetToken().Position
	return d.errorAt(position.Line, position.Column, message)
}

// errorAt places an error at a line of this document, both counted from 1.
func (d Document) errorAt(line, column int, message string) error {
	line, column = max(line, 1), max(column, 1)
	whole := d.Line + line - 1
	return &Error{
		Name: d.name, Line: whole, Column: column, Message: message,
		Excerpt: excerpt(d.text, whole, line, column),
	}
}

func excerpt(text []byte, shown, line, column int) string {
	lines := bytes.SplitN(text, []byte("\n"), line+1)
	if line > len(lines) {
		return ""
	}
	masked := mask(strings.TrimRight(string(lines[line-1]), "\r"))
	if len(masked) > 120 {
		masked = strings.ToValidUTF8(masked[:120], "") + "…"
	}
	number := fmt.Sprintf("%5d | ", shown)
	pad := strings.Repeat(" ", len(number)-2) + "| " + strings.Repeat(" ", min(column-1, 120))
	return number + masked + "\n" + pad + "^"
}

var (
	keyed    = regexp.MustCompile(`^(\s*(?:[-?]\s+)*["']?([\w.*/@ -]+)["']?\s*:\s*)\S.*$`)
	harmless = regexp.MustCompile(`^\s*("[\w .]{0,16}"|'[\w .]{0,16}'|[\w .]{0,16}|[\[{].{0,40})\s*(#.*)?$`)
)

// mask hides the value on a line, for it may be a secret under a misspelt key. What is short and plain stays, unless
// its key sounds like a secret's.
func mask(line string) string {
	match := keyed.FindStringSubmatch(line)
	if match == nil {
		return maskWords(line)
	}
	value := line[len(match[1]):]
	if sensitive(match[2]) || !harmless.MatchString(value) {
		value = "…"
	}
	return match[1] + maskWords(value)
}

func sensitive(key string) bool {
	key = strings.ToLower(key)
	for _, part := range []string{"tok", "sec", "pass", "pwd", "key", "cred", "auth", "priv", "sign", "hook"} {
		if strings.Contains(key, part) {
			return true
		}
	}
	return false
}

var longWord = regexp.MustCompile(`[^\s\[\]{},:"']{17,}`)

func maskWords(text string) string { return longWord.ReplaceAllString(text, "…") }
