package web

import (
	"fmt"
	"strings"

	v1 "github.com/accede/accede/api/v1"
)

// titleOf says in a few words what is asked, as the cards do.
func titleOf(request v1.Request) string {
	return request.Requester.Shown() + " asks for " + asked(request)
}

// stateWord is the state as people read it.
func stateWord(state v1.State) string {
	switch state {
	case v1.StatePending:
		return "Waiting"
	case v1.StateApproved:
		return "Approved"
	case v1.StateDenied:
		return "Denied"
	case v1.StateExpired:
		return "Expired"
	case v1.StateWithdrawn:
		return "Withdrawn"
	default:
		return string(state)
	}
}

// lengthOf says how long the access would last, and from when.
func lengthOf(request v1.Request) string {
	switch request.AccessClock {
	case v1.ClockApproval:
		return "from the approval on"
	case v1.ClockFirstUse:
		return "from its first use on"
	default:
		return "from the moment of asking on"
	}
}

// thresholdLabel names a threshold.
func thresholdLabel(progress v1.ThresholdProgress) string {
	name := progress.Name
	if name == "" {
		name = "approvals"
	}
	if len(progress.By) == 0 {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, strings.Join(progress.By, ", "))
}

// addressed turns what is said about a reviewer into what is said to them.
func addressed(ruling v1.PersonRuling) string {
	switch ruling.Code {
	case v1.CodeSelfReview:
		return "You asked for this access yourself; somebody else has to decide."
	case v1.CodeAlreadyReviewed:
		return "You have " + strings.TrimPrefix(ruling.Why, "has ") + "."
	default:
		return "You cannot decide: " + ruling.Why + "."
	}
}

// standingText says in one sentence how the request stands.
func standingText(view requestView) string {
	request := view.request
	if request.State.Resolved() {
		return sentence(view.standing.Summary)
	}
	var open []string
	for _, threshold := range view.standing.Thresholds {
		if !threshold.Reached {
			open = append(open, threshold.Text)
		}
	}
	return fmt.Sprintf("%s; expires %s", strings.Join(open, ", "), view.clock.Relative(request.Expires))
}

// sentence begins with a capital letter.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
