package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/accede/accede/api/sheets"
)

const (
	formatCSV   = string(sheets.CSV)
	formatJSONL = string(sheets.JSONL)
)

// exports marks the commands that can also write their records one by one, for spreadsheets and other programs.
const exports = "exports"

func exporting(c *cobra.Command) *cobra.Command {
	c.Annotations = map[string]string{exports: "yes"}
	return c
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
