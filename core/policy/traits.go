package policy

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	traitTemplate = regexp.MustCompile(`^(.*?)\{\{\s*(.*?)\s*\}\}(.*)$`)
	traitName     = regexp.MustCompile(`^(?:external|internal)(?:\.([\w.-]+)|\["([^"]+)"\])$`)
	traitLocal    = regexp.MustCompile(`^email\.local\(\s*(.*?)\s*\)$`)
	traitReplace  = regexp.MustCompile(`^regexp\.replace\(\s*(.*?)\s*,\s*"((?:[^"\\]|\\.)*)"\s*,\s*"((?:[^"\\]|\\.)*)"\s*\)$`)
)

// expandTemplate fills in a literal or a template over traits such as dev-{{external.groups}}. A trait that the person
// does not have gives nothing.
func expandTemplate(text string, traits map[string][]string) ([]string, error) {
	parts := traitTemplate.FindStringSubmatch(text)
	if parts == nil {
		if strings.Contains(text, "{{") {
			return nil, fmt.Errorf("%q has no end of {{", text)
		}
		return []string{text}, nil
	}
	if strings.Contains(parts[1]+parts[3], "{{") || strings.Contains(parts[1]+parts[3], "}}") {
		return nil, fmt.Errorf("%q has more than one {{ }}", text)
	}
	values, err := traitValues(parts[2], traits)
	if err != nil {
		return nil, err
	}
	var filled []string
	for _, value := range values {
		if value != "" {
			filled = append(filled, parts[1]+value+parts[3])
		}
	}
	return filled, nil
}

// traitValues evaluates what stands inside {{ }}: a trait, or one of the functions over one.
func traitValues(inner string, traits map[string][]string) ([]string, error) {
	if found := traitName.FindStringSubmatch(inner); found != nil {
		return traits[found[1]+found[2]], nil
	}
	if found := traitLocal.FindStringSubmatch(inner); found != nil {
		return mapTrait(found[1], traits, localPart)
	}
	if found := traitReplace.FindStringSubmatch(inner); found != nil {
		expression, err := regexp.Compile(unquote(found[2]))
		if err != nil {
			return nil, fmt.Errorf("%q is not a regular expression: %w", found[2], err)
		}
		return mapTrait(found[1], traits, func(value string) (string, error) {
			if !expression.MatchString(value) {
				return "", nil
			}
			return expression.ReplaceAllString(value, unquote(found[3])), nil
		})
	}
	return nil, fmt.Errorf("{{%s}} is none of external.x, internal.x, email.local(…) and regexp.replace(…)", inner)
}

func mapTrait(inner string, traits map[string][]string, change func(string) (string, error)) ([]string, error) {
	name := traitName.FindStringSubmatch(inner)
	if name == nil {
		return nil, fmt.Errorf("%q is not a trait; write external.x or internal.x", inner)
	}
	var changed []string
	for _, value := range traits[name[1]+name[2]] {
		next, err := change(value)
		if err != nil {
			return nil, err
		}
		changed = append(changed, next)
	}
	return changed, nil
}

// localPart is what stands before the @ of an address.
func localPart(address string) (string, error) {
	local, domain, found := strings.Cut(address, "@")
	if !found || local == "" || domain == "" || strings.ContainsAny(address, " <>,") || strings.Contains(domain, "@") {
		return "", fmt.Errorf("%q is not an e-mail address", address)
	}
	return local, nil
}

func unquote(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, `\"`, `"`), `\\`, `\`)
}
