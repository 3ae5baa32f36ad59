package servicenow

import (
	"maps"
	"regexp"
	"strconv"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
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
		tail = " – " + voice().StateWord(c.State)
	}
	text := oneLine(c.Title, maxTitle-ruler.Length(tail))
	if text == "" {
		text = "A request for access"
	}
	return text + tail
}

// description is the record's text.
func description(c plugins.Card) string {
	parts := []string{ruler.Cut(voice().StateWord(c.State)+voice().Progress(c), maxProgress), facts(c)}
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
	return ruler.Cut(strings.Join(parts, "\n\n"), maxText-maxSignature) + "\n\n" + signature(c)
}

func facts(c plugins.Card) string {
	var lines []string
	for _, fact := range voice().Facts(c) {
		lines = append(lines, fact.Label+": "+fact.Shown())
	}
	return strings.Join(lines, "\n")
}

func reviewsText(c plugins.Card) string {
	newest, others := wording.Newest(c.Reviews, maxReviewsShown)
	var lines []string
	if others != "" {
		lines = append(lines, others)
	}
	for _, review := range newest {
		lines = append(lines, voice().ReviewAt(review)+because(review.Reason, maxReviewReason))
	}
	return strings.Join(lines, "\n")
}

func because(reason string, limit int) string {
	if reason = strings.TrimSpace(reason); reason == "" {
		return ""
	}
	return "\n" + quoted(reason, limit)
}

func resolution(c plugins.Card) string {
	line, reason := voice().Resolution(c)
	if line == "" {
		return ""
	}
	return line + because(reason, maxReviewReason)
}

// closingSentence is what a closed record gets as its resolution notes.
func closingSentence(c plugins.Card) string {
	line := voice().StateWord(c.State)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + voice().Person(*c.Resolution.By)
	}
	return line + " in Accede."
}

// maxSignature bounds the last lines; nothing in them is longer than a long address of the core.
const maxSignature = 500

// signature leads to the core, and lets people compare what they see here with what they see elsewhere.
func signature(c plugins.Card) string {
	var lines []string
	if c.URL != "" && ruler.Length(c.URL) <= maxSignature-200 {
		lines = append(lines, "Open in Accede: "+c.URL)
	}
	lines = append(lines, "Request "+oneLine(c.RequestID, maxName))
	if c.Fingerprint != "" {
		lines = append(lines, "Fingerprint "+oneLine(plugins.FingerprintShown(c.Fingerprint), maxName))
	}
	return strings.Join(lines, "\n")
}
