package sqlite

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// micros is a time as a column; the zero time is NULL.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// notBefore is the first whole microsecond that is not before t, so that what waits for it is never found early.
func notBefore(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Add(time.Microsecond - 1).UnixMicro()
}

func fromMicros(column sql.NullInt64) time.Time {
	if !column.Valid {
		return time.Time{}
	}
	return time.UnixMicro(column.Int64).UTC()
}

// text is a column of text that may be NULL when empty.
func text(value string) any {
	if value == "" {
		return nil
	}
	return value
}

func encode(what string, value any) ([]byte, error) {
	payload, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", what, err)
	}
	return payload, nil
}

// readPayload reads a row of one JSON column.
func readPayload[T any](row scanner) (value T, err error) {
	var payload []byte
	if err = row.Scan(&payload); err != nil {
		return value, err
	}
	if err = json.Unmarshal(payload, &value); err != nil {
		return value, fmt.Errorf("decoding stored record: %w", err)
	}
	return value, nil
}

// limited is a LIMIT; zero and less mean no limit.
func limited(limit int) int {
	if limit <= 0 {
		return -1
	}
	return limit
}

func readInt(row scanner) (value int64, err error) {
	err = row.Scan(&value)
	return value, err
}

// blob is a column of bytes that is empty rather than NULL.
func blob(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}
