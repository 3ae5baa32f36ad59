package policy

import (
	"fmt"
	"strings"

	v1 "github.com/accede/accede/api/v1"
)

// matching is one block's matchers: those written down, and those that a person's traits add.
type matching struct {
	written Matchers
	claims  []claim
}

type claim struct {
	name  string
	value Matcher
	// roles match as they are; expanding ones are filled in with what value captured, and then taken literally, so that a
	// trait can never bring a pattern.
	roles     Matchers
	expanding []string
}

// match says whether the block covers a role for this person.
func (m matching) match(who Subject, role string) bool {
	if m.written.Match(role) {
		return true
	}
	for _, c := range m.claims {
		if c.match(who, role) {
			return true
		}
	}
	return false
}

func (c claim) match(who Subject, role string) bool {
	for _, value := range who.Traits[c.name] {
		if !c.value.Match(value) {
			continue
		}
		if c.roles.Match(role) {
			return true
		}
		for _, template := range c.expanding {
			if c.value.expand(template, value) == role {
				return true
			}
		}
	}
	return false
}

// expand fills $1, $2 … in template with what the pattern captured in name.
func (m Matcher) expand(template, name string) string {
	if m.expression == nil || m.negate || m.prefix != "" || m.suffix != "" {
		return template
	}
	found := m.expression.FindStringSubmatchIndex(name)
	return string(m.expression.ExpandString(nil, template, name, found))
}

func (c *checker) matching(path string, patterns []string, mappings []v1.ClaimMapping) matching {
	compiled := matching{written: c.patterns(path+".roles", patterns)}
	for i, mapping := range mappings {
		compiled.claims = append(compiled.claims, c.claim(fmt.Sprintf("%s.claims_to_roles[%d]", path, i), mapping))
	}
	return compiled
}

func (c *checker) claim(path string, mapping v1.ClaimMapping) claim {
	c.that(mapping.Claim != "", path+".claim", "must name a trait")
	value, err := CompileMatcher(mapping.Value)
	c.that(err == nil, path+".value", "%v", err)
	compiled := claim{name: mapping.Claim, value: value}
	var patterns []string
	for _, role := range mapping.Roles {
		if isExpanding(role) {
			compiled.expanding = append(compiled.expanding, role)
		} else {
			patterns = append(patterns, role)
		}
	}
	compiled.roles = c.patterns(path+".roles", patterns)
	return compiled
}

// isExpanding says whether a role of a mapping refers to what its value captured; the $ that ends a regular expression
// does not.
func isExpanding(role string) bool {
	at := strings.Index(role, "$")
	return at >= 0 && at < len(role)-1 && !strings.HasPrefix(role, "^")
}
