package pagerdutysim

import (
	"context"
	"net/http"

	"github.com/accede/accede/plugins/standin"
)

// Act is what a person does in PagerDuty: Do is acknowledge, resolve, note, field or workflow. Text is the note, the field's
// value, or the workflow's verdict (approve or deny) or id.
type Act struct {
	Person   string `json:"person"`
	Incident string `json:"incident"`
	Do       string `json:"do"`
	Text     string `json:"text"`
	// Channel is the way it came; empty means the website.
	Channel string `json:"channel"`
}

// Act lets a person do something, and waits for the first answers to the webhooks, if there are any.
func (s *Sim) Act(ctx context.Context, act Act) (standin.Reaction, error) {
	if act.Channel == "" {
		act.Channel = "website"
	}
	s.mu.Lock()
	answers, err := s.act(act)
	s.mu.Unlock()
	if err != nil {
		return standin.Reaction{}, err
	}
	reaction := standin.Reaction{OK: true}
	for _, answer := range answers {
		select {
		case reaction.Status = <-answer:
			reaction.OK = reaction.Status >= http.StatusOK && reaction.Status < http.StatusMultipleChoices
		case <-ctx.Done():
			return standin.Reaction{}, ctx.Err()
		case <-s.ctx.Done():
			return standin.Reaction{}, standin.RefusedError("the stand-in is closing")
		}
	}
	return reaction, nil
}

// act does it. The state's lock must be held.
func (s *Sim) act(act Act) ([]<-chan int, error) {
	by, known := s.user(act.Person)
	i := s.find(act.Incident)
	switch {
	case !known || by.Outside:
		return nil, standin.RefusedError(act.Person + " has no account here and sees no incidents")
	case i == nil:
		return nil, standin.RefusedError("there is no such incident")
	case by.Role == "read_only_limited_user" && act.Do != "note":
		return nil, standin.RefusedError(by.FullName + " is a stakeholder, who can only read and write notes")
	}
	switch act.Do {
	case "acknowledge", "resolve":
		return s.actStatus(i, by.ID, act)
	case "note":
		_, answers := s.annotate(i, by.ID, act.Text)
		return answers, nil
	case "field":
		return s.actField(i, by.ID, act)
	case "workflow":
		return s.actWorkflow(i, by.ID, act)
	default:
		return nil, standin.RefusedError("do must be acknowledge, resolve, note, field or workflow")
	}
}

func (s *Sim) actStatus(i *incident, by string, act Act) ([]<-chan int, error) {
	if !i.open() {
		return nil, standin.RefusedError("the incident is resolved")
	}
	status := map[string]string{"acknowledge": acknowledged, "resolve": resolved}[act.Do]
	return s.changeStatus(i, status, by, act.Text, object{"type": act.Channel}), nil
}

func (s *Sim) actField(i *incident, by string, act Act) ([]<-chan int, error) {
	if len(s.cfg.Fields) == 0 {
		return nil, standin.RefusedError("this account has no custom field")
	}
	return s.setField(i, s.cfg.Fields[0], act.Text, by, act.Channel), nil
}

func (s *Sim) actWorkflow(i *incident, by string, act Act) ([]<-chan int, error) {
	for _, flow := range s.cfg.Workflows {
		if flow.ID == act.Text || flow.Verdict == act.Text {
			return s.run(i, flow, by, act.Channel), nil
		}
	}
	return nil, standin.RefusedError("this account has no such workflow")
}

// Automate starts a workflow without a person, as automatic triggers do.
func (s *Sim) Automate(incidentID, workflowID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, flow := s.find(incidentID), Workflow{}
	for _, one := range s.cfg.Workflows {
		if one.ID == workflowID {
			flow = one
		}
	}
	if i == nil || flow.ID == "" {
		return standin.RefusedError("there is no such incident or workflow")
	}
	s.run(i, flow, "", "auto")
	return nil
}
