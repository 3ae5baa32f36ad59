package slacksim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/accede/accede/plugins/standin"
)

// Submission is a person sending off the modal they have open.
type Submission struct {
	// User is an id or a name; ViewID may be left out and is then the modal on top.
	User   string `json:"user"`
	ViewID string `json:"view_id"`
	// Values holds what was entered, by block id and action id.
	Values map[string]map[string]string `json:"values"`
}

// responseAction is how an app answers a submission.
type responseAction struct {
	Action string            `json:"response_action"`
	Errors map[string]string `json:"errors"`
	View   json.RawMessage   `json:"view"`
}

// Submit sends off a modal and waits for the app's answer. Inputs that Slack's own client refuses come back as field
// errors without anything being sent.
func (s *Sim) Submit(ctx context.Context, sub Submission) (Result, error) {
	u, payload, wrong, err := s.prepareSubmission(sub)
	if err != nil {
		return Result{}, err
	}
	if len(wrong) > 0 {
		s.changes.Touch()
		return Result{Kind: "view_submission", User: u.ID, FieldErrors: wrong, ViewID: s.openView(u.ID)}, nil
	}
	encoded, err := json.Marshal(payload)
	if err != nil {
		return Result{}, fmt.Errorf("encoding the submission: %w", err)
	}
	out := s.handOver(ctx, encoded)
	if out.problem == "" {
		out.fields, out.problem = s.applyAnswer(payload.View.ID, u.ID, out.body)
	}
	return s.finish("view_submission", u, payload.TriggerID, out), nil
}

func (s *Sim) prepareSubmission(sub Submission) (User, *viewEvent, map[string]string, error) {
	u, known := s.userNamed(sub.User)
	if !known {
		return u, nil, nil, standin.Refuse("there is nobody called %q", sub.User)
	}
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	v := s.views.top(u.ID)
	if v == nil || sub.ViewID != "" && sub.ViewID != v.id {
		return u, nil, nil, standin.Refuse("%s has no modal %q open", u.Name, sub.ViewID)
	}
	values, wrong := v.fill(sub.Values)
	v.values, v.errors = values, wrong
	if len(wrong) > 0 {
		return u, nil, wrong, nil
	}
	event := s.viewEvent("view_submission", u, v)
	event.TriggerID = s.newTrigger(u.ID)
	return u, event, nil, nil
}

func (s *Sim) viewEvent(kind string, u User, v *view) *viewEvent {
	return &viewEvent{
		Type: kind, Team: s.wireTeam(), User: wireUserOf(u), APIAppID: s.cfg.App.ID, Token: legacyToken, View: s.wireView(v),
	}
}

const shownTrouble = "We had some trouble connecting. Try again?"

// applyAnswer does with the modal what the app asked for.
func (s *Sim) applyAnswer(viewID, user string, body []byte) (fieldErrors map[string]string, problem string) {
	var answer responseAction
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && json.Unmarshal(trimmed, &answer) != nil {
		return nil, shownTrouble
	}
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	v := s.views.known[viewID]
	if v == nil {
		return nil, ""
	}
	switch answer.Action {
	case "":
		s.views.close(v)
	case "clear":
		s.views.clear(user)
	case "errors":
		return s.showErrors(v, answer.Errors)
	case "update", "push":
		return nil, s.showNext(v, answer)
	default:
		return nil, shownTrouble
	}
	return nil, ""
}

// showErrors accepts errors for input blocks only; Slack shows a general failure otherwise.
func (s *Sim) showErrors(v *view, wrong map[string]string) (map[string]string, string) {
	inputs := map[string]bool{}
	for _, b := range v.layout.blocks {
		inputs[b.ID] = b.Type == "input"
	}
	for id := range wrong {
		if !inputs[id] {
			return nil, shownTrouble
		}
	}
	if len(wrong) == 0 {
		return nil, shownTrouble
	}
	v.errors = wrong
	return wrong, ""
}

func (s *Sim) showNext(v *view, answer responseAction) string {
	next, err := s.readView(string(answer.View), v.user)
	if err != nil {
		return shownTrouble
	}
	if answer.Action == "update" {
		s.replaceView(v, next)
		return ""
	}
	s.views.push(next, true)
	return ""
}

// CloseView dismisses the modal a person has on top. The app hears of it only if it asked to.
func (s *Sim) CloseView(ctx context.Context, user string) (Result, error) {
	u, known := s.userNamed(user)
	if !known {
		return Result{}, standin.Refuse("there is nobody called %q", user)
	}
	event, notify := s.dismiss(u)
	if event == nil {
		return Result{}, standin.Refuse("%s has no modal open", u.Name)
	}
	if !notify {
		s.changes.Touch()
		return Result{Kind: "view_closed", User: u.ID, OK: true, ViewID: s.openView(u.ID)}, nil
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return Result{}, fmt.Errorf("encoding the closing: %w", err)
	}
	return s.finish("view_closed", u, "", s.handOver(ctx, payload)), nil
}

func (s *Sim) dismiss(u User) (event *viewEvent, notify bool) {
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	v := s.views.top(u.ID)
	if v == nil {
		return nil, false
	}
	cleared := false
	event = s.viewEvent("view_closed", u, v)
	event.IsCleared = &cleared
	s.views.close(v)
	return event, v.form.NotifyOnClose
}
