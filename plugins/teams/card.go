package teams

import (
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
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
		rich(run{Text: voice().Standing(c), Weight: "Bolder", Color: stateColor(c.State)}),
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

func heading(c plugins.Card) string {
	if title := oneLine(c.Title, maxHeading); title != "" {
		return title
	}
	return "A request for access"
}

// headline is what a notification shows.
func headline(c plugins.Card) string {
	return oneLine(heading(c)+": "+voice().StateWord(c.State)+voice().Progress(c), maxSummary)
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
	var rows []element
	for _, one := range voice().Facts(c) {
		value := plain(one.Text)
		if !one.At.IsZero() {
			value = moment(one.At)
		}
		rows = append(rows, fact(narrow(one.Label), value))
	}
	return rows
}

// narrow shortens what would need three lines in the column of names.
func narrow(label string) string { return strings.Replace(label, "has ended;", "ended,", 1) }

// moment writes a time in UTC and, through Teams, in the reader's own zone:
// https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features#datetime-formatting-and-localization.
func moment(t time.Time) element {
	at := t.UTC().Format(time.RFC3339)
	return markup(wording.UTC(t) + fmt.Sprintf(" (yours: {{DATE(%s, COMPACT)}} {{TIME(%s)}})", at, at))
}

func reviews(c plugins.Card) []element {
	newest, others := wording.Newest(c.Reviews, maxReviewsShown)
	var out []element
	if others != "" {
		out = append(out, markup(others))
	}
	for _, review := range newest {
		out = append(out, spoken(voice().ReviewAt(review), review.Reason)...)
	}
	return out
}

// notes shows the newest notes.
func notes(c plugins.Card) []element {
	shown := c.Notes[max(0, len(c.Notes)-maxNotesShown):]
	return lines(shown, func(text string) element { return plain(oneLine("Note: "+text, maxNote)) })
}

// spoken is a sentence of ours, and somebody's words below it.
func spoken(line, reason string) []element {
	out := []element{plain(line)}
	if strings.TrimSpace(reason) != "" {
		out = append(out, lines(quoted(reason, maxReviewReason, maxReviewLines), plain)...)
	}
	return out
}

func resolution(c plugins.Card) []element {
	line, reason := voice().Resolution(c)
	if line == "" {
		return nil
	}
	return spoken(line, reason)
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
