package email

import (
	"net/url"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Limits that keep a mail readable on a phone. A mail program cuts mails off at about 100 kB
// (https://support.google.com/mail/answer/9705482); a sheet in which everything is full stays below.
const (
	maxSubject      = 120
	maxName         = 120
	maxTitle        = 300
	maxRoles        = 3000
	maxReason       = v1.MaxReasonBytes
	maxReviewReason = 600
	maxReviewsShown = 10
	maxNote         = 600
	maxNotesShown   = 5
	maxID           = 64
)

// sheet is what a mail says, before it becomes text or HTML. Whatever people wrote in it has been made inert.
type sheet struct {
	subject string
	heading string
	// standing is one line on where the request stands; tone colours it.
	standing string
	tone     string
	facts    []fact
	quotes   []quote
	// link is the only address in the mail; empty if the core has none.
	link, linkText string
	// small are the lines at the end.
	small []string
}

type fact struct{ label, value string }

// quote is what somebody said, under a line of ours.
type quote struct {
	line  string
	words []string
}

const (
	toneWaiting = "waiting"
	toneGood    = "good"
	toneBad     = "bad"
	toneOver    = "over"
)

// cardSheet is the mail that a request comes with.
func cardSheet(c plugins.Card) sheet {
	s := sheet{
		subject: subject(c), heading: heading(c), standing: voice().Standing(c), tone: tone(c.State),
		facts: facts(c), link: openable(c.URL), linkText: linkText(c), small: small(c),
	}
	if reason := strings.TrimSpace(c.Reason); reason != "" {
		s.quotes = append(s.quotes, quote{line: "Reason", words: paragraph(reason, maxReason)})
	}
	s.quotes = append(s.quotes, reviews(c)...)
	s.quotes = append(s.quotes, resolution(c)...)
	for _, note := range c.Notes[max(0, len(c.Notes)-maxNotesShown):] {
		s.quotes = append(s.quotes, quote{line: shown(note, maxNote)})
	}
	if s.link == "" && c.State == v1.StatePending && c.Audience == plugins.ForReviewers {
		s.quotes = append(s.quotes, quote{line: "Decide it in Accede, with: accede request review " + shown(c.RequestID, maxID)})
	}
	return s
}

// subject is the same in every mail about a request to one audience: mail programs thread by it. The end of the request's
// id keeps two requests of one person apart.
func subject(c plugins.Card) string {
	id := c.RequestID[max(0, len(c.RequestID)-6):]
	text := ruler.OneLine(c.Title, maxSubject)
	if c.Audience == plugins.ForRequester {
		text = ruler.OneLine("Your request for "+strings.Join(c.Roles, ", "), maxSubject)
	}
	if text == "" {
		text = "A request for access"
	}
	return inert(text) + " [" + ruler.OneLine(id, maxID) + "]"
}

func heading(c plugins.Card) string {
	if c.Audience == plugins.ForRequester {
		return shown("Your request for "+strings.Join(c.Roles, ", "), maxTitle)
	}
	if title := shown(c.Title, maxTitle); title != "" {
		return title
	}
	return "A request for access"
}

func tone(state v1.State) string {
	switch state {
	case v1.StatePending:
		return toneWaiting
	case v1.StateApproved, v1.StatePromoted:
		return toneGood
	case v1.StateDenied:
		return toneBad
	default:
		return toneOver
	}
}

func facts(c plugins.Card) []fact {
	var list []fact
	for _, one := range voice().Facts(c) {
		list = append(list, fact{one.Label, one.Shown()})
	}
	return list
}

// openable lets only addresses of pages through; anything else is no link.
func openable(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(address, " \t\r\n\"<>") {
		return ""
	}
	return address
}

func linkText(c plugins.Card) string {
	if c.State == v1.StatePending && c.Audience == plugins.ForReviewers {
		return "Review it in Accede"
	}
	return "Open it in Accede"
}

// small lets people compare what they see here with what they see elsewhere, and says why they got this.
func small(c plugins.Card) []string {
	lines := []string{"Request " + shown(c.RequestID, maxID)}
	if c.Fingerprint != "" {
		lines = append(lines, "Fingerprint "+shown(plugins.FingerprintShown(c.Fingerprint), maxID))
	}
	why := "You get this because requests for these roles are sent to you."
	if c.Audience == plugins.ForRequester {
		why = "You get this because you asked."
	}
	return append(lines, why+" Answers to this mail are not read and decide nothing.")
}
