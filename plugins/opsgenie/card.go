package opsgenie

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

const (
	// maxMessage and maxDescription are the services' limits, in characters: https://docs.opsgenie.com/docs/alert-api#create-alert.
	maxMessage     = 130
	maxDescription = 15000
	// The parts of a description are kept so short that all of them fit in.
	maxStanding = 48
	maxName     = 120
	maxRoles    = 1200
	maxReason   = 4200
	maxWords    = 500
	maxReviews  = 5
	maxNotes    = 5
	maxNoteText = 4000
)

// message is the alert's title, which is what people see on their telephone.
func message(c plugins.Card) string {
	end := " (" + standing(c) + ")"
	what := oneLine(c.Title, maxMessage-len("Access: ")-len([]rune(end)))
	if what == "" {
		what = "a request"
	}
	return cut("Access: "+what+end, maxMessage, shortMark)
}

// standing is the request's state in a few words.
func standing(c plugins.Card) string {
	if c.State != v1.StatePending {
		return stateWord(c.State)
	}
	parts := []string{"waiting"}
	for _, progress := range c.Progress {
		progress.Name = oneLine(progress.Name, maxName)
		parts = append(parts, progress.String())
	}
	return cut(strings.Join(parts, ", "), maxStanding, shortMark)
}

func stateWord(state v1.State) string {
	switch state {
	case v1.StatePending:
		return "waiting"
	case v1.StateApproved:
		return "approved"
	case v1.StatePromoted:
		return "approved and promoted"
	case v1.StateDenied:
		return "denied"
	case v1.StateExpired:
		return "expired without a decision"
	case v1.StateWithdrawn:
		return "withdrawn by the requester"
	default:
		return oneLine(string(state), maxStanding)
	}
}

// description is what the alert says about the request. The plugin never changes it afterwards, so the fingerprint at its
// end is the one of what was shown here.
func description(c plugins.Card, buttons bool) string {
	lines := []string{"Requester: " + person(c.Requester), "Roles: " + roleNames(c.Roles)}
	if c.Duration > 0 {
		lines = append(lines, "Access for: "+v1.Duration(c.Duration).String())
	}
	if c.State == v1.StatePending && !c.Expires.IsZero() {
		lines = append(lines, "Decide before: "+inUTC(c.Expires))
	}
	if !c.AccessStarts.IsZero() {
		lines = append(lines, "Access from: "+inUTC(c.AccessStarts))
	}
	if !c.AccessExpires.IsZero() {
		lines = append(lines, "Access until: "+inUTC(c.AccessExpires))
	}
	if strings.TrimSpace(c.Reason) != "" {
		lines = append(lines, "", "Reason", quoted(c.Reason, maxReason))
	}
	lines = append(lines, saidSoFar(c)...)
	footer := strings.Join([]string{
		"", howToDecide(c, buttons), "", requestLine + oneLine(c.RequestID, maxName), fingerprintLine + plugins.FingerprintShown(c.Fingerprint),
	}, "\n")
	return cut(strings.Join(lines, "\n"), maxDescription-len([]rune(footer))-1, cutMark) + "\n" + footer
}

// saidSoFar is what was said before the alert was made.
func saidSoFar(c plugins.Card) []string {
	var lines []string
	for _, sentence := range c.Notes[max(0, len(c.Notes)-maxNotes):] {
		lines = append(lines, "", quoted(sentence, maxWords))
	}
	reviews := c.Reviews[max(0, len(c.Reviews)-maxReviews):]
	if hidden := len(c.Reviews) - len(reviews); hidden > 0 {
		lines = append(lines, "", fmt.Sprintf("%d earlier reviews are shown in Accede only.", hidden))
	}
	for _, review := range reviews {
		lines = append(lines, "", spoken(review))
	}
	if c.State.Resolved() {
		lines = append(lines, "", ending(c))
	}
	return lines
}

// howToDecide tells what people can do.
func howToDecide(c plugins.Card, buttons bool) string {
	link := "Open in Accede: " + c.URL
	if c.URL == "" {
		link = "Open the request in Accede: accede request show " + oneLine(c.RequestID, maxName)
	}
	switch {
	case c.State != v1.StatePending:
		return link
	case buttons:
		return link + "\nDecide there, or with the action " + actionApprove + " or " + actionDeny +
			" of this alert. Acknowledging or closing it decides nothing."
	default:
		return link + "\nDecide there. Acknowledging or closing this alert decides nothing."
	}
}

const (
	requestLine     = "Request "
	fingerprintLine = "Fingerprint "
)

// footer is how every description of ours ends. Nothing that people wrote can look like it: their lines begin with a bar.
var footer = regexp.MustCompile(`\nRequest ([0-9a-f-]{36})\nFingerprint ([0-9a-f]{4}(?:-[0-9a-f]{4}){3})\s*$`)

// readBack returns the request that a description is about, and the fingerprint of what it showed.
func readBack(description string) (requestID, fingerprint string, ok bool) {
	found := footer.FindStringSubmatch(strings.ReplaceAll(description, "\r\n", "\n"))
	if found == nil {
		return "", "", false
	}
	return found[1], strings.ReplaceAll(found[2], "-", ""), true
}

func roleNames(roles []string) string {
	if text := oneLine(strings.Join(roles, ", "), maxRoles); text != "" {
		return text
	}
	return "none"
}

func person(p v1.PersonRef) string {
	name, shown := oneLine(p.Name, maxName), oneLine(p.Shown(), maxName)
	switch {
	case shown == "":
		return "somebody without a name"
	case name == "" || shown == name:
		return shown
	default:
		return shown + " (" + name + ")"
	}
}

func inUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
