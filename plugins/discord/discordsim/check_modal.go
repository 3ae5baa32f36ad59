package discordsim

import (
	"fmt"
)

// modalDraft is a form to be opened.
type modalDraft struct {
	CustomID   string      `json:"custom_id"`
	Title      string      `json:"title"`
	Components []component `json:"components"`
}

// inputs are the form's inputs, each with its label: inside a label, or, as of old, alone in a row.
func (d modalDraft) inputs() (out []component) {
	for _, part := range d.Components {
		if part.Type == labelComponent && part.Component != nil {
			inner := *part.Component
			inner.Label = part.Label
			out = append(out, inner)
		}
		if part.Type == rowComponent && len(part.Components) == 1 {
			out = append(out, part.Components[0])
		}
	}
	return out
}

func (d modalDraft) check() error {
	var c complaints
	c.between("data.custom_id", d.CustomID, maxCustomID)
	c.between("data.title", d.Title, maxModalTitle)
	if n := len(d.Components); n < 1 || n > maxRows {
		c.add("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
	}
	inputs := d.inputs()
	if len(inputs) != len(d.Components) {
		c.add("data.components", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (1, 18).")
	}
	for i, input := range inputs {
		path := fmt.Sprintf("data.components.%d", i)
		if input.Type != inputComponent || input.Style < 1 || input.Style > 2 {
			c.add(path+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (4,).")
		}
		c.between(path+".label", input.Label, maxInputLabel)
		c.between(path+".custom_id", input.CustomID, maxCustomID)
		c.atMost(path+".placeholder", input.Placeholder, maxPlaceholder)
		if input.MaxLength < 0 || input.MaxLength > maxInput {
			c.add(path+".max_length", "NUMBER_TYPE_MAX", "int value should be less than or equal to 4000.")
		}
	}
	return c.err()
}
