package config

import (
	"fmt"
	"io"
	"os"
)

// MaxSize is the largest configuration, in bytes, that is read. It is far beyond any real one; it bounds the memory
// that a wrong path or a hostile document can take.
const MaxSize = 1 << 20

// Getenv looks an environment variable up, as os.Getenv does; an empty value counts as unset.
type Getenv func(name string) string

// Load reads the file at path and decodes it as Decode does. The path "-" is not special.
func Load(path string, into any, getenv Getenv) error {
	data, err := readFile(path)
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	return Decode(path, data, into, getenv)
}

// Decode decodes one YAML document into the struct that into points to, leaving what the document does not mention as
// it was; an empty or comment-only document changes nothing. It then resolves secrets and addresses (see Address)
// through getenv and finally calls into's Validate method if it has one. name stands for the document in errors. A
// nil getenv is an empty environment.
//
// Errors about the text are of type *Error; errors about the values are Problems. Neither contains a secret.
func Decode(name string, data []byte, into any, getenv Getenv) error {
	docs, err := Documents(name, data)
	if err != nil {
		return err
	}
	if len(docs) > 1 {
		return docs[1].errorAt(1, 1, "a second document starts here, but only one is expected; remove it")
	}
	if len(docs) == 1 {
		if err := docs[0].Decode(into); err != nil {
			return err
		}
	}
	return finish(name, into, getenv)
}

func finish(name string, into any, getenv Getenv) error {
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	if err := resolve(into, getenv); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	v, ok := into.(interface{ Validate() error })
	if !ok {
		return nil
	}
	if err := v.Validate(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // opened for reading: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, err
	}
	return data, nil
}
