package discordsim

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"time"
)

// Forgery is a callback that Discord would not have sent, or not now.
type Forgery struct {
	// Kind is one of
	//   bad_signature      signed with another key
	//   missing_signature  without the signature headers
	//   stale              rightly signed, ten minutes ago
	//   tampered           rightly signed, then changed by one byte
	//   replay             the same payload again, rightly signed now
	//   signed             Payload as it is, rightly signed
	// Over the Gateway only replay and signed exist.
	Kind string `json:"kind"`
	// Payload is the interaction's JSON; the last one handed over when empty.
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
		return Result{}, no("nothing has been sent yet that could be forged; give a payload")
	}
	honest := f.Kind == "replay" || f.Kind == "signed"
	if s.opts.CallbackURL == "" {
		if !honest {
			return Result{}, no("the Gateway carries no signature: only replay and signed can be tried")
		}
		s.gateway.dispatch("INTERACTION_CREATE", payload)
		return s.finish("forged "+f.Kind, nil, outcome{via: "gateway"}), nil
	}
	body, signature, known := s.forged(f.Kind, payload)
	if !known {
		return Result{}, no("no forgery is called %q", f.Kind)
	}
	answer := s.send(ctx, body, signature)
	out := outcome{via: "http", status: answer.Status, latency: answer.Latency}
	if answer.Err != nil {
		out.problem = answer.Err.Error()
	}
	return s.finish("forged "+f.Kind, nil, out), nil
}

func (s *Sim) forged(kind string, payload []byte) (body []byte, signature http.Header, known bool) {
	now := s.opts.Clock()
	signature = s.signature(payload, now)
	switch kind {
	case "replay", "signed":
	case "bad_signature":
		other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
		signature.Set("X-Signature-Ed25519", Sign(other, signature.Get("X-Signature-Timestamp"), payload))
	case "missing_signature":
		signature = http.Header{}
	case "stale":
		signature = s.signature(payload, now.Add(-staleBy))
	case "tampered":
		payload = append(bytes.Clone(payload), ' ')
	default:
		return nil, nil, false
	}
	return payload, signature, true
}
