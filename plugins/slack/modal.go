package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Parts of the form that asks why.
const (
	formCallback = "accede_deny"
	formBlock    = "accede_reason"
	formInput    = "reason"
	// formLife is how long the form may stay open.
	formLife = time.Hour
	// maxFormInput is the longest text an input takes:
	// https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element.
	maxFormInput = 3000
)

// modal is a form on top of the conversation.
type modal struct {
	callback, private     string
	title, submit, cancel string
	blocks                []block
}

// formAnswer tells Slack what to show in the form; nil closes it.
type formAnswer struct {
	Action string            `json:"response_action"`
	Errors map[string]string `json:"errors"`
}

func complaint(sentence string) *formAnswer {
	return &formAnswer{Action: "errors", Errors: map[string]string{formBlock: sentence}}
}

// carriedOn is what the form brings back. The seal is for one account only and runs out; the rest says where to answer.
type carriedOn struct {
	Seal string `json:"seal"`
	Spot spot   `json:"spot"`
}

// ask opens the form. A trigger opens one form only, so a repeat of the same click opens none and says nothing.
func (c *clicks) ask(ctx context.Context, p payload, meant plugins.Action) {
	form, err := c.form(p, meant)
	if err == nil {
		err = c.api.openView(ctx, p.TriggerID, form)
	}
	if err == nil || codeOf(err) == "exchanged_trigger_id" {
		return
	}
	c.log.Warn("form was not opened", "request_id", meant.RequestID, "err", failure("opening form", repeatable, err))
	c.say(ctx, p, sayNoForm)
}

func (c *clicks) form(p payload, meant plugins.Action) (modal, error) {
	meant.Expires = c.now().Add(formLife)
	sealed, err := c.seal.Seal(meant, audience(p.User.ID))
	if err != nil {
		return modal{}, fmt.Errorf("sealing form: %w", err)
	}
	private, err := json.Marshal(carriedOn{Seal: sealed, Spot: p.spot()})
	if err != nil {
		return modal{}, fmt.Errorf("encoding form: %w", err)
	}
	label, hint := plain("Why do you deny it?"), plain("The requester and everybody who sees the request can read this.")
	return modal{
		callback: formCallback, private: string(private), title: "Deny the request", submit: "Deny", cancel: "Cancel",
		blocks: []block{{
			Type: "input", BlockID: formBlock, Label: &label, Hint: &hint, Optional: true,
			Element: &input{Type: "plain_text_input", ActionID: formInput, Multiline: true, MaxLength: maxFormInput},
		}},
	}, nil
}

// audience keeps a form's seal from being used by another account or as a card's button.
func audience(user string) string { return "form for " + user }

// submitted takes a filled-in form. Objections appear in the form itself.
func (c *clicks) submitted(ctx context.Context, p payload) *formAnswer {
	if p.View == nil || p.View.CallbackID != formCallback {
		return nil
	}
	var carried carriedOn
	if err := json.Unmarshal([]byte(p.View.PrivateMetadata), &carried); err != nil {
		return complaint(sayOldForm)
	}
	meant, err := c.seal.Open(carried.Seal, audience(p.User.ID), c.now())
	if err != nil || meant.Verdict != v1.Deny {
		return complaint(sayOldForm)
	}
	if no := c.refuses(ctx, p); no != "" {
		c.log.Info("form refused", "user", p.User.ID, "team", p.User.TeamID, "reason", no)
		return complaint(no)
	}
	d := c.decision(p, meant, p.team()+"/form/"+p.View.ID, carried.Spot)
	d.Reason = strings.TrimSpace(p.View.State.Values[formBlock][formInput].Value)
	if wrong := tooLong(d.Reason); wrong != "" {
		return complaint(wrong)
	}
	if err := c.submit(ctx, d); err != nil {
		return complaint(sayLost)
	}
	return nil
}

func tooLong(reason string) string {
	switch {
	case utf8.RuneCountInString(reason) > maxFormInput:
		return fmt.Sprintf("Please shorten this to %d characters.", maxFormInput)
	case len(reason) > v1.MaxReasonBytes:
		return fmt.Sprintf("Please shorten this: it takes %d bytes, %d are allowed.", len(reason), v1.MaxReasonBytes)
	default:
		return ""
	}
}
