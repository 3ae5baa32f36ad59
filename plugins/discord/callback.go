package discord

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// maxCallback bounds a callback's body: an interaction holds the message it came from and little else.
	maxCallback = 1 << 20
	// maxAge is how old a callback may be. Discord leaves that to the application.
	maxAge = 5 * time.Minute

	headerSignature = "X-Signature-Ed25519"
	headerTimestamp = "X-Signature-Timestamp"
)

// httpBot takes clicks as signed HTTP callbacks.
type httpBot struct {
	*bot
	key ed25519.PublicKey
}

// Handler answers Discord's interaction requests.
func (b *httpBot) Handler(decisions plugins.Decisions) http.Handler {
	return &callbacks{clicks: clicks{bot: b.bot, decisions: decisions, door: ModeHTTP}, key: b.key}
}

type callbacks struct {
	clicks clicks
	key    ed25519.PublicKey
}

func (h *callbacks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "Discord's callbacks are POST requests", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		http.Error(w, "the callback is larger than 1 MiB", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the callback could not be read", http.StatusBadRequest)
		return
	}
	if err := verify(h.key, r.Header, body, h.clicks.now()); err != nil {
		h.clicks.log.Warn("callback refused", "remote", r.RemoteAddr, "err", err)
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	h.serveVerified(w, r, body)
}

// serveVerified answers a ping in place. Clicks are answered by a request of our own, as over the Gateway; Discord then
// expects 202 here, see https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback.
func (h *callbacks) serveVerified(w http.ResponseWriter, r *http.Request, body []byte) {
	i, err := parseInteraction(body)
	switch {
	case err != nil:
		h.clicks.log.Warn("callback could not be read", "err", err)
		http.Error(w, "the interaction could not be read", http.StatusBadRequest)
	case i.Type == typePing:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"type":1}`) // Discord hung up: nobody is left to tell
	default:
		h.clicks.handle(r.Context(), i)
		w.WriteHeader(http.StatusAccepted)
	}
}

var (
	errUnsigned = errors.New("the callback is not signed: it does not come from Discord")
	errOld      = errors.New("the callback is more than 5 minutes old or from the future; compare this machine's clock")
	errForged   = errors.New("the callback's signature is wrong: it does not come from Discord, or public_key is another application's")
)

// verify checks that Discord signed this body, and lately. It does not keep the same callback from coming twice; the
// interaction's id does.
func verify(key ed25519.PublicKey, header http.Header, body []byte, now time.Time) error {
	timestamp := header.Get(headerTimestamp)
	signature, err := hex.DecodeString(header.Get(headerSignature))
	if len(key) != ed25519.PublicKeySize || timestamp == "" || err != nil || len(signature) != ed25519.SignatureSize {
		return errUnsigned
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errUnsigned
	}
	if !ed25519.Verify(key, append([]byte(timestamp), body...), signature) {
		return errForged
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > maxAge || age < -maxAge {
		return errOld
	}
	return nil
}
