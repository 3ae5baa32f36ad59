package wording

import (
	"regexp"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// shortMark ends what was cut where there is no room for more.
const shortMark = "…"

// Brief speaks about requests to services that call people: in plain text that is read on a telephone, and that cannot be
// changed once it was sent.
type Brief struct {
	Voice Voice
	// Quote shows what people wrote, on lines that cannot pass for ours.
	Quote func(text string, limit int) string
	// Room is the limit of a state in a few words, Reason of the reason of a request, Words of any other words of somebody's.
	Room, Reason, Words int
	// Most is how many notes and how many reviews a story tells.
	Most int
}

// Title is what people see first. Around the request's own title stand a word of ours and its state.
func (b Brief) Title(c plugins.Card, limit int) string {
	const (
		begin = "Access: "
		// longer is how much more is looked at than can be shown, so that only one mark says that something was cut.
		longer = 2
	)
	end := " (" + b.Standing(c) + ")"
	what := Characters.CutWith(shortMark, b.Voice.Label(c.Title, longer*limit), limit-Characters.Length(begin+end))
	if strings.TrimSpace(what) == "" {
		what = "a request"
	}
	return Characters.CutWith(shortMark, begin+what+end, limit)
}

// Standing is the request's state in a few words.
func (b Brief) Standing(c plugins.Card) string {
	if c.State != v1.StatePending {
		return b.StateWord(c.State)
	}
	text := strings.Join(append([]string{"waiting"}, b.Voice.progress(c)...), ", ")
	return Characters.CutWith(shortMark, text, b.Room)
}

// StateWord goes on with a sentence: the request is approved.
func (b Brief) StateWord(state v1.State) string {
	if state == v1.StatePending {
		return "waiting"
	}
	return strings.ToLower(b.Voice.StateWord(state))
}

// Story is what is asked and what was said so far.
func (b Brief) Story(c plugins.Card) string {
	asked := c
	asked.AccessEnded = false // the ending says it
	var lines []string
	for _, fact := range b.Voice.Facts(asked) {
		lines = append(lines, fact.Label+": "+fact.Shown())
	}
	if strings.TrimSpace(c.Reason) != "" {
		lines = append(lines, "", "Reason", b.Quote(c.Reason, b.Reason))
	}
	for _, note := range c.Notes[max(0, len(c.Notes)-b.Most):] {
		lines = append(lines, "", b.Quote(note, b.Words))
	}
	newest, others := Newest(c.Reviews, b.Most)
	if others != "" {
		lines = append(lines, "", others)
	}
	for _, review := range newest {
		lines = append(lines, "", b.Review(review))
	}
	if c.State.Resolved() {
		lines = append(lines, "", b.Ending(c))
	}
	return strings.Join(lines, "\n")
}

// Way leads to the request in the core.
func (b Brief) Way(c plugins.Card) string {
	if c.URL == "" {
		return "Open the request in Accede: accede request show " + b.Voice.Label(c.RequestID, b.Voice.Name)
	}
	return "Open in Accede: " + c.URL
}

// Note is what a note says.
func (b Brief) Note(n plugins.Note) string {
	c := n.Card
	switch n.Kind {
	case plugins.NoteOutcome:
		return b.Ending(c)
	case plugins.NoteAccessStarted:
		return "Access to " + b.Voice.RoleNames(c.AccessRoles) + " has begun. It ends at " + UTC(c.AccessExpires) + "."
	case plugins.NoteAccessEnding:
		return "Access to " + b.Voice.RoleNames(c.AccessRoles) + " ends at " + UTC(c.AccessExpires) + "."
	case plugins.NoteReview:
	}
	if n.Review == nil {
		return "Accede: " + b.Standing(c) + "."
	}
	text := b.Review(*n.Review)
	if c.State == v1.StatePending && len(c.Progress) > 0 {
		text += "\nNow: " + b.Standing(c) + "."
	}
	return text
}

// Review says who said what, when and why.
func (b Brief) Review(review v1.Review) string {
	return b.Voice.reviewed(review) + said(review) + b.because(review.Reason)
}

// Ending says how a request ended, by whom and why.
func (b Brief) Ending(c plugins.Card) string {
	line := "Accede: the request is " + b.StateWord(c.State)
	end := c.Resolution
	if end == nil {
		return line + "."
	}
	if end.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + b.Voice.Person(*end.By)
	}
	if end.Override {
		line += ", overriding the rules"
	}
	if c.AccessEnded {
		line += "; the access has ended"
	}
	return line + "." + b.because(end.Reason)
}

func (b Brief) because(reason string) string {
	if strings.TrimSpace(reason) == "" {
		return ""
	}
	return "\n" + b.Quote(reason, b.Words)
}

// Footer names the request and what of it is shown, for ReadFooter. No line of what people wrote may look like it.
func (b Brief) Footer(c plugins.Card) string {
	return "Request " + b.Voice.Label(c.RequestID, b.Voice.Name) + "\nFingerprint " + plugins.FingerprintShown(c.Fingerprint)
}

var footer = regexp.MustCompile(`\nRequest ([0-9a-f-]{36})\nFingerprint ([0-9a-f]{4}(?:-[0-9a-f]{4}){3})\s*$`)

// ReadFooter returns the request that a text with a footer at its end is about, and the fingerprint of what it showed.
func ReadFooter(text string) (requestID, fingerprint string, ok bool) {
	found := footer.FindStringSubmatch(strings.ReplaceAll(text, "\r\n", "\n"))
	if found == nil {
		return "", "", false
	}
	return found[1], strings.ReplaceAll(found[2], "-", ""), true
}
