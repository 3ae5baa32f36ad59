package slack

import (
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
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
		section(plain(standing(c))),
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
	return escape(oneLine(heading(c)+": "+stateWord(c.State)+progressTail(c), maxNotifications))
}

func standing(c plugins.Card) string {
	if c.State == v1.StatePending {
		return cut(stateSign(c.State)+" "+stateWord(c.State)+progressTail(c), maxProgress)
	}
	return stateSign(c.State) + " " + stateWord(c.State)
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
	return " · " + strings.Join(parts, " · ")
}

// stateSign uses signs that are no emoji: Slack may show an emoji in plain text as its name.
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
		return oneLine(string(state), maxName)
	}
}

// facts are the two columns: what is asked, by whom, for how long. Labels are ours, values are plain text.
func facts(c plugins.Card) []words {
	fields := []words{
		markup("*Requester*"), plain(person(c.Requester)),
		markup("*Roles*"), plain(roleNames(c.Roles)),
	}
	if c.Duration > 0 {
		fields = append(fields, markup("*Access for*"), plain(v1.Duration(c.Duration).String()))
	}
	if c.State == v1.StatePending && !c.Expires.IsZero() {
		fields = append(fields, markup("*Decide before*"), markup(moment(c.Expires)))
	}
	if !c.AccessStarts.IsZero() {
		fields = append(fields, markup("*Access from*"), markup(moment(c.AccessStarts)))
	}
	if !c.AccessExpires.IsZero() {
		label := "*Access until*"
		if c.AccessEnded {
			label = "*Access has ended; was until*"
		}
		fields = append(fields, markup(label), markup(moment(c.AccessExpires)))
	}
	return fields
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

// moment writes a time in UTC and, through Slack, in the reader's own zone.
func moment(t time.Time) string {
	utc := inUTC(t)
	return fmt.Sprintf("%s\n<!date^%d^{date_short_pretty} {time} your time|%s>", utc, t.Unix(), utc)
}

func inUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// resolution says who ended it and why, unless the last review above it says so already.
func resolution(c plugins.Card) []block {
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
	if reason := strings.TrimSpace(end.Reason); reason != "" {
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
