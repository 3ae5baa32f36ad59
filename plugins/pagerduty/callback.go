package pagerduty

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/PagerDuty/go-pagerduty/webhookv3"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

const (
	// maxWebhook is beyond what PagerDuty ever sends: https://developer.pagerduty.com/docs/webhooks-behavior.
	maxWebhook = 512 << 10
	// webhookBudget is how long a webhook is worked on; PagerDuty waits five seconds.
	webhookBudget = 4500 * time.Millisecond
	// maxWebhookAge is a little more than the 48 hours for which PagerDuty tries again.
	maxWebhookAge = 49 * time.Hour
	// aheadOfUs is how far PagerDuty's clock may be ahead.
	aheadOfUs = 5 * time.Minute

	headerSignature = "X-Pagerduty-Signature"
	headerID        = "X-Webhook-Id"
)

// hookBot takes signed webhooks, and polls besides: PagerDuty drops what it cannot deliver.
type hookBot struct {
	*pollBot
	seen *recent
}

// Handler takes PagerDuty's v3 webhooks.
func (b *hookBot) Handler(decisions plugins.Decisions) http.Handler {
	return &callbacks{bot: b, decisions: decisions}
}

type callbacks struct {
	bot       *hookBot
	decisions plugins.Decisions
}

// ServeHTTP answers 4xx to what does not come from PagerDuty only: it gives up on whatever gets one, and after three such
// answers stops sending. What cannot be done now is answered 503, and comes again.
func (h *callbacks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "PagerDuty's webhooks are POST requests", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if err != nil {
		http.Error(w, "the webhook could not be read or is too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err := verify(h.bot.config.WebhookSecret.Reveal(), r.Header, body); err != nil {
		h.bot.log.Warn("webhook refused", "remote", r.RemoteAddr, "err", err)
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	event, err := parseEvent(body)
	if err != nil {
		h.bot.log.Warn("webhook could not be read", "err", err)
		w.WriteHeader(http.StatusAccepted) // it would be the same when sent again
		return
	}
	if age := h.bot.now().Sub(event.At); age > maxWebhookAge || age < -aheadOfUs {
		http.Error(w, "the event is older than PagerDuty delivers, or from the future; compare this machine's clock", http.StatusForbidden)
		return
	}
	h.take(w, r, event)
}

// take answers once the decisions in the incident are handed over.
func (h *callbacks) take(w http.ResponseWriter, r *http.Request, event event) {
	id := r.Header.Get(headerID)
	if !event.wanted(h.bot.config) || h.bot.seen.has(id) {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), webhookBudget)
	defer cancel()
	if err := h.bot.follow(ctx, event.incident(), h.decisions); err != nil {
		h.bot.log.Warn("webhook could not be followed up; PagerDuty sends it again", "incident", event.incident(), "err", err)
		http.Error(w, "what happened cannot be looked up now", http.StatusServiceUnavailable)
		return
	}
	h.bot.seen.add(id)
	w.WriteHeader(http.StatusAccepted)
}

// follow reads an incident of which PagerDuty said that something happened to it.
func (b *hookBot) follow(ctx context.Context, id string, decisions plugins.Decisions) error {
	found, err := b.api.incident(ctx, id)
	if notFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	requestID, _, ok := wording.ReadFooter(found.Body.Details)
	if !ok {
		return nil // somebody else's incident
	}
	posted, err := b.cards.Of(ctx, requestID)
	if err != nil {
		return err
	}
	for _, p := range posted {
		if at, err := decodeRef(p.Ref); err != nil || at.incident != found.ID {
			continue
		}
		made, err := b.judge(ctx, p)
		if err != nil {
			return err
		}
		b.submit(ctx, p, made, decisions)
	}
	return nil
}

// errForged is what a webhook gets that PagerDuty did not sign.
var errForged = errors.New("the webhook is not signed by PagerDuty, or webhook_secret is that of another subscription")

// verify checks that PagerDuty signed this body. While a secret is being replaced the header holds several signatures; the
// library stumbles over blanks between them.
func verify(secret string, header http.Header, body []byte) error {
	if secret == "" {
		return errForged
	}
	signatures := strings.Join(header.Values(headerSignature), ",")
	tidy := &http.Request{
		Header: http.Header{headerSignature: {strings.ReplaceAll(signatures, " ", "")}},
		Body:   io.NopCloser(strings.NewReader(string(body))),
	}
	if webhookv3.VerifySignature(tidy, secret) != nil {
		return errForged
	}
	return nil
}

// event is what a webhook says. Only what it is about is taken from it.
type event struct {
	Type  string    `json:"event_type"`
	At    time.Time `json:"occurred_at"`
	Agent *thing    `json:"agent"`
	Data  struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Incident thing  `json:"incident"`
	} `json:"data"`
}

func parseEvent(body []byte) (event, error) {
	var envelope struct {
		Event event `json:"event"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return event{}, err
	}
	if envelope.Event.Type == "" {
		return event{}, errors.New("the webhook holds no event")
	}
	return envelope.Event, nil
}

// wanted says whether a decision may be behind the event. Automation has no agent and decides nothing.
func (e event) wanted(c *Config) bool {
	ways := map[string]Way{
		"incident.annotated": ByNote, "incident.custom_field_values.updated": ByField, "incident.workflow.started": ByWorkflow,
	}
	way, known := ways[e.Type]
	return known && c.allows(way) && e.Agent != nil && objectID.MatchString(e.incident())
}

// incident is the id of what the event is about.
func (e event) incident() string {
	if e.Data.Incident.ID != "" {
		return e.Data.Incident.ID
	}
	return e.Data.ID
}

const maxRecent = 4096

// recent remembers the last webhooks that were worked on. It only saves work: a decision's id keeps it from counting twice.
type recent struct {
	mu    sync.Mutex
	ids   map[string]bool
	order []string
}

func newRecent() *recent { return &recent{ids: map[string]bool{}} }

func (r *recent) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return id != "" && r.ids[id]
}

func (r *recent) add(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id == "" || r.ids[id] {
		return
	}
	r.ids[id] = true
	r.order = append(r.order, id)
	if len(r.order) > maxRecent {
		delete(r.ids, r.order[0])
		r.order = r.order[1:]
	}
}
