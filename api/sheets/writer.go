package sheets

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// Format is how records are written.
type Format string

// The formats.
const (
	CSV   Format = "csv"
	JSONL Format = "jsonl"
)

// Sheet says how records become lines of a table.
type Sheet[T any] struct {
	columns []string
	cells   func(T) []string
}

// Writer writes records as they come, holding none.
type Writer[T any] struct {
	out   *bufio.Writer
	table *csv.Writer
	lines *json.Encoder
	cells func(T) []string
}

// NewWriter makes a writer; CSV begins with the names of the columns.
func NewWriter[T any](w io.Writer, format Format, s Sheet[T]) *Writer[T] {
	writer := &Writer[T]{out: bufio.NewWriter(w), cells: s.cells}
	if format == CSV {
		writer.table = csv.NewWriter(writer.out)
		_ = writer.table.Write(s.columns) // errors come with the flush
		return writer
	}
	writer.lines = json.NewEncoder(writer.out)
	writer.lines.SetEscapeHTML(false)
	return writer
}

// WriteAll writes a page of records and lets it go.
func (w *Writer[T]) WriteAll(page []T) error {
	for _, record := range page {
		if err := w.write(record); err != nil {
			return fmt.Errorf("writing record: %w", err)
		}
	}
	return w.flush()
}

func (w *Writer[T]) write(record T) error {
	if w.table == nil {
		return w.lines.Encode(record)
	}
	cells := w.cells(record)
	for i := range cells {
		cells[i] = harmless(Clean(cells[i]))
	}
	return w.table.Write(cells)
}

func (w *Writer[T]) flush() error {
	if w.table != nil {
		w.table.Flush()
		if err := w.table.Error(); err != nil {
			return fmt.Errorf("writing table: %w", err)
		}
	}
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("writing records: %w", err)
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

// Clean replaces what would steer a terminal or turn a line's direction, so that text cannot pose as something else.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// stamp is a time for programs.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
