package opsgenie

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

const (
	// headerSecret carries the secret. Neither service signs what it sends; a header of one's own is all there is:
	// https://support.atlassian.com/opsgenie/docs/integrate-opsgenie-with-webhook/.
	headerSecret = "X-Accede-Secret" //nolint:gosec // the header's name
	// maxWebhook is far beyond what is sent: descriptions are cut at 1,000 characters.
	maxWebhook = 256 << 10
	// webhookBudget is how long a webhook is worked on.
	webhookBudget = 8 * time.Second
	// maxWebhookAge is how old an event may be, aheadOfUs how far the service's clock may be ahead.
	maxWebhookAge = 24 * time.Hour
	aheadOfUs     = 5 * time.Minute
)

// hookBot takes webhooks, and polls besides: what could not be delivered is not sent again for long.
type hookBot struct {
	*pollBot
	seen *recent
}

// Handler takes the webhooks of a webhook integration.
func (b *hookBot) Handler(decisions plugins.Decisions) http.Handler {
	return &callbacks{bot: b, decisions: decisions}
}

type callbacks struct {
	bot       *hookBot
	decisions plugins.Decisions
}

// ServeHTTP looks at the alert that a webhook names. What cannot be done now is answered 503.
func (h *callbacks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "webhooks are POST requests", http.StatusMethodNotAllowed)
		return
	}
	if !h.bot.knows(r.Header.Values(headerSecret)) {
		h.bot.log.Warn("webhook refused: its secret is missing or wrong", "remote", r.RemoteAddr)
		http.Error(w, "the header "+headerSecret+" is missing or wrong", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if err != nil {
		http.Error(w, "the webhook could not be read or is too large", http.StatusRequestEntityTooLarge)
		return
	}
	event, err := parseEvent(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if age := h.bot.now().Sub(event.at()); !event.at().IsZero() && (age > maxWebhookAge || age < -aheadOfUs) {
		http.Error(w, "the event is a day old, or from the future; compare this machine's clock", http.StatusForbidden)
		return
	}
	h.take(w, r, body, event)
}

// knows compares the secret without telling by the time it takes how much of it is right.
func (b *hookBot) knows(given []string) bool {
	want := b.config.WebhookSecret.Reveal()
	return want != "" && len(given) == 1 && subtle.ConstantTimeCompare([]byte(given[0]), []byte(want)) == 1
}

// take answers once the decisions in the alert are handed over.
func (h *callbacks) take(w http.ResponseWriter, r *http.Request, body []byte, event event) {
	id := sha256.Sum256(body)
	if verdictOf(event.Action) == "" || h.bot.seen.has(id) {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), webhookBudget)
	defer cancel()
	err := h.bot.followUp(ctx, event.Alert.ID, h.decisions)
	switch {
	case notFound(err):
		http.Error(w, "there is no such alert", http.StatusNotFound)
		return
	case err != nil:
		h.bot.log.Warn("webhook could not be followed up; polling does it later", "alert", event.Alert.ID, "err", err)
		http.Error(w, "what happened cannot be looked up now", http.StatusServiceUnavailable)
		return
	}
	h.bot.seen.add(id)
	w.WriteHeader(http.StatusAccepted)
}

// followUp reads an alert of which a webhook said that something happened to it.
func (b *hookBot) followUp(ctx context.Context, id string, decisions plugins.Decisions) error {
	found, err := b.api.alert(ctx, id)
	if err != nil {
		return err
	}
	requestID, _, ok := wording.ReadFooter(found.Description)
	if !ok {
		return nil // somebody else's alert
	}
	posted, err := b.cards.Of(ctx, requestID)
	if err != nil {
		return err
	}
	for _, p := range posted {
		if at, err := decodeRef(p.Ref); err != nil || at.alert != found.ID {
			continue
		}
		made, err := b.judge(ctx, p)
		if err != nil {
			return err
		}
		b.submit(ctx, made, decisions)
	}
	return nil
}

// event is what a webhook says. Only which alert it is about is taken from it.
type event struct {
	Action string `json:"action"`
	Alert  struct {
		ID string `json:"alertId"`
		// UpdatedAt is in nanoseconds.
		UpdatedAt int64 `json:"updatedAt"`
	} `json:"alert"`
}

func (e event) at() time.Time {
	if e.Alert.UpdatedAt <= 0 {
		return time.Time{}
	}
	return time.Unix(0, e.Alert.UpdatedAt)
}

var errNoEvent = errors.New("the webhook names no alert")

func parseEvent(body []byte) (event, error) {
	var got event
	if err := json.Unmarshal(body, &got); err != nil || !alertID.MatchString(got.Alert.ID) {
		return event{}, errNoEvent
	}
	return got, nil
}

const maxRecent = 4096

// recent remembers the last webhooks that were worked on. It only saves work: a decision's id keeps it from counting twice.
type recent struct {
	mu    sync.Mutex
	ids   map[[sha256.Size]byte]bool
	order [][sha256.Size]byte
}

func newRecent() *recent { return &recent{ids: map[[sha256.Size]byte]bool{}} }

func (r *recent) has(id [sha256.Size]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ids[id]
}

func (r *recent) add(id [sha256.Size]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids[id] {
		return
	}
	r.ids[id] = true
	r.order = append(r.order, id)
	if len(r.order) > maxRecent {
		delete(r.ids, r.order[0])
		r.order = r.order[1:]
	}
}
