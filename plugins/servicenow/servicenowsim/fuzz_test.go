package servicenowsim

import "testing"

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"state=1^ORstate=2^ORDERBYnumber", "numberINa,b^sys_updated_on>=2026-01-01 00:00:00", "^^OR^=", "javascript:gs.x()"} {
		f.Add(seed)
	}
	table := schema()["incident"]
	f.Fuzz(func(t *testing.T, encoded string) {
		q := parseQuery(encoded, table)
		for _, group := range q.groups {
			for _, c := range group {
				if _, known := table[c.field]; !known || c.operator == "" {
					t.Errorf("%q has the condition %+v", encoded, c)
				}
			}
		}
		q.sorted([]row{{"number": "b"}, {"number": "a"}})
		q.matches(row{"state": "1"})
	})
}
