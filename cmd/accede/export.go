package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const (
	formatCSV   = "csv"
	formatJSONL = "jsonl"
)

// exports marks the commands that can also write their records one by one, for spreadsheets and other programs.
const exports = "exports"

func exporting(c *cobra.Command) *cobra.Command {
	c.Annotations = map[string]string{exports: "yes"}
	return c
}

// sheet says how records become lines of a table for programs.
type sheet[T any] struct {
	columns []string
	cells   func(T) []string
}

// recordWriter writes records as they come, holding none.
type recordWriter[T any] struct {
	out   *bufio.Writer
	table *csv.Writer
	lines *json.Encoder
	cells func(T) []string
}

func newRecordWriter[T any](w io.Writer, format string, s sheet[T]) *recordWriter[T] {
	writer := &recordWriter[T]{out: bufio.NewWriter(w), cells: s.cells}
	if format == formatCSV {
		writer.table = csv.NewWriter(writer.out)
		_ = writer.table.Write(s.columns) // errors come with the flush
		return writer
	}
	writer.lines = json.NewEncoder(writer.out)
	writer.lines.SetEscapeHTML(false)
	return writer
}

func (w *recordWriter[T]) write(record T) error {
	if w.table == nil {
		if err := w.lines.Encode(record); err != nil {
			return fmt.Errorf("writing output: %w", err)
		}
		return nil
	}
	cells := w.cells(record)
	for i := range cells {
		cells[i] = harmless(clean(cells[i]))
	}
	if err := w.table.Write(cells); err != nil {
		return fmt.Errorf("writing output: %w", err)
	}
	return nil
}

// writeAll writes a page and lets it go.
func (w *recordWriter[T]) writeAll(page []T) error {
	for _, record := range page {
		if err := w.write(record); err != nil {
			return err
		}
	}
	return w.flush()
}

func (w *recordWriter[T]) flush() error {
	if w.table != nil {
		w.table.Flush()
		if err := w.table.Error(); err != nil {
			return fmt.Errorf("writing output: %w", err)
		}
	}
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("writing output: %w", err)
	}
	return nil
}

// formulaStarts is what makes a spreadsheet take a cell for a formula, in both widths, see
// https://owasp.org/www-community/attacks/CSV_Injection
const formulaStarts = "=+-@|%＝＋－＠"

// harmless puts an apostrophe before what a spreadsheet would compute; it shows such a cell as text.
func harmless(cell string) string {
	first := strings.TrimSpace(cell)
	if first != "" && strings.ContainsRune(formulaStarts, []rune(first)[0]) {
		return "'" + cell
	}
	return cell
}

// stamp is a time for programs.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// timeFlag is a point in time on the command line: a date or a time in the reader's zone, or RFC 3339.
type timeFlag struct {
	at *time.Time
	// wholeDay lets a date mean its end rather than its beginning.
	wholeDay bool
}

// String is what help shows as the default: nothing.
func (timeFlag) String() string { return "" }

// Type is what help shows for the value.
func (timeFlag) Type() string { return "time" }

// Set reads a time.
func (f timeFlag) Set(text string) error {
	if day, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		if f.wholeDay {
			day = day.AddDate(0, 0, 1)
		}
		*f.at = day
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", time.DateTime} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			*f.at = at
			return nil
		}
	}
	return fmt.Errorf("write a date such as 2026-01-31, a time such as %q, or RFC 3339", "2026-01-31 18:30")
}
