package opsgeniesim

import (
	"context"
	"slices"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// Act is what a person does with an alert: Do is acknowledge, close, note or action. Text is the note or the button's name.
type Act struct {
	Person string `json:"person"`
	Alert  string `json:"alert"`
	Do     string `json:"do"`
	Text   string `json:"text"`
	// Channel is the way it came: web, mobile or API; empty means web.
	Channel string `json:"channel"`
	// Owner is a text that the log shows in place of the person, as a caller of the API can choose it.
	Owner string `json:"owner"`
}

// Act lets a person do something, and waits for the answer to the webhook, if there is one.
func (s *Sim) Act(ctx context.Context, act Act) (standin.Reaction, error) {
	if act.Channel == "" {
		act.Channel = "web"
	}
	s.mu.Lock()
	hook, err := s.act(act)
	s.mu.Unlock()
	if err != nil {
		return standin.Reaction{}, err
	}
	if hook == nil {
		return standin.Reaction{OK: true}, nil
	}
	return s.deliver(ctx, *hook), nil
}

// act does it, and returns the webhook to send. The state's lock must be held.
func (s *Sim) act(act Act) (*webhook, error) {
	who, known := s.user(act.Person)
	a := s.find(act.Alert)
	switch {
	case !known || who.Outside || who.Blocked:
		return nil, standin.RefusedError(act.Person + " has no account here and sees no alerts")
	case a == nil:
		return nil, standin.RefusedError("there is no such alert")
	case who.Stakeholder && act.Do != "note":
		return nil, standin.RefusedError(who.FullName + " is a stakeholder, who can only read and write notes")
	}
	by := author{user: who.Name}
	if act.Owner != "" {
		by = author{text: act.Owner}
	}
	name, done := s.perform(a, by, act)
	if !done.success {
		return nil, standin.RefusedError(strings.ToLower(done.status[:1]) + done.status[1:])
	}
	return s.hookFor(a, who, name, act.Channel), nil
}

// perform does it and says how webhooks call it.
func (s *Sim) perform(a *alert, by author, act Act) (name string, done *outcome) {
	switch act.Do {
	case "acknowledge":
		a.acknowledged = true
		s.record(a, by, "user", "Alert acknowledged via "+act.Channel)
		return "Acknowledge", &outcome{success: true}
	case "close":
		return "Close", s.finish(a, by, act.Channel)
	case "note":
		_, done := s.annotate(a, by, act.Text)
		return "AddNote", done
	case "action":
		at := slices.IndexFunc(a.actions, func(have string) bool { return strings.EqualFold(have, act.Text) })
		if at >= 0 {
			act.Text = a.actions[at]
		}
		return act.Text, s.press(a, by, act.Text, act.Channel)
	default:
		return "", &outcome{status: "Do must be acknowledge, close, note or action"}
	}
}
