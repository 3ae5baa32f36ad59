package teamssim

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// Click is a person pressing a button.
type Click struct {
	User string `json:"user"`
	// Message is the message's id.
	Message string `json:"message"`
	// Verb names the button.
	Verb string `json:"verb"`
	// Inputs are what the person wrote, by the id of the input.
	Inputs map[string]string `json:"inputs,omitempty"`
	// Old presses the button of a client that knows Action.Submit only.
	Old bool `json:"old,omitempty"`
}

// Result is what came of it.
type Result struct {
	ID int  `json:"id"`
	OK bool `json:"ok"`
	// Status is what the app answered over HTTP, Body its answer.
	Status int             `json:"status,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	// Said is what the person read at once: an error, or all of the card that took the place of theirs.
	Said      string  `json:"said,omitempty"`
	LatencyMS float64 `json:"latency_ms"`
}

const (
	refusedButton  standin.RefusedError = "there is no such button for this person"
	refusedMessage standin.RefusedError = "this person does not see such a message"
	refusedPerson  standin.RefusedError = "nobody of that name is here"
)

// pressed is a button on its way to the app.
type pressed struct {
	who     *person
	message *message
	sent    wireActivity
}

// Click presses a button and waits for the app's answer.
func (s *Sim) Click(ctx context.Context, c Click) (Result, error) {
	p, err := s.prepare(c)
	if err != nil {
		return Result{}, err
	}
	return s.finish(p, s.deliver(ctx, p.sent)), nil
}

func (s *Sim) prepare(c Click) (pressed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.named(c.User)
	if who == nil {
		return pressed{}, refusedPerson
	}
	r, m := s.seenBy(who, c.Message)
	if m == nil {
		return pressed{}, refusedMessage
	}
	old := c.Old || who.OldClient
	action, inputs, ok := findAction(m.cardFor(who), c.Verb, old)
	if !ok {
		return pressed{}, refusedButton
	}
	data, err := merged(action, inputs, c.Inputs)
	if err != nil {
		return pressed{}, err
	}
	return pressed{who: who, message: m, sent: s.pressing(who, r, m, action, data, "manual")}, nil
}

// seenBy finds a message that a person sees. The lock must be held.
func (s *Sim) seenBy(p *person, id string) (*room, *message) {
	for _, r := range s.rooms {
		if m := r.message(id); m != nil && r.visible(m, p) && !m.deleted {
			return r, m
		}
	}
	return nil, nil
}

// findAction finds a button by its verb, also inside the cards that other buttons show.
func findAction(c *adaptiveCard, verb string, old bool) (found cardAction, inputs []string, ok bool) {
	for _, a := range c.shown(old) {
		switch {
		case a.Type == "Action.ShowCard":
			if found, inputs, ok = findAction(a.Card, verb, old); ok {
				return found, inputs, true
			}
		case a.URL == "" && a.verbOf() == verb:
			return a, c.inputs(), true
		}
	}
	return cardAction{}, nil, false
}

// merged is what a button brings back: its data and what was written into the inputs.
func merged(a cardAction, inputs []string, written map[string]string) (map[string]any, error) {
	data := map[string]any{}
	if len(a.Data) > 0 {
		if err := json.Unmarshal(a.Data, &data); err != nil {
			return nil, standin.RefusedError("the button's data is no object")
		}
	}
	if a.Inputs == "none" {
		return data, nil
	}
	for _, id := range inputs {
		if _, ok := data[id]; !ok || written[id] != "" {
			data[id] = written[id]
		}
	}
	return data, nil
}

// pressing is the activity of a button. The lock must be held.
func (s *Sim) pressing(p *person, r *room, m *message, a cardAction, data map[string]any, trigger string) wireActivity {
	if a.Type == "Action.Submit" {
		sent := s.activity("message", p, r, m)
		sent.Value = data
		return sent
	}
	sent := s.activity("invoke", p, r, m)
	sent.Name = "adaptiveCard/action"
	sent.Value = map[string]any{"trigger": trigger, "action": map[string]any{
		"type": "Action.Execute", "title": a.Title, "verb": a.Verb, "data": data,
	}}
	return sent
}

// invokeAnswer is what an app answers to a button:
// https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model#response-format.
type invokeAnswer struct {
	Status int             `json:"statusCode"`
	Type   string          `json:"type"`
	Value  json.RawMessage `json:"value"`
}

// finish shows the app's answer.
func (s *Sim) finish(p pressed, out outcome) Result {
	result := Result{Status: out.status, LatencyMS: float64(out.latency.Microseconds()) / 1000, Said: out.problem}
	if json.Valid(out.body) {
		result.Body = out.body
	}
	switch {
	case out.problem != "":
	case p.sent.Type == "message":
		result.OK = true
	default:
		result.OK, result.Said = s.showAnswer(p, out.body)
	}
	s.changes.Touch()
	return s.noted(result)
}

// showAnswer puts a card in the place of the person's own view, and says what they read.
func (s *Sim) showAnswer(p pressed, body []byte) (ok bool, said string) {
	var answer invokeAnswer
	if json.Unmarshal(body, &answer) != nil {
		return false, shownBad
	}
	switch {
	case answer.Status != http.StatusOK || strings.HasSuffix(answer.Type, ".error"):
		var failed struct {
			Message string `json:"message"`
		}
		_ = json.Unmarshal(answer.Value, &failed) // the sentence is missing then
		return false, shownBad + " " + failed.Message
	case answer.Type == "application/vnd.microsoft.activity.message":
		var text string
		return json.Unmarshal(answer.Value, &text) == nil, text
	case answer.Type != cardType:
		return false, shownBad
	}
	card, err := parseCard(answer.Value)
	if err != nil {
		return false, shownBad + " (" + err.Error() + ")"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.message.show(p.who, card)
	return true, card.readable()
}

// Look is what a client does when a person sees a message: it asks for the newest card if the card wants that from it.
// It says whether it asked.
func (s *Sim) Look(ctx context.Context, user, id string) (asked bool, result Result) {
	p, ok := s.looking(user, id)
	if !ok {
		return false, Result{}
	}
	return true, s.finish(p, s.deliver(ctx, p.sent))
}

func (s *Sim) looking(user, id string) (pressed, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.named(user)
	if who == nil || who.OldClient {
		return pressed{}, false
	}
	r, m := s.seenBy(who, id)
	if m == nil || m.card == nil || m.card.Refresh == nil || m.looked[who] || m.views[who] != nil ||
		!slices.Contains(m.card.Refresh.UserIDs, who.mri) {
		return pressed{}, false
	}
	m.looked[who] = true
	action := m.card.Refresh.Action
	data, err := merged(action, nil, nil)
	return pressed{who: who, message: m, sent: s.pressing(who, r, m, action, data, "automatic")}, err == nil
}

// Say lets a person write to the bot in their chat with it.
func (s *Sim) Say(ctx context.Context, user, text string) (Result, error) {
	s.mu.Lock()
	p := s.named(user)
	if p == nil {
		s.mu.Unlock()
		return Result{}, refusedPerson
	}
	a := s.activity("message", p, s.personal(p), nil)
	s.mu.Unlock()
	a.Text = text
	out := s.deliver(ctx, a)
	return s.noted(Result{OK: out.problem == "", Status: out.status, Said: out.problem}), nil
}

// without returns a copy of data without a key, for forgeries.
func without(data map[string]any, key string) map[string]any {
	out := maps.Clone(data)
	delete(out, key)
	return out
}

// noted keeps a result and gives it a number.
func (s *Sim) noted(r Result) Result {
	return s.log.Add(func(id int) Result {
		r.ID = id
		return r
	})
}
