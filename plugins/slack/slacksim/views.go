package slacksim

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Limits of modals: https://docs.slack.dev/reference/views/modal-views.
const (
	maxViewLabel       = 24
	maxPrivateMetadata = 3000
	maxView            = 250_000
)

// readView checks a view and gives it an identity.
func (s *Sim) readView(raw, user string) (*view, error) {
	if len(raw) > maxView {
		return nil, fail("view_too_large")
	}
	v := &view{user: user}
	if err := json.Unmarshal([]byte(raw), &v.form); err != nil {
		return nil, fail("invalid_arguments", "[ERROR] must provide an object [json-pointer:/view]")
	}
	var err error
	if v.layout, err = parseLayout(v.form.Blocks, s.blockID); err != nil {
		return nil, fail("invalid_arguments", "[ERROR] must be a valid list of blocks [json-pointer:/view/blocks]")
	}
	if problems := v.problems(); len(problems) > 0 {
		return nil, fail("invalid_arguments", problems...)
	}
	v.id, v.hash = s.randomID("V"), s.newHash()
	v.root = v.id
	return v, nil
}

func (s *Sim) newHash() string {
	return fmt.Sprintf("%d.%s", s.opts.Clock().Unix(), s.blockID())
}

func (v *view) problems() []string {
	c := &checker{}
	if v.form.Type != "modal" {
		c.add("/view/type", "must be a valid view type")
	}
	c.text("/view/title", v.form.Title, maxViewLabel, "plain_text")
	for name, label := range map[string]*textObject{"submit": v.form.Submit, "close": v.form.Close} {
		if label != nil {
			c.text("/view/"+name, label, maxViewLabel, "plain_text")
		}
	}
	c.length("/view/private_metadata", v.form.PrivateMetadata, 0, maxPrivateMetadata)
	c.length("/view/callback_id", v.form.CallbackID, 0, maxID)
	c.length("/view/external_id", v.form.ExternalID, 0, maxID)
	if v.hasInput() && v.form.Submit == nil {
		c.add("/view", "missing required field: submit")
	}
	if len(v.form.Blocks) == 0 {
		c.add("/view", "missing required field: blocks")
	}
	more, _ := checkLayout(v.layout, maxViewBlocks, "/view/blocks")
	return append(c.problems, more...)
}

func (v *view) hasInput() bool {
	for _, b := range v.layout.blocks {
		if b.Type == "input" {
			return true
		}
	}
	return false
}

func (s *Sim) viewsOpen(c *call) (reply, error) {
	user, err := s.triggers.exchange(c.args["trigger_id"])
	if err != nil {
		return nil, err
	}
	v, err := s.readView(c.args["view"], user)
	if err != nil {
		return nil, err
	}
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	if s.views.byExternalID(v.form.ExternalID) != nil {
		return nil, fail("duplicate_external_id")
	}
	s.views.push(v, false)
	s.changes.Touch()
	return reply{"view": s.wireView(v)}, nil
}

func (s *Sim) viewsUpdate(c *call) (reply, error) {
	fresh, err := s.readView(c.args["view"], "")
	if err != nil {
		return nil, err
	}
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	v := s.views.known[c.args["view_id"]]
	if v == nil {
		v = s.views.byExternalID(c.args["external_id"])
	}
	if v == nil {
		return nil, fail("not_found")
	}
	if hash := c.args["hash"]; hash != "" && hash != v.hash {
		return nil, fail("hash_conflict")
	}
	s.replaceView(v, fresh)
	return reply{"view": s.wireView(v)}, nil
}

// replaceView shows something else in an open modal. The book's lock must be held.
func (s *Sim) replaceView(v, fresh *view) {
	v.form, v.layout, v.hash, v.errors, v.values = fresh.form, fresh.layout, fresh.hash, nil, nil
	s.changes.Touch()
}

// fill checks what was entered and returns the state Slack would send, or what the person has to mend first. Slack's
// client checks this before anything is sent.
func (v *view) fill(entered map[string]map[string]string) (map[string]map[string]viewValue, map[string]string) {
	values, wrong := map[string]map[string]viewValue{}, map[string]string{}
	for i := range v.layout.blocks {
		b := &v.layout.blocks[i]
		if b.Type != "input" || b.Element == nil {
			continue
		}
		text := entered[b.ID][b.Element.ActionID]
		value, problem := b.Element.enter(text, b.Optional)
		if problem != "" {
			wrong[b.ID] = problem
		}
		values[b.ID] = map[string]viewValue{b.Element.ActionID: value}
	}
	return values, wrong
}

// maxInput is how much a plain_text_input takes: https://docs.slack.dev/reference/block-kit/block-elements.
const maxInput = 3000

func (e *element) enter(text string, optional bool) (viewValue, string) {
	out := viewValue{Type: e.Type}
	if text == "" {
		if !optional {
			return out, "Please complete this required field."
		}
		return out, ""
	}
	if len(e.Options) > 0 {
		for _, o := range e.Options {
			if o.Value == text {
				out.Selected = &wireOption{Text: o.Text, Value: o.Value}
				return out, ""
			}
		}
		return out, "Please choose one of the options."
	}
	out.Value = &text
	n, most := utf8.RuneCountInString(text), maxInput
	if e.MaxLength > 0 {
		most = min(most, e.MaxLength)
	}
	if n < e.MinLength || n > most {
		return out, fmt.Sprintf("Please enter between %d and %d characters.", e.MinLength, most)
	}
	return out, ""
}
