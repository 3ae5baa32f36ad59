package slacksim

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// modalBox is the open modal as a form.
type modalBox struct {
	ID, User, Title, Submit, Close, Back string
	Parts                                []modalPart
}

type modalPart struct {
	Block shownBlock
	// Input is set for parts that take something; the rest belongs to it.
	Input, Multiline, Optional                   bool
	Name, Label, Hint, Placeholder, Value, Wrong string
	Options                                      []hiddenField
}

func (s *Sim) modalFor(v visit) *modalBox {
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	open := s.views.top(v.user.ID)
	if open == nil {
		return nil
	}
	box := &modalBox{
		ID: open.id, User: v.user.ID, Title: plain(open.form.Title, ""), Submit: plain(open.form.Submit, ""),
		Close: plain(open.form.Close, "Cancel"), Back: v.back(),
	}
	for i := range open.layout.blocks {
		box.Parts = append(box.Parts, s.modalPart(open, &open.layout.blocks[i]))
	}
	return box
}

func plain(t *textObject, otherwise string) string {
	if t == nil {
		return otherwise
	}
	return t.Text
}

func (s *Sim) modalPart(v *view, b *block) modalPart {
	if b.Type != "input" || b.Element == nil {
		return modalPart{Block: s.showBlock(b, func(e *element) shownButton {
			return shownButton{Other: e.words()}
		})}
	}
	e := b.Element
	part := modalPart{
		Input: true, Multiline: e.Multiline, Optional: b.Optional, Name: inputName(b.ID, e.ActionID),
		Label: plain(b.Label, ""), Hint: plain(b.Hint, ""), Placeholder: plain(e.Placeholder, ""),
		Value: v.entered(b.ID, e), Wrong: v.errors[b.ID],
	}
	for _, o := range e.Options {
		part.Options = append(part.Options, hiddenField{plain(o.Text, o.Value), o.Value})
	}
	return part
}

func (v *view) entered(blockID string, e *element) string {
	value, filled := v.values[blockID][e.ActionID]
	switch {
	case filled && value.Value != nil:
		return *value.Value
	case filled && value.Selected != nil:
		return value.Selected.Value
	case filled:
		return ""
	default:
		return e.initial()
	}
}

// inputName packs block and action into the name of a form field.
func inputName(blockID, actionID string) string {
	return "input:" + url.QueryEscape(blockID) + ":" + url.QueryEscape(actionID)
}

func readInputs(form url.Values) map[string]map[string]string {
	out := map[string]map[string]string{}
	for name := range form {
		parts := strings.Split(name, ":")
		if len(parts) != 3 || parts[0] != "input" {
			continue
		}
		blockID, err1 := url.QueryUnescape(parts[1])
		actionID, err2 := url.QueryUnescape(parts[2])
		if errors.Join(err1, err2) != nil {
			continue
		}
		if out[blockID] == nil {
			out[blockID] = map[string]string{}
		}
		out[blockID][actionID] = strings.ReplaceAll(form.Get(name), "\r\n", "\n")
	}
	return out
}

func (s *Sim) pageClick(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	f := r.PostForm
	result, err := s.Click(r.Context(), Click{
		User: f.Get("as"), Channel: f.Get("channel"), TS: f.Get("ts"), ActionID: f.Get("action"),
	})
	standin.ShowResult(w, r, result.ID, err)
}

func (s *Sim) pageSubmit(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	f := r.PostForm
	if f.Get("close") != "" {
		result, err := s.CloseView(r.Context(), f.Get("as"))
		if result.OK {
			result.ID = 0 // closing a form is nothing to tell about
		}
		standin.ShowResult(w, r, result.ID, err)
		return
	}
	result, err := s.Submit(r.Context(), Submission{User: f.Get("as"), ViewID: f.Get("view"), Values: readInputs(f)})
	standin.ShowResult(w, r, result.ID, err)
}
