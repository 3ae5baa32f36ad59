package servicenow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// value is a field of a row. ServiceNow writes all as strings, and references also as an object with a link.
type value string

// UnmarshalJSON takes a string, a number, a boolean, null, or an object with a value.
func (v *value) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return fmt.Errorf("reading a field: it is empty")
	}
	switch data[0] {
	case '"':
		return json.Unmarshal(data, (*string)(v))
	case '{':
		var nested struct {
			Value string `json:"value"`
		}
		err := json.Unmarshal(data, &nested)
		*v = value(nested.Value)
		return err
	case '[':
		return fmt.Errorf("reading a field: it is a list")
	case 'n':
		*v = ""
		return nil
	default:
		*v = value(data)
		return nil
	}
}

// row is what ServiceNow shows of a record. A field that it hides, or does not know, is missing.
type row map[string]value

func (r row) get(name string) string { return string(r[name]) }

// id is the row's sys_id, empty if it has none that looks like one.
func (r row) id() string {
	if id := r.get("sys_id"); sysID.MatchString(id) {
		return id
	}
	return ""
}

func (r row) has(name string) bool {
	_, there := r[name]
	return there
}

// timeForm is how ServiceNow writes times; without display values they are in UTC.
const timeForm = "2006-01-02 15:04:05"

func (r row) time(name string) time.Time {
	at, err := time.ParseInLocation(timeForm, r.get(name), time.UTC)
	if err != nil {
		return time.Time{}
	}
	return at
}
