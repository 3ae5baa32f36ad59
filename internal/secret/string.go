package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what every printed form of a non-empty secret shows.
const Redacted = "[redacted]"

// String is a secret text. Printing, logging, or encoding it as text, JSON or YAML yields "[redacted]", also when it
// sits in an unexported field of a printed struct. The zero value is the empty secret and prints as empty, so that a
// log shows whether a secret was given.
//
// The text is kept in a closure because fmt and go-cmp print unexported fields, pointers followed, without asking
// their methods. Compare with Equal; == does not compile.
type String struct {
	text func() string
}

// New returns the secret text; New("") is the zero value.
func New(text string) String {
	if text == "" {
		return String{}
	}
	return String{text: func() string { return text }}
}

// Reveal returns the text. Call it only where the text leaves for its destination.
func (s String) Reveal() string {
	if s.text == nil {
		return ""
	}
	return s.text()
}

// IsZero reports whether the secret is empty.
func (s String) IsZero() bool { return s.text == nil }

// Equal compares two secrets in constant time for equal lengths.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[redacted]", or "" for the empty secret.
func (s String) String() string {
	if s.IsZero() {
		return ""
	}
	return Redacted
}

// GoString is what %#v prints.
func (s String) GoString() string { return fmt.Sprintf("secret.String(%q)", s.String()) }

// Format prints the redacted form for every verb, %x and %d included.
func (s String) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	_, _ = io.WriteString(f, text) // a failing writer is reported by fmt itself
}

// LogValue is what slog records.
func (s String) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what encoders write: JSON and YAML alike.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the text as it stands; it does not expand ${NAME}.
func (s *String) UnmarshalText(text []byte) error {
	*s = New(string(text))
	return nil
}

// UnmarshalYAML takes a scalar as it stands; Resolve expands ${NAME}.
func (s *String) UnmarshalYAML(decode func(any) error) error {
	var text string
	if err := decode(&text); err != nil {
		return err
	}
	*s = New(text)
	return nil
}
