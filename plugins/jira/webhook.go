package jira

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// maxWebhook bounds a webhook's body: https://developer.atlassian.com/cloud/jira/platform/webhooks/ names 25 MB.
	maxWebhook = 25 << 20
	// webhookBudget is how long a webhook may be worked on.
	webhookBudget = 8 * time.Second

	headerSignature  = "X-Hub-Signature"
	headerIdentifier = "X-Atlassian-Webhook-Identifier"
	signatureMethod  = "sha256="
)

// webhookBot takes webhooks besides.
type webhookBot struct {
	*bot
	// delivered remembers the webhooks that were dealt with.
	delivered *memory[bool]
}

func newWebhookBot(b *bot) *webhookBot { return &webhookBot{bot: b, delivered: newMemory[bool]()} }

// Handler takes Jira's webhooks.
func (b *webhookBot) Handler(decisions plugins.Decisions) http.Handler {
	return &webhooks{webhookBot: b, desk: desk{bot: b.bot, decisions: decisions, door: doorWebhook}}
}

type webhooks struct {
	*webhookBot
	desk desk
}

func (h *webhooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "Jira's webhooks are POST requests", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		http.Error(w, "the webhook is larger than 25 MiB", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the webhook could not be read", http.StatusBadRequest)
		return
	}
	if err := verify(h.config.WebhookSecret.Reveal(), r.Header.Get(headerSignature), body); err != nil {
		h.log.Warn("webhook refused", "remote", r.RemoteAddr, "err", err)
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	h.serveVerified(w, r, body)
}

func (h *webhooks) serveVerified(w http.ResponseWriter, r *http.Request, body []byte) {
	hint, err := parseHint(body)
	if err != nil {
		http.Error(w, "the webhook could not be read", http.StatusBadRequest)
		return
	}
	if hint.old(h.now()) {
		http.Error(w, "the webhook is more than two hours old; polling finds what it was about", http.StatusBadRequest)
		return
	}
	identifier := r.Header.Get(headerIdentifier)
	if done, _ := h.delivered.get(identifier); done && identifier != "" {
		w.WriteHeader(http.StatusOK)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), webhookBudget)
	defer cancel()
	if err := h.follow(ctx, hint); err != nil {
		h.log.Warn("webhook was not followed and will come again, or polling finds it", "issue", hint.Issue, "err", err)
		http.Error(w, "the issue could not be read just now", http.StatusServiceUnavailable)
		return
	}
	if identifier != "" {
		h.delivered.put(identifier, true)
	}
	w.WriteHeader(http.StatusOK)
}

// follow reads the issue that a webhook points to, and deals with the move it is about.
func (h *webhooks) follow(ctx context.Context, hint hint) error {
	if !hint.moved {
		return nil
	}
	at, err := h.api.issue(ctx, "reading issue", hint.Issue, "changelog")
	if isKind(err, plugins.NotFound) || isKind(err, plugins.Gone) {
		return nil
	}
	if err != nil {
		return err
	}
	requestID := at.mark().Request
	if requestID == "" || at.Changelog == nil {
		return nil // not an issue of ours
	}
	posted, err := h.postedAs(ctx, at.ID, requestID)
	if err != nil {
		return err
	}
	if posted == nil {
		return h.stray(ctx, at, requestID)
	}
	return h.desk.take(ctx, *posted, at, hint.pick(lastMoves(at.Changelog.Histories)))
}

// stray deals with an issue that claims to be a request's and is not.
func (h *webhooks) stray(ctx context.Context, at issue, requestID string) error {
	all, err := h.cards.Of(ctx, requestID)
	if err != nil {
		return &plugins.Error{Op: "asking for the request's cards", Kind: plugins.Transient, Err: err}
	}
	h.log.Warn("moved issue is not the one of its request", "request_id", requestID, "issue", at.Key)
	for _, one := range all {
		if id, err := decodeRef(one.Ref); err == nil && one.Destination.ID == at.Fields.Project.ID && at.about() == requestID {
			return h.closeDuplicate(ctx, id, at)
		}
	}
	return nil
}

var (
	errUnsigned = errors.New("the webhook is not signed: set the same secret in Jira and in webhook_secret")
	errForged   = errors.New("the webhook's signature is wrong: it does not come from Jira, or the secrets differ")
)

// verify checks that Jira signed this body. A captured webhook can be sent again, which is why nothing but the issue's id
// is taken from it.
func verify(secret, signature string, body []byte) error {
	sum, ok := strings.CutPrefix(signature, signatureMethod)
	if secret == "" || !ok {
		return errUnsigned
	}
	if !hmac.Equal([]byte(sign(secret, body)), []byte(sum)) {
		return errForged
	}
	return nil
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// hint is what a webhook is believed: which issue to look at, and which entry of its changelog.
type hint struct {
	Issue string
	Entry entryID
	moved bool
	// sent is when the event happened, zero if the webhook does not say.
	sent time.Time
}

// maxAge is how old a webhook may be: Jira tries for half an hour, and its queues are slow at times.
const maxAge = 2 * time.Hour

func (h hint) old(now time.Time) bool {
	age := now.Sub(h.sent)
	return !h.sent.IsZero() && (age > maxAge || age < -maxAge)
}

func parseHint(body []byte) (hint, error) {
	var payload struct {
		Event string `json:"webhookEvent"`
		// Timestamp is in milliseconds.
		Timestamp int64 `json:"timestamp"`
		Issue     struct {
			ID entryID `json:"id"`
		} `json:"issue"`
		Changelog *struct {
			ID    entryID      `json:"id"`
			Items []changeItem `json:"items"`
		} `json:"changelog"`
	}
	if err := json.Unmarshal(body, &payload); err != nil {
		return hint{}, fmt.Errorf("reading webhook: %w", err)
	}
	if payload.Event == "" {
		return hint{}, errors.New("the webhook names no event")
	}
	found := hint{Issue: string(payload.Issue.ID)}
	if payload.Timestamp > 0 {
		found.sent = time.UnixMilli(payload.Timestamp)
	}
	if payload.Event != "jira:issue_updated" || payload.Changelog == nil || found.Issue == "" {
		return found, nil
	}
	found.Entry = payload.Changelog.ID
	for _, one := range payload.Changelog.Items {
		found.moved = found.moved || one.isStatus()
	}
	return found, nil
}

// pick leaves the move that the webhook is about, or all if it does not say.
func (h hint) pick(moves []move) []move {
	if h.Entry == "" {
		return moves
	}
	var picked []move
	for _, m := range moves {
		if m.entry == h.Entry {
			picked = append(picked, m)
		}
	}
	return picked
}
