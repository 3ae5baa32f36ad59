package web

import (
	"fmt"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

func requestPath(request v1.Request) string { return historyPath + "/" + request.ID }

// againPath leads to the form for the same request once more.
func againPath(request v1.Request) string { return askPath + "?again=" + request.ID }

// asked names what a request asks for: its resources, if it is for some, or else its roles.
func asked(request v1.Request) string {
	if len(request.Resources) == 0 {
		return strings.Join(request.Roles, ", ")
	}
	names := make([]string, 0, len(request.Resources))
	for _, resource := range request.Resources {
		names = append(names, resource.Kind+" "+resource.Name)
	}
	return strings.Join(names, ", ")
}

// sensitiveText is what the mark of a sensitive request says; empty if it has none.
func sensitiveText(request v1.Request) string {
	why, marked := request.Sensitive()
	switch {
	case !marked:
		return ""
	case len(why) == 0:
		return "Sensitive"
	default:
		return "Sensitive: " + strings.Join(why, ", ")
	}
}

// stillNeeded says how far each threshold is.
func stillNeeded(request v1.Request) string {
	var parts []string
	for i, threshold := range request.Thresholds {
		if i == maxThresholdsShown {
			parts = append(parts, fmt.Sprintf("%d more", len(request.Thresholds)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%s %d of %d", thresholdName(threshold), threshold.Approvals, threshold.Approve))
	}
	return strings.Join(parts, ", ")
}

// maxThresholdsShown bounds what a line of a list says of a request's thresholds.
const maxThresholdsShown = 4

func thresholdName(threshold v1.Threshold) string {
	if threshold.Name == "" {
		return "approvals"
	}
	return threshold.Name
}

// accessText says in a word what somebody's access is doing.
func accessText(request v1.Request, clock ui.Clock) (tone ui.Tone, text string) {
	access := request.Access
	switch {
	case access.Started != nil:
		return ui.Good, "Running"
	case clock.Now.Before(access.Starts):
		return ui.Wait, "Begins " + clock.Relative(access.Starts)
	case request.AccessClock == v1.ClockFirstUse:
		return ui.Wait, "Waits for its first use"
	default:
		return ui.Wait, "About to begin"
	}
}

// usable says whether access can be begun by its holder now.
func usable(request v1.Request, clock ui.Clock) bool {
	access := request.Access
	return request.AccessClock == v1.ClockFirstUse && access.Started == nil && !clock.Now.Before(access.Starts)
}

// resolvedBy says in a few words how a request ended.
func resolvedBy(request v1.Request) string {
	resolution := request.Resolution
	if resolution == nil || resolution.By == nil {
		return ""
	}
	return "by " + resolution.By.Shown()
}

// over says whether the access of a request has ended.
func over(request v1.Request) bool { return request.Access != nil && request.Access.Ended != nil }

// endedText says how access came to its end.
func endedText(request v1.Request) string {
	if by := request.Access.EndedBy; by != core.EndedByExpiry && by != "" {
		return "access was ended by " + by
	}
	return "access ended"
}

// grantedNames names what somebody's access holds.
func grantedNames(request v1.Request) string {
	if len(request.Resources) > 0 || request.Access == nil {
		return asked(request)
	}
	granted := request
	granted.Roles = request.Access.Roles
	return asked(granted)
}

// stateVerb is what was done to a request.
func stateVerb(state v1.State) string { return strings.ToLower(stateWord(state)) }
