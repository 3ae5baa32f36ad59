package pagerduty

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// PagerDuty documents no limits for titles and details through the REST API; these are sizes that it is known to take, and
// that a telephone still shows.
const (
	maxTitle    = 250
	maxName     = 120
	maxRoles    = 1200
	maxReason   = 4200
	maxWords    = 600
	maxReviews  = 6
	maxNoteText = 1800
	maxNotes    = 6
)

// title is what people see on their telephone.
func title(c plugins.Card) string {
	what := oneLine(c.Title, maxTitle-maxName)
	if what == "" {
		what = "A request for access"
	}
	return cut("Access: "+what+" ("+standing(c)+")", maxTitle)
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
	return oneLine(strings.Join(parts, ", "), maxName)
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
		return oneLine(string(state), maxName)
	}
}

// details is what the incident says about the request. PagerDuty never changes it, so the fingerprint at its end is the
// one of what was shown here.
func details(c plugins.Card, config *Config) string {
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
	lines = append(lines, spokenSoFar(c)...)
	lines = append(lines, "", howToDecide(c, config))
	return strings.Join(append(lines, "", requestLine+oneLine(c.RequestID, maxName), fingerprintLine+plugins.FingerprintShown(c.Fingerprint)), "\n")
}

func spokenSoFar(c plugins.Card) []string {
	var lines []string
	for _, said := range c.Notes[max(0, len(c.Notes)-maxNotes):] {
		lines = append(lines, "", quoted(said, maxWords))
	}
	reviews := c.Reviews[max(0, len(c.Reviews)-maxReviews):]
	if hidden := len(c.Reviews) - len(reviews); hidden > 0 {
		lines = append(lines, "", fmt.Sprintf("%d earlier reviews are shown in Accede only.", hidden))
	}
	for _, review := range reviews {
		lines = append(lines, "", spoken(review))
	}
	return append(lines, ending(c)...)
}

func ending(c plugins.Card) []string {
	if !c.State.Resolved() {
		return nil
	}
	return []string{"", resolution(c)}
}

// howToDecide tells what people can do. A card without buttons is decided in the core even if others are not.
func howToDecide(c plugins.Card, config *Config) string {
	link := "Open in Accede: " + c.URL
	if c.URL == "" {
		link = "Open the request in Accede: accede request show " + oneLine(c.RequestID, maxName)
	}
	if c.State != v1.StatePending {
		return link
	}
	if len(c.Actions) == 0 || len(config.DecideBy) == 0 {
		return link + "\nDecide there. Acknowledging or resolving this incident decides nothing."
	}
	var ways []string
	for _, way := range config.DecideBy {
		ways = append(ways, wayInWords(way, config))
	}
	return link + "\nDecide there, or here: " + strings.Join(ways, "; or ") + ". Acknowledging or resolving this incident decides nothing."
}

func wayInWords(way Way, config *Config) string {
	switch way {
	case ByWorkflow:
		return "run the workflow that approves or the one that denies"
	case ByField:
		return "set the field " + config.Field + " to approve or deny"
	default:
		return "write a note that says /approve or /deny and nothing else"
	}
}

const (
	requestLine     = "Request "
	fingerprintLine = "Fingerprint "
)

// footer is how every incident of ours ends. Nothing that people wrote can look like it: their lines begin with a bar.
var footer = regexp.MustCompile(`\nRequest ([0-9a-f-]{36})\nFingerprint ([0-9a-f]{4}(?:-[0-9a-f]{4}){3})\s*$`)

// readBack returns the request that an incident's details are about, and the fingerprint of what they showed.
func readBack(details string) (requestID, fingerprint string, ok bool) {
	found := footer.FindStringSubmatch(strings.ReplaceAll(details, "\r\n", "\n"))
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
