package teamssim

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	cardType = "application/vnd.microsoft.card.adaptive"
	// maxActions is how many buttons Teams shows.
	maxActions = 6
	maxDepth   = 12
)

// adaptiveCard is an Adaptive Card: https://adaptivecards.io/explorer/.
type adaptiveCard struct {
	Type    string        `json:"type"`
	Version string        `json:"version"`
	Body    []cardElement `json:"body"`
	Actions []cardAction  `json:"actions"`
	Refresh *cardRefresh  `json:"refresh"`
	// raw is the card as it came; data is what its buttons carry.
	raw  json.RawMessage
	data []json.RawMessage
}

type cardRefresh struct {
	Action  cardAction `json:"action"`
	UserIDs []string   `json:"userIds"`
}

// cardElement is any element of a body.
type cardElement struct {
	Type        string        `json:"type"`
	ID          string        `json:"id"`
	Text        string        `json:"text"`
	Size        string        `json:"size"`
	Weight      string        `json:"weight"`
	Color       string        `json:"color"`
	Subtle      bool          `json:"isSubtle"`
	Style       string        `json:"style"`
	Separator   bool          `json:"separator"`
	Font        string        `json:"fontType"`
	Width       string        `json:"width"`
	Inlines     []cardElement `json:"inlines"`
	Items       []cardElement `json:"items"`
	Columns     []cardElement `json:"columns"`
	Label       string        `json:"label"`
	Placeholder string        `json:"placeholder"`
	Multiline   bool          `json:"isMultiline"`
	MaxLength   int           `json:"maxLength"`
	Spacing     string        `json:"spacing"`
}

// cardAction is a button.
type cardAction struct {
	Type     string          `json:"type"`
	Title    string          `json:"title"`
	Verb     string          `json:"verb"`
	Style    string          `json:"style"`
	URL      string          `json:"url"`
	Data     json.RawMessage `json:"data"`
	Inputs   string          `json:"associatedInputs"`
	Card     *adaptiveCard   `json:"card"`
	Fallback json.RawMessage `json:"fallback"`
}

func knownElements() []string {
	return []string{"TextBlock", "RichTextBlock", "TextRun", "Container", "ColumnSet", "Column", "Input.Text"}
}

// parseCard reads a card and refuses what Teams would not show.
func parseCard(raw json.RawMessage) (*adaptiveCard, error) {
	var c adaptiveCard
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("it is not JSON of a card: %w", err)
	}
	switch {
	case c.Type != "AdaptiveCard":
		return nil, errors.New("its type is not AdaptiveCard")
	case c.Version != "1.5" && c.Version != "1.4" && c.Version != "1.2":
		return nil, fmt.Errorf("version %.8q is not shown", c.Version)
	case len(c.Actions) > maxActions:
		return nil, fmt.Errorf("it has %d actions, the most is %d", len(c.Actions), maxActions)
	}
	c.raw = slices.Clone(raw)
	return &c, c.check(0)
}

func (c *adaptiveCard) check(depth int) error {
	if depth > 2 {
		return errors.New("cards inside cards inside cards")
	}
	if err := checkElements(c.Body, 0); err != nil {
		return err
	}
	actions := c.Actions
	if c.Refresh != nil {
		if c.Refresh.Action.Type != "Action.Execute" || len(c.Refresh.UserIDs) > 60 {
			return errors.New("refresh takes an Action.Execute and at most 60 people")
		}
		actions = append(slices.Clone(actions), c.Refresh.Action)
	}
	for i := range actions {
		if err := actions[i].check(c, depth); err != nil {
			return err
		}
	}
	return nil
}

func (a *cardAction) check(c *adaptiveCard, depth int) error {
	switch a.Type {
	case "Action.Execute", "Action.Submit":
		if len(a.Data) > 0 {
			c.data = append(c.data, a.Data)
		}
	case "Action.OpenUrl":
		if !strings.HasPrefix(a.URL, "https://") && !strings.HasPrefix(a.URL, "http://") {
			return fmt.Errorf("the button %q leads nowhere", a.Title)
		}
	case "Action.ShowCard":
		if a.Card == nil {
			return fmt.Errorf("the button %q shows no card", a.Title)
		}
		return a.Card.check(depth + 1)
	default:
		return fmt.Errorf("%.40q is no action", a.Type)
	}
	if old := a.old(); old != nil {
		return old.check(c, depth)
	}
	return nil
}

// old is what a client shows that does not know the action; nil if it shows nothing.
func (a *cardAction) old() *cardAction {
	var fallback cardAction
	if len(a.Fallback) == 0 || json.Unmarshal(a.Fallback, &fallback) != nil || fallback.Type == "" {
		return nil
	}
	return &fallback
}

func checkElements(elements []cardElement, depth int) error {
	if depth > maxDepth {
		return errors.New("elements are nested too deeply")
	}
	for i := range elements {
		e := &elements[i]
		if !slices.Contains(knownElements(), e.Type) {
			return fmt.Errorf("%.40q is no element", e.Type)
		}
		if e.Type == "Input.Text" && e.ID == "" {
			return errors.New("an input has no id")
		}
		for _, inside := range [][]cardElement{e.Inlines, e.Items, e.Columns} {
			if err := checkElements(inside, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// readable is every text and address of the card, a line each.
func (c *adaptiveCard) readable() string {
	if c == nil {
		return ""
	}
	var out strings.Builder
	readElements(&out, c.Body)
	for _, a := range c.Actions {
		out.WriteString(a.Title + "\n")
		if a.URL != "" {
			out.WriteString(a.URL + "\n")
		}
	}
	return out.String()
}

func readElements(out *strings.Builder, elements []cardElement) {
	for i := range elements {
		e := &elements[i]
		for _, text := range []string{e.Text, e.Label} {
			if text != "" {
				out.WriteString(text + "\n")
			}
		}
		readElements(out, e.Inlines)
		readElements(out, e.Items)
		readElements(out, e.Columns)
	}
}

// inputs are the ids of what can be filled in.
func (c *adaptiveCard) inputs() []string { return inputIDs(c.Body) }

func inputIDs(elements []cardElement) (ids []string) {
	for i := range elements {
		e := &elements[i]
		if e.Type == "Input.Text" {
			ids = append(ids, e.ID)
		}
		ids = append(ids, inputIDs(e.Items)...)
		for j := range e.Columns {
			ids = append(ids, inputIDs(e.Columns[j].Items)...)
		}
	}
	return ids
}

// shown are the buttons as a client shows them; one that is old shows the fallbacks.
func (c *adaptiveCard) shown(old bool) []cardAction {
	if c == nil {
		return nil
	}
	if !old {
		return c.Actions
	}
	var out []cardAction
	for i := range c.Actions {
		a := &c.Actions[i]
		if a.Type != "Action.Execute" {
			out = append(out, *a)
		} else if fallback := a.old(); fallback != nil {
			out = append(out, *fallback)
		}
	}
	return out
}

// verbOf is what a button asks for, also that of an old client, where the app put it into the data.
func (a *cardAction) verbOf() string {
	if a.Verb != "" {
		return a.Verb
	}
	var data struct {
		Verb string `json:"verb"`
	}
	_ = json.Unmarshal(a.Data, &data) // no verb then
	return data.Verb
}

// ReadCard says what can be read of a card, empty if Teams would not show it.
func ReadCard(raw []byte) string {
	c, err := parseCard(raw)
	if err != nil {
		return ""
	}
	c.inputs()
	c.shown(true)
	return c.readable()
}
