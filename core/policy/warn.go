package policy

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
)

// Warnings says what in a valid role document has no effect: fields that only matter to what Accede does not do.
func Warnings(role v1.Role) []string {
	var warnings []string
	if kept := role.Kept(); len(kept) > 0 {
		warnings = append(warnings, "kept, but without effect in Accede: "+strings.Join(kept, ", "))
	}
	if deny := role.Spec.Deny.Request; deny != nil && len(deny.SuggestedReviewers) > 0 {
		warnings = append(warnings, "without effect: spec.deny.request.suggested_reviewers; a deny block suggests nobody")
	}
	return warnings
}
