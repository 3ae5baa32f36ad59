// Package sheets writes records for spreadsheets and other programs: as CSV with a line of column names, or as one JSON
// document a line. Every door that exports uses it, so that the same records make the same file.
//
// It knows what the columns are, and nothing of where records come from. It depends on nothing but the standard library
// and package v1.
package sheets
