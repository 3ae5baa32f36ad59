package vendorhttp

import (
	"regexp"
	"strings"
)

const redacted = "[redacted]"

var (
	// Addresses keep their host: paths and queries of webhooks are secrets.
	address = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)(?:[^\s"'<>/@]*@)?([^\s"'<>/?#]+)([/?#][^\s"'<>]*)?`)
	// What follows these words in headers and queries is a secret.
	labelled = regexp.MustCompile(`(?i)(token|secret|password|api[_-]?key|authorization|signature)(["']?\s*[:=]\s*["']?)([A-Za-z0-9._~+/=-]{6,})`)
	schemed  = regexp.MustCompile(`(?i)\b(bearer|basic|bot|key)(\s+)([A-Za-z0-9._~+/=-]{16,})`)
	// Tokens that can be told by their beginning.
	known = regexp.MustCompile(`\b(xox[a-z]-|xapp-|xoxe\.|ghp_|gho_|glpat-|eyJ[A-Za-z0-9_-]{8,}\.)[A-Za-z0-9._-]+`)
)

// Redact takes out of an error's text what may be secret: the paths, queries and passwords of addresses, and tokens.
func Redact(text string) string {
	text = address.ReplaceAllStringFunc(text, redactAddress)
	text = known.ReplaceAllString(text, redacted)
	text = schemed.ReplaceAllStringFunc(text, redactSchemed)
	return labelled.ReplaceAllString(text, "${1}${2}"+redacted)
}

// redactSchemed tells a credential from a long word: it has a digit in it.
func redactSchemed(text string) string {
	if !strings.ContainsAny(text, "0123456789") {
		return text
	}
	return schemed.ReplaceAllString(text, "${1}${2}"+redacted)
}

func redactAddress(text string) string {
	parts := address.FindStringSubmatch(text)
	if len(parts[3]) <= 1 {
		return parts[1] + parts[2] + parts[3]
	}
	return parts[1] + parts[2] + "/" + redacted
}
