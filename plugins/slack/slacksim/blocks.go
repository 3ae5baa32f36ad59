package slacksim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// block is what the stand-in needs to know of a Block Kit block to check, draw and click it. The JSON that was sent is
// kept beside it and is what the API returns.
type block struct {
	Type      string       `json:"type"`
	ID        string       `json:"block_id"`
	Text      *textObject  `json:"text"`
	Fields    []textObject `json:"fields"`
	Accessory *element     `json:"accessory"`
	Elements  []element    `json:"elements"`
	Element   *element     `json:"element"`
	Label     *textObject  `json:"label"`
	Hint      *textObject  `json:"hint"`
	Optional  bool         `json:"optional"`
	ImageURL  string       `json:"image_url"`
	AltText   string       `json:"alt_text"`
}

// textObject is plain_text or mrkdwn. Inside context blocks, where the element itself is the text object, it is read
// from a bare string.
type textObject struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// UnmarshalJSON accepts an object or a bare string.
func (t *textObject) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &t.Text)
	}
	type plain textObject
	return json.Unmarshal(data, (*plain)(t))
}

type element struct {
	Type        string          `json:"type"`
	ActionID    string          `json:"action_id"`
	Text        *textObject     `json:"text"`
	Value       string          `json:"value"`
	URL         string          `json:"url"`
	Style       json.RawMessage `json:"style"`
	Confirm     *confirm        `json:"confirm"`
	Placeholder *textObject     `json:"placeholder"`
	Options     []option        `json:"options"`
	ImageURL    string          `json:"image_url"`
	AltText     string          `json:"alt_text"`
	Multiline   bool            `json:"multiline"`
	MinLength   int             `json:"min_length"`
	MaxLength   int             `json:"max_length"`
	Initial     json.RawMessage `json:"initial_value"`
}

// style is a button's; other elements have objects there.
func (e *element) style() string { return textOf(e.Style) }

// initial is what a text input starts with; other elements have objects there.
func (e *element) initial() string { return textOf(e.Initial) }

func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

type confirm struct {
	Title   *textObject `json:"title"`
	Text    *textObject `json:"text"`
	Confirm *textObject `json:"confirm"`
	Deny    *textObject `json:"deny"`
}

type option struct {
	Text  *textObject `json:"text"`
	Value string      `json:"value"`
}

// layout is a list of blocks, both as it was sent (with the ids that Slack adds) and as understood.
type layout struct {
	raw    json.RawMessage
	blocks []block
}

var errNotAList = errors.New("blocks must be a JSON list of objects")

// parseLayout reads blocks and gives those without an id one, as Slack does.
func parseLayout(data []byte, newID func() string) (layout, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return layout{}, nil
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return layout{}, errNotAList
	}
	out := layout{blocks: make([]block, len(raw))}
	for i := range raw {
		if err := json.Unmarshal(raw[i], &out.blocks[i]); err != nil {
			return layout{}, fmt.Errorf("reading block %d: %w", i, err)
		}
		if out.blocks[i].ID == "" {
			out.blocks[i].ID = newID()
			raw[i] = withBlockID(raw[i], out.blocks[i].ID)
		}
		out.blocks[i].nameActions(newID)
	}
	encoded, err := json.Marshal(raw)
	if err != nil {
		return layout{}, fmt.Errorf("encoding blocks: %w", err)
	}
	out.raw = encoded
	return out, nil
}

// nameActions gives elements without an action id one, so that they can be clicked.
func (b *block) nameActions(newID func() string) {
	for _, e := range b.interactive() {
		if e.ActionID == "" {
			e.ActionID = newID()
		}
	}
}

// withBlockID adds the id to an object that is known to have other members.
func withBlockID(object json.RawMessage, id string) json.RawMessage {
	rest := bytes.TrimLeft(object, " \t\r\n")
	if len(rest) < 2 || rest[0] != '{' || bytes.TrimSpace(rest[1:])[0] == '}' {
		return object
	}
	return fmt.Appendf(nil, `{"block_id":%q,%s`, id, rest[1:])
}

// find returns the interactive element with that action id, and its block.
func (l layout) find(actionID string) (*block, *element) {
	for i := range l.blocks {
		b := &l.blocks[i]
		for _, e := range b.interactive() {
			if e.ActionID == actionID {
				return b, e
			}
		}
	}
	return nil, nil
}

// interactive lists the elements of a block that a person can act on.
func (b *block) interactive() []*element {
	var out []*element
	if b.Type == "actions" {
		for i := range b.Elements {
			out = append(out, &b.Elements[i])
		}
	}
	if b.Accessory != nil && b.Accessory.Type != "image" {
		out = append(out, b.Accessory)
	}
	if b.Element != nil {
		out = append(out, b.Element)
	}
	return out
}
