package config

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a configuration's values.
type Problem struct {
	Path    string // dotted, as in "slack.channels[2].name"; empty for the whole
	Message string // what is wrong and what to do
}

// Error returns "path: message".
func (p Problem) Error() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Problems collects everything that a Validate method finds, so that one run shows it all. The zero value is ready:
//
//	var p config.Problems
//	p.Check(c.Listen != "", "listen", "is missing; give host:port")
//	p.In("store", c.Store.Validate())
//	return p.Err()
type Problems struct {
	found []Problem
}

// Add records a problem at a dotted path.
func (p *Problems) Add(path, format string, args ...any) {
	p.found = append(p.found, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// Check records a problem unless ok.
func (p *Problems) Check(ok bool, path, format string, args ...any) {
	if !ok {
		p.Add(path, format, args...)
	}
}

// In records what a part's Validate returned, with path put before each of its problems' paths. Nil is no problem.
func (p *Problems) In(path string, err error) {
	if err == nil {
		return
	}
	var nested *invalid
	if !errors.As(err, &nested) {
		p.Add(path, "%s", err)
		return
	}
	for _, problem := range nested.problems {
		p.found = append(p.found, Problem{Path: join(path, problem.Path), Message: problem.Message})
	}
}

// Err returns nil when nothing was recorded, else an error that lists every problem, one per line; each is reachable
// through errors.As as a Problem.
func (p *Problems) Err() error {
	if len(p.found) == 0 {
		return nil
	}
	return &invalid{problems: p.found}
}

type invalid struct {
	problems []Problem
}

func (e *invalid) Error() string {
	if len(e.problems) == 1 {
		return e.problems[0].Error()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d problems", len(e.problems))
	for _, problem := range e.problems {
		text.WriteString("\n  " + problem.Error())
	}
	return text.String()
}

// Unwrap lets errors.As find the problems.
func (e *invalid) Unwrap() []error {
	errs := make([]error, len(e.problems))
	for i, problem := range e.problems {
		errs[i] = problem
	}
	return errs
}

func join(path, name string) string {
	switch {
	case path == "":
		return name
	case name == "" || strings.HasPrefix(name, "["):
		return path + name
	}
	return path + "." + name
}
