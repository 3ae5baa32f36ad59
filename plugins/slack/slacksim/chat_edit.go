package slacksim

import (
	"time"
	"unicode/utf8"
)

func (s *Sim) chatUpdate(c *call) (reply, error) {
	ch, err := s.ownChannel(c)
	if err != nil {
		return nil, err
	}
	said, err := s.readContent(c.args)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(said.text) > maxUpdateText {
		return nil, fail("msg_too_long")
	}
	if said.text == "" && !c.args.has("blocks") && !c.args.has("attachments") && !c.args.has("metadata") {
		return nil, fail("no_text")
	}
	return s.edit(ch, c.args, said)
}

func (s *Sim) edit(ch *channel, args arguments, said content) (reply, error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	m := ch.live(args["ts"])
	if m == nil {
		return nil, fail("message_not_found")
	}
	if !m.byApp || m.user != s.cfg.App.BotUser {
		return nil, fail("cant_update_message")
	}
	now := s.opts.Clock()
	m.change(args, said, now)
	s.tally.Updated()
	s.changes.Touch()
	return reply{"channel": ch.id, "ts": m.ts, "text": m.text, "message": s.wire(m, true)}, nil
}

// change follows what https://docs.slack.dev/reference/methods/chat.update says: text alone removes the blocks, blocks
// alone keep the text, and metadata stays unless it is given.
func (m *message) change(args arguments, said content, now time.Time) {
	if args.has("text") {
		m.text = said.text
	}
	if args.has("blocks") || said.text != "" {
		m.layout = said.layout
	}
	if args.has("metadata") {
		m.metadata, m.key = said.metadata, said.key
	}
	m.edited = formatTS(now.UnixMicro())
	m.updates = append(m.updates, now)
}

func (s *Sim) chatDelete(c *call) (reply, error) {
	ch, err := s.ownChannel(c)
	if err != nil {
		return nil, err
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	m := ch.live(c.args["ts"])
	if m == nil {
		return nil, fail("message_not_found")
	}
	if !m.byApp {
		return nil, fail("cant_delete_message")
	}
	s.remove(m)
	return reply{"channel": ch.id, "ts": m.ts}, nil
}

// remove deletes a message for everybody. The channel's lock must be held.
func (s *Sim) remove(m *message) {
	m.deleted = true
	s.tally.Removed(m.key)
	s.changes.Touch()
}

// ownChannel is the channel of an edit. Only ids of conversations are taken here, no user ids and no names.
func (s *Sim) ownChannel(c *call) (*channel, error) {
	ch := s.channelByID(c.args["channel"])
	if ch == nil || !ch.visibleTo(s.cfg.App.BotUser) {
		return nil, fail("channel_not_found")
	}
	return ch, nil
}
