package pagerdutysim

import (
	"bytes"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// staleBy is older than PagerDuty ever delivers.
const staleBy = 72 * time.Hour

// Forge sends a webhook that PagerDuty would not have sent, or not now, and returns what was answered. Kind is one of
// bad_signature, missing_signature, stale, tampered, replay, and signed for the given body, rightly signed. Without a body
// the last one delivered is used.
func (s *Sim) Forge(kind string, body []byte) (int, error) {
	s.mu.Lock()
	if len(s.outbox) == 0 {
		s.mu.Unlock()
		return 0, standin.RefusedError("there is no webhook subscription")
	}
	sub := s.outbox[0]
	id := s.newID("webhook-")
	if len(body) == 0 && len(s.sent) > 0 {
		last := s.sent[len(s.sent)-1]
		body, id = []byte(last.Body), last.ID
	}
	s.mu.Unlock()
	if len(body) == 0 {
		return 0, standin.RefusedError("nothing has been sent yet that could be forged")
	}
	signature := s.signed(sub.Secrets, body)
	switch kind {
	case "bad_signature":
		signature = Sign("not the secret", body)
	case "missing_signature":
		signature = ""
	case "tampered":
		body = append(bytes.Clone(body), ' ')
	case "stale":
		body = aged(body, s.now())
		signature = s.signed(sub.Secrets, body)
	case "replay", "signed":
	default:
		return 0, standin.RefusedError("no forgery is called " + kind)
	}
	return s.post(sub, webhook{id: id, body: body}, signature), nil
}

// aged makes the event older.
func aged(body []byte, now time.Time) []byte {
	from := []byte(`"occurred_at":"`)
	at := bytes.Index(body, from)
	if at < 0 {
		return body
	}
	at += len(from)
	end := at + bytes.IndexByte(body[at:], '"')
	out := append(bytes.Clone(body[:at]), now.Add(-staleBy).Format(time.RFC3339Nano)...)
	return append(out, body[end:]...)
}
