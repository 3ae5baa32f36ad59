package mattermost

import (
	"strings"

	"github.com/mattermost/mattermost-server/v6/model"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// A post's message holds 16,383 characters and its props 800,000
// (https://github.com/mattermost/mattermost/blob/master/server/public/model/post.go); nothing of ours comes near. These
// limits are for the reader's sake.
const (
	maxName         = 120
	maxHeading      = 300
	maxRoles        = 4000
	maxReason       = 4200
	maxReviewReason = 400
	maxReviewsShown = 6
	maxNote         = 400
	maxNotesShown   = 3
	maxLineOfOurs   = 2000
)

// Ids of the card's buttons. Servers before 11 take letters and digits only:
// https://developers.mattermost.com/integrate/plugins/interactive-messages/.
const (
	actionApprove = "approve"
	actionDeny    = "deny"
	actionProbe   = "check"
)

// Colours of the bar beside the card.
const (
	colourPending = "#e0a000"
	colourGood    = "#1f8a5b"
	colourBad     = "#c0392b"
	colourQuiet   = "#8a8f98"
)

// artist draws cards.
type artist struct {
	seal plugins.Sealer
	// action is where Mattermost reports a press of a button.
	action string
	// answers says whether somebody listens to buttons.
	answers bool
}

// card draws a request's card for a channel. The error is that the card names no proper request. The message above the
// attachment says only what never changes, because a server may forbid to edit messages after a while, but not props.
func (a artist) card(c plugins.Card, channel, key string) (message, error) {
	actions, err := a.actions(c, channel, key)
	if err != nil {
		return message{}, err
	}
	return message{text: heading(c), props: props{Key: key, Attachments: []*model.SlackAttachment{{
		Fallback: wording.StateSign(c.State) + " " + voice().StateWord(c.State),
		Color:    colour(c.State), Text: body(c), Fields: facts(c), Footer: signature(c), Actions: actions,
	}}}}, nil
}

func heading(c plugins.Card) string {
	who := "somebody without a name"
	if name := c.Requester.Shown(); strings.TrimSpace(name) != "" {
		who = code(name, maxName)
	}
	what := "nothing"
	if roles := strings.Join(c.Roles, ", "); strings.TrimSpace(roles) != "" {
		what = code(roles, maxHeading)
	}
	return who + " asks for " + what
}

// body is the card's text: where it stands, why it is asked, who said what, and the way to the core.
func body(c plugins.Card) string {
	parts := []string{standing(c)}
	if strings.TrimSpace(c.Reason) != "" {
		parts = append(parts, "Reason\n"+quoted(c.Reason, maxReason))
	}
	parts = append(parts, reviews(c)...)
	parts = append(parts, resolution(c)...)
	parts = append(parts, notes(c)...)
	if c.URL != "" {
		parts = append(parts, openLink(c.URL))
	}
	return strings.Join(parts, "\n\n")
}

func standing(c plugins.Card) string {
	return wording.StateSign(c.State) + " **" + voice().StateWord(c.State) + "**" + voice().Progress(c)
}

func colour(state v1.State) string {
	switch state {
	case v1.StatePending:
		return colourPending
	case v1.StateApproved, v1.StatePromoted:
		return colourGood
	case v1.StateDenied:
		return colourBad
	default:
		return colourQuiet
	}
}

// facts are the two columns: what is asked, by whom, for how long.
func facts(c plugins.Card) []*model.SlackAttachmentField {
	var fields []*model.SlackAttachmentField
	for _, fact := range voice().Facts(c) {
		fields = append(fields, field(fact.Label, fact.Shown()))
	}
	return fields
}

func field(title, value string) *model.SlackAttachmentField {
	return &model.SlackAttachmentField{Title: title, Value: value, Short: model.SlackCompatibleBool(len(value) <= maxName)}
}

// openLink is the link to the core.
func openLink(address string) string {
	return "[Open in Accede](" + strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "\n", "%0A", "<", "%3C", ">", "%3E").Replace(address) + ")"
}

// signature lets people compare what they see here with what they see elsewhere.
func signature(c plugins.Card) string {
	text := "Request " + ruler.OneLine(c.RequestID, maxName)
	if c.Fingerprint != "" {
		text += " · Fingerprint " + ruler.OneLine(plugins.FingerprintShown(c.Fingerprint), maxName)
	}
	return text
}

func (a artist) actions(c plugins.Card, channel, key string) ([]*model.PostAction, error) {
	if !a.answers || c.State != v1.StatePending {
		return nil, nil
	}
	var actions []*model.PostAction
	for _, verdict := range c.Actions {
		sealed, err := a.seal.Seal(plugins.Action{
			RequestID: c.RequestID, Version: c.Version, Fingerprint: c.Fingerprint, Verdict: verdict,
		}, buttonIn(channel, key))
		if err != nil {
			return nil, &plugins.Error{
				Op: "sealing button", Kind: plugins.Invalid, Err: err,
				Public: "The request has no proper id or fingerprint; please report this as a fault of the plugin.",
			}
		}
		actions = append(actions, a.button(verdict, map[string]any{contextSeal: sealed, contextKey: key}))
	}
	return actions, nil
}

func (a artist) button(verdict v1.Verdict, context map[string]any) *model.PostAction {
	button := &model.PostAction{
		Id: actionApprove, Type: model.PostActionTypeButton, Name: "Approve", Style: "good",
		Integration: &model.PostActionIntegration{URL: a.action, Context: context},
	}
	if verdict == v1.Deny {
		button.Id, button.Name, button.Style = actionDeny, "Deny", "danger"
	}
	return button
}

// What a button's context holds. Mattermost keeps it from everybody who sees the post.
const (
	contextSeal  = "seal"
	contextKey   = "key"
	contextProbe = "probe"
)

// buttonIn binds a button to the channel and the delivery that it was made for.
func buttonIn(channel, key string) string { return "button in " + channel + " of " + key }
