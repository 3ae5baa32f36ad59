package policy

import (
	"fmt"
	"maps"
	"slices"
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
	return append(warnings, brokenTemplates(role.Spec)...)
}

// brokenTemplates names the annotations that will be skipped for everybody.
func brokenTemplates(spec v1.RoleSpec) (warnings []string) {
	for side, conditions := range []*v1.RequestConditions{spec.Allow.Request, spec.Deny.Request} {
		if conditions == nil {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(conditions.Annotations)) {
			for _, text := range conditions.Annotations[key] {
				if _, err := expandTemplate(text, nil); err != nil {
					path := []string{"spec.allow", "spec.deny"}[side]
					warnings = append(warnings, fmt.Sprintf("skipped: %s.request.annotations[%q]: %v", path, key, err))
				}
			}
		}
	}
	return warnings
}
