package discordsim

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	// nonceLife is how long a nonce stands for its message. Discord says "the past few minutes":
	// https://discord.com/developers/docs/resources/message#create-message.
	nonceLife = 5 * time.Minute
	// oldMessage is the age from which edits are limited, oldEdits how many Discord then takes in an hour; it names no number.
	oldMessage = time.Hour
	oldEdits   = 30
)

func (s *Sim) createMessage(c *call) (reply, error) {
	var d draft
	if err := c.decode(&d); err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.writable(c.part("channel"))
	if err != nil {
		return reply{}, err
	}
	if err := d.check(); err != nil {
		return reply{}, err
	}
	if d.empty() {
		return reply{}, emptyMessage()
	}
	nonce := nonceOf(d.Nonce)
	if before := s.nonces[nonce]; d.EnforceNonce && nonce != "" && before != nil && s.fresh(before) {
		return ok(s.wireWithNonce(before))
	}
	m := s.newMessage(ch, s.cfg.Application.ID, d)
	if err := s.refer(ch, m, d); err != nil {
		return reply{}, err
	}
	s.put(ch, m)
	if nonce != "" {
		s.nonces[nonce] = m
	}
	s.tally.Posted(m.key)
	return ok(s.wireWithNonce(m))
}

func (s *Sim) fresh(m *message) bool {
	return s.opts.Clock().Sub(timeOf(m.id)) < nonceLife && !m.deleted
}

func (s *Sim) wireWithNonce(m *message) map[string]any {
	out := s.wire(m)
	if len(m.nonce) > 0 {
		out["nonce"] = m.nonce
	}
	return out
}

// newMessage makes a message of a draft that is in order. Without the permission to embed links, Discord leaves cards out
// without a word. The lock must be held.
func (s *Sim) newMessage(ch *channel, author string, d draft) *message {
	m := &message{
		id: s.newID(), channel: ch.ID, author: author, content: d.text(), rows: d.rows(), nonce: d.Nonce,
		flags: d.flags() & (flagSuppressEmbeds | flagEphemeral), key: deliveryKey(d.rows()), mentioned: d.mentions(),
	}
	if s.permissions(s.cfg.Application.ID, ch)&EmbedLinks != 0 && m.flags&flagSuppressEmbeds == 0 {
		m.embeds = rich(d.cards())
	}
	m.reread()
	return m
}

func rich(embeds []embed) []embed {
	out := slices.Clone(embeds)
	for i := range out {
		out[i].Type = "rich"
	}
	return out
}

