package slack

// block, words, button and input are the parts of Slack's Block Kit that the plugin uses, spelt as Slack spells them:
// https://docs.slack.dev/reference/block-kit/blocks.
type block struct {
	Type     string  `json:"type"`
	BlockID  string  `json:"block_id,omitempty"`
	Text     *words  `json:"text,omitempty"`
	Fields   []words `json:"fields,omitempty"`
	Elements []any   `json:"elements,omitempty"`
	Element  *input  `json:"element,omitempty"`
	Label    *words  `json:"label,omitempty"`
	Hint     *words  `json:"hint,omitempty"`
	Optional bool    `json:"optional,omitempty"`
}

type words struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji *bool  `json:"emoji,omitempty"`
}

type button struct {
	Type     string `json:"type"`
	ActionID string `json:"action_id"`
	Text     words  `json:"text"`
	Style    string `json:"style,omitempty"`
	Value    string `json:"value,omitempty"`
	URL      string `json:"url,omitempty"`
}

type input struct {
	Type        string `json:"type"`
	ActionID    string `json:"action_id"`
	Multiline   bool   `json:"multiline,omitempty"`
	MaxLength   int    `json:"max_length,omitempty"`
	Placeholder *words `json:"placeholder,omitempty"`
}

// message is what one call of chat.postMessage or chat.update says.
type message struct {
	// text is what notifications and screen readers get; it must be escaped.
	text   string
	blocks []block
	// key is the delivery's key, stored in the message's metadata; empty for none.
	key string
	// thread is the ts of the message to reply to; empty for none.
	thread string
}

// plain makes text that Slack shows as it is: no mentions, no links, no markup, no :emoji: codes.
func plain(text string) words {
	literal := false
	return words{Type: "plain_text", Text: text, Emoji: &literal}
}

// markup makes text that Slack interprets. Only our own words go in here, never anything that a person wrote.
func markup(text string) words { return words{Type: "mrkdwn", Text: text} }

func section(text words) block { return block{Type: "section", Text: &text} }

func footer(parts ...words) block {
	elements := make([]any, 0, len(parts))
	for _, part := range parts {
		elements = append(elements, part)
	}
	return block{Type: "context", Elements: elements}
}
