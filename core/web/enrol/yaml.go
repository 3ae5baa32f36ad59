package enrol

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// mapping is what a configuration is made of: texts, lists of texts and mappings, in the order in which people read them.
type mapping []entry

type entry struct {
	key   string
	value any
}

// put sets what a path of keys leads to.
func (m mapping) put(path []string, value any) mapping {
	if len(path) == 1 {
		return append(m, entry{path[0], value})
	}
	for i := range m {
		if inner, ok := m[i].value.(mapping); ok && m[i].key == path[0] {
			m[i].value = inner.put(path[1:], value)
			return m
		}
	}
	return append(m, entry{path[0], mapping(nil).put(path[1:], value)})
}

func (m mapping) yaml(indent string) string {
	var text strings.Builder
	for _, one := range m {
		text.WriteString(indent + scalar(one.key) + ":")
		switch value := one.value.(type) {
		case mapping:
			text.WriteString("\n" + value.yaml(indent+"  "))
		case []string:
			words := make([]string, len(value))
			for i := range value {
				words[i] = scalar(value[i])
			}
			text.WriteString(" [" + strings.Join(words, ", ") + "]\n")
		case string:
			text.WriteString(" " + scalar(value) + "\n")
		}
	}
	return text.String()
}

// plain is what means itself in YAML wherever it stands, because no sign in it has a meaning and it is no number: words and
// addresses.
var plain = regexp.MustCompile(`^([A-Za-z/][A-Za-z0-9/_.@-]*(:[A-Za-z0-9/_.@-]+)*|(\d+\.){3}\d+:\d+)$`)

// scalar writes a text so that it is read as just that. JSON's strings are YAML's, too.
func scalar(text string) string {
	if plain.MatchString(text) && !slices.Contains([]string{"true", "false", "yes", "no", "on", "off", "null", "y", "n"}, strings.ToLower(text)) {
		return text
	}
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return `""` // texts can be encoded
	}
	return strings.TrimSuffix(quoted.String(), "\n")
}
