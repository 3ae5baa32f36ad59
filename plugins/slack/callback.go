package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// maxCallback bounds a callback's body: a payload holds the message it came from and little else.
	maxCallback = 1 << 20
	// maxAge is how old a callback may be: https://docs.slack.dev/authentication/verifying-requests-from-slack.
	maxAge = 5 * time.Minute

	headerTimestamp = "X-Slack-Request-Timestamp"
	headerSignature = "X-Slack-Signature"
)

// httpBot takes clicks as signed HTTP callbacks.
type httpBot struct{ *bot }

// Handler answers Slack's interactivity requests.
func (b *httpBot) Handler(decisions plugins.Decisions) http.Handler {
	return &callbacks{clicks: clicks{bot: b.bot, decisions: decisions, door: ModeHTTP}}
}

type callbacks struct{ clicks clicks }

func (h *callbacks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "Slack's callbacks are POST requests", http.StatusMethodNotAllowed)
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
	secret := h.clicks.config.SigningSecret.Reveal()
	if err := verify(secret, r.Header, body, h.clicks.now()); err != nil {
		h.clicks.log.Warn("callback refused", "remote", r.RemoteAddr, "err", err)
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	h.serveVerified(w, r, body)
}

func (h *callbacks) serveVerified(w http.ResponseWriter, r *http.Request, body []byte) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		http.Error(w, "the callback is not a form", http.StatusUnsupportedMediaType)
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		http.Error(w, "the callback has no payload", http.StatusBadRequest)
		return
	}
	answer := h.clicks.handle(r.Context(), []byte(form.Get("payload")))
	if answer == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(answer) // Slack hung up: nobody is left to tell
}

var (
	errUnsigned = errors.New("the callback is not signed: it does not come from Slack")
	errOld      = errors.New("the callback is more than 5 minutes old or from the future; compare this machine's clock")
	errForged   = errors.New("the callback's signature is wrong: it does not come from Slack, or signing_secret is another app's")
)

// verify checks that Slack signed this body, and lately. It does not keep the same callback from coming twice; the
// decision's id does.
func verify(secret string, header http.Header, body []byte, now time.Time) error {
	timestamp, signature := header.Get(headerTimestamp), header.Get(headerSignature)
	if secret == "" || timestamp == "" || signature == "" {
		return errUnsigned
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errUnsigned
	}
	if !hmac.Equal([]byte(sign(secret, timestamp, body)), []byte(signature)) {
		return errForged
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > maxAge || age < -maxAge {
		return errOld
	}
	return nil
}

func sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}
