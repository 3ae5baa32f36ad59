package servicenow

import (
	"regexp"
	"strings"
	"time"
)

// harmless is what may stand in a query besides ids and times of ours: no ^, which separates clauses, no javascript: and no
// wildcards.
var harmless = regexp.MustCompile(`^[\pL\pN _.@+&'()/#,-]{1,100}$`)

// address is an e-mail address that may stand in a query.
var address = regexp.MustCompile(`^[A-Za-z0-9.!#$&'*+/=?_{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$`)

// is compares a field with a value, which must be an id, a constant of ours, or checked by [harmless] or [address].
func is(field, value string) string { return field + "=" + value }

func in(field string, values []string) string { return field + "IN" + strings.Join(values, ",") }

// since compares a time. ServiceNow understands it in the time zone of the user who asks.
func since(field string, at time.Time, zone *time.Location) string {
	return field + ">=" + at.In(zone).Format(timeForm)
}

// chunks splits ids so that each part fits into an address.
func chunks(ids []string) [][]string {
	var parts [][]string
	for len(ids) > maxTogether {
		parts, ids = append(parts, ids[:maxTogether]), ids[maxTogether:]
	}
	if len(ids) > 0 {
		parts = append(parts, ids)
	}
	return parts
}

// maxTogether is how many ids one query names: 150 of them make five kilobytes, and web servers in between commonly take
// eight.
const maxTogether = 150