// refer makes the message a reply.
func (s *Sim) refer(ch *channel, m *message, d draft) error {
	if d.Reference == nil {
		return nil
	}
	if s.permissions(s.cfg.Application.ID, ch)&ReadHistory == 0 {
		return refuse(http.StatusBadRequest, 160002, "You cannot reply without permission to read message history")
	}
	m.repliesTo = ch.find(d.Reference.MessageID)
	if m.repliesTo == nil && (d.Reference.FailIfNotExists == nil || *d.Reference.FailIfNotExists) {
		var c complaints
		c.add("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
		return c.err()
	}
	return nil
}

// put adds a message to its channel. The lock must be held.
func (s *Sim) put(ch *channel, m *message) {
	ch.messages = append(ch.messages, m)
	s.changes.Touch()
}

// own returns a message of the bot's.
func (s *Sim) own(c *call) (*channel, *message, error) {
	ch, err := s.visible(c.part("channel"))
	if err != nil {
		return nil, nil, err
	}
	m := ch.find(c.part("message"))
	switch {
	case m == nil || m.onlyFor != "":
		return nil, nil, unknownMessage()
	case m.author != s.cfg.Application.ID:
		return nil, nil, notOurMessage()
	}
	return ch, m, nil
}

func (s *Sim) editMessage(c *call) (reply, error) {
	var d draft
	if err := c.decode(&d); err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m, err := s.own(c)
	if err != nil {
		return reply{}, err
	}
	if err := s.mayStillEdit(m); err != nil {
		return reply{}, err
	}
	if err := s.revise(ch, m, d); err != nil {
		return reply{}, err
	}
	return ok(s.wire(m))
}

func (s *Sim) mayStillEdit(m *message) error {
	strict, _ := s.faults.RealLimits()
	now, lately := s.opts.Clock(), 0
	for _, at := range m.updates {
		if now.Sub(at) < time.Hour {
			lately++
		}
	}
	if strict && now.Sub(timeOf(m.id)) > oldMessage && lately >= oldEdits {
		return refuse(http.StatusTooManyRequests, 30046, "Maximum number of edits to messages older than 1 hour reached. Try again later.")
	}
	return nil
}

// revise changes what the draft names and leaves the rest. The lock must be held.
func (s *Sim) revise(ch *channel, m *message, d draft) error {
	if err := d.check(); err != nil {
		return err
	}
	next := draft{Content: &m.content, Embeds: &m.embeds, Components: &m.rows}
	if d.Content != nil {
		next.Content = d.Content
	}
	if d.Embeds != nil {
		next.Embeds = d.Embeds
	}
	if d.Components != nil {
		next.Components = d.Components
	}
	if next.empty() {
		return emptyMessage()
	}
	m.content, m.rows = next.text(), next.rows()
	m.embeds = nil
	if s.permissions(s.cfg.Application.ID, ch)&EmbedLinks != 0 {
		m.embeds = rich(next.cards())
	}
	m.reread()
	m.edited, m.loading = s.opts.Clock(), false
	m.updates = append(m.updates, m.edited)
	if m.key == "" {
		m.key = deliveryKey(m.rows)
	}
	s.tally.Updated()
	s.changes.Touch()
	return nil
}

func (s *Sim) deleteMessage(c *call) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, m, err := s.own(c)
	if err != nil {
		return reply{}, err
	}
	s.remove(m)
	return nothing()
}

// remove deletes a message. The lock must be held.
func (s *Sim) remove(m *message) {
	m.deleted = true
	s.tally.Removed(m.key)
	s.changes.Touch()
}

func (s *Sim) getMessage(c *call) (reply, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ch, err := s.visible(c.part("channel"))
	if err != nil {
		return reply{}, err
	}
	m := ch.find(c.part("message"))
	if m == nil || m.onlyFor != "" {
		return reply{}, unknownMessage()
	}
	return ok(s.wireFor(m))
}

// wireFor leaves out what a bot without the intent to read messages does not get of others.
func (s *Sim) wireFor(m *message) map[string]any {
	out := s.wire(m)
	if m.author != s.cfg.Application.ID {
		out["content"], out["embeds"], out["components"] = "", []any{}, []any{}
	}
	return out
}

// getMessages lists messages newest first: the newest, or those next after, before or around an id.
func (s *Sim) getMessages(c *call) (reply, error) {
	limit, err := limitOf(c.http.URL.Query().Get("limit"))
	if err != nil {
		return reply{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	ch, err := s.visible(c.part("channel"))
	if err != nil {
		return reply{}, err
	}
	out := []any{}
	if s.permissions(s.cfg.Application.ID, ch)&ReadHistory == 0 {
		return ok(out)
	}
	for _, m := range window(ch, c.http.URL.Query().Get("after"), c.http.URL.Query().Get("before"), limit) {
		out = append(out, s.wireFor(m))
	}
	slices.Reverse(out)
	return ok(out)
}

func limitOf(text string) (int, error) {
	if text == "" {
		return 50, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > 100 {
		var c complaints
		c.add("limit", "NUMBER_TYPE_MAX", "int value should be less than or equal to 100.")
		return 0, c.err()
	}
	return limit, nil
}

// window returns at most limit messages in order: the oldest after an id, else the newest, before another id if given.
func window(ch *channel, after, before string, limit int) []*message {
	var all []*message
	for _, m := range ch.messages {
		id := numberOf(m.id)
		if !m.deleted && m.onlyFor == "" && id > numberOf(after) && (before == "" || id < numberOf(before)) {
			all = append(all, m)
		}
	}
	if after != "" {
		return all[:min(limit, len(all))]
	}
	return all[max(0, len(all)-limit):]
}
