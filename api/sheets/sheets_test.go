package sheets_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/api/sheets"
	v1 "github.com/accede/accede/api/v1"
)

func resolved() v1.Request {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("XST", 3600))
	return v1.Request{
		ID: "1", State: v1.StateApproved, Requester: v1.PersonRef{Name: "alice", Email: "alice@example.com"}, Roles: []string{"dba", "ops"},
		Reason: "=HYPERLINK(\"x\")", Created: at, Expires: at.Add(time.Hour),
		Reviews:    []v1.Review{{Author: v1.PersonRef{Name: "ivan"}, Verdict: v1.Approve}},
		Resolution: &v1.Resolution{At: at, By: &v1.PersonRef{Name: "ivan"}, Reason: "one\r\ntwo\u202e"},
		Access:     &v1.Access{Roles: []string{"dba"}, Starts: at, Expires: at.Add(time.Hour), Ended: &at},
	}
}

func TestCSV(t *testing.T) {
	var out strings.Builder
	if err := sheets.NewWriter(&out, sheets.CSV, sheets.Requests()).WriteAll([]v1.Request{resolved(), {ID: "2"}}); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1", "APPROVED", "alice", "alice@example.com", "dba ops", `'=HYPERLINK("x")`, "2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z",
		"ivan:approve", "2026-03-01T08:00:00Z", "ivan", "one\uFFFD\ntwo\uFFFD", "false", "dba", "2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z",
		"2026-03-01T08:00:00Z",
	}
	if diff := cmp.Diff(want, lines[1]); diff != "" || len(lines) != 3 || len(lines[0]) != len(want) {
		t.Errorf("%d lines: %s", len(lines), diff)
	}
}

func TestJSONLines(t *testing.T) {
	var out strings.Builder
	entries := []v1.AuditEntry{{Seq: 1, Action: "<a>"}, {Seq: 2}}
	if err := sheets.NewWriter(&out, sheets.JSONL, sheets.Audit()).WriteAll(entries); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); len(lines) != 2 || !strings.Contains(lines[0], `"<a>"`) {
		t.Errorf("written %q", lines)
	}
}

// What spreadsheets take for a formula, whatever stands before it.
func FuzzCellsAreNoFormulas(f *testing.F) {
	for _, seed := range []string{"=1", " \t+1", "\n-1", "@a", "＝1", "plain", "\u202e=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, reason string) {
		var out strings.Builder
		if err := sheets.NewWriter(&out, sheets.CSV, sheets.Requests()).WriteAll([]v1.Request{{Reason: reason}}); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if cell := strings.TrimSpace(lines[1][5]); cell != "" && strings.ContainsAny(cell[:1], "=+-@|%") {
			t.Errorf("%q becomes %q", reason, cell)
		}
	})
}
