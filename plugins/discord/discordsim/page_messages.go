package discordsim

import (
	"html/template"
	"time"
)

// maxShown bounds how many messages the page draws; the inspection API has them all.
const maxShown = 100

type shownMessage struct {
	Anchor, Initial, Who, Time    string
	App, Edited, OnlyYou, Loading bool
	ReplyTo, ReplyAnchor          string
	Text                          template.HTML
	Embeds                        []shownEmbed
	Buttons                       []shownButton
}

type shownEmbed struct {
	Edge               string
	Title, Description template.HTML
	Fields             []shownField
	Footer             string
}

type shownField struct {
	Name   string
	Value  template.HTML
	Inline bool
}

type shownButton struct {
	Label, Style, Link, Other string
	Disabled                  bool
	Hidden                    []hiddenField
}

type hiddenField struct{ Name, Value string }

// shownMessages draws the newest messages of the channel as the visitor sees them, newest first: the page shows them
// from the bottom up. The lock must be held.
func (s *Sim) shownMessages(v visit) (out []shownMessage) {
	for i := len(v.channel.messages) - 1; i >= 0 && len(out) < maxShown; i-- {
		if m := v.channel.messages[i]; m.visibleTo(v.user.ID) {
			out = append(out, s.showMessage(v, m))
		}
	}
	return out
}

func (s *Sim) showMessage(v visit, m *message) shownMessage {
	who := s.users[m.author].shown()
	if m.author == s.cfg.Application.ID {
		who = s.cfg.Application.Name
	}
	out := shownMessage{
		Anchor: "m" + m.id, Initial: initial(who), Who: who, App: s.users[m.author].Bot, Time: timeOf(m.id).Format(time.TimeOnly),
		Edited: !m.edited.IsZero(), OnlyYou: m.onlyFor != "", Loading: m.loading, Text: s.markup(m.content),
	}
	if m.repliesTo != nil {
		out.ReplyAnchor, out.ReplyTo = "m"+m.repliesTo.id, firstLine(Read(m.repliesTo.content).Text)
	}
	for _, e := range m.embeds {
		out.Embeds = append(out.Embeds, s.showEmbed(e))
	}
	for _, b := range m.buttons() {
		out.Buttons = append(out.Buttons, v.button(m, b))
	}
	return out
}

func initial(name string) string {
	for _, r := range name {
		return string(r)
	}
	return ""
}

// firstLine is what a reply shows of the message that it answers.
func firstLine(text string) string {
	const most = 80
	out := []rune{}
	for _, r := range text {
		if r == '\n' {
			break
		}
		if len(out) == most {
			return string(out) + "…"
		}
		out = append(out, r)
	}
	return string(out)
}

func (s *Sim) showEmbed(e embed) shownEmbed {
	out := shownEmbed{Edge: edge(e.Color), Title: s.markup(e.Title), Description: s.markup(e.Description)}
	for _, f := range e.Fields {
		out.Fields = append(out.Fields, shownField{Name: f.Name, Value: s.markup(f.Value), Inline: f.Inline})
	}
	if e.Footer != nil {
		out.Footer = e.Footer.Text
	}
	return out
}

// edge names the colour of an embed's edge: the page's policy takes no colours from elsewhere.
func edge(color int) string {
	red, green, blue := color>>16&0xff, color>>8&0xff, color&0xff
	switch {
	case max(red, green, blue)-min(red, green, blue) < 32:
		return "plain-edge"
	case red > green+64:
		return "bad-edge"
	case green > red:
		return "good-edge"
	default:
		return "warn-edge"
	}
}

func (v visit) button(m *message, b component) shownButton {
	out := shownButton{Label: b.Label, Style: styleName(b.Style), Disabled: b.Disabled, Link: b.URL}
	if b.Type != buttonComponent {
		out.Other = "menu"
	}
	out.Hidden = []hiddenField{
		{"as", v.user.ID}, {"channel", m.channel}, {"message", m.id}, {"custom_id", b.CustomID}, {"back", v.back()},
	}
	return out
}

func styleName(style int) string {
	switch style {
	case stylePrimary, styleSuccess:
		return "primary"
	case styleDanger:
		return "danger"
	default:
		return ""
	}
}

// modalBox is the open form.
type modalBox struct {
	User, Title, Back, Wrong string
	Inputs                   []shownInput
}

type shownInput struct {
	Name, Label, Placeholder, Value string
	Multiline                       bool
	Most                            int
}

func (s *Sim) modalFor(v visit) *modalBox {
	open := s.modals[v.user.ID]
	if open == nil {
		return nil
	}
	box := &modalBox{User: v.user.ID, Title: open.form.Title, Back: v.back(), Wrong: open.wrong}
	for _, input := range open.form.inputs() {
		shown := shownInput{
			Name: "input:" + input.CustomID, Label: input.Label, Placeholder: input.Placeholder, Value: input.Value,
			Multiline: input.Style == 2, Most: maxInput,
		}
		if input.MaxLength > 0 {
			shown.Most = input.MaxLength
		}
		if typed, ok := open.typed[input.CustomID]; ok {
			shown.Value = typed
		}
		box.Inputs = append(box.Inputs, shown)
	}
	return box
}
