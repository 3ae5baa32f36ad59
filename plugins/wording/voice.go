package wording

import (
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Voice speaks about requests to one vendor.
type Voice struct {
	// Label shows text that people chose, on one line of at most limit, so that it does nothing at the vendor.
	Label func(text string, limit int) string
	// Name and Roles are the limits of a name and of a list of roles.
	Name, Roles int
	// Tail is the limit of what Progress says, in UTF-16 units; none if it is zero.
	Tail int
}

// UTC writes a time.
func UTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// StateSign is a sign that is no emoji: some vendors show an emoji in plain text as its name.
func StateSign(state v1.State) string {
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

// StateWord says where a request stands.
func (v Voice) StateWord(state v1.State) string {
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
		return v.Label(string(state), v.Name)
	}
}

// Standing is where a request stands, with its sign and its progress.
func (v Voice) Standing(c plugins.Card) string {
	return StateSign(c.State) + " " + v.StateWord(c.State) + v.Progress(c)
}

// Progress continues a sentence with how far each threshold of a pending request is: " · managers 1 of 2".
func (v Voice) Progress(c plugins.Card) string {
	if c.State != v1.StatePending {
		return ""
	}
	parts := v.progress(c)
	var tail strings.Builder
	for i, part := range parts {
		more := fmt.Sprintf(" · and %d more", len(parts)-i)
		if v.Tail > 0 && i > 0 && UTF16.Length(tail.String()+" · "+part+more) > v.Tail {
			return tail.String() + more
		}
		tail.WriteString(" · " + part)
	}
	return tail.String()
}

// progress is how far each threshold is.
func (v Voice) progress(c plugins.Card) []string {
	parts := make([]string, 0, len(c.Progress))
	for _, progress := range c.Progress {
		if strings.TrimSpace(progress.Name) != "" {
			progress.Name = v.Label(progress.Name, v.Name)
		}
		parts = append(parts, progress.String())
	}
	return parts
}

// Person names somebody: the name that people know, and the login name behind it.
func (v Voice) Person(p v1.PersonRef) string {
	name, shown := v.Label(p.Name, v.Name), v.Label(p.Shown(), v.Name)
	switch {
	case strings.TrimSpace(p.Shown()) == "":
		return "somebody without a name"
	case p.Name == "" || shown == name:
		return shown
	default:
		return shown + " (" + name + ")"
	}
}

// RoleNames lists roles.
func (v Voice) RoleNames(roles []string) string {
	text := strings.Join(roles, ", ")
	if strings.TrimSpace(text) == "" {
		return "none"
	}
	return v.Label(text, v.Roles)
}

// Fact is one line of what is asked. It has a text or a time.
type Fact struct {
	Label string
	Text  string
	At    time.Time
}

// Shown is the fact's text, or its time in UTC.
func (f Fact) Shown() string {
	if f.At.IsZero() {
		return f.Text
	}
	return UTC(f.At)
}

// Facts are what is asked, by whom and for how long.
func (v Voice) Facts(c plugins.Card) []Fact {
	facts := []Fact{{Label: "Requester", Text: v.Person(c.Requester)}, {Label: "Roles", Text: v.RoleNames(c.Roles)}}
	if c.Duration > 0 {
		facts = append(facts, Fact{Label: "Access for", Text: v1.Duration(c.Duration).String()})
	}
	if c.State == v1.StatePending && !c.Expires.IsZero() {
		facts = append(facts, Fact{Label: "Decide before", At: c.Expires})
	}
	if !c.AccessStarts.IsZero() {
		facts = append(facts, Fact{Label: "Access from", At: c.AccessStarts})
	}
	if !c.AccessExpires.IsZero() {
		label := "Access until"
		if c.AccessEnded {
			label = "Access has ended; was until"
		}
		facts = append(facts, Fact{Label: label, At: c.AccessExpires})
	}
	return facts
}

// Newest returns the last most of a card's reviews, and a sentence about the others; empty if there are none.
func Newest(reviews []v1.Review, most int) (newest []v1.Review, others string) {
	hidden := len(reviews) - most
	if hidden <= 0 {
		return reviews, ""
	}
	return reviews[hidden:], fmt.Sprintf("%d earlier reviews are shown in Accede only.", hidden)
}

// Review says who said what, without the reason.
func (v Voice) Review(review v1.Review) string {
	sign := "✗ "
	if review.Verdict == v1.Approve {
		sign = "✓ "
	}
	return sign + v.reviewed(review)
}

func (v Voice) reviewed(review v1.Review) string {
	line := v.Person(review.Author) + " denied"
	if review.Verdict == v1.Approve {
		line = v.Person(review.Author) + " approved"
	}
	if len(review.Roles) > 0 {
		line += " " + v.Label(strings.Join(review.Roles, ", "), v.Name)
	}
	if review.Override {
		line += " as an administrator, overriding the rules"
	}
	return line
}

// ReviewAt says who said what and when, without the reason.
func (v Voice) ReviewAt(review v1.Review) string { return v.Review(review) + said(review) }

// said continues a sentence about a review with its time, if that is known.
func said(review v1.Review) string {
	if review.Created.IsZero() {
		return ""
	}
	return ", " + UTC(review.Created)
}

// Resolution says how and by whom a request was ended, and the reason; nothing if the last review of the card says so.
func (v Voice) Resolution(c plugins.Card) (line, reason string) {
	end := c.Resolution
	if end == nil || end.ReviewID != "" && len(c.Reviews) > 0 {
		return "", ""
	}
	line = StateSign(end.State) + " " + v.StateWord(end.State)
	if end.By != nil && end.State != v1.StateWithdrawn {
		line += " by " + v.Person(*end.By)
	}
	if end.Override {
		line += ", overriding the rules"
	}
	if !end.At.IsZero() {
		line += ", " + UTC(end.At)
	}
	return line, end.Reason
}
