package discordsim

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// message is one message of a channel. Its fields are guarded by the lock of the whole.
type message struct {
	id, channel, author string
	content             string
	embeds              []embed
	rows                []component
	flags               int
	nonce               json.RawMessage
	repliesTo           *message
	edited              time.Time
	updates             []time.Time
	deleted             bool
	// onlyFor is the one person who sees an ephemeral message; loading says that it still says "is thinking".
	onlyFor string
	loading bool
	// key is the delivery key in a custom id, if there is one.
	key string
	// shown is what people can read of it, live what of it is more than text; both follow from the rest.
	shown string
	live  []string
	// mentioned are people, roles or @everyone that the message notifies.
	mentioned []string
}

// Flags of messages: https://discord.com/developers/docs/resources/message#message-object-message-flags.
const (
	flagSuppressEmbeds = 1 << 2
	flagEphemeral      = 1 << 6
	flagComponentsV2   = 1 << 15
)

// embed is a card. https://discord.com/developers/docs/resources/message#embed-object
type embed struct {
	Type        string       `json:"type,omitempty"`
	Title       string       `json:"title,omitempty"`
	Description string       `json:"description,omitempty"`
	URL         string       `json:"url,omitempty"`
	Timestamp   string       `json:"timestamp,omitempty"`
	Color       int          `json:"color,omitempty"`
	Footer      *embedFooter `json:"footer,omitempty"`
	Author      *embedAuthor `json:"author,omitempty"`
	Fields      []embedField `json:"fields,omitempty"`
}

type embedFooter struct {
	Text string `json:"text"`
}

type embedAuthor struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type embedField struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline"`
}

// component is a row, a button or an input. https://discord.com/developers/docs/components/reference
type component struct {
	Type        int         `json:"type"`
	ID          int         `json:"id,omitempty"`
	CustomID    string      `json:"custom_id,omitempty"`
	Style       int         `json:"style,omitempty"`
	Label       string      `json:"label,omitempty"`
	URL         string      `json:"url,omitempty"`
	Disabled    bool        `json:"disabled,omitempty"`
	Placeholder string      `json:"placeholder,omitempty"`
	Value       string      `json:"value,omitempty"`
	Required    *bool       `json:"required,omitempty"`
	MinLength   int         `json:"min_length,omitempty"`
	MaxLength   int         `json:"max_length,omitempty"`
	Options     []option    `json:"options,omitempty"`
	Components  []component `json:"components,omitempty"`
	Component   *component  `json:"component,omitempty"`
}

type option struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Types of component.
const (
	rowComponent    = 1
	buttonComponent = 2
	selectComponent = 3
	inputComponent  = 4
	labelComponent  = 18
)

// Styles of button.
const (
	stylePrimary, styleSecondary, styleSuccess, styleDanger, styleLink = 1, 2, 3, 4, 5
)

// buttons lists all buttons and selects.
func (m *message) buttons() (out []component) {
	for _, row := range m.rows {
		out = append(out, row.Components...)
	}
	return out
}

// reread notes what people can read of the message: every text, and the addresses of its buttons, a line each.
func (m *message) reread() {
	var lines []string
	m.live = nil
	add := func(text string) {
		got := Read(text)
		lines, m.live = append(lines, got.Text), append(m.live, got.Live...)
	}
	add(m.content)
	for _, e := range m.embeds {
		add(e.Title)
		add(e.Description)
		for _, f := range e.Fields {
			add(f.Name)
			add(f.Value)
		}
		if e.Footer != nil {
			lines = append(lines, e.Footer.Text)
		}
	}
	for _, b := range m.buttons() {
		lines = append(lines, b.Label, b.URL)
	}
	m.shown = strings.Join(lines, "\n")
}

// deliveryKey is the key that the app keeps in a custom id: a UUID behind the last dot.
func deliveryKey(rows []component) string {
	for _, row := range rows {
		for _, c := range row.Components {
			raw, err := base64.RawURLEncoding.DecodeString(c.CustomID[strings.LastIndexByte(c.CustomID, '.')+1:])
			if id, bad := uuid.FromBytes(raw); err == nil && bad == nil {
				return id.String()
			}
		}
	}
	return ""
}

// wire is the message as the API shows it.
func (s *Sim) wire(m *message) map[string]any {
	kind := 0
	out := map[string]any{
		"id": m.id, "channel_id": m.channel, "author": wireUser(s.users[m.author]), "content": m.content,
		"timestamp": timeOf(m.id).Format(time.RFC3339Nano), "edited_timestamp": nil, "tts": false, "pinned": false,
		"mention_everyone": slices.Contains(m.mentioned, "@everyone"), "mentions": []any{}, "mention_roles": []any{},
		"attachments": []any{}, "embeds": orNone(m.embeds), "components": orNone(m.rows), "flags": m.flags,
	}
	if s.users[m.author].Bot {
		out["application_id"] = s.cfg.Application.ID
	}
	if !m.edited.IsZero() {
		out["edited_timestamp"] = m.edited.UTC().Format(time.RFC3339Nano)
	}
	if m.repliesTo != nil {
		kind = 19
		out["message_reference"] = map[string]any{"type": 0, "channel_id": m.channel, "message_id": m.repliesTo.id}
		out["referenced_message"] = nil
		if !m.repliesTo.deleted {
			out["referenced_message"] = map[string]any{"id": m.repliesTo.id, "content": m.repliesTo.content}
		}
	}
	out["type"] = kind
	return out
}

func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
