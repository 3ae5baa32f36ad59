package discordsim

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/accede/accede/plugins/standin"
)

// Click is a person pressing a button of a message.
type Click struct {
	// User is an id or a name.
	User    string `json:"user"`
	Channel string `json:"channel"`
	Message string `json:"message"`
	// CustomID names the button; its label does as well.
	CustomID string `json:"custom_id"`
}

// Submission is a person sending the form that is open.
type Submission struct {
	User string `json:"user"`
	// Values are what they typed, by the input's custom id.
	Values map[string]string `json:"values"`
}

// Result says what came of handing something to the app, and what the person was shown.
type Result struct {
	ID   int    `json:"id"`
	Kind string `json:"kind"`
	User string `json:"user"`
	// Via is http or gateway.
	Via string `json:"via"`
	// OK means that the app answered in time.
	OK bool `json:"ok"`
	// Status is what the app answered over HTTP.
	Status    int     `json:"status,omitempty"`
	LatencyMS float64 `json:"latency_ms"`
	// ShownError is what the person sees if it did not work; Problem is why, for whoever writes the app.
	ShownError string `json:"shown_error,omitempty"`
	Problem    string `json:"problem,omitempty"`
	// Answer is the type of the first answer.
	Answer int `json:"answer,omitempty"`
	// FieldErrors are complaints of Discord's own beside the inputs of a form.
	FieldErrors map[string]string `json:"field_errors,omitempty"`
	// Modal says that the person has a form open.
	Modal bool `json:"modal,omitempty"`
	Twice bool `json:"twice,omitempty"`
}

// What the person gets to see when the app fails them.
const (
	shownFailed  = "This interaction failed"
	shownNothing = "The application did not respond"
	shownForm    = "Something went wrong. Try again."
)

func no(format string, args ...any) standin.RefusedError {
	return standin.RefusedError(fmt.Sprintf(format, args...))
}

// Click presses a button as a person and waits until the app has answered or 3 seconds have passed. The error says why
// that person could not have pressed it.
func (s *Sim) Click(ctx context.Context, c Click) (Result, error) {
	i, payload, err := s.aim(c)
	if err != nil {
		return Result{}, err
	}
	return s.finish("click", i, s.handOver(ctx, i, payload)), nil
}

func (s *Sim) aim(c Click) (*interaction, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, known := s.userNamed(c.User)
	if !known {
		return nil, nil, no("there is nobody called %q", c.User)
	}
	ch := s.channels[c.Channel]
	if ch == nil || !s.sees(u.ID, ch) {
		return nil, nil, no("%s sees no channel %q", u.Name, c.Channel)
	}
	m := ch.find(c.Message)
	if m == nil || m.onlyFor != "" && m.onlyFor != u.ID {
		return nil, nil, no("%s sees no message %q in %s", u.Name, c.Message, ch.ID)
	}
	b, found := m.pressable(c.CustomID)
	if !found {
		return nil, nil, no("message %s has no button %q (any more)", m.id, c.CustomID)
	}
	i := s.newInteraction(kindComponent, u, ch, m)
	payload, err := json.Marshal(s.payload(i, map[string]any{"custom_id": b.CustomID, "component_type": b.Type, "id": 2}))
	return i, payload, err
}

// pressable finds a button that can be pressed, by its custom id or its label.
func (m *message) pressable(name string) (component, bool) {
	all := m.buttons()
	at := slices.IndexFunc(all, func(b component) bool {
		return b.Type == buttonComponent && b.CustomID != "" && !b.Disabled && (b.CustomID == name || strings.EqualFold(b.Label, name))
	})
	if at < 0 {
		return component{}, false
	}
	return all[at], true
}

func (s *Sim) finish(kind string, i *interaction, out outcome) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Result{
		Kind: kind, Via: out.via, OK: out.problem == "", Status: out.status, Problem: out.problem,
		LatencyMS: float64(out.latency.Microseconds()) / 1000, ShownError: out.shown, Twice: out.twice,
	}
	if i != nil {
		r.User, r.Answer, r.Modal = i.user.ID, i.answer, s.modals[i.user.ID] != nil
	}
	s.changes.Touch()
	return s.log.Add(func(id int) Result {
		r.ID = id
		return r
	})
}

// Submit sends the form that a person has open. Discord keeps to the inputs' own limits and closes the form if the app
// answers.
func (s *Sim) Submit(ctx context.Context, sub Submission) (Result, error) {
	open, i, payload, err := s.fillIn(sub)
	if err != nil || i == nil {
		return Result{Kind: "form", FieldErrors: complaintOf(open)}, err
	}
	out := s.handOver(ctx, i, payload)
	s.mu.Lock()
	if out.problem == "" && s.modals[i.user.ID] == open {
		delete(s.modals, i.user.ID)
	} else if out.problem != "" {
		open.wrong, out.shown = shownForm, shownForm
	}
	s.mu.Unlock()
	return s.finish("form", i, out), nil
}

func complaintOf(open *modal) map[string]string {
	if open == nil || open.wrong == "" {
		return nil
	}
	return map[string]string{"form": open.wrong}
}

// fillIn makes the interaction of a form, or says what is wrong with what was typed.
func (s *Sim) fillIn(sub Submission) (*modal, *interaction, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, known := s.userNamed(sub.User)
	open := s.modals[u.ID]
	if !known || open == nil {
		return nil, nil, nil, no("%q has no form open", sub.User)
	}
	open.typed, open.wrong = sub.Values, ""
	for _, input := range open.form.inputs() {
		if open.wrong = input.objection(sub.Values[input.CustomID]); open.wrong != "" {
			return open, nil, nil, nil
		}
	}
	i := s.newInteraction(kindModal, u, open.from.channel, open.from.source)
	data := map[string]any{"custom_id": open.form.CustomID, "components": filled(open.form.Components, sub.Values)}
	payload, err := json.Marshal(s.payload(i, data))
	return open, i, payload, err
}

// objection says what Discord itself does not take.
func (b component) objection(typed string) string {
	n := utf8.RuneCountInString(typed)
	required := b.Required == nil || *b.Required
	most := maxInput
	if b.MaxLength > 0 {
		most = b.MaxLength
	}
	switch {
	case n == 0 && required:
		return "This field is required."
	case n > 0 && n < b.MinLength:
		return fmt.Sprintf("Must be at least %d characters.", b.MinLength)
	case n > most:
		return fmt.Sprintf("Must be at most %d characters.", most)
	default:
		return ""
	}
}

// filled is a form as it comes back, in the layout in which it was sent.
func filled(parts []component, values map[string]string) []any {
	var out []any
	input := func(c component, id int) map[string]any {
		return map[string]any{"type": c.Type, "id": id, "custom_id": c.CustomID, "value": values[c.CustomID]}
	}
	for n, part := range parts {
		back := map[string]any{"type": part.Type, "id": 2*n + 1}
		if part.Component != nil {
			back["component"] = input(*part.Component, 2*n+2)
		} else {
			back["components"] = []any{input(part.Components[0], 2*n+2)}
		}
		out = append(out, back)
	}
	return out
}

// CloseModal dismisses a person's form. The app does not hear of it.
func (s *Sim) CloseModal(user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, _ := s.userNamed(user)
	_, open := s.modals[u.ID]
	delete(s.modals, u.ID)
	s.changes.Touch()
	return open
}
