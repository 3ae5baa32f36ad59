package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/accede/accede/internal/process"
)

// TestDocumentation holds docs/cli.md to the commands and exit codes there are.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	manual := string(text)
	if !strings.Contains(manual, exitCodesText) {
		t.Error("docs/cli.md does not have the exit codes as `accede help exit-codes` prints them")
	}
	a := &app{env: process.Env{Getenv: func(string) string { return "" }}}
	for _, command := range leaves(a.root()) {
		if !strings.Contains(manual, command.CommandPath()) {
			t.Errorf("docs/cli.md does not mention `%s`", command.CommandPath())
		}
	}
}

func leaves(c *cobra.Command) []*cobra.Command {
	if len(c.Commands()) == 0 {
		if c.Runnable() {
			return []*cobra.Command{c}
		}
		return nil
	}
	var all []*cobra.Command
	for _, child := range c.Commands() {
		if child.Name() != "completion" { // cobra's own
			all = append(all, leaves(child)...)
		}
	}
	return all
}
