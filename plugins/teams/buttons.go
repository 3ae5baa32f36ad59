package teams

import (
	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// inputReason is the id of the form's input; Teams puts what was written beside the button's own data.
const inputReason = "reason"

// maxFormInput is the longest reason that the form takes, in characters. No text of that length is longer than the core
// allows, unless it is in another script; then the person is told.
const maxFormInput = 3000

// maxViewers is how many people's clients may ask for the card by themselves:
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/work-with-universal-actions-for-adaptive-cards.
const maxViewers = 60

// actions are the card's buttons.
func (a artist) actions(p picture) ([]cardAction, error) {
	var out []cardAction
	if a.decides && p.State == v1.StatePending {
		for _, verdict := range p.Actions {
			sealed, err := a.sealed(p, verdict, "")
			if err != nil {
				return nil, err
			}
			out = append(out, decision(verdict, buttonData{Seal: sealed, Key: p.key}))
		}
	}
	return append(out, links(p.URL)...), nil
}

func (a artist) sealed(p picture, verdict v1.Verdict, audience string) (string, error) {
	sealed, err := a.seal.Seal(plugins.Action{
		RequestID: p.RequestID, Version: p.Version, Fingerprint: p.Fingerprint, Verdict: verdict,
	}, audience)
	if err != nil {
		return "", &plugins.Error{
			Op: "sealing button", Kind: plugins.Invalid, Err: err,
			Public: "The request has no proper id or fingerprint; please report this as a fault of the plugin.",
		}
	}
	return sealed, nil
}

// decision is Approve or Deny. Clients that know no Action.Execute get an Action.Submit, and for Deny a form of their own.
func decision(verdict v1.Verdict, data buttonData) cardAction {
	if verdict == v1.Approve {
		old := data
		old.Verb = verbApprove
		return cardAction{
			Type: "Action.Execute", Title: "Approve", Verb: verbApprove, Style: "positive", Data: &data,
			Fallback: &cardAction{Type: "Action.Submit", Title: "Approve", Style: "positive", Data: &old},
		}
	}
	old := data
	old.Verb = verbDeny
	form := card{Type: "AdaptiveCard", Body: []element{reasonInput()}, Actions: []cardAction{
		{Type: "Action.Submit", Title: "Deny", Style: "destructive", Data: &old},
	}}
	return cardAction{
		Type: "Action.Execute", Title: "Deny", Verb: verbDeny, Style: "destructive", Data: &data,
		Fallback: &cardAction{Type: "Action.ShowCard", Title: "Deny", Style: "destructive", Card: &form},
	}
}

func reasonInput() element {
	return element{
		Type: "Input.Text", ID: inputReason, Label: "Why do you deny it? Optional; everybody who sees the request can read it.",
		Multiline: true, MaxLength: maxFormInput,
	}
}

// links is the button that leads to the core, if it has an address.
func links(address string) []cardAction {
	if address == "" {
		return nil
	}
	return []cardAction{{Type: "Action.OpenUrl", Title: "Open in Accede", URL: address}}
}

// refresh asks for the newest state of the card; sealed like the buttons, so that nobody can ask for another request.
func (a artist) refresh(p picture) (*refresh, error) {
	show, err := a.show(p, "Refresh")
	if err != nil || len(p.viewers) == 0 {
		return nil, err
	}
	return &refresh{Action: show, UserIDs: p.viewers[:min(len(p.viewers), maxViewers)]}, nil
}

// show is the button that brings the card back.
func (a artist) show(p picture, title string) (cardAction, error) {
	sealed, err := a.sealed(p, "", showAudience)
	return cardAction{
		Type: "Action.Execute", Title: title, Verb: verbShow, Data: &buttonData{Seal: sealed, Key: p.key, Mute: p.Audience == plugins.ForRequester},
		Inputs: "none",
	}, err
}
