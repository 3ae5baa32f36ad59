package slacksim

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// Forgery is a callback that Slack would not have sent, or not now.
type Forgery struct {
	// Kind is one of
	//   bad_signature      signed with another secret
	//   missing_signature  without the signature headers
	//   stale              rightly signed, ten minutes ago
	//   tampered           rightly signed, then changed by one byte
	//   replay             the same payload again, rightly signed now
	//   signed             Payload as it is, rightly signed
	// Over a socket only replay and signed exist.
	Kind string `json:"kind"`
	// Payload is the callback's JSON; the last one handed over when empty.
	Payload json.RawMessage `json:"payload,omitempty"`
}

const staleBy = 10 * time.Minute

// Forge plays the attacker and reports what the app said.
func (s *Sim) Forge(ctx context.Context, f Forgery) (Result, error) {
	payload := []byte(f.Payload)
	if len(payload) == 0 {
		payload = s.log.Last()
	}
	if len(payload) == 0 {
		return Result{}, standin.Refuse("nothing has been sent yet that could be forged; give a payload")
	}
	if f.Kind == "replay" || f.Kind == "signed" {
		return s.finish("forged "+f.Kind, User{}, "", s.handOverOnce(ctx, payload)), nil
	}
	if s.opts.CallbackURL == "" {
		return Result{}, standin.Refuse("a socket carries no signature: only replay and signed can be tried")
	}
	body, headers, known := s.forged(f.Kind, payload)
	if !known {
		return Result{}, standin.Refuse("no forgery is called %q", f.Kind)
	}
	return s.finish("forged "+f.Kind, User{}, "", s.postSigned(ctx, body, headers)), nil
}

func (s *Sim) forged(kind string, payload []byte) (body []byte, headers http.Header, known bool) {
	body, now := formBody(payload), s.opts.Clock()
	headers = s.signature(body, now)
	switch kind {
	case "bad_signature":
		headers.Set("X-Slack-Signature", Sign("not "+s.cfg.SigningSecret, headers.Get("X-Slack-Request-Timestamp"), body))
	case "missing_signature":
		headers = http.Header{}
	case "stale":
		headers = s.signature(body, now.Add(-staleBy))
	case "tampered":
		body = append(body, '&')
	default:
		return nil, nil, false
	}
	return body, headers, true
}
