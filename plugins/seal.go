package plugins

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
)

// Action is what a button means: this verdict on this request as it was shown.
type Action struct {
	RequestID   string
	Version     int64
	Fingerprint string
	Verdict     v1.Verdict
	// Expires, when set, is when the sealed action stops being valid.
	Expires time.Time
}

// ErrSeal says that a sealed action was not made by this installation, was altered, or is past its time.
var ErrSeal = errors.New("button was not made by this installation or is no longer valid")

// Sealer packs actions into short strings that cannot be forged without its key.
type Sealer struct{ key []byte }

const (
	sealFormat   = 1
	sealMACBytes = 12
	sealBody     = 1 + 1 + 16 + 8 + 8 + 8
)

// NewSealer returns a sealer whose key is derived from secret. All replicas of a plugin share the secret.
func NewSealer(secret []byte) Sealer {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("accede button seal"))
	return Sealer{key: mac.Sum(nil)}
}

// Seal packs an action for one audience, for example a vendor account's id; empty means anybody who sees the card. The
// result has 72 URL-safe characters.
func (s Sealer) Seal(action Action, audience string) (string, error) {
	id, err := uuid.Parse(action.RequestID)
	if err != nil {
		return "", err
	}
	seen, err := hex.DecodeString(action.Fingerprint)
	if err != nil || len(seen) != 8 {
		return "", errors.New("fingerprint is not 16 hexadecimal digits")
	}
	body := make([]byte, 0, sealBody+sealMACBytes)
	body = append(body, sealFormat, verdictByte(action.Verdict))
	body = append(body, id[:]...)
	body = binary.BigEndian.AppendUint64(body, uint64(action.Version)) //nolint:gosec // versions are never negative
	body = append(body, seen...)
	body = binary.BigEndian.AppendUint64(body, unixOrZero(action.Expires))
	body = append(body, s.mac(body, audience)...)
	return base64.RawURLEncoding.EncodeToString(body), nil
}

// Open checks a sealed action and unpacks it. It returns [ErrSeal] for everything that Seal did not make for this
// audience, and for actions past their time.
func (s Sealer) Open(sealed, audience string, now time.Time) (Action, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(raw) != sealBody+sealMACBytes || raw[0] != sealFormat {
		return Action{}, ErrSeal
	}
	body, sum := raw[:sealBody], raw[sealBody:]
	if !hmac.Equal(sum, s.mac(body, audience)) {
		return Action{}, ErrSeal
	}
	action := Action{
		RequestID:   uuid.UUID(body[2:18]).String(),
		Version:     int64(binary.BigEndian.Uint64(body[18:26])), //nolint:gosec // made by Seal
		Fingerprint: hex.EncodeToString(body[26:34]),
		Verdict:     byteVerdict(body[1]),
	}
	if until := binary.BigEndian.Uint64(body[34:42]); until != 0 {
		action.Expires = time.Unix(int64(until), 0).UTC() //nolint:gosec // made by Seal
		if now.After(action.Expires) {
			return Action{}, ErrSeal
		}
	}
	return action, nil
}

func (s Sealer) mac(body []byte, audience string) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(body)
	mac.Write([]byte(audience))
	return mac.Sum(nil)[:sealMACBytes]
}

func unixOrZero(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.Unix()) //nolint:gosec // times after 1970
}

func verdictByte(v v1.Verdict) byte {
	switch v {
	case v1.Approve:
		return 'a'
	case v1.Deny:
		return 'd'
	default:
		return 0
	}
}

func byteVerdict(b byte) v1.Verdict {
	switch b {
	case 'a':
		return v1.Approve
	case 'd':
		return v1.Deny
	default:
		return ""
	}
}
