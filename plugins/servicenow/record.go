package servicenow

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// ServiceNow's limits, in characters: what is longer is cut off without a word, the link at the end included. The parts
// are sized so that a record in which everything is full stays below.
// https://www.servicenow.com/docs/bundle/yokohama-platform-administration/page/administer/field-administration/concept/c_StringLengthLimits.html
const (
	maxTitle = 160
	maxText  = 4000

	maxName         = 80
	maxRoles        = 600
	maxReason       = 1400
	maxProgress     = 300
	maxNotes        = 300
	maxReviewReason = 120
	maxReviewsShown = 3
)

// marker says in correlation_display which request a record is about, and what of it the record shows.
type marker struct {
	request     string
	fingerprint string
	version     int64
}

var markerForm = regexp.MustCompile(`^accede:([0-9a-f-]{36}):([0-9a-f]{16}):([0-9]{1,12})$`)

func (m marker) String() string {
	return "accede:" + m.request + ":" + m.fingerprint + ":" + strconv.FormatInt(m.version, 10)
}

func parseMarker(text string) (marker, bool) {
	parts := markerForm.FindStringSubmatch(text)
	if parts == nil {
		return marker{}, false
	}
	version, err := strconv.ParseInt(parts[3], 10, 64)
	return marker{request: parts[1], fingerprint: parts[2], version: version}, err == nil
}

func markerOf(c plugins.Card) marker {
	return marker{request: c.RequestID, fingerprint: c.Fingerprint, version: c.Version}
}

// draw returns the fields of a record that show a card.
func draw(c plugins.Card) map[string]string {
	return map[string]string{
		"short_description": title(c), "description": description(c), "correlation_display": markerOf(c).String(),
	}
}

// closed adds what closes a record to its fields, if the card is resolved and the configuration says how.
func (c *Config) closed(card plugins.Card, fields map[string]string) {
	closing := c.closing(outcomeOf(card.State))
	if len(closing) == 0 {
		return
	}
	if _, given := closing["close_notes"]; !given {
		fields["close_notes"] = closingSentence(card)
	}
	maps.Copy(fields, closing)
}

// outcomeOf is a state as the configuration names it, empty while the request is pending.
func outcomeOf(state v1.State) string {
	switch state {
	case v1.StateApproved, v1.StatePromoted:
		return outcomeApproved
	case v1.StateDenied:
		return outcomeDenied
	case v1.StateExpired:
		return outcomeExpired
	case v1.StateWithdrawn:
		return outcomeWithdrawn
	default:
		return ""
	}
}

func title(c plugins.Card) string {
	tail := ""
	if c.State != v1.StatePending {
		tail = " – " + stateWord(c.State)
	}
	text := oneLine(c.Title, maxTitle-units(tail))
	if text == "" {
		text = "A request for access"
	}
	return text + tail
}

func stateWord(state v1.State) string {
	switch state {
	case v1.StatePending:
		return "Waiting for a decision"
	case v1.StateApproved:
		return "Approved"
	case v1.StatePromoted:
		return "Approved and promoted"
	case v1.StateDenied:
		return "Denied"
	case v1.StateExpired:
		return "Expired without a decision"
	case v1.StateWithdrawn:
		return "Withdrawn by the requester"
	default:
		return oneLine(string(state), maxName)
	}
}

// description is the record's text.
func description(c plugins.Card) string {
	parts := []string{stateWord(c.State) + progressTail(c), facts(c)}
	if reason := strings.TrimSpace(c.Reason); reason != "" {
		parts = append(parts, "Reason\n"+quoted(reason, maxReason))
	}
	if reviews := reviewsText(c); reviews != "" {
		parts = append(parts, "Reviews\n"+reviews)
	}
	if end := resolution(c); end != "" {
		parts = append(parts, end)
	}
	if notes := strings.TrimSpace(strings.Join(c.Notes, "\n")); notes != "" {
		parts = append(parts, "Notes\n"+quoted(notes, maxNotes))
	}
	return cut(strings.Join(parts, "\n\n"), maxText-maxSignature) + "\n\n" + signature(c)
}

