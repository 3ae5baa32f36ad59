package slacksim

import (
	"encoding/json"
	"slices"
	"sync"
)

// view is an open modal. Its fields are guarded by the book's lock.
type view struct {
	id, user, hash, root, previous string

	form   viewForm
	layout layout
	values map[string]map[string]viewValue
	errors map[string]string
}

// viewForm is a view as an app sends it.
type viewForm struct {
	Type            string          `json:"type"`
	Title           *textObject     `json:"title"`
	Submit          *textObject     `json:"submit"`
	Close           *textObject     `json:"close"`
	Blocks          json.RawMessage `json:"blocks"`
	PrivateMetadata string          `json:"private_metadata"`
	CallbackID      string          `json:"callback_id"`
	ExternalID      string          `json:"external_id"`
	ClearOnClose    bool            `json:"clear_on_close"`
	NotifyOnClose   bool            `json:"notify_on_close"`
}

// viewValue is what a person entered into one element; Value is null when it was left empty.
type viewValue struct {
	Type     string      `json:"type"`
	Value    *string     `json:"value,omitempty"`
	Selected *wireOption `json:"selected_option,omitempty"`
}

// MarshalJSON writes the null that Slack sends for an empty text input.
func (v viewValue) MarshalJSON() ([]byte, error) {
	if v.Type == "plain_text_input" {
		return json.Marshal(map[string]any{"type": v.Type, "value": v.Value})
	}
	return json.Marshal(map[string]any{"type": v.Type, "selected_option": v.Selected})
}

type wireOption struct {
	Text  *textObject `json:"text"`
	Value string      `json:"value"`
}

// wireView is a view as the API and the payloads show it.
type wireView struct {
	ID              string          `json:"id"`
	TeamID          string          `json:"team_id"`
	Type            string          `json:"type"`
	Blocks          json.RawMessage `json:"blocks"`
	PrivateMetadata string          `json:"private_metadata"`
	CallbackID      string          `json:"callback_id"`
	State           viewState       `json:"state"`
	Hash            string          `json:"hash"`
	Title           *textObject     `json:"title"`
	Submit          *textObject     `json:"submit"`
	Close           *textObject     `json:"close"`
	ClearOnClose    bool            `json:"clear_on_close"`
	NotifyOnClose   bool            `json:"notify_on_close"`
	PreviousViewID  *string         `json:"previous_view_id"`
	RootViewID      string          `json:"root_view_id"`
	AppID           string          `json:"app_id"`
	ExternalID      string          `json:"external_id"`
	InstalledTeamID string          `json:"app_installed_team_id"`
	BotID           string          `json:"bot_id"`
}

type viewState struct {
	Values map[string]map[string]viewValue `json:"values"`
}

func (s *Sim) wireView(v *view) wireView {
	out := wireView{
		ID: v.id, TeamID: s.cfg.Workspace.ID, Type: v.form.Type, Blocks: v.layout.raw,
		PrivateMetadata: v.form.PrivateMetadata, CallbackID: v.form.CallbackID,
		State: viewState{Values: v.values}, Hash: v.hash, Title: v.form.Title, Submit: v.form.Submit, Close: v.form.Close,
		ClearOnClose: v.form.ClearOnClose, NotifyOnClose: v.form.NotifyOnClose, RootViewID: v.root,
		AppID: s.cfg.App.ID, ExternalID: v.form.ExternalID, InstalledTeamID: s.cfg.Workspace.ID, BotID: s.cfg.App.BotID,
	}
	if out.State.Values == nil {
		out.State.Values = map[string]map[string]viewValue{}
	}
	if v.previous != "" {
		out.PreviousViewID = &v.previous
	}
	return out
}

// viewBook holds the open modals, a stack of them per person.
type viewBook struct {
	mu    sync.Mutex
	known map[string]*view
	stack map[string][]string
}

func newViewBook() *viewBook {
	return &viewBook{known: map[string]*view{}, stack: map[string][]string{}}
}

// push opens a view on top of what the person has open. Opening a new root closes the old stack.
func (b *viewBook) push(v *view, onTop bool) {
	if !onTop {
		b.clear(v.user)
	}
	if open := b.stack[v.user]; len(open) > 0 {
		v.previous, v.root = open[len(open)-1], b.known[open[0]].root
	}
	b.known[v.id] = v
	b.stack[v.user] = append(b.stack[v.user], v.id)
}

func (b *viewBook) clear(user string) {
	for _, id := range b.stack[user] {
		delete(b.known, id)
	}
	delete(b.stack, user)
}

func (b *viewBook) close(v *view) {
	delete(b.known, v.id)
	b.stack[v.user] = slices.DeleteFunc(b.stack[v.user], func(id string) bool { return id == v.id })
}

// top is the view the person sees, or nil.
func (b *viewBook) top(user string) *view {
	open := b.stack[user]
	if len(open) == 0 {
		return nil
	}
	return b.known[open[len(open)-1]]
}

func (b *viewBook) byExternalID(id string) *view {
	for _, v := range b.known {
		if id != "" && v.form.ExternalID == id {
			return v
		}
	}
	return nil
}
