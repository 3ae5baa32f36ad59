package config

import (
	"fmt"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Duration is a length of time written as Go writes it: "30s", "15m", "8h", "1h30m". Days are not a unit, because a
// day is not always 24 hours. Negative durations decode; a Validate method says whether they make sense.
type Duration time.Duration

// Std returns the duration as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String returns the duration as it would be written.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the duration as JSON and YAML show it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText parses a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%.40q is not a duration such as 30s, 15m or 8h", text)
	}
	*d = Duration(parsed)
	return nil
}

// UnmarshalYAML parses a duration and reports a wrong one at its place in the file. It takes the node itself because
// a plain error would lose the place; there is nothing beneath a scalar that strictness could miss.
func (d *Duration) UnmarshalYAML(node ast.Node) error {
	scalar, ok := node.(ast.ScalarNode)
	if !ok {
		return &yaml.UnexpectedNodeTypeError{Actual: node.Type(), Expected: ast.StringType, Token: node.GetToken()}
	}
	if err := d.UnmarshalText(fmt.Append(nil, scalar.GetValue())); err != nil {
		return &yaml.SyntaxError{Message: err.Error(), Token: node.GetToken()}
	}
	return nil
}
