package teamssim

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/accede/accede/plugins/standin"
)

// Forgery is a callback that the Bot Framework would not have sent, or not now.
type Forgery struct {
	// Kind is one of
	//   bad_signature      signed with a key that nobody published, under the id of one that is
	//   missing_signature  without a token
	//   stale              with a token that ended ten minutes ago
	//   early              with a token that begins in ten minutes
	//   tampered           the same token, with another service address in the body
	//   other_bot          the token is for another bot
	//   other_issuer       the token is of the bot's own tenant, as the emulator's are
	//   unknown_key        signed with a key that nobody published
	//   no_algorithm       alg: none
	//   symmetric          signed with HS256, the published key as the secret
	//   webchat_key        signed with a key that may not speak for Teams
	//   webchat_channel    the activity says it comes from another channel
	//   no_service         the token names no service address
	//   foreign_service    token and body agree on a service address that is not Microsoft's
	//   foreign_tenant     from a tenant that is not ours
	//   two_tenants        the activity names two tenants
	//   other_recipient    the activity is for another bot
	//   replay             the last callback once more, under a fresh token
	//   signed             Body as it is, rightly signed
	Kind string `json:"kind"`
	// Body is the activity; the last one handed over when empty.
	Body json.RawMessage `json:"body,omitempty"`
}

const forgedBy = 10 * time.Minute

// Forge plays the attacker and reports what the app said.
func (s *Sim) Forge(ctx context.Context, f Forgery) (Result, error) {
	body := []byte(f.Body)
	if len(body) == 0 {
		body = s.log.Last()
	}
	if len(body) == 0 {
		return Result{}, standin.RefusedError("nothing has been sent yet that could be forged; give a body")
	}
	token, err := s.forgedToken(f.Kind)
	if err != nil {
		return Result{}, err
	}
	if body, err = s.forgedBody(f.Kind, body); err != nil {
		return Result{}, err
	}
	out := s.send1(ctx, body, token)
	return s.noted(Result{OK: out.problem == "", Status: out.status, Said: string(out.body)}), nil
}

func (s *Sim) forgedToken(kind string) (string, error) {
	current, webchat := s.signers()
	p := s.pass()
	switch kind {
	case "missing_signature":
		return "", nil
	case "bad_signature", "unknown_key":
		stranger, err := newSigner("msteams")
		if err != nil {
			return "", err
		}
		if kind == "bad_signature" {
			stranger.id = current.id
		}
		return stranger.token(p)
	case "stale":
		p.from, p.until = s.now().Add(-forgedBy-tokenLife), s.now().Add(-forgedBy)
	case "early":
		p.from, p.until = s.now().Add(forgedBy), s.now().Add(forgedBy+tokenLife)
	case "other_bot":
		p.audience = "00000000-0000-0000-0000-00000000dead"
	case "other_issuer":
		p.issuer = "https://sts.windows.net/" + s.cfg.Tenant.ID + "/"
	case "no_service":
		p.service = ""
	case "foreign_service":
		p.service = foreignService
	case "webchat_key":
		return webchat.token(p)
	case "no_algorithm":
		return jwt.NewWithClaims(jwt.SigningMethodNone, p.claims()).SignedString(jwt.UnsafeAllowNoneSignatureType)
	case "symmetric":
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, p.claims())
		token.Header["kid"] = current.id
		return token.SignedString(current.key.N.Bytes())
	}
	return current.token(p)
}

const foreignService = "https://smba.evil.example/teams/"

func (s *Sim) forgedBody(kind string, body []byte) ([]byte, error) {
	var a map[string]any
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, standin.RefusedError("the body is no activity")
	}
	switch kind {
	case "tampered":
		a["serviceUrl"] = strings.TrimSuffix(s.serviceURL(), "/") + "/elsewhere/"
	case "foreign_service":
		a["serviceUrl"] = foreignService
	case "webchat_channel":
		a["channelId"] = "webchat"
	case "foreign_tenant":
		a["channelData"] = map[string]any{"tenant": map[string]string{"id": foreignTenant}}
		a["conversation"] = without(object(a["conversation"]), "tenantId")
	case "two_tenants":
		a["channelData"] = map[string]any{"tenant": map[string]string{"id": foreignTenant}}
	case "other_recipient":
		a["recipient"] = wireAccount{ID: "28:00000000-0000-0000-0000-00000000dead"}
	default:
		return body, nil
	}
	return json.Marshal(a)
}

const foreignTenant = "00000000-0000-0000-0000-0000000f0e1d"

func object(value any) map[string]any {
	typed, _ := value.(map[string]any)
	return typed
}
