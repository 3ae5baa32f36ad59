package mattermostsim

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// triggerLife is how long a trigger id can open a dialog: as long as the server waits for an integration's answer.
const triggerLife = 30 * time.Second

// signTrigger makes a trigger id for any time and key; the server itself lets Mattermost's own code do it.
func signTrigger(key *ecdsa.PrivateKey, id, user string, at time.Time) (string, error) {
	text := id + ":" + user + ":" + strconv.FormatInt(at.UnixMilli(), 10) + ":"
	sum := sha256.Sum256([]byte(text))
	mac, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString([]byte(text + base64.StdEncoding.EncodeToString(mac))), nil
}

// openTrigger checks a trigger id as the server does before it opens a dialog, and says for whom.
func (s *Sim) openTrigger(raw string) (user string, p *problem) {
	bad := func(what string) *problem {
		return fail(http.StatusBadRequest, "interactive_message.decode_trigger_id."+what, "The trigger ID for the interactive dialog is not valid.")
	}
	text, err := base64.StdEncoding.DecodeString(raw)
	if err != nil {
		return "", bad("base64_decode_failed")
	}
	parts := strings.Split(string(text), ":")
	if len(parts) != 4 {
		return "", bad("missing_data")
	}
	millis, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || s.millis()-millis > triggerLife.Milliseconds() {
		return "", fail(http.StatusBadRequest, "interactive_message.decode_trigger_id.expired", "Trigger ID for interactive dialog is expired.")
	}
	mac, err := base64.StdEncoding.DecodeString(parts[3])
	if err != nil {
		return "", bad("base64_decode_failed_signature")
	}
	sum := sha256.Sum256(text[:len(text)-len(parts[3])])
	if !ecdsa.VerifyASN1(&s.key.PublicKey, sum[:], mac) {
		return "", bad("verify_signature_failed")
	}
	return parts[1], nil
}
