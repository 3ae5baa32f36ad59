package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/accede/accede/api/sheets"
	v1 "github.com/accede/accede/api/v1"
)

const (
	formatTable = "table"
	formatJSON  = "json"
	formatYAML  = "yaml"
)

func formats() []string { return []string{formatTable, formatJSON, formatYAML} }

// formatsOf are the formats a command can print.
func formatsOf(c *cobra.Command) []string {
	if c.Annotations[exports] == "" {
		return formats()
	}
	return append(formats(), formatCSV, formatJSONL)
}

func (a *app) checkFormat(c *cobra.Command) error {
	known := formatsOf(c)
	if a.format == "" || slices.Contains(known, a.format) {
		return nil
	}
	last := len(known) - 1
	return usage("--output is %s or %s, not %q.", strings.Join(known[:last], ", "), known[last], a.format)
}

// print writes a result: as a table for people, or whole for programs.
func (a *app) print(value any, table func(io.Writer)) error {
	return a.printAs(value, a.format, table)
}

func (a *app) printAs(value any, format string, table func(io.Writer)) error {
	switch format {
	case formatJSON:
		return printJSON(a.env.Stdout, value)
	case formatYAML:
		return printYAML(a.env.Stdout, value)
	}
	columns := tabwriter.NewWriter(a.env.Stdout, 0, 0, 2, ' ', 0)
	table(columns)
	if err := columns.Flush(); err != nil {
		return fmt.Errorf("writing output: %w", err)
	}
	return nil
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("writing output: %w", err)
	}
	return nil
}

// printYAML goes through JSON, so that both have the same names and leave out the same members.
func printYAML(w io.Writer, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding output: %w", err)
	}
	text, err := yaml.JSONToYAML(encoded)
	if err != nil {
		return fmt.Errorf("encoding output: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("writing output: %w", err)
	}
	return nil
}

// row writes one line of a table. What others wrote cannot steer the terminal.
func row(w io.Writer, cells ...string) {
	for i := range cells {
		cells[i] = line(cells[i])
	}
	_, _ = fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t ")) // errors come with the flush
}

// clean makes text safe to show.
func clean(text string) string { return sheets.Clean(text) }

// line makes a text fit into a cell.
func line(text string) string { return clean(strings.Join(strings.Fields(text), " ")) }

// short cuts a text for a list.
func short(text string, limit int) string {
	runes := []rune(line(text))
	if len(runes) <= limit {
		return string(runes)
	}
	return string(runes[:limit-1]) + "…"
}

// when shows a time in the reader's zone, with the zone.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05 MST")
}

// left shows how long is left in at most two units.
func left(d time.Duration) string {
	if d <= 0 {
		return "0s"
	}
	units := []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}
	for i, unit := range units {
		if d < unit.size {
			continue
		}
		text := fmt.Sprintf("%d%s", d/unit.size, unit.name)
		if i+1 < len(units) {
			text += fmt.Sprintf(" %d%s", d%unit.size/units[i+1].size, units[i+1].name)
		}
		return text
	}
	return "1s"
}

func shown(ref v1.PersonRef) string {
	if ref.DisplayName == "" || ref.DisplayName == ref.Name {
		return ref.Name
	}
	return ref.DisplayName + " (" + ref.Name + ")"
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
