package jira

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// history is one entry of an issue's changelog.
type history struct {
	ID      entryID      `json:"id"`
	Author  account      `json:"author"`
	Created moment       `json:"created"`
	Items   []changeItem `json:"items"`
}

type changeItem struct {
	Field   string `json:"field"`
	FieldID string `json:"fieldId"`
	From    string `json:"from"`
	To      string `json:"to"`
}

func (i changeItem) isStatus() bool {
	return i.FieldID == "status" || i.FieldID == "" && i.Field == "status"
}

// entryID is an entry's id, which Jira writes as a string or as a number.
type entryID string

// UnmarshalJSON accepts both.
func (e *entryID) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if !issueID.MatchString(text) {
		return fmt.Errorf("id %q of a change is not a number", text)
	}
	*e = entryID(text)
	return nil
}

func (e entryID) number() uint64 {
	n, err := strconv.ParseUint(string(e), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// moment is a time as Jira writes it: with an offset that has no colon, or as milliseconds since 1970.
type moment struct{ time.Time }

const jiraTime = "2006-01-02T15:04:05.999-0700"

// UnmarshalJSON accepts both, and the standard form.
func (m *moment) UnmarshalJSON(data []byte) error {
	if millis, err := strconv.ParseInt(string(data), 10, 64); err == nil {
		m.Time = time.UnixMilli(millis).UTC()
		return nil
	}
	var text string
	if err := json.Unmarshal(bytes.TrimSpace(data), &text); err != nil {
		return fmt.Errorf("reading a time: %w", err)
	}
	for _, layout := range []string{jiraTime, time.RFC3339Nano} {
		if at, err := time.Parse(layout, text); err == nil {
			m.Time = at.UTC()
			return nil
		}
	}
	return fmt.Errorf("time %q is in no known form", text)
}

// move is somebody's putting an issue into a status.
type move struct {
	entry entryID
	by    account
	at    time.Time
	to    string
}

// lastMoves returns the last move of each person, oldest first: who moved an issue on meant the last thing. Jira's own
// order is not to be relied on; Cloud and Data Center differ.
func lastMoves(entries []history) []move {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b history) int {
		if by := a.Created.Compare(b.Created.Time); by != 0 {
			return by
		}
		return compare(a.ID.number(), b.ID.number())
	})
	var moves []move
	for _, entry := range sorted {
		to, moved := entry.to()
		if !moved || entry.Author.id() == "" {
			continue
		}
		moves = slices.DeleteFunc(moves, func(m move) bool { return m.by.id() == entry.Author.id() })
		moves = append(moves, move{entry: entry.ID, by: entry.Author, at: entry.Created.Time, to: to})
	}
	return moves
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// to is the status that an entry led to.
func (h history) to() (status string, moved bool) {
	for _, one := range h.Items {
		if one.isStatus() {
			status, moved = one.To, true
		}
	}
	return status, moved
}
