package discordsim

// answeredBy returns the interaction of a token that can still be used for messages. The lock must be held.
func (s *Sim) answeredBy(c *call) (*interaction, error) {
	i := s.interactions[c.part("token")]
	switch {
	case c.part("application") != s.cfg.Application.ID || i == nil:
		return nil, unknownWebhook()
	case s.opts.Clock().Sub(i.born) > tokenLife:
		return nil, expiredToken()
	case !i.answered():
		return nil, unknownWebhook()
	}
	return i, nil
}

// followUp adds a message to an answered interaction, or fills in the one that says "is thinking".
func (s *Sim) followUp(c *call) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.answeredBy(c)
	if err != nil {
		return reply{}, err
	}
	d, err := draftOf(c.body)
	if err != nil {
		return reply{}, err
	}
	if i.original != nil && i.original.loading {
		if err := s.revise(i.channel, i.original, d); err != nil {
			return reply{}, err
		}
		return ok(s.wire(i.original))
	}
	m := s.privately(i, s.newMessage(i.channel, s.cfg.Application.ID, d))
	s.put(i.channel, m)
	return ok(s.wire(m))
}

// originalOf returns the message that "@original" stands for: what the answer created, or what was clicked on.
func (s *Sim) originalOf(c *call) (*interaction, *message, error) {
	i, err := s.answeredBy(c)
	if err != nil {
		return nil, nil, err
	}
	m := i.original
	if m == nil && (i.answer == answerDeferredUpdate || i.answer == answerUpdate) {
		m = i.source
	}
	if m == nil || m.deleted {
		return nil, nil, unknownMessage()
	}
	return i, m, nil
}

func (s *Sim) getOriginal(c *call) (reply, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, m, err := s.originalOf(c)
	if err != nil {
		return reply{}, err
	}
	return ok(s.wire(m))
}

func (s *Sim) editOriginal(c *call) (reply, error) {
	var d draft
	if err := c.decode(&d); err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, m, err := s.originalOf(c)
	if err != nil {
		return reply{}, err
	}
	if err := s.revise(i.channel, m, d); err != nil {
		return reply{}, err
	}
	return ok(s.wire(m))
}

func (s *Sim) deleteOriginal(c *call) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, m, err := s.originalOf(c)
	if err != nil {
		return reply{}, err
	}
	s.remove(m)
	return nothing()
}
