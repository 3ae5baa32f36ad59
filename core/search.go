package core

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
)

// SearchText is everything that a search for text looks through: the names of everybody involved, the roles and the
// reasons. Each stands on a line of its own, as [SearchTerm] writes it, so that no match spans two of them.
func SearchText(request v1.Request) string {
	lines := appendPerson(nil, request.Requester)
	lines = append(lines, request.Roles...)
	lines = append(lines, request.Reason)
	for _, person := range request.SuggestedReviewers {
		lines = appendPerson(lines, person)
	}
	for _, review := range request.Reviews {
		lines = append(appendPerson(lines, review.Author), review.Reason)
	}
	if request.Resolution != nil {
		lines = append(lines, request.Resolution.Reason)
	}
	return joinDistinct(lines)
}

// SearchTerm makes two texts alike that differ in case and spacing only.
func SearchTerm(text string) string {
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}

func appendPerson(lines []string, person v1.PersonRef) []string {
	return append(lines, person.Name, person.DisplayName, person.Email)
}

func joinDistinct(lines []string) string {
	var text strings.Builder
	seen := map[string]bool{"": true}
	for _, line := range lines {
		term := SearchTerm(line)
		if seen[term] {
			continue
		}
		seen[term] = true
		text.WriteString(term)
		text.WriteByte('\n')
	}
	return text.String()
}
