package slack

import (
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// Slack's limits, in characters: https://docs.slack.dev/reference/block-kit/blocks. All blocks together hold about
// 13,200 (https://github.com/slackapi/bolt-js/issues/2509); ours are sized so that a card in which everything is full
// stays below.
const (
	maxHeader  = 150
	maxSection = 3000

	maxName         = 120
	maxRoles        = 1200
	maxProgress     = 900
	maxReason       = 2800
	maxReviewReason = 300
	maxReviewsShown = 6
	maxNote         = 300
	maxNotesShown   = 3
	// maxNotifications stays far below the 4,000 that chat.update takes as text:
	// https://docs.slack.dev/reference/methods/chat.update.
	maxNotifications = 600
)

// Ids of the card's interactive parts.
const (
	blockActions  = "accede_actions"
	actionApprove = "approve"
	actionDeny    = "deny"
	actionOpen    = "open"
)

// artist draws cards.
type artist struct {
	seal plugins.Sealer
	// answers says whether somebody listens to buttons; without, even a link button would show an error.
	answers bool
}

// card draws a request's card. The error is that the card names no proper request.
func (a artist) card(c plugins.Card) (message, error) {
	actions, err := a.actions(c)
	if err != nil {
		return message{}, err
	}
	blocks := []block{
		{Type: "header", Text: new(plain(heading(c)))},
		section(plain(ruler.Cut(voice().Standing(c), maxProgress))),
		{Type: "section", Fields: facts(c)},
	}
	if reason := strings.TrimSpace(c.Reason); reason != "" {
		blocks = append(blocks, section(plain("Reason\n"+quoted(reason, maxReason))))
	}
	blocks = append(blocks, reviews(c)...)
	blocks = append(blocks, notes(c)...)
	blocks = append(blocks, resolution(c)...)
	if len(actions) > 0 {
		blocks = append(blocks, block{Type: "actions", BlockID: blockActions, Elements: actions})
	}
	blocks = append(blocks, signature(c, len(actions) > 0))
	return message{text: headline(c), blocks: blocks}, nil
}

func heading(c plugins.Card) string {
	if title := oneLine(c.Title, maxHeader); title != "" {
		return title
	}
	return "A request for access"
}

// headline is what a notification shows.
func headline(c plugins.Card) string {
	return escape(oneLine(heading(c)+": "+voice().StateWord(c.State)+voice().Progress(c), maxNotifications))
}

// facts are the two columns: what is asked, by whom, for how long. Labels are ours, values are plain text.
func facts(c plugins.Card) []words {
	var fields []words
	for _, fact := range voice().Facts(c) {
		value := plain(fact.Text)
		if !fact.At.IsZero() {
			value = markup(moment(fact.At))
		}
		fields = append(fields, markup("*"+fact.Label+"*"), value)
	}
	return fields
}

// moment writes a time in UTC and, through Slack, in the reader's own zone.
func moment(t time.Time) string {
	utc := wording.UTC(t)
	return fmt.Sprintf("%s\n<!date^%d^{date_short_pretty} {time} your time|%s>", utc, t.Unix(), utc)
}

func resolution(c plugins.Card) []block {
	line, reason := voice().Resolution(c)
	if line == "" {
		return nil
	}
	if reason = strings.TrimSpace(reason); reason != "" {
		line += "\n" + quoted(reason, maxReviewReason)
	}
	return []block{section(plain(line))}
}

func (a artist) actions(c plugins.Card) ([]any, error) {
	if !a.answers || c.State != v1.StatePending {
		return nil, nil
	}
	var elements []any
	for _, verdict := range c.Actions {
		sealed, err := a.seal.Seal(plugins.Action{
			RequestID: c.RequestID, Version: c.Version, Fingerprint: c.Fingerprint, Verdict: verdict,
		}, "")
		if err != nil {
			return nil, &plugins.Error{
				Op: "sealing button", Kind: plugins.Invalid, Err: err,
				Public: "The request has no proper id or fingerprint; please report this as a fault of the plugin.",
			}
		}
		elements = append(elements, decision(verdict, sealed))
	}
	if c.URL != "" {
		elements = append(elements, button{Type: "button", ActionID: actionOpen, Text: plain("Open in Accede"), URL: c.URL})
	}
	return elements, nil
}

func decision(verdict v1.Verdict, sealed string) button {
	if verdict == v1.Approve {
		return button{Type: "button", ActionID: actionApprove, Text: plain("Approve"), Style: "primary", Value: sealed}
	}
	return button{Type: "button", ActionID: actionDeny, Text: plain("Deny"), Style: "danger", Value: sealed}
}

// signature lets people compare what they see here with what they see elsewhere.
func signature(c plugins.Card, buttons bool) block {
	parts := []words{plain("Request " + oneLine(c.RequestID, maxName))}
	if c.Fingerprint != "" {
		parts = append(parts, plain("Fingerprint "+oneLine(plugins.FingerprintShown(c.Fingerprint), maxName)))
	}
	if c.URL != "" && !buttons {
		parts = append(parts, openLink(c.URL))
	}
	return footer(parts...)
}

// openLink is the link to the core for places where no button may stand.
func openLink(address string) words {
	address = strings.NewReplacer("|", "%7C", " ", "%20").Replace(escape(address))
	return markup("<" + address + "|Open in Accede>")
}
