// Package config reads YAML configuration strictly and says exactly what is wrong with it.
//
// It owns decoding (unknown fields, repeated keys and wrong types are errors with file, line, column and the line
// itself), streams of several documents, the expansion of ${NAME} in the two kinds of value that may come from the
// environment (secrets and addresses), and the Problems that a Validate method collects. It must not know any
// particular configuration.
//
// A config is a struct whose zero or pre-filled values are the defaults. A type in it that needs a decoding of its
// own implements UnmarshalText or the func-style UnmarshalYAML(func(any) error); the bytes-style method would switch
// strictness off beneath it. Checks belong in a Validate() error method, which Load calls, not in an unmarshaler:
// only there can every problem be reported at once.
package config
