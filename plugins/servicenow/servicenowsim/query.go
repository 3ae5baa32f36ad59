package servicenowsim

import (
	"slices"
	"strings"
)

// condition is one clause of an encoded query, such as state=1.
type condition struct {
	field, operator, value string
}

// query is an encoded query: all groups must hold, each if any of its conditions does.
type query struct {
	groups [][]condition
	order  []ordering
}

type ordering struct {
	field string
	down  bool
}

// operators are tried in this order, so that the longer come before what they contain.
func operators() []string {
	return []string{"STARTSWITH", "ENDSWITH", "NOT IN", "LIKE", "ISEMPTY", "ISNOTEMPTY", ">=", "<=", "!=", "IN", "=", ">", "<"}
}

// parseQuery reads an encoded query. A clause that makes no sense, or is about a field the table does not have, is left out
// without a word, as the vendor does.
func parseQuery(encoded string, c columns) query {
	var q query
	for clause := range strings.SplitSeq(encoded, "^") {
		switch {
		case clause == "" || clause == "EQ" || clause == "NQ":
		case strings.HasPrefix(clause, "ORDERBYDESC"):
			q.order = append(q.order, ordering{strings.TrimPrefix(clause, "ORDERBYDESC"), true})
		case strings.HasPrefix(clause, "ORDERBY"):
			q.order = append(q.order, ordering{strings.TrimPrefix(clause, "ORDERBY"), false})
		case strings.HasPrefix(clause, "OR"):
			q.or(clause[len("OR"):], c)
		default:
			if parsed, ok := parseCondition(clause, c); ok {
				q.groups = append(q.groups, []condition{parsed})
			}
		}
	}
	q.order = slices.DeleteFunc(q.order, func(o ordering) bool { return c[o.field].most == 0 })
	return q
}

// or adds an alternative to the condition before it.
func (q *query) or(clause string, c columns) {
	parsed, ok := parseCondition(clause, c)
	if !ok {
		return
	}
	if n := len(q.groups); n > 0 {
		q.groups[n-1] = append(q.groups[n-1], parsed)
		return
	}
	q.groups = append(q.groups, []condition{parsed})
}

// parseCondition splits a clause after its field's name, which is the longest that the table knows.
func parseCondition(clause string, c columns) (condition, bool) {
	name := ""
	for candidate := range c {
		if strings.HasPrefix(clause, candidate) && len(candidate) > len(name) && operatorOf(clause[len(candidate):]) != "" {
			name = candidate
		}
	}
	if name == "" {
		return condition{}, false
	}
	operator := operatorOf(clause[len(name):])
	return condition{field: name, operator: operator, value: clause[len(name)+len(operator):]}, true
}

func operatorOf(rest string) string {
	for _, operator := range operators() {
		if strings.HasPrefix(rest, operator) {
			return operator
		}
	}
	return ""
}

func (q query) matches(r row) bool {
	for _, group := range q.groups {
		if !slices.ContainsFunc(group, func(c condition) bool { return c.holds(r[c.field]) }) {
			return false
		}
	}
	return true
}

// holds compares as the vendor's database does, which does not tell upper from lower case.
func (c condition) holds(have string) bool {
	have, want := strings.ToLower(have), strings.ToLower(c.value)
	switch c.operator {
	case "=":
		return have == want
	case "!=":
		return have != want
	case "IN":
		return slices.Contains(strings.Split(want, ","), have)
	case "NOT IN":
		return !slices.Contains(strings.Split(want, ","), have)
	case "LIKE":
		return strings.Contains(have, want)
	case "STARTSWITH":
		return strings.HasPrefix(have, want)
	case "ENDSWITH":
		return strings.HasSuffix(have, want)
	case "ISEMPTY":
		return have == ""
	case "ISNOTEMPTY":
		return have != ""
	default:
		return compares(c.operator, strings.Compare(have, want))
	}
}

func compares(operator string, order int) bool {
	switch operator {
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "<":
		return order < 0
	default:
		return order <= 0
	}
}

// sorted puts rows into the query's order, and leaves those alone that are equal in it.
func (q query) sorted(rows []row) {
	slices.SortStableFunc(rows, func(a, b row) int {
		for _, o := range q.order {
			order := strings.Compare(a[o.field], b[o.field])
			if o.down {
				order = -order
			}
			if order != 0 {
				return order
			}
		}
		return 0
	})
}
