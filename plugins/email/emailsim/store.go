package emailsim

import (
	"strconv"
	"strings"
	"sync"
)

// store holds every mail, in the order in which they came.
type store struct {
	mu    sync.RWMutex
	mails []SeenMail
	raw   [][]byte
}

// put adds a mail and returns it as it is kept.
func (s *store) put(m SeenMail, raw []byte) SeenMail {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.ID = strconv.Itoa(len(s.mails) + 1)
	for i := range s.mails {
		other := &s.mails[i]
		if other.To != m.To {
			continue
		}
		m.Again = m.Again || other.MessageID == m.MessageID
		if m.InReplyTo != "" && other.MessageID == m.InReplyTo && m.Parent == "" {
			m.Parent = other.ID
		}
	}
	s.mails = append(s.mails, m)
	s.raw = append(s.raw, raw)
	return m
}

// all lists every mail.
func (s *store) all() []SeenMail {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return append([]SeenMail{}, s.mails...)
}

func (s *store) byID(id string) (SeenMail, []byte, bool) {
	n, err := strconv.Atoi(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err != nil || n < 1 || n > len(s.mails) {
		return SeenMail{}, nil, false
	}
	return s.mails[n-1], s.raw[n-1], true
}

// in lists the mails of one mailbox, oldest first.
func (s *store) in(address string) []SeenMail {
	var out []SeenMail
	for _, m := range s.all() {
		if strings.EqualFold(m.To, address) {
			out = append(out, m)
		}
	}
	return out
}
