package slacksim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// message is one message of a channel. Its fields are guarded by the channel's lock.
type message struct {
	ts       string
	micros   int64
	user     string
	byApp    bool
	text     string
	layout   layout
	metadata json.RawMessage
	key      string

	parent    *message
	broadcast bool
	replies   []*message

	edited  string
	updates []time.Time
	deleted bool

	// onlyFor is the person who alone sees an ephemeral message.
	onlyFor string
}

// wireMessage is a message as the API shows it.
type wireMessage struct {
	Type       string          `json:"type"`
	User       string          `json:"user"`
	Text       string          `json:"text"`
	TS         string          `json:"ts"`
	BotID      string          `json:"bot_id,omitempty"`
	AppID      string          `json:"app_id,omitempty"`
	Team       string          `json:"team,omitempty"`
	BotProfile *botProfile     `json:"bot_profile,omitempty"`
	Blocks     json.RawMessage `json:"blocks,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`
	Edited     *wireEdit       `json:"edited,omitempty"`
	ThreadTS   string          `json:"thread_ts,omitempty"`
	ParentUser string          `json:"parent_user_id,omitempty"`
	ReplyCount int             `json:"reply_count,omitempty"`
	ReplyUsers []string        `json:"reply_users,omitempty"`
	LastReply  string          `json:"latest_reply,omitempty"`
	Subtype    string          `json:"subtype,omitempty"`
}

type botProfile struct {
	ID      string `json:"id"`
	AppID   string `json:"app_id"`
	Name    string `json:"name"`
	TeamID  string `json:"team_id"`
	Deleted bool   `json:"deleted"`
}

type wireEdit struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

func (s *Sim) wire(m *message, withMetadata bool) wireMessage {
	w := wireMessage{
		Type: "message", User: m.user, Text: m.text, TS: m.ts, Team: s.cfg.Workspace.ID, Blocks: m.layout.raw,
	}
	if m.byApp {
		app := s.cfg.App
		w.BotID, w.AppID = app.BotID, app.ID
		w.BotProfile = &botProfile{ID: app.BotID, AppID: app.ID, Name: app.Name, TeamID: s.cfg.Workspace.ID}
	}
	if withMetadata {
		w.Metadata = m.metadata
	}
	if m.edited != "" {
		w.Edited = &wireEdit{User: m.user, TS: m.edited}
	}
	w.thread(m)
	return w
}

func (w *wireMessage) thread(m *message) {
	if m.parent != nil {
		w.ThreadTS, w.ParentUser = m.parent.ts, m.parent.user
		if m.broadcast {
			w.Subtype = "thread_broadcast"
		}
		return
	}
	live := liveReplies(m)
	if len(live) == 0 {
		return
	}
	w.ThreadTS, w.ReplyCount, w.LastReply = m.ts, len(live), live[len(live)-1].ts
	seen := map[string]bool{}
	for _, r := range live {
		if !seen[r.user] {
			seen[r.user] = true
			w.ReplyUsers = append(w.ReplyUsers, r.user)
		}
	}
}

func liveReplies(m *message) []*message {
	var live []*message
	for _, r := range m.replies {
		if !r.deleted {
			live = append(live, r)
		}
	}
	return live
}

func formatTS(micros int64) string {
	return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6)
}

// parseTS reads "seconds" or "seconds.micros".
func parseTS(ts string) (micros int64, ok bool) {
	seconds, fraction, _ := strings.Cut(ts, ".")
	if len(fraction) > 6 || len(seconds) > 12 {
		return 0, false
	}
	whole, err := strconv.ParseUint(seconds, 10, 40)
	if err != nil {
		return 0, false
	}
	part, err := strconv.ParseUint((fraction + "000000")[:6], 10, 32)
	if err != nil {
		return 0, false
	}
	return int64(whole)*1e6 + int64(part), true
}
