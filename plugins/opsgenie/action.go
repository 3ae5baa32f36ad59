package opsgenie

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// The buttons of an alert that decide.
const (
	actionApprove = "approve"
	actionDeny    = "deny"

	// actionGroup is the part of action_log that is the button's name.
	actionGroup = "action"
)

// logLine is one line of an alert's log, in the forms of both services.
type logLine struct {
	Log    string `json:"log"`
	Owner  string `json:"owner"`
	Offset string `json:"offset"`
	// Opsgenie calls the time createdAt, Jira Service Management logTime.
	CreatedAt time.Time `json:"createdAt"`
	LogTime   time.Time `json:"logTime"`
}

func (l logLine) at() time.Time {
	if l.LogTime.IsZero() {
		return l.CreatedAt
	}
	return l.LogTime
}

// press is a button that somebody pressed, whose name is known as text only.
type press struct {
	logLine
	verdict v1.Verdict
}

// pressIn reads a log line. Only a line that is, from its beginning, what action_log says is one; what people write
// themselves never stands at the beginning.
func pressIn(line logLine, pattern *regexp.Regexp) (press, bool) {
	found := pattern.FindStringSubmatch(strings.TrimSpace(line.Log))
	if found == nil || line.Offset == "" || strings.TrimSpace(line.Owner) == "" || line.at().IsZero() {
		return press{}, false
	}
	at := pattern.SubexpIndex(actionGroup)
	if at < 0 {
		return press{}, false
	}
	verdict := verdictOf(found[at])
	return press{line, verdict}, verdict != ""
}

func verdictOf(name string) v1.Verdict {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case actionApprove:
		return v1.Approve
	case actionDeny:
		return v1.Deny
	default:
		return ""
	}
}

// presses lists the buttons of an alert that were pressed since a moment, oldest first.
func (a *api) presses(ctx context.Context, id string, since time.Time, pattern *regexp.Regexp) ([]press, error) {
	var found []press
	c := reading("reading log", "/alerts/"+id+"/logs", nil)
	err := pages(ctx, a, c, a.speaks.cursorName(), func(list []logLine) {
		for _, line := range list {
			if pressed, ok := pressIn(line, pattern); ok && !line.at().Before(since) {
				found = append(found, pressed)
			}
		}
	})
	slices.SortStableFunc(found, func(x, y press) int {
		if c := x.at().Compare(y.at()); c != 0 {
			return c
		}
		return strings.Compare(x.Offset, y.Offset)
	})
	return slices.CompactFunc(found, func(x, y press) bool { return x.Offset == y.Offset }), err
}
