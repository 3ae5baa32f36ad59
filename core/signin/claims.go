package signin

import (
	"encoding/json"
	"strconv"
)

const (
	maxClaimDepth  = 4
	maxClaimValues = 1000
	maxClaimBytes  = 1024
)

// flat turns claims into lists of text. What is deeper, longer or more than a sensible provider sends is left out.
func flat(claims map[string]any) map[string][]string {
	values := map[string][]string{}
	for name, value := range claims {
		flatten(values, name, value, 1)
	}
	return values
}

func flatten(values map[string][]string, name string, value any, depth int) {
	if depth > maxClaimDepth {
		return
	}
	switch value := value.(type) {
	case map[string]any:
		for member, inner := range value {
			flatten(values, name+"."+member, inner, depth+1)
		}
	case []any:
		for _, item := range value {
			if _, nested := item.(map[string]any); !nested {
				flatten(values, name, item, depth+1)
			}
		}
	default:
		if text, ok := textOf(value); ok && len(text) <= maxClaimBytes && len(values[name]) < maxClaimValues {
			values[name] = append(values[name], text)
		}
	}
}

func textOf(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, value != ""
	case bool:
		return strconv.FormatBool(value), true
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64), true
	case json.Number:
		return value.String(), true
	default:
		return "", false
	}
}
