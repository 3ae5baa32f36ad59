package email

import (
	"net/url"
	"strings"
	"time"

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
		subject: subject(c), heading: heading(c), standing: standing(c), tone: tone(c.State),
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
	text := oneLine(c.Title, maxSubject)
	if c.Audience == plugins.ForRequester {
		text = oneLine("Your request for "+roleNames(c.Roles), maxSubject)
	}
	if text == "" {
		text = "A request for access"
	}
	return inert(text) + " [" + oneLine(id, maxID) + "]"
}

func heading(c plugins.Card) string {
	if c.Audience == plugins.ForRequester {
		return shown("Your request for "+roleNames(c.Roles), maxTitle)
	}
	if title := shown(c.Title, maxTitle); title != "" {
		return title
	}
	return "A request for access"
}

func standing(c plugins.Card) string {
	return stateSign(c.State) + " " + stateWord(c.State) + progressTail(c)
}

func progressTail(c plugins.Card) string {
	if c.State != v1.StatePending {
		return ""
	}
	var tail strings.Builder
	for _, progress := range c.Progress {
		progress.Name = shown(progress.Name, maxName)
		tail.WriteString(" · " + progress.String())
	}
	return tail.String()
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

func stateSign(state v1.State) string {
	switch state {
	case v1.StatePending:
		return "◔"
	case v1.StateApproved, v1.StatePromoted:
		return "✓"
	case v1.StateDenied:
		return "✗"
	default:
		return "–"
	}
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
		return shown(string(state), maxName)
	}
}

func facts(c plugins.Card) []fact {
	list := []fact{{"Requester", person(c.Requester)}, {"Roles", shown(roleNames(c.Roles), maxRoles)}}
	if c.Duration > 0 {
		list = append(list, fact{"Access for", v1.Duration(c.Duration).String()})
	}
	if c.State == v1.StatePending && !c.Expires.IsZero() {
		list = append(list, fact{"Decide before", inUTC(c.Expires)})
	}
	if !c.AccessStarts.IsZero() {
		list = append(list, fact{"Access from", inUTC(c.AccessStarts)})
	}
	if !c.AccessExpires.IsZero() {
		label := "Access until"
		if c.AccessEnded {
			label = "Access has ended; was until"
		}
		list = append(list, fact{label, inUTC(c.AccessExpires)})
	}
	return list
}

func roleNames(roles []string) string {
	if text := strings.Join(roles, ", "); text != "" {
		return text
	}
	return "no role"
}

func person(p v1.PersonRef) string {
	name, display := shown(p.Name, maxName), shown(p.Shown(), maxName)
	switch {
	case display == "":
		return "somebody without a name"
	case name == "" || display == name:
		return display
	default:
		return display + " (" + name + ")"
	}
}

func inUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

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
