package teams

import (
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Limits in UTF-16 units. A whole message holds 100 kB of UTF-16, which is 50,000 units of JSON:
// https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages. Ours are sized so that a card
// in which everything is full stays at two thirds of that.
const (
	maxHeading      = 150
	maxName         = 120
	maxRoles        = 1200
	maxProgress     = 900
	maxLine         = 2000
	maxReason       = 2800
	maxReasonLines  = 40
	maxReviewReason = 300
	maxReviewLines  = 6
	maxReviewsShown = 6
	maxNote         = 300
	maxNotesShown   = 3
	maxSummary      = 250
)

// artist draws cards.
type artist struct {
	seal plugins.Sealer
	// decides says whether buttons may decide.
	decides bool
}

// picture is a card of one delivery on its way to people.
type picture struct {
	plugins.Card
	// key is the delivery's.
	key string
	// viewers are the accounts whose clients ask for the newest state when they see the card.
	viewers []string
}

// card draws a request's card. The error is that the card names no proper request.
func (a artist) card(p picture) (outgoing, error) {
	drawn, err := a.draw(p)
	if err != nil {
		return outgoing{}, err
	}
	return message(headline(p.Card), drawn), nil
}

func (a artist) draw(p picture) (card, error) {
	actions, err := a.actions(p)
	if err != nil {
		return card{}, err
	}
	drawn := newCard(a.body(p.Card), actions)
	drawn.Refresh, err = a.refresh(p)
	return drawn, err
}

func (artist) body(c plugins.Card) []element {
	body := []element{
		rich(run{Text: heading(c), Size: "Large", Weight: "Bolder"}),
		rich(run{Text: standing(c), Weight: "Bolder", Color: stateColor(c.State)}),
	}
	body = append(body, facts(c)...)
	if reason := strings.TrimSpace(c.Reason); reason != "" {
		body = append(body, box("emphasis", append([]element{label("Reason")}, lines(quoted(reason, maxReason, maxReasonLines), plain)...)...))
	}
	body = append(body, reviews(c)...)
	body = append(body, notes(c)...)
	body = append(body, resolution(c)...)
	return append(body, signature(c)...)
}

// headline is what a notification shows.
func headline(c plugins.Card) string {
	return oneLine(heading(c)+": "+stateWord(c.State)+progressTail(c), maxSummary)
}

func stateColor(state v1.State) string {
	switch state {
	case v1.StatePending:
		return "Accent"
	case v1.StateApproved, v1.StatePromoted:
		return "Good"
	case v1.StateDenied:
		return "Attention"
	default:
		return "Default"
	}
}

// label is the name of a fact. It is our own word.
func label(text string) element {
	e := markup(text)
	e.Weight, e.Subtle = "Bolder", true
	return e
}

// fact is a row: its name at the left, what it is at the right.
func fact(name string, value element) element {
	return element{Type: "ColumnSet", Spacing: "Small", Columns: []element{
		{Type: "Column", Width: "110px", Items: []element{label(name)}},
		{Type: "Column", Width: "stretch", Items: []element{value}},
	}}
}

// facts say what is asked, by whom, for how long.
func facts(c plugins.Card) []element {
	rows := []element{fact("Requester", plain(person(c.Requester))), fact("Roles", plain(roleNames(c.Roles)))}
	if c.Duration > 0 {
		rows = append(rows, fact("Access for", plain(v1.Duration(c.Duration).String())))
	}
	if c.State == v1.StatePending && !c.Expires.IsZero() {
		rows = append(rows, fact("Decide before", moment(c.Expires)))
	}
	if !c.AccessStarts.IsZero() {
		rows = append(rows, fact("Access from", moment(c.AccessStarts)))
	}
	if !c.AccessExpires.IsZero() {
		name := "Access until"
		if c.AccessEnded {
			name = "Access ended, was until"
		}
		rows = append(rows, fact(name, moment(c.AccessExpires)))
	}
	return rows
}

// moment writes a time in UTC and, through Teams, in the reader's own zone:
// https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features#datetime-formatting-and-localization.
func moment(t time.Time) element {
	at := t.UTC().Format(time.RFC3339)
	return markup(inUTC(t) + fmt.Sprintf(" (yours: {{DATE(%s, COMPACT)}} {{TIME(%s)}})", at, at))
}

func reviews(c plugins.Card) []element {
	shown := c.Reviews
	var out []element
	if hidden := len(shown) - maxReviewsShown; hidden > 0 {
		shown = shown[hidden:]
		out = append(out, markup(fmt.Sprintf("%d earlier reviews are shown in Accede only.", hidden)))
	}
	for _, review := range shown {
		line := reviewSign(review.Verdict) + " " + person(review.Author) + " " + reviewVerb(review)
		if !review.Created.IsZero() {
			line += ", " + inUTC(review.Created)
		}
		out = append(out, spoken(line, review.Reason)...)
	}
	return out
}

// notes shows the newest notes.
func notes(c plugins.Card) []element {
	shown := c.Notes[max(0, len(c.Notes)-maxNotesShown):]
	return lines(shown, func(text string) element { return plain(oneLine("Note: "+text, maxNote)) })
}

// spoken says who said what and why.
func spoken(line, reason string) []element {
	out := []element{plain(line)}
	if strings.TrimSpace(reason) != "" {
		out = append(out, lines(quoted(reason, maxReviewReason, maxReviewLines), plain)...)
	}
	return out
}

// resolution says who ended it and why, unless the last review above it says so already.
func resolution(c plugins.Card) []element {
	end := c.Resolution
	if end == nil || end.ReviewID != "" && len(c.Reviews) > 0 {
		return nil
	}
	line := stateSign(end.State) + " " + stateWord(end.State)
	if end.By != nil {
		line += " by " + person(*end.By)
	}
	if end.Override {
		line += ", overriding the rules"
	}
	if !end.At.IsZero() {
		line += ", " + inUTC(end.At)
	}
	return spoken(line, end.Reason)
}

// signature lets people compare what they see here with what they see elsewhere.
func signature(c plugins.Card) []element {
	parts := []string{"Request " + oneLine(c.RequestID, maxName)}
	if c.Fingerprint != "" {
		parts = append(parts, "Fingerprint "+oneLine(plugins.FingerprintShown(c.Fingerprint), maxName))
	}
	small := func(text string) element { return rich(run{Text: text, Size: "Small", Subtle: true}) }
	out := lines(parts, small)
	out[0].Spacing, out[0].Separator = "Medium", true
	return out
}
