package mattermostsim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins/standin"
)

// dialog is what a person's client shows.
type dialog struct {
	model.OpenDialogRequest
	// wrong and errors are what the app found; values what was filled in.
	wrong  string
	errors map[string]string
	values map[string]string
}

// openDialog shows a dialog to whoever the trigger id was made for. It needs no session.
func (s *Sim) openDialog(c *call) (int, any, *problem) {
	var in model.OpenDialogRequest
	if p := c.decode(&in); p != nil {
		return 0, nil, p
	}
	if in.URL == "" {
		return 0, nil, badParam("url")
	}
	user, p := s.openTrigger(in.TriggerId)
	if p != nil {
		return 0, nil, p
	}
	s.mu.Lock()
	s.dialogs[user] = &dialog{OpenDialogRequest: in, values: map[string]string{}}
	s.mu.Unlock()
	s.changes.Touch()
	return http.StatusOK, statusOK(), nil
}

// submitDialog sends off a dialog as the caller's client describes it: address, state and all. Only who it is comes from
// the server.
func (s *Sim) submitDialog(c *call) (int, any, *problem) {
	var in model.SubmitDialogRequest
	if p := c.decode(&in); p != nil {
		return 0, nil, p
	}
	in.UserId = c.user.ID
	out, answer := s.sendOff(c.r.Context(), in)
	if out.problem != nil {
		return 0, nil, out.problem
	}
	return http.StatusOK, answer, nil
}

func (s *Sim) sendOff(ctx context.Context, in model.SubmitDialogRequest) (outcome, model.SubmitDialogResponse) {
	address := in.URL
	in.URL, in.Type = "", "dialog_submission"
	var answer model.SubmitDialogResponse
	body, err := json.Marshal(in)
	if err != nil {
		return outcome{problem: fail(http.StatusBadRequest, "app.submit_interactive_dialog.json_error", err.Error())}, answer
	}
	s.log.sent(&s.log.dialog, body)
	out := s.callIntegration(ctx, address, body)
	_ = json.Unmarshal(out.body, &answer) // an empty or odd answer closes the dialog
	return out, answer
}

// Submission is a person sending off the dialog that they have open.
type Submission struct {
	// User is an id or a name.
	User   string            `json:"user"`
	Values map[string]string `json:"values"`
	// Cancel closes the dialog instead.
	Cancel bool `json:"cancel,omitempty"`
}

// Submit sends off a dialog and waits for the app. The error says that there is none.
func (s *Sim) Submit(ctx context.Context, in Submission) (Result, error) {
	u, _ := s.userNamed(in.User)
	s.mu.RLock()
	d := s.dialogs[u.ID]
	s.mu.RUnlock()
	if d == nil {
		return Result{}, standin.Refuse("%q has no dialog open", in.User)
	}
	if in.Cancel && !d.Dialog.NotifyOnCancel {
		s.show(u.ID, nil)
		return Result{OK: true, User: u.ID}, nil
	}
	if wrong := d.check(in.Values); len(wrong) > 0 && !in.Cancel {
		s.show(u.ID, &dialog{OpenDialogRequest: d.OpenDialogRequest, errors: wrong, values: in.Values})
		return s.finish("dialog", u, outcome{}, func(r *Result) { r.FieldErrors = wrong }), nil
	}
	values := map[string]any{}
	for _, e := range d.Dialog.Elements {
		values[e.Name] = in.Values[e.Name]
	}
	out, answer := s.sendOff(ctx, model.SubmitDialogRequest{
		URL: d.URL, CallbackId: d.Dialog.CallbackId, State: d.Dialog.State, UserId: u.ID, Submission: values, Cancelled: in.Cancel,
	})
	s.after(u.ID, d, in.Values, out, answer)
	return s.finish("dialog", u, out, func(r *Result) {
		r.FieldErrors = answer.Errors
		if answer.Error != "" {
			r.ShownError = answer.Error
		}
	}), nil
}

// after closes the dialog, or shows what is wrong in it.
func (s *Sim) after(user string, d *dialog, values map[string]string, out outcome, answer model.SubmitDialogResponse) {
	wrong := answer.Error
	if out.problem != nil {
		wrong = "There was an error submitting the form."
	}
	if wrong == "" && len(answer.Errors) == 0 {
		s.show(user, nil)
		return
	}
	s.show(user, &dialog{OpenDialogRequest: d.OpenDialogRequest, wrong: wrong, errors: answer.Errors, values: values})
}

// show puts a dialog on a person's screen; nil closes the one that is there.
func (s *Sim) show(user string, d *dialog) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d == nil {
		delete(s.dialogs, user)
	} else {
		s.dialogs[user] = d
	}
	s.changes.Touch()
}

// usualLengths are the longest values of text elements, where the element names none.
const usualText, usualTextarea = 150, 3000

// check is what the client itself finds wrong before it sends anything.
func (d *dialog) check(values map[string]string) map[string]string {
	wrong := map[string]string{}
	for _, e := range d.Dialog.Elements {
		length, limit := utf8.RuneCountInString(values[e.Name]), e.MaxLength
		if limit == 0 && e.Type == "textarea" {
			limit = usualTextarea
		} else if limit == 0 {
			limit = usualText
		}
		switch {
		case length == 0 && !e.Optional:
			wrong[e.Name] = "This field is required."
		case length > limit:
			wrong[e.Name] = fmt.Sprintf("Maximum length is %d.", limit)
		}
	}
	return wrong
}