func progressTail(c plugins.Card) string {
	if c.State != v1.StatePending || len(c.Progress) == 0 {
		return ""
	}
	parts := make([]string, 0, len(c.Progress))
	for _, progress := range c.Progress {
		progress.Name = oneLine(progress.Name, maxName)
		parts = append(parts, progress.String())
	}
	return cut(" · "+strings.Join(parts, " · "), maxProgress)
}

func facts(c plugins.Card) string {
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
		label := "Access until: "
		if c.AccessEnded {
			label = "Access has ended; was until: "
		}
		lines = append(lines, label+inUTC(c.AccessExpires))
	}
	return strings.Join(lines, "\n")
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

func reviewsText(c plugins.Card) string {
	shown := c.Reviews
	var lines []string
	if hidden := len(shown) - maxReviewsShown; hidden > 0 {
		shown = shown[hidden:]
		lines = append(lines, fmt.Sprintf("%d earlier reviews are shown in Accede only.", hidden))
	}
	for _, review := range shown {
		lines = append(lines, spoken(review, maxReviewReason))
	}
	return strings.Join(lines, "\n")
}

// spoken says who said what and why.
func spoken(review v1.Review, limit int) string {
	line := reviewSign(review.Verdict) + " " + person(review.Author) + " " + reviewVerb(review)
	if !review.Created.IsZero() {
		line += ", " + inUTC(review.Created)
	}
	if reason := strings.TrimSpace(review.Reason); reason != "" {
		line += "\n" + quoted(reason, limit)
	}
	return line
}

func reviewSign(verdict v1.Verdict) string {
	if verdict == v1.Approve {
		return "✓"
	}
	return "✗"
}

func reviewVerb(review v1.Review) string {
	verb := "denied"
	if review.Verdict == v1.Approve {
		verb = "approved"
	}
	if len(review.Roles) > 0 {
		verb += " " + oneLine(strings.Join(review.Roles, ", "), maxName)
	}
	if review.Override {
		verb += " as an administrator, overriding the rules"
	}
	return verb
}

// resolution says who ended it and why, unless the last review above it says so already.
func resolution(c plugins.Card) string {
	end := c.Resolution
	if end == nil || end.ReviewID != "" && len(c.Reviews) > 0 {
		return ""
	}
	line := stateWord(end.State)
	if end.State == v1.StateWithdrawn && end.By != nil {
		line = "Withdrawn"
	}
	if end.By != nil {
		line += " by " + person(*end.By)
	}
	if end.Override {
		line += ", overriding the rules"
	}
	if !end.At.IsZero() {
		line += ", " + inUTC(end.At)
	}
	if reason := strings.TrimSpace(end.Reason); reason != "" {
		line += "\n" + quoted(reason, maxReviewReason)
	}
	return line
}

// closingSentence is what a closed record gets as its resolution notes.
func closingSentence(c plugins.Card) string {
	line := stateWord(c.State)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + person(*c.Resolution.By)
	}
	return line + " in Accede."
}

// maxSignature bounds the last lines; nothing in them is longer than a long address of the core.
const maxSignature = 500

// signature leads to the core, and lets people compare what they see here with what they see elsewhere.
func signature(c plugins.Card) string {
	var lines []string
	if c.URL != "" && units(c.URL) <= maxSignature-200 {
		lines = append(lines, "Open in Accede: "+c.URL)
	}
	lines = append(lines, "Request "+oneLine(c.RequestID, maxName))
	if c.Fingerprint != "" {
		lines = append(lines, "Fingerprint "+oneLine(plugins.FingerprintShown(c.Fingerprint), maxName))
	}
	return strings.Join(lines, "\n")
}
