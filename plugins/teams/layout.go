package teams

// The parts of an Adaptive Card that the plugin uses: https://adaptivecards.io/explorer/. Teams shows version 1.5:
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference#support-for-adaptive-cards.

const (
	cardType    = "application/vnd.microsoft.card.adaptive"
	cardVersion = "1.5"
	cardSchema  = "http://adaptivecards.io/schemas/adaptive-card.json"
)

// card is an Adaptive Card.
type card struct {
	Type    string       `json:"type"`
	Schema  string       `json:"$schema,omitempty"`
	Version string       `json:"version,omitempty"`
	Body    []element    `json:"body"`
	Actions []cardAction `json:"actions,omitempty"`
	Refresh *refresh     `json:"refresh,omitempty"`
	// Fallback is what clients show that are too old for the version.
	Fallback string   `json:"fallbackText,omitempty"`
	Teams    *fullWay `json:"msteams,omitempty"`
}

// fullWay lets a card take the width of the conversation.
type fullWay struct {
	Width string `json:"width"`
}

// element is any element of a card's body.
type element struct {
	Type      string    `json:"type"`
	ID        string    `json:"id,omitempty"`
	Text      string    `json:"text,omitempty"`
	Wrap      bool      `json:"wrap,omitempty"`
	Size      string    `json:"size,omitempty"`
	Weight    string    `json:"weight,omitempty"`
	Color     string    `json:"color,omitempty"`
	Subtle    bool      `json:"isSubtle,omitempty"`
	Spacing   string    `json:"spacing,omitempty"`
	Separator bool      `json:"separator,omitempty"`
	Style     string    `json:"style,omitempty"`
	Inlines   []run     `json:"inlines,omitempty"`
	Items     []element `json:"items,omitempty"`
	Columns   []element `json:"columns,omitempty"`
	Width     string    `json:"width,omitempty"`

	Label       string `json:"label,omitempty"`
	Placeholder string `json:"placeholder,omitempty"`
	Multiline   bool   `json:"isMultiline,omitempty"`
	MaxLength   int    `json:"maxLength,omitempty"`
}

// run is a piece of text in which nothing is markup.
type run struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Size   string `json:"size,omitempty"`
	Weight string `json:"weight,omitempty"`
	Color  string `json:"color,omitempty"`
	Subtle bool   `json:"isSubtle,omitempty"`
	Font   string `json:"fontType,omitempty"`
}

// cardAction is a button. Fallback stands in for it in clients that do not know its type.
type cardAction struct {
	Type     string      `json:"type"`
	Title    string      `json:"title"`
	Verb     verb        `json:"verb,omitempty"`
	Style    string      `json:"style,omitempty"`
	Data     *buttonData `json:"data,omitempty"`
	URL      string      `json:"url,omitempty"`
	Card     *card       `json:"card,omitempty"`
	Inputs   string      `json:"associatedInputs,omitempty"`
	Fallback *cardAction `json:"fallback,omitempty"`
}

// buttonData is what a button brings back. The verb is here for Action.Submit only, which has none of its own.
type buttonData struct {
	Seal string `json:"accede"`
	Key  string `json:"key,omitempty"`
	Verb verb   `json:"verb,omitempty"`
	// Mute says that the card is not for deciding, and stays so when it is shown anew.
	Mute bool `json:"mute,omitempty"`
}

// refresh makes clients ask for the card as it is now when one of these people looks at it.
type refresh struct {
	Action  cardAction `json:"action"`
	UserIDs []string   `json:"userIds"`
}

func newCard(body []element, actions []cardAction) card {
	return card{
		Type: "AdaptiveCard", Schema: cardSchema, Version: cardVersion, Body: body, Actions: actions,
		Teams: &fullWay{Width: "Full"},
	}
}

// plain makes text that Teams shows as it is: a RichTextBlock knows no markup.
func plain(text string) element { return rich(run{Text: text}) }

func rich(runs ...run) element {
	for i := range runs {
		runs[i].Type = "TextRun"
	}
	return element{Type: "RichTextBlock", Inlines: runs}
}

// markup makes text that Teams interprets. Only our own words go in here, never anything that a person wrote.
func markup(text string) element { return element{Type: "TextBlock", Text: text, Wrap: true} }

// box sets elements apart on a tinted ground.
func box(style string, items ...element) element {
	return element{Type: "Container", Style: style, Items: items}
}

// lines puts one element under the other without space between them.
func lines(texts []string, shape func(string) element) []element {
	out := make([]element, 0, len(texts))
	for _, text := range texts {
		line := shape(text)
		line.Spacing = "None"
		out = append(out, line)
	}
	return out
}

// message wraps a card into what is sent. Summary is what a notification shows.
func message(summary string, c card) outgoing {
	c.Fallback = summary
	return outgoing{Type: typeMessage, Summary: summary, Attachments: []attachment{{ContentType: cardType, Content: c}}}
}

// alerting makes the message show up among the person's notifications.
func (m outgoing) alerting() outgoing {
	m.ChannelData = &alertData{}
	m.ChannelData.Notification.Alert = true
	return m
}
