package secret

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

const maxFile = 64 << 10

var (
	reference     = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)
	referenceLike = regexp.MustCompile(`^\$(\{.*\}|[A-Za-z_][A-Za-z0-9_]*)$`)
)

// Expand replaces a text that is a whole ${NAME} by the value of that environment variable, and returns any other
// text unchanged. A variable that is unset or empty is an error that names it; so is a misspelt reference such as $NAME.
// The error never contains a value.
func Expand(text string, getenv func(string) string) (string, error) {
	match := reference.FindStringSubmatch(text)
	if match == nil {
		if referenceLike.MatchString(text) {
			return "", errors.New("looks like an environment variable, but is not of the form ${NAME}; a secret that begins with $ goes in a file")
		}
		return text, nil
	}
	value := getenv(match[1])
	if value == "" {
		return "", fmt.Errorf("environment variable %s is not set or empty; set it or remove ${%s}", match[1], match[1])
	}
	return value, nil
}

// Resolve turns what a config says about one secret into the secret: given is the value under the key, which may be
// a whole ${NAME}; file is the value under the twin key ending in _file, which may be a whole ${NAME} too. Both empty
// means no secret and no error. A file is read up to 64 KiB and loses its trailing line breaks.
func Resolve(given String, file string, getenv func(string) string) (String, error) {
	switch {
	case !given.IsZero() && file != "":
		return String{}, errors.New("given both as a value and as a file; keep one of the two")
	case file != "":
		return fromFile(file, getenv)
	}
	text, err := Expand(given.Reveal(), getenv)
	if err != nil {
		return String{}, err
	}
	return New(text), nil
}

func fromFile(file string, getenv func(string) string) (String, error) {
	path, err := Expand(file, getenv)
	if err != nil {
		return String{}, err
	}
	text, err := readFile(path)
	if err != nil {
		return String{}, fmt.Errorf("reading the secret's file: %w", err)
	}
	if text == "" {
		return String{}, fmt.Errorf("the secret's file %s is empty", path)
	}
	return New(text), nil
}

func readFile(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file in the config
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // opened for reading: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxFile {
		return "", fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}
