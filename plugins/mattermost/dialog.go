package mattermost

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mattermost/mattermost-server/v6/model"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Parts of the dialog that asks why. Its title and labels may have 24 characters, its help 150, a text area's value 3000:
// https://developers.mattermost.com/integrate/plugins/interactive-dialogs/.
const (
	formCallback = "accede_deny"
	formInput    = "reason"
	maxFormInput = 3000
	// formLife is how long the dialog may stay open.
	formLife = time.Hour
)

// carriedOn is what the dialog brings back through the person's own client. The seal covers all of it, is for one account
// only and runs out. The click in it makes the decision's id, so that one dialog decides once.
type carriedOn struct {
	Seal string `json:"seal"`
	Spot spot   `json:"spot"`
}

// audience binds a dialog's seal to the account, the card and the click that it was opened for.
func (s spot) audience(user string) string {
	return "form for " + user + " in " + s.Channel + " at " + s.Post + " after " + s.Click
}

// ask opens the dialog.
func (c *clicks) ask(ctx context.Context, p press, meant plugins.Action, at spot) actionAnswer {
	request, err := c.form(p, meant, at)
	if err == nil {
		err = c.api.openDialog(ctx, request)
	}
	if err != nil {
		c.log.Warn("form was not opened", "request_id", meant.RequestID, "err", failure("opening form", repeatable, err))
		return whisper(sayNoForm)
	}
	return actionAnswer{Verbatim: true}
}

func (c *clicks) form(p press, meant plugins.Action, at spot) (model.OpenDialogRequest, error) {
	meant.Expires = c.now().Add(formLife)
	sealed, err := c.seal.Seal(meant, at.audience(p.UserID))
	if err != nil {
		return model.OpenDialogRequest{}, fmt.Errorf("sealing form: %w", err)
	}
	state, err := json.Marshal(carriedOn{Seal: sealed, Spot: at})
	if err != nil {
		return model.OpenDialogRequest{}, fmt.Errorf("encoding form: %w", err)
	}
	return model.OpenDialogRequest{
		TriggerId: p.TriggerID, URL: c.config.callback(doorDialog),
		Dialog: model.Dialog{
			CallbackId: formCallback, Title: "Deny the request", SubmitLabel: "Deny", State: string(state),
			Elements: []model.DialogElement{{
				DisplayName: "Why do you deny it?", Name: formInput, Type: "textarea", Optional: true, MaxLength: maxFormInput,
				HelpText: "The requester and everybody who sees the request can read this.",
			}},
		},
	}, nil
}

// serveDialog takes a filled-in dialog. Objections appear in the dialog itself.
func (c *clicks) serveDialog(r *http.Request, body []byte) (int, any) {
	ctx, cancel := context.WithTimeout(r.Context(), clickBudget)
	defer cancel()
	s, err := parseSubmission(body)
	if err != nil {
		c.log.Warn("dialog could not be read", "remote", r.RemoteAddr, "err", err)
		return http.StatusBadRequest, dialogAnswer{Error: sayLost}
	}
	if s.Cancelled {
		return http.StatusOK, dialogAnswer{}
	}
	return http.StatusOK, c.sentOff(ctx, s)
}

func (c *clicks) sentOff(ctx context.Context, s submission) dialogAnswer {
	meant, at, ok := c.opened(s)
	if !ok {
		c.log.Info("form refused", "user", s.UserID, "reason", sayOldForm)
		return dialogAnswer{Error: sayOldForm}
	}
	if !c.decides {
		return dialogAnswer{Error: sayNotHere}
	}
	if no := c.refuses(ctx, s.UserID); no != "" {
		c.log.Info("form refused", "user", s.UserID, "reason", no)
		return dialogAnswer{Error: no}
	}
	reason := strings.TrimSpace(s.text(formInput))
	if wrong := tooLong(reason); wrong != "" {
		return dialogAnswer{Errors: map[string]string{formInput: wrong}}
	}
	d := c.decision(s.UserID, c.nameOf(ctx, s.UserID), meant, at, "form/"+at.Click)
	d.Reason = reason
	if err := c.submit(ctx, d); err != nil {
		return dialogAnswer{Error: sayLost}
	}
	return dialogAnswer{}
}

// opened checks that the dialog is one that was opened for this account, and lately.
func (c *clicks) opened(s submission) (meant plugins.Action, at spot, ok bool) {
	var carried carriedOn
	if s.CallbackID != formCallback || json.Unmarshal([]byte(s.State), &carried) != nil {
		return plugins.Action{}, spot{}, false
	}
	meant, err := c.seal.Open(carried.Seal, carried.Spot.audience(s.UserID), c.now())
	if err != nil || meant.Verdict != v1.Deny || meant.Expires.IsZero() {
		return plugins.Action{}, spot{}, false
	}
	return meant, carried.Spot, true
}

// nameOf is what the account is called; it was looked up a moment ago.
func (c *clicks) nameOf(ctx context.Context, user string) string {
	m, err := c.people.byID(ctx, user)
	if err != nil {
		return ""
	}
	return m.name
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
