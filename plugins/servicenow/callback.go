package servicenow

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// headerSecret carries the shared secret: ServiceNow signs nothing by itself.
	headerSecret = "X-Accede-Secret" //nolint:gosec // the name of a header
	// maxHint bounds a webhook's body.
	maxHint = 64 << 10
	// hintBudget is how long the instance is kept waiting; what was not read by then, the next poll finds.
	hintBudget = 8 * time.Second
)

// hookedBot also takes webhooks.
type hookedBot struct{ *bot }

// Handler takes webhooks of a business rule on approvals. What they say is only a hint where to look.
func (b *hookedBot) Handler(decisions plugins.Decisions) http.Handler {
	return &hooks{bot: b.bot, decisions: decisions}
}

type hooks struct {
	bot       *bot
	decisions plugins.Decisions
}

func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "webhooks are POST requests", http.StatusMethodNotAllowed)
		return
	}
	if !sameSecret(h.bot.config.WebhookSecret.Reveal(), r.Header.Get(headerSecret)) {
		h.bot.log.Warn("webhook refused: its secret is missing or wrong", "remote", r.RemoteAddr)
		http.Error(w, "the header "+headerSecret+" is missing or wrong", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHint))
	if err != nil {
		http.Error(w, "the body could not be read, or is larger than 64 KiB", http.StatusRequestEntityTooLarge)
		return
	}
	approval, err := parseHint(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), hintBudget)
	defer cancel()
	if err := h.bot.follow(ctx, approval, h.decisions); err != nil {
		h.bot.log.Warn("webhook could not be followed; the next poll sees to it", "approval", approval, "err", err)
		http.Error(w, "ServiceNow could not be asked; the next poll sees to it", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// sameSecret compares in constant time, also for different lengths. Without a secret nothing is the same.
func sameSecret(want, have string) bool {
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(have))
	return want != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

var errHint = errors.New("the body must be JSON with approval_sys_id, the sys_id of an approval")

// parseHint takes the only thing out of a webhook that is used: which approval to look at.
func parseHint(body []byte) (string, error) {
	var hint struct {
		Approval string `json:"approval_sys_id"`
	}
	if err := json.Unmarshal(body, &hint); err != nil || !sysID.MatchString(hint.Approval) {
		return "", errHint
	}
	return hint.Approval, nil
}

// follow reads an approval and what it is about, and judges it as a poll does.
func (b *bot) follow(ctx context.Context, approval string, decisions plugins.Decisions) error {
	r, found, err := b.api.get(ctx, "reading approval", approvalTable, approval, approvalFields()[1:]...)
	if err != nil || !found || !sysID.MatchString(aboutOf(r)) {
		return err
	}
	record, found, err := b.api.get(ctx, "reading record", b.config.Table, aboutOf(r), "correlation_display")
	if err != nil || !found {
		return err
	}
	named, ok := parseMarker(record.get("correlation_display"))
	if !ok {
		return nil
	}
	posted, err := b.cards.Of(ctx, named.request)
	if err != nil {
		return fmt.Errorf("looking up the request's record: %w", err)
	}
	return b.judge(ctx, []row{r}, b.recordsIn(posted), decisions)
}
