package slacksim

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// maxShown bounds how many messages the page draws; the inspection API has them all.
const maxShown = 100

type shownMessage struct {
	Anchor, Initial, Who, Time string
	App, Edited, OnlyYou       bool
	Updates                    int
	Text                       template.HTML
	Blocks                     []shownBlock
	Replies                    []shownMessage
}

type shownBlock struct {
	Type    string
	Note    string
	Text    template.HTML
	Fields  []template.HTML
	Buttons []shownButton
}

type shownButton struct {
	Label, Style, Link, Other, ConfirmHref string
	Hidden                                 []hiddenField
}

type hiddenField struct{ Name, Value string }

// shownMessages draws the newest messages of the channel as the visitor sees them, newest first: the page shows them
// from the bottom up.
func (s *Sim) shownMessages(v visit) []shownMessage {
	ch := v.channel
	ch.mu.RLock()
	defer ch.mu.RUnlock()
	var visible []*message
	for i := len(ch.messages) - 1; i >= 0 && len(visible) < maxShown; i-- {
		if m := ch.messages[i]; !m.deleted && m.parent == nil {
			visible = append(visible, m)
		}
	}
	for _, m := range ch.ephemeral {
		if m.onlyFor == v.user.ID && !m.deleted {
			visible = append(visible, m)
		}
	}
	slices.SortFunc(visible, func(a, b *message) int { return cmp.Compare(b.micros, a.micros) })
	var out []shownMessage
	for _, m := range visible {
		shown := s.showMessage(v, m)
		for _, r := range liveReplies(m) {
			shown.Replies = append(shown.Replies, s.showMessage(v, r))
		}
		out = append(out, shown)
	}
	return out
}

func (s *Sim) showMessage(v visit, m *message) shownMessage {
	who := s.userName(m.user)
	out := shownMessage{
		Anchor: "m" + m.ts, Initial: initial(who), Who: who, App: m.byApp,
		Time: time.UnixMicro(m.micros).UTC().Format("15:04:05"), OnlyYou: m.onlyFor != "",
		Edited: m.edited != "" && len(m.layout.blocks) == 0, Updates: len(m.updates), Text: s.markup(m.text),
	}
	for i := range m.layout.blocks {
		out.Blocks = append(out.Blocks, s.showBlock(&m.layout.blocks[i], func(e *element) shownButton {
			return v.button(m, e)
		}))
	}
	return out
}

func initial(name string) string {
	for _, r := range name {
		return string(r)
	}
	return ""
}

func (s *Sim) showBlock(b *block, button func(*element) shownButton) shownBlock {
	out := shownBlock{Type: b.Type, Text: s.words(b.Text)}
	switch b.Type {
	case "context":
		for i := range b.Elements {
			out.Fields = append(out.Fields, s.contextWords(&b.Elements[i]))
		}
	case "section":
		for i := range b.Fields {
			out.Fields = append(out.Fields, s.words(&b.Fields[i]))
		}
	case "header", "divider", "actions":
	default:
		out.Note = strings.ReplaceAll(b.Type, "_", " ") + " block"
	}
	for _, e := range b.interactive() {
		out.Buttons = append(out.Buttons, button(e))
	}
	return out
}

// words draws a text object: mrkdwn as markup, anything else as it is.
func (s *Sim) words(t *textObject) template.HTML {
	if t == nil {
		return ""
	}
	if t.Type == "mrkdwn" {
		return s.markup(t.Text)
	}
	return written(`<span class="plain">` + template.HTMLEscapeString(t.Text) + "</span>")
}

func (s *Sim) contextWords(e *element) template.HTML {
	if e.Type == "image" {
		return written("<i>" + template.HTMLEscapeString(e.AltText) + "</i>")
	}
	return s.words(&textObject{Type: e.Type, Text: e.words()})
}

func (v visit) button(m *message, e *element) shownButton {
	out := shownButton{Label: e.words(), Style: e.style()}
	switch {
	case e.Type != "button":
		out.Other = strings.ReplaceAll(e.Type, "_", " ")
	case e.URL != "":
		out.Link = e.URL
	case e.Confirm != nil:
		out.ConfirmHref = "./"
		out.Hidden = fields(v.query(), "confirm", m.ts+" "+e.ActionID)
	default:
		out.Hidden = v.clickFields(m.ts, e.ActionID)
	}
	return out
}

func (v visit) clickFields(ts, actionID string) []hiddenField {
	return []hiddenField{
		{"as", v.user.ID}, {"channel", v.channel.id}, {"ts", ts}, {"action", actionID}, {"back", v.back()},
	}
}

func fields(q url.Values, name, value string) []hiddenField {
	out := []hiddenField{{name, value}}
	for _, key := range slices.Sorted(func(yield func(string) bool) {
		for k := range q {
			if !yield(k) {
				return
			}
		}
	}) {
		out = append(out, hiddenField{key, q.Get(key)})
	}
	return out
}

// confirmBox asks "are you sure", as the button wants it.
type confirmBox struct {
	Title, Yes, Deny, Back string
	Text                   template.HTML
	Hidden                 []hiddenField
}

func (s *Sim) confirmFor(v visit, q url.Values) *confirmBox {
	ts, actionID, asked := strings.Cut(q.Get("confirm"), " ")
	if !asked {
		return nil
	}
	v.channel.mu.RLock()
	defer v.channel.mu.RUnlock()
	m := v.channel.live(ts)
	if m == nil {
		m = v.channel.liveEphemeral(ts, v.user.ID)
	}
	if m == nil {
		return nil
	}
	_, e := m.layout.find(actionID)
	if e == nil || e.Confirm == nil {
		return nil
	}
	c := e.Confirm
	return &confirmBox{
		Title: c.Title.Text, Text: s.words(c.Text), Yes: c.Confirm.Text, Deny: c.Deny.Text, Back: v.back(),
		Hidden: v.clickFields(ts, actionID),
	}
}

// resultText tells what came of the last click.
func resultText(r Result) *standin.Notice {
	took := fmt.Sprintf("%.0f ms", r.LatencyMS)
	switch {
	case len(r.FieldErrors) > 0:
		return &standin.Notice{Text: "Please look at what is marked in the form.", Bad: true}
	case !r.OK:
		return &standin.Notice{Text: r.ShownError, Bad: true}
	case r.Kind == "view_submission":
		return &standin.Notice{Text: "Sent. The app answered in " + took + "."}
	default:
		return &standin.Notice{Text: "Clicked. The app answered in " + took + "."}
	}
}
