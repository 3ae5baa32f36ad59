package mattermostsim

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins/standin"
)

// Forgery is a callback that nobody's click made, or not like this.
type Forgery struct {
	// Kind is one of
	//   bad_signature       the trigger id is signed with another key
	//   missing_signature   there is no trigger id
	//   stale               the trigger id was rightly signed ten minutes ago
	//   tampered            the press of one person in the name of another
	//   replay              the last press again, as it was
	//   unsigned_context    a post of an attacker's own: its context names the request, but is not sealed; rightly clicked
	//   foreign_context     the context of a card, stolen and put under a post in another channel; rightly clicked
	//   signed              Body as it is, with a trigger id for its user_id
	//   dialog_replay       the last dialog again, as it was
	//   dialog_of_another   the last dialog, sent off by another person
	//   dialog_unsealed     a dialog with a state of the attacker's own
	//   dialog_moved        the last dialog with the place in its state changed
	Kind string `json:"kind"`
	// User is whose name or account the attacker uses, by id or name; bob if empty.
	User string `json:"user,omitempty"`
	// Body is the callback's JSON; the last one sent if empty.
	Body json.RawMessage `json:"body,omitempty"`
}

const staleBy = 10 * time.Minute

// Forge plays the attacker and reports what the app said.
func (s *Sim) Forge(ctx context.Context, f Forgery) (Result, error) {
	if f.User == "" {
		f.User = "bob"
	}
	u, known := s.userNamed(f.User)
	if !known {
		return Result{}, standin.Refuse("there is nobody called %q", f.User)
	}
	door, body, err := s.forged(f, u)
	if err != nil {
		return Result{}, err
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return Result{}, fmt.Errorf("encoding the forgery: %w", err)
	}
	out := s.callOnce(ctx, s.opts.CallbackURL+door, encoded)
	return s.finish("forged "+f.Kind, User{}, out, func(r *Result) {
		var answer actionAnswer
		if json.Unmarshal(out.body, &answer) == nil {
			r.Whispered = answer.Ephemeral
		}
	}), nil
}

func (s *Sim) forged(f Forgery, u User) (door string, body any, err error) {
	switch f.Kind {
	case "dialog_replay", "dialog_of_another", "dialog_unsealed", "dialog_moved":
		body, err := s.forgedDialog(f, u)
		return "/dialog", body, err
	}
	var press model.PostActionIntegrationRequest
	if len(f.Body) > 0 && json.Unmarshal(f.Body, &press) != nil {
		return "", nil, standin.Refuse("the body is not a press of a button")
	}
	if len(f.Body) == 0 && !s.log.last(&s.log.press, &press) {
		return "", nil, standin.Refuse("nothing has been clicked yet that could be forged; give a body")
	}
	err = s.forgePress(f.Kind, &press, u)
	return "/action", &press, err
}

// forgePress changes a press into a forged one.
func (s *Sim) forgePress(kind string, p *model.PostActionIntegrationRequest, u User) error {
	now := s.opts.Clock()
	switch kind {
	case "replay":
		return nil
	case "missing_signature":
		p.TriggerId = ""
		return nil
	case "tampered":
		p.UserId, p.UserName = u.ID, u.Name
		return nil
	case "stale":
		return s.sign(p, s.key, now.Add(-staleBy))
	case "bad_signature":
		other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		return s.sign(p, other, now)
	case "unsigned_context":
		p.Context = map[string]any{"request_id": "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b", "verdict": "approve", "seal": "approve", "key": p.Context["key"]}
		return s.sign(p, s.key, now)
	case "foreign_context":
		p.Context, p.ChannelId, p.PostId = maps.Clone(p.Context), DemoID("security"), s.newID()
		return s.sign(p, s.key, now)
	case "signed":
		return s.sign(p, s.key, now)
	default:
		return standin.Refuse("no forgery is called %q", kind)
	}
}

func (s *Sim) sign(p *model.PostActionIntegrationRequest, key *ecdsa.PrivateKey, at time.Time) error {
	trigger, err := signTrigger(key, s.newID(), p.UserId, at)
	p.TriggerId = trigger
	return err
}

// forgedDialog makes a dialog as any person's own client could send it: only user_id is the server's.
func (s *Sim) forgedDialog(f Forgery, u User) (any, error) {
	var d model.SubmitDialogRequest
	if len(f.Body) > 0 && json.Unmarshal(f.Body, &d) != nil {
		return nil, standin.Refuse("the body is not a dialog")
	}
	if len(f.Body) == 0 && !s.log.last(&s.log.dialog, &d) {
		return nil, standin.Refuse("no dialog has been sent yet that could be forged; give a body")
	}
	switch f.Kind {
	case "dialog_of_another":
		d.UserId = u.ID
	case "dialog_unsealed":
		d.UserId, d.State = u.ID, `{"seal":"","spot":{"channel":"`+d.ChannelId+`"}}`
	case "dialog_moved":
		var state map[string]any
		if json.Unmarshal([]byte(d.State), &state) != nil {
			return nil, standin.Refuse("the dialog's state cannot be changed")
		}
		state["spot"] = map[string]any{"channel": DemoID("security"), "post": s.newID(), "click": s.newID()}
		moved, err := json.Marshal(state)
		if err != nil {
			return nil, err
		}
		d.State = string(moved)
	}
	return &d, nil
}
