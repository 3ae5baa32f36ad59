package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

const completionTimeout = 2 * time.Second

// progress says how far a request is: "managers 1 of 2".
func progress(request v1.Request) string {
	var parts []string
	for _, threshold := range request.Thresholds {
		name := threshold.Name
		if name == "" {
			name = "approvals"
		}
		parts = append(parts, fmt.Sprintf("%s %d of %d", line(name), threshold.Approvals, threshold.Approve))
	}
	return strings.Join(parts, ", ")
}

// waiting is the line that a waiting command shows.
func waiting(request v1.Request, now time.Time) string {
	parts := []string{"waiting for approval"}
	if text := progress(request); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(append(parts, "expires in "+left(request.Expires.Sub(now))), " · ")
}

// summary says in a sentence where a request stands.
func summary(request v1.Request) string {
	roles := line(strings.Join(request.Roles, ", "))
	who := line(request.Requester.Shown())
	switch request.State {
	case v1.StatePending:
		return fmt.Sprintf("%s for %s is pending: %s, expires %s.", roles, who, progress(request), when(request.Expires))
	case v1.StateApproved:
		return fmt.Sprintf("%s for %s is approved%s.", grantedRoles(request), who, accessText(request.Access))
	default:
		return fmt.Sprintf("%s for %s is %s%s.", roles, who, strings.ToLower(string(request.State)), resolvedBy(request.Resolution))
	}
}

func grantedRoles(request v1.Request) string {
	if request.Access != nil {
		return line(strings.Join(request.Access.Roles, ", "))
	}
	return line(strings.Join(request.Roles, ", "))
}

func accessText(access *v1.Access) string {
	switch {
	case access == nil:
		return ""
	case access.Ended != nil:
		return ", and ended " + when(*access.Ended)
	default:
		return " until " + when(access.Expires)
	}
}

func resolvedBy(resolution *v1.Resolution) string {
	if resolution == nil {
		return ""
	}
	text := ""
	if resolution.By != nil {
		text = " by " + line(resolution.By.Shown())
	}
	if resolution.Override {
		text += " (override)"
	}
	if resolution.Reason != "" {
		text += ": " + strings.TrimSuffix(line(resolution.Reason), ".")
	}
	return text
}

func requestTable(w io.Writer, r v1.Request) {
	row(w, "ID:", r.ID)
	row(w, "State:", string(r.State)+resolvedBy(r.Resolution))
	row(w, "Requester:", shown(r.Requester))
	row(w, "Roles:", strings.Join(r.Roles, ", "))
	row(w, "Reason:", dash(r.Reason))
	row(w, "Progress:", dash(progress(r)))
	row(w, "Created:", when(r.Created))
	if r.State == v1.StatePending {
		row(w, "Expires:", when(r.Expires))
	}
	if !r.AssumeStart.IsZero() {
		row(w, "Begins:", when(r.AssumeStart))
	}
	if r.Access == nil {
		row(w, "Length:", r.Length().String())
	}
	if len(r.SuggestedReviewers) > 0 {
		row(w, "Asked:", people(r.SuggestedReviewers))
	}
	if r.Access != nil {
		row(w, "Access:", strings.Join(r.Access.Roles, ", ")+accessText(r.Access))
	}
	for _, review := range r.Reviews {
		row(w, "Review:", reviewText(review))
	}
	for _, prompt := range r.Prompts {
		row(w, "Asked for:", prompt)
	}
	for _, note := range r.Notes {
		row(w, "Note:", note)
	}
}

func reviewText(review v1.Review) string {
	verdict := "approved"
	if review.Verdict == v1.Deny {
		verdict = "denied"
	}
	text := fmt.Sprintf("%s %s on %s through %s", shown(review.Author), verdict, when(review.Created), review.Via)
	switch {
	case review.Override:
		text += " (override)"
	case review.NoEffect():
		text += " (counts for no threshold)"
	}
	if review.Reason != "" {
		text += ": " + review.Reason
	}
	return text
}

func people(refs []v1.PersonRef) string {
	var names []string
	for _, ref := range refs {
		names = append(names, shown(ref))
	}
	return strings.Join(names, ", ")
}

// reviewedText says whether the newest review counts.
func reviewedText(r v1.Request) string {
	if n := len(r.Reviews); n > 0 && r.Reviews[n-1].NoEffect() {
		return "Your review is recorded, but it matches none of the request's thresholds and has no effect."
	}
	return "Your review is counted."
}
