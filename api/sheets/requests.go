package sheets

import (
	"slices"
	"strconv"
	"strings"

	v1 "github.com/accede/accede/api/v1"
)

// Requests is the sheet of requests.
func Requests() Sheet[v1.Request] {
	return Sheet[v1.Request]{
		columns: []string{
			"id", "state", "requester", "requester_email", "roles", "reason", "created", "expires", "reviews", "resolved", "resolved_by",
			"resolution_reason", "override", "granted_roles", "access_starts", "access_expires", "access_ended",
		},
		cells: func(r v1.Request) []string {
			cells := []string{
				r.ID, string(r.State), r.Requester.Name, r.Requester.Email, strings.Join(r.Roles, " "), r.Reason,
				stamp(r.Created), stamp(r.Expires), verdicts(r.Reviews),
			}
			return slices.Concat(cells, resolutionCells(r.Resolution), accessCells(r.Access))
		},
	}
}

func verdicts(reviews []v1.Review) string {
	var said []string
	for _, review := range reviews {
		said = append(said, review.Author.Name+":"+string(review.Verdict))
	}
	return strings.Join(said, " ")
}

func resolutionCells(resolution *v1.Resolution) []string {
	if resolution == nil {
		return []string{"", "", "", ""}
	}
	by := ""
	if resolution.By != nil {
		by = resolution.By.Name
	}
	return []string{stamp(resolution.At), by, resolution.Reason, strconv.FormatBool(resolution.Override)}
}

func accessCells(access *v1.Access) []string {
	if access == nil {
		return []string{"", "", "", ""}
	}
	ended := ""
	if access.Ended != nil {
		ended = stamp(*access.Ended)
	}
	return []string{strings.Join(access.Roles, " "), stamp(access.Starts), stamp(access.Expires), ended}
}
